"""What a tomogram was reconstructed from, as far as positions depend on it."""

from dataclasses import dataclass
from enum import StrEnum

from nunatak.errors import BadInput


class TomogramCentre(StrEnum):
    """Which position of an unbinned tomogram of n voxels RELION 5 counts from, along each axis.

    RELION disagrees with itself by one unbinned voxel: its C++ code takes n / 2, its picking
    tools take n / 2 - 1.
    """

    HALF = "half"
    HALF_MINUS_ONE = "half-minus-one"


@dataclass(frozen=True)
class TiltSeries:
    """Size and scale of the tomogram that RELION counts in.

    Attributes
    ----------
    size_px : tuple of int
        ``(x, y, z)`` of the unbinned tomogram, in pixels of the tilt series.
    pixel_size_A : float
        Of the tilt series.
    binning : float
        Side of a voxel of the tomogram that is looked at, in pixels of the tilt series.
    """

    size_px: tuple[int, int, int]
    pixel_size_A: float
    binning: float

    def __post_init__(self) -> None:
        numbers = (*self.size_px, self.pixel_size_A, self.binning)
        if not all(0 < number < float("inf") for number in numbers):
            raise BadInput(
                f"A tomogram of {self.size_px} pixels of {self.pixel_size_A} Å, binned by "
                f"{self.binning}: all of these must be positive numbers."
            )

"""Sizes of the slabs that the classifier sees of a pick in a tomogram."""

from pydantic import Field

from nunatak.pruning.crops import CropSpec

PLANES = (("y", "x"), ("z", "x"), ("z", "y"))
"""Axes of the rows and of the columns of the slabs, in the order of the channels."""


class SlabSpec(CropSpec):
    """Size of the slabs, in particle diameters and in pixels.

    Attributes
    ----------
    side_px : int
        Of the square pictures in all channels.
    particle_diameters, context_diameters : float
        What the close-ups and the surroundings span, in particle diameters.
    thickness_diameters : float
        Of a slab, which is averaged across.
    """

    side_px: int = Field(48, ge=16, le=512)
    thickness_diameters: float = Field(0.3, gt=0.0, le=2.0)

    @property
    def channels(self) -> int:
        """Channels of a pick: the close-ups of all planes, then their surroundings."""
        return 2 * len(PLANES)

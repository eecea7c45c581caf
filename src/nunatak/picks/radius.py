"""The matching radius, in ångström or in pixels."""

from dataclasses import dataclass

import numpy as np

from nunatak.errors import BadInput, UsageError


@dataclass(frozen=True)
class Radius:
    """How far a pick may lie from the truth it stands for: in ångström or in pixels.

    Attributes
    ----------
    radius_A, radius_px : float or None
        Exactly one of the two.
    """

    radius_A: float | None = None
    radius_px: float | None = None

    def __post_init__(self) -> None:
        given = [size for size in (self.radius_A, self.radius_px) if size is not None]
        if len(given) != 1:
            raise UsageError(
                "Give the matching radius either in ångström or in pixels (one of the two)."
            )
        if not (np.isfinite(given[0]) and given[0] > 0):
            raise UsageError(f"The matching radius must be positive, found {given[0]:g}.")

    def in_px(self, pixel_size_A: float | None, image: str) -> float:
        """Return the radius in pixels of an image, or refuse where its pixel size is unknown."""
        if self.radius_px is not None:
            return self.radius_px
        if pixel_size_A is None:
            raise BadInput(
                f"{image}: a radius in ångström needs the pixel size, which neither the picks nor "
                "the truth state. Give the pixel size (--pixel-size), or the radius in pixels "
                "(--radius-px)."
            )
        return float(self.radius_A or 0.0) / pixel_size_A

"""How near two picks must be to be taken for one particle."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, UsageError

SHARE_OF_DIAMETER = 0.25
"""Of the particle's diameter: half its radius, as is customary in judging picks.

Neighbours that touch are a diameter apart: picks of two different ones come this near only if
their errors together exceed three quarters of a diameter.
"""

_SIMILAR = 1.25
"""Diameters that differ by no more than this factor are taken for those of one particle."""


@dataclass(frozen=True)
class MergeRadius:
    """The greatest distance between two picks of one particle, in one of three ways.

    Attributes
    ----------
    radius_A, radius_px, diameter_A : float or None
        At most one: the radius in ångström or in pixels of the stored image, or the particle's
        diameter. None of them takes the diameter that the picks state.
    """

    radius_A: float | None = None
    radius_px: float | None = None
    diameter_A: float | None = None

    def __post_init__(self) -> None:
        sizes = (self.radius_A, self.radius_px, self.diameter_A)
        given = [size for size in sizes if size is not None]
        if len(given) > 1:
            raise UsageError(
                "Give one of: the matching radius in ångström (--radius), in pixels "
                "(--radius-px), or the particle's diameter (--diameter)."
            )
        if given and not (np.isfinite(given[0]) and given[0] > 0):
            raise UsageError(f"A radius or diameter must be positive, found {given[0]:g}.")

    def in_px(self, rows: pd.DataFrame, alike: pd.DataFrame) -> float:
        """Return the radius in pixels of one image.

        Parameters
        ----------
        rows
            Picks on the image.
        alike
            Picks on all images of the particle that these picks are of.

        Raises
        ------
        UsageError
            If no radius is given and the picks state no diameter, or those of several particles.
        BadInput
            If the pixel size is needed and not known.
        """
        if self.radius_px is not None:
            return self.radius_px
        radius_A = self.radius_A
        if radius_A is None:
            diameter_A = self.diameter_A or _stated_diameter_A(alike)
            radius_A = SHARE_OF_DIAMETER * diameter_A
        pixel_size_A = _first_known(rows, "pixel_size_A")
        if pixel_size_A is None:
            raise BadInput(
                f"{rows['image'].iloc[0]}: a radius in ångström needs the pixel size, which "
                "neither a set nor the header of a given image states. Give the images "
                "(--micrographs or --tomograms), the pixel size (--pixel-size), or the radius in "
                "pixels (--radius-px)."
            )
        return radius_A / pixel_size_A


def _first_known(rows: pd.DataFrame, column: str) -> float | None:
    known = rows[column].dropna() if column in rows else ()
    return float(next(iter(known))) if len(known) else None


def _stated_diameter_A(rows: pd.DataFrame) -> float:
    stated_A = rows["diameter_A"].dropna() if "diameter_A" in rows else pd.Series(dtype=float)
    if not len(stated_A):
        raise UsageError(
            "How near must two picks be to be one particle? The sets state no diameter. Give the "
            "particle's diameter (--diameter), of which a quarter is taken, or the distance "
            "itself (--radius or --radius-px)."
        )
    smallest_A, largest_A = float(stated_A.min()), float(stated_A.max())
    if not 0 < largest_A <= _SIMILAR * smallest_A:
        raise UsageError(
            f"The picks state diameters from {smallest_A:g} to {largest_A:g} Å, and a quarter of "
            "which is meant is not clear. Give --diameter, --radius or --radius-px; for picks of "
            "several classes, --by-class."
        )
    return smallest_A

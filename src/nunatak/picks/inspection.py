"""Look whether picks lie where picks can lie: inside, once, and in the right unit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.geometry import FloatArray
from nunatak.picks.formats.frame import by_image
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import coordinate_columns

BoolArray = NDArray[np.bool_]

_BINNINGS = (2, 3, 4, 5, 6, 8, 10, 12, 16)
_FILLING = (0.8, 1.05)
"""Picks in the right unit reach this far across the image, as a fraction of its size. Some may lie
a little beyond the edge."""
_FEW_FILLING = (0.6, 1.05)
"""The same of few picks, which leave more of the image empty."""

_TOO_SMALL = 0.55
_TOO_LARGE = 1.1
_MIN_PICKS = 50
"""Fewer picks may well keep to one corner of the image."""
_MIN_PICKS_BEYOND = 3
"""Fewer picks beyond the edge of the image may well be strays."""


_EDGE_TOLERANCE_PX = 1e-3
"""Positions so close to the outer edge lie on it: CryoSPARC stores float32 fractions of the
image, which at the far edge of 10,000 pixels are exact to half of this."""


@dataclass(frozen=True)
class Extents:
    """Sizes of the image of each pick.

    Attributes
    ----------
    size_px : ndarray, shape (n, ndim), float64
        Along x, y and, in tomograms, z; NaN where the image is unknown.
    unknown : dict of str to str
        Image to the reason why its size is not known.
    moved : tuple of str
        Images that were found by their file name alone, in another folder.
    """

    size_px: FloatArray
    unknown: dict[str, str]
    moved: tuple[str, ...] = ()


def extents_of(table: pd.DataFrame, images: ImageCatalogue) -> Extents:
    """Return the size of the image of each pick, as far as the images are known.

    Raises
    ------
    FormatError
        If the header of an image is damaged.
    """
    ndim = len(coordinate_columns(table))
    shape_of = images.shape if ndim == 2 else images.volume_shape
    size_px = np.full((len(table), ndim), np.nan)
    resolution = images.index.resolve_all(table["image"].unique().tolist())
    for image, rows in by_image(table):
        if image in resolution.found:
            size_px[rows] = shape_of(resolution.found[image])[::-1]
    return Extents(size_px, resolution.unmatched, resolution.moved)


def is_outside(table: pd.DataFrame, extents: Extents) -> BoolArray:
    """Tell which picks lie beyond the outer edge of their image's pixels.

    Returns
    -------
    ndarray, shape (n,), bool
        False where the image's size is not known, and on the edge itself.
    """
    position = _positions(table)
    with np.errstate(invalid="ignore"):
        overshoot = np.maximum(-position, position - (extents.size_px - 1)).max(axis=1)
        beyond = overshoot > 0.5 + _EDGE_TOLERANCE_PX
    return np.asarray(beyond, dtype=np.bool_)


def is_on_border(table: pd.DataFrame, extents: Extents, box_px: float) -> BoolArray:
    """Tell which picks lie inside, but with a box that reaches beyond the image.

    Parameters
    ----------
    table, extents
        Picks, and the sizes of their images.
    box_px
        Side of the box, pixels of the stored image.

    Returns
    -------
    ndarray, shape (n,), bool
        False where the image's size is not known.
    """
    position = _positions(table)
    reach = box_px / 2 - 0.5
    with np.errstate(invalid="ignore"):
        nearest = np.minimum(position, extents.size_px - 1 - position).min(axis=1)
        near = nearest < reach
    return np.asarray(near & ~is_outside(table, extents), dtype=np.bool_)


def count_duplicates(table: pd.DataFrame, radius_px: float) -> int:
    """Count picks that have an earlier pick of the same image within a radius.

    Parameters
    ----------
    table
        Picks.
    radius_px
        Pixels of the stored image, inclusive.
    """
    count = 0
    position = _positions(table)
    for _, rows in by_image(table):
        pairs = KDTree(position[rows]).query_pairs(radius_px, output_type="ndarray")
        count += len(np.unique(pairs[:, 1]))
    return count


@dataclass(frozen=True)
class UnitSuspicion:
    """A sign that coordinates count in another unit than was stated.

    Attributes
    ----------
    reach : float
        How far the picks reach across the images: 1 means from edge to edge.
    factors : dict of str to float
        What the unit may be, to the factor that the coordinates would have to be multiplied by.
    """

    reach: float
    factors: dict[str, float]

    def __str__(self) -> str:
        text = f"The picks reach over {self.reach:.2f} of the images' width or height"
        if not self.factors:
            return f"{text}; no usual binning explains that. Is it the right set of images?"
        likely = " or ".join(f"{unit} (x {factor:.4g})" for unit, factor in self.factors.items())
        return f"{text}. The coordinates may be {likely}; see --input-binning and --input-unit."


def suspected_unit(
    table: pd.DataFrame, extents: Extents, pixel_size_A: float | None = None
) -> UnitSuspicion | None:
    """Compare the picks' bounding box with the images and suspect a wrong unit.

    Many picks are suspected that keep to one corner or of which a tenth lies beyond the far edge;
    few ones, from three on, of which more than half do.

    Parameters
    ----------
    table, extents
        Picks, and the sizes of their images.
    pixel_size_A
        Pixel size of the images, to recognise coordinates in ångström.

    Returns
    -------
    UnitSuspicion or None
        None where the picks fit, are too few to tell, or the images are unknown.
    """
    known = np.isfinite(extents.size_px).all(axis=1)
    if not known.any():
        return None
    # Half a pixel, by which edges and centres differ, is a part of the image that depends on the
    # unit in doubt.
    relative = (_positions(table)[known] / extents.size_px[known]).max(axis=1)
    reach, is_many = float(relative.max()), len(relative) >= _MIN_PICKS
    # A few stray picks beyond the edge are no sign of a unit; a tenth of many or half of few is.
    is_beyond = len(relative) >= _MIN_PICKS_BEYOND and float(np.median(relative)) > 1
    is_odd = is_many and (np.quantile(relative, 0.9) > _TOO_LARGE or reach < _TOO_SMALL)
    if not (is_beyond or is_odd):
        return None
    filling = _FILLING if is_many else _FEW_FILLING
    return UnitSuspicion(reach, _fitting_factors(reach, pixel_size_A, filling))


def _positions(table: pd.DataFrame) -> FloatArray:
    return table[list(coordinate_columns(table))].to_numpy(np.float64)


def _fitting_factors(
    reach: float, pixel_size_A: float | None, filling: tuple[float, float]
) -> dict[str, float]:
    candidates = {f"pixels binned by {b}": float(b) for b in _BINNINGS}
    candidates |= {f"pixels of an image {b} times larger": 1 / b for b in _BINNINGS}
    if pixel_size_A is not None:
        candidates["ångström"] = 1 / pixel_size_A
    smallest, largest = filling
    return {
        unit: factor for unit, factor in candidates.items() if smallest <= reach * factor <= largest
    }

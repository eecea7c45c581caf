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
_FILLING = (0.8, 1.005)
"""Picks in the right unit reach this far across the image, as a fraction of its size."""

_TOO_SMALL = 0.55
_TOO_LARGE = 1.1
_MIN_PICKS = 50
"""Fewer picks may well keep to one corner of the image."""


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
    if int(known.sum()) < _MIN_PICKS:
        return None
    relative = ((_positions(table)[known] + 0.5) / extents.size_px[known]).max(axis=1)
    # A few stray picks beyond the edge are no sign of a unit; a tenth of them is.
    reach = float(relative.max())
    if float(np.quantile(relative, 0.9)) <= _TOO_LARGE and reach >= _TOO_SMALL:
        return None
    return UnitSuspicion(reach, _fitting_factors(reach, pixel_size_A))


def _positions(table: pd.DataFrame) -> FloatArray:
    return table[list(coordinate_columns(table))].to_numpy(np.float64)


def _fitting_factors(reach: float, pixel_size_A: float | None) -> dict[str, float]:
    candidates = {f"pixels binned by {b}": float(b) for b in _BINNINGS}
    candidates |= {f"pixels of an image {b} times larger": 1 / b for b in _BINNINGS}
    if pixel_size_A is not None:
        candidates["ångström"] = 1 / pixel_size_A
    smallest, largest = _FILLING
    return {
        unit: factor for unit, factor in candidates.items() if smallest <= reach * factor <= largest
    }

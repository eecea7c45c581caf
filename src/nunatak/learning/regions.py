"""Parts of a micrograph about which somebody said something as a whole."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from nunatak.geometry import FloatArray, Scale, source_to_resampled

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Regions:
    """Outlines on one micrograph.

    Attributes
    ----------
    excluded : tuple of ndarray, shape (k, 2), float64
        Around carbon, ice and the like: corners x, y, pixels of the stored image. Nothing is
        learned there, and nothing judged.
    complete : tuple of ndarray, shape (k, 2), float64
        Around parts in which every particle is labelled, so that all other places hold none.
    """

    excluded: tuple[FloatArray, ...] = ()
    complete: tuple[FloatArray, ...] = ()


@dataclass(frozen=True, eq=False)
class RegionMasks:
    """Regions at the size at which a network sees a micrograph.

    Attributes
    ----------
    excluded, complete : ndarray, shape (my, mx), bool
        Pixels of the working image; excluded ones are never complete.
    """

    excluded: BoolArray
    complete: BoolArray
    _far_inside: dict[float, BoolArray] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, regions: Regions, scale: Scale) -> "RegionMasks":
        """Draw outlines on a working image of that scale."""
        excluded = _covered(regions.excluded, scale)
        return cls(excluded, _covered(regions.complete, scale) & ~excluded)

    def are_excluded(self, xy_px: NDArray[np.floating]) -> BoolArray:
        """Tell which places (columns x, y, pixels of the working image) are excluded."""
        return _at(self.excluded, xy_px)

    def are_complete(self, xy_px: NDArray[np.floating]) -> BoolArray:
        """Tell which places lie where all particles are labelled."""
        return _at(self.complete, xy_px)

    def are_far_inside(self, xy_px: NDArray[np.floating], margin_px: float) -> BoolArray:
        """Tell which places lie where `empty_but_for_labels` is true."""
        return _at(self.empty_but_for_labels(margin_px), xy_px)

    def empty_but_for_labels(self, margin_px: float) -> BoolArray:
        """Return complete places so far inside that no particle without a label reaches them."""
        if margin_px not in self._far_inside:
            # What lies beyond the micrograph's edge is no particle's place.
            self._far_inside[margin_px] = (
                self.complete
                if self.complete.all() or not self.complete.any()
                else np.asarray(distance_transform_edt(self.complete) > margin_px)
            )
        return self._far_inside[margin_px]


def _covered(outlines: tuple[FloatArray, ...], scale: Scale) -> BoolArray:
    covered = np.zeros(scale.resampled_shape, dtype=np.bool_)
    for outline in outlines:
        x = source_to_resampled(outline[:, 0], scale.ratio_x)
        y = source_to_resampled(outline[:, 1], scale.ratio_y)
        covered |= _wound_around(x, y, scale.resampled_shape)
    return covered


def _wound_around(x: FloatArray, y: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """Tell around which pixels an outline goes at least once, by its winding number.

    An outline may cross itself, as that of a brush does. Row by row, every edge that crosses the
    row changes the winding number of all pixels to its right.
    """
    ny, nx = shape
    rows = np.arange(ny)[:, None]
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    upward = (y <= rows) & (y_next > rows)
    downward = (y_next <= rows) & (y > rows)
    row, edge = np.nonzero(upward | downward)
    along = (row - y[edge]) / (y_next[edge] - y[edge])
    crossing = x[edge] + along * (x_next[edge] - x[edge])
    first = np.clip(np.ceil(crossing), 0, nx).astype(np.int64)
    turns = np.zeros((ny, nx + 1), dtype=np.int64)
    np.add.at(turns, (row, first), np.where(upward[row, edge], 1, -1))
    return np.asarray(np.cumsum(turns, axis=1)[:, :nx] != 0)


def _at(mask: BoolArray, xy_px: NDArray[np.floating]) -> BoolArray:
    if not len(xy_px):
        return np.zeros(0, dtype=np.bool_)
    ny, nx = mask.shape
    x, y = np.rint(np.asarray(xy_px, dtype=np.float64)).astype(np.int64).T
    return np.asarray(mask[np.clip(y, 0, ny - 1), np.clip(x, 0, nx - 1)])

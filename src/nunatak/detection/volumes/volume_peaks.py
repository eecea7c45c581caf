"""Peaks of class heatmaps, found slab by slab and moved to where the network points."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.detection.volumes.windows import FloatArray, Slab
from nunatak.errors import BadInput
from nunatak.geometry import strided_to_source
from nunatak.networks.unet3d import OFFSET_AXES

_NEIGHBOURS = [step for step in product((-1, 0, 1), repeat=3) if step != (0, 0, 0)]


@dataclass(frozen=True)
class VolumeCandidates:
    """Candidates of one volume, best first.

    Attributes
    ----------
    xyz_px : ndarray, shape (n, 3), float64
        Voxels of the scored volume, 0 = centre of the first voxel; always inside the volume.
    score : ndarray, shape (n,), float64
        Probability.
    class_index : ndarray, shape (n,), int64
        Into the model's classes.
    """

    xyz_px: NDArray[np.float64]
    score: NDArray[np.float64]
    class_index: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)

    def taken(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "VolumeCandidates":
        """Return some of the candidates, in the order given."""
        return VolumeCandidates(self.xyz_px[rows], self.score[rows], self.class_index[rows])


def find_volume_peaks(
    slabs: Iterable[Slab],
    shape: tuple[int, int, int],
    *,
    stride: int,
    origin_px: float,
    thresholds: Sequence[float],
) -> VolumeCandidates:
    """Find every class's local maxima and their places below the voxel.

    A voxel is a maximum if none of its 26 neighbours is higher; of equal neighbours the first
    in memory is the peak. A maximum at the edge of the volume is a peak.

    Parameters
    ----------
    slabs
        Of `nunatak.detection.volumes.volume_scoring.VolumeScorer.slabs`: logits of every class
        and the offset.
    shape
        ``(nz, ny, nx)`` of the scored volume.
    stride, origin_px
        Of the network's output.
    thresholds
        Probability a class above which a peak is a candidate, in (0, 1).

    Returns
    -------
    VolumeCandidates
        Of equal scores the one with the smaller z, then y, then x comes first.

    Raises
    ------
    BadInput
        If there is not one threshold a class, or one is not in (0, 1).
    """
    if not all(0.0 < threshold < 1.0 for threshold in thresholds):
        raise BadInput(
            f"Thresholds {', '.join(f'{t:g}' for t in thresholds)}: a probability above which a "
            "peak counts lies between 0 and 1."
        )
    floors = logit(np.asarray(thresholds, dtype=np.float64))
    xyz, scores, classes = [np.empty((0, 3))], [np.empty(0)], [np.empty(0, np.int64)]
    for first, values, tested in _with_neighbours(slabs):
        logits, offsets = values[:-OFFSET_AXES], values[-OFFSET_AXES:]
        if len(logits) != len(floors):
            raise BadInput(
                f"{len(floors)} thresholds for the {len(logits)} classes of the model. Give one "
                "a class."
            )
        for class_, heatmap in enumerate(logits):
            z, y, x = _maxima(heatmap, tested, float(floors[class_]))
            place = strided_to_source(np.column_stack([x, y, z + first]), stride, origin_px)
            xyz.append(place + offsets[:, z, y, x].T)
            scores.append(expit(heatmap[z, y, x].astype(np.float64)))
            classes.append(np.full(len(z), class_, np.int64))
    edge = np.array(shape[::-1]) - 0.5
    # An offset may point out of the volume by a fraction of a voxel.
    found = VolumeCandidates(
        np.clip(np.concatenate(xyz), -0.5, edge), np.concatenate(scores), np.concatenate(classes)
    )
    x_px, y_px, z_px = found.xyz_px.T
    return found.taken(np.lexsort((x_px, y_px, z_px, -found.score)))


def _with_neighbours(slabs: Iterable[Slab]) -> Iterator[tuple[int, FloatArray, slice]]:
    """Join slabs so that every plane is met once together with both of its neighbours.

    Yields the number of the first plane, the planes, and those of them that are due. The last
    plane of a slab waits for the next slab.
    """
    held: Slab | None = None
    for slab in slabs:
        if slab.values.shape[1] == 0:
            continue
        due = 0
        if held is None:
            held = slab
        else:
            due = held.values.shape[1] - 1
            held = Slab(held.start, np.concatenate([held.values, slab.values], axis=1))
        planes = held.values.shape[1]
        yield held.start, held.values, slice(due, planes - 1)
        waiting = max(planes - 2, 0)
        held = Slab(held.start + waiting, held.values[:, waiting:].copy())
    if held is not None:
        planes = held.values.shape[1]
        yield held.start, held.values, slice(planes - 1, planes)


def _maxima(
    heatmap: FloatArray, tested: slice, floor: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Find the local maxima above a floor among the tested planes: indices z, y, x.

    Only places above the floor are looked at, which are few: this is much faster than a
    maximum filter over the whole map.
    """
    z, y, x = np.nonzero(heatmap[tested] > floor)
    if len(z) == 0:
        return z, y, x
    z += tested.start
    # With a frame of nothing around, every neighbour is a fixed number of values away.
    framed = np.pad(heatmap, 1, constant_values=-np.inf)
    values, (_, height, width) = framed.ravel(), framed.shape
    places = np.ravel_multi_index((z + 1, y + 1, x + 1), framed.shape)
    rows = np.arange(len(places))
    for step in _NEIGHBOURS:
        neighbour = values[places + np.dot(step, (height * width, width, 1))]
        value = values[places]
        earlier = step < (0, 0, 0)
        higher = value > neighbour if earlier else value >= neighbour
        rows, places = rows[higher], places[higher]
    return z[rows], y[rows], x[rows]

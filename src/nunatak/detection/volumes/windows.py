"""Overlapping windows over a volume, blended in bounded memory.

The blend is a sum with weights that add to 1 at every output voxel. The weights are products of
one factor an axis, which are normalised axis by axis before any window is scored: no second
volume has to count what every voxel received.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class AxisWindow:
    """One window along one axis.

    Attributes
    ----------
    start, stop : int
        What the network is given, voxels of the volume: multiples of the network's
        `size_multiple`. The last window may reach beyond the volume's end.
    kept : slice
        What is kept of it, voxels of the whole output.
    inner : slice
        The same voxels, counted from the window's first output voxel.
    weight : ndarray, shape (kept.stop - kept.start,), float32
        Share of this window in each; the shares of all windows add to 1.
    """

    start: int
    stop: int
    kept: slice
    inner: slice
    weight: FloatArray


def axis_windows(
    length_px: int,
    *,
    window_px: int,
    margin_px: int,
    overlap_px: int,
    multiple: int,
    stride: int,
) -> list[AxisWindow]:
    """Cover an axis by as few equal windows as the longest allowed length permits.

    Parameters
    ----------
    length_px
        Of the axis.
    window_px
        Longest window.
    margin_px
        What is dropped at either end of a window, except at the ends of the axis, because
        the network lacked context there.
    overlap_px
        How far the kept parts of neighbours overlap at least. Over this length a window's
        weight rises from 0 to its full value (a pyramid, in three dimensions).
    multiple
        Windows begin and end at multiples of it, so that a network whose deepest stride it is
        sees the grid that it would see in the whole volume.
    stride
        Voxels of the volume an output voxel.

    Raises
    ------
    BadInput
        If so short a window has nothing left between its margins and overlaps.

    Examples
    --------
    >>> plan = dict(window_px=40, margin_px=4, overlap_px=8, multiple=8, stride=2)
    >>> [(w.start, w.stop, w.kept.start, w.kept.stop) for w in axis_windows(60, **plan)]
    [(0, 40, 0, 18), (24, 64, 14, 30)]
    """
    shared = _rounded_up(2 * margin_px + overlap_px, multiple)
    longest = window_px - window_px % multiple
    length = _rounded_up(length_px, multiple)
    cells = -(-length_px // stride)
    if length <= longest:
        whole = slice(0, cells)
        return [AxisWindow(0, length, whole, whole, np.ones(cells, np.float32))]
    if longest - shared < multiple:
        raise BadInput(
            f"Windows of {window_px} voxels have nothing left between margins of {margin_px} and "
            f"overlaps of {overlap_px}. Take windows of at least "
            f"{_rounded_up(shared + multiple, multiple)} voxels."
        )
    count = -(-(length - shared) // (longest - shared))
    window = _rounded_up(-(-(length + (count - 1) * shared) // count), multiple)
    free = (length - window) // multiple
    starts = [multiple * (i * free // (count - 1)) for i in range(count)]
    kept = [
        slice(
            (start + (margin_px if start > 0 else 0)) // stride,
            min((start + window - (margin_px if start + window < length else 0)) // stride, cells),
        )
        for start in starts
    ]
    weights = _shares(kept, ramp=overlap_px / stride, cells=cells)
    return [
        AxisWindow(
            start,
            start + window,
            part,
            slice(part.start - start // stride, part.stop - start // stride),
            weight,
        )
        for start, part, weight in zip(starts, kept, weights, strict=True)
    ]


def _shares(kept: list[slice], *, ramp: float, cells: int) -> list[FloatArray]:
    """Weights that rise from the ends of every kept part, divided by their sum."""
    total = np.zeros(cells)
    raw = []
    for part in kept:
        place = np.arange(part.start, part.stop) + 0.5
        from_ends = np.minimum(place - part.start, part.stop - place)
        raw.append(np.minimum(from_ends / max(ramp, 1.0), 1.0))
        total[part] += raw[-1]
    return [
        (weight / total[part]).astype(np.float32) for weight, part in zip(raw, kept, strict=True)
    ]


def _rounded_up(length: int, multiple: int) -> int:
    return length + -length % multiple


@dataclass(frozen=True)
class Slab:
    """Finished planes of a network's output.

    Attributes
    ----------
    start : int
        First plane along z, output voxels.
    values : ndarray, shape (channels, planes, my, mx), float32
    """

    start: int
    values: FloatArray


class SlabAccumulator:
    """Adds windows up and hands out planes that no later window will touch.

    Memory is that of the planes that one row of windows covers, however long the volume is.

    Parameters
    ----------
    channels
        Of the network's output.
    shape_yx
        ``(my, mx)`` of the whole output.
    """

    def __init__(self, channels: int, shape_yx: tuple[int, int]) -> None:
        self._start = 0
        self._sum = np.zeros((channels, 0, *shape_yx), np.float32)

    def add(self, values: FloatArray, z: AxisWindow, y: AxisWindow, x: AxisWindow) -> None:
        """Add the output of one window.

        Parameters
        ----------
        values : ndarray, shape (channels, window z, y, x in output voxels), float32
        z, y, x
            Where it lies; not before the planes that have been handed out.
        """
        missing = z.kept.stop - self._start - self._sum.shape[1]
        if missing > 0:
            self._sum = np.pad(self._sum, ((0, 0), (0, missing), (0, 0), (0, 0)))
        part = values[:, z.inner, y.inner, x.inner]
        planes = slice(z.kept.start - self._start, z.kept.stop - self._start)
        total = self._sum[:, planes, y.kept, x.kept]
        # Plane by plane, so that what is multiplied is still in the processor's cache when it is
        # added.
        in_plane = y.weight[:, None] * x.weight
        for plane, along_z in enumerate(z.weight):
            total[:, plane] += part[:, plane] * (along_z * in_plane)

    def finished(self, stop: int) -> Slab:
        """Hand out, and forget, the planes before output plane ``stop``."""
        planes = stop - self._start
        slab = Slab(self._start, self._sum[:, :planes])
        # A copy, so that the slab's memory can be released before what remains.
        self._sum = self._sum[:, planes:].copy()
        self._start = stop
        return slab

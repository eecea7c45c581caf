"""Voxels that are no numbers, and tomograms that hold no information.

The rules are those of micrographs (`nunatak.images.bad_pixels`), but a tomogram may be larger
than memory, and reading all of it only to check it would double the time of many a job. What is
read at once is therefore checked when it is read, and opening a tomogram looks at its middle, and
at more of it only where that part does not settle the question.
"""

from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.bad_pixels import MOST_BAD
from nunatak.images.source import Pixels

_PROBE_PX = 64
_SLAB_BYTES = 64 << 20

_Read = Callable[[tuple[slice, slice, slice]], Pixels]


def replace_bad_voxels(
    voxels: Pixels, replacement: float, tomogram_size: int, path: Path
) -> tuple[Pixels, int]:
    """Replace NaN and infinite voxels.

    Parameters
    ----------
    voxels : ndarray, real
        A part of a tomogram; never changed in place.
    replacement
        What stands for them: the same in every part, so that overlapping parts agree.
    tomogram_size
        Voxels of the whole tomogram.
    path
        The tomogram, for the message.

    Returns
    -------
    voxels : ndarray
        The same array where every voxel is finite, a repaired copy otherwise.
    count : int
        Voxels replaced.

    Raises
    ------
    BadInput
        If they are more than 1 % of the tomogram.
    """
    count = _count_bad(voxels)
    if count == 0:
        return voxels, 0
    if count > MOST_BAD * tomogram_size:
        raise _too_many(count, tomogram_size, path)
    return np.where(np.isfinite(voxels), voxels, voxels.dtype.type(replacement)), count


def settle_replacement(read: _Read, shape: tuple[int, int, int], path: Path) -> float:
    """Refuse a tomogram without information, and return what stands for its bad voxels.

    Parameters
    ----------
    read
        Reads a box of it.
    shape
        ``(nz, ny, nx)`` in voxels.
    path
        The tomogram, for messages.

    Returns
    -------
    float
        The median of the finite voxels in its middle.

    Raises
    ------
    BadInput
        If every finite voxel is the same, or, where the middle suggests it, more than 1 % of all
        voxels are NaN or infinite.
    """
    probe = read(_middle(shape))
    if _count_bad(probe) > MOST_BAD * probe.size:
        count = sum(_count_bad(slab) for slab in _slabs(read, shape, probe.dtype))
        if count > MOST_BAD * prod(shape):
            raise _too_many(count, prod(shape), path)
    known = _finite(probe)
    if known.size == 0 or np.all(known == known[0]):
        known = _first_varied(read, shape, probe.dtype, path)
    return float(np.median(known.astype(np.float64)))


def _first_varied(
    read: _Read, shape: tuple[int, int, int], dtype: np.dtype[np.generic], path: Path
) -> NDArray[np.generic]:
    """Return the finite voxels of the first slab that shows that a tomogram is not blank."""
    value = None
    for slab in _slabs(read, shape, dtype):
        known = _finite(slab)
        if known.size == 0:
            continue
        value = known[0] if value is None else value
        if np.any(known != value):
            return known
    raise BadInput(
        f"{path}: every voxel is {value}, so there is nothing to find. "
        "The reconstruction or its export failed: leave this tomogram out."
    )


def _middle(shape: tuple[int, int, int]) -> tuple[slice, slice, slice]:
    starts = [max(0, (side - _PROBE_PX) // 2) for side in shape]
    z, y, x = (
        slice(start, min(start + _PROBE_PX, side))
        for start, side in zip(starts, shape, strict=True)
    )
    return z, y, x


def _slabs(
    read: _Read, shape: tuple[int, int, int], dtype: np.dtype[np.generic]
) -> Iterator[Pixels]:
    nz, ny, nx = shape
    depth = max(1, _SLAB_BYTES // (ny * nx * dtype.itemsize))
    for z0 in range(0, nz, depth):
        yield read((slice(z0, min(z0 + depth, nz)), slice(0, ny), slice(0, nx)))


def _finite(voxels: Pixels) -> NDArray[np.generic]:
    flat = voxels.ravel()
    return flat[np.isfinite(flat)] if _count_bad(voxels) else flat


def _count_bad(voxels: Pixels) -> int:
    if voxels.dtype.kind != "f":
        return 0
    # One pass without a temporary settles all but odd cases: a sum is finite only if its terms are.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.sum(voxels)):
            return 0
    return int(voxels.size - np.count_nonzero(np.isfinite(voxels)))


def _too_many(count: int, size: int, path: Path) -> BadInput:
    return BadInput(
        f"{path}: {count} or more of {size} voxels ({count / size:.1%}) are NaN or infinite, more "
        f"than {MOST_BAD:.0%}. Reconstruct or export the tomogram again; the program that made it "
        "failed on this one."
    )

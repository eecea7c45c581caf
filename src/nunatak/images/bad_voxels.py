"""Voxels that are no numbers, and tomograms that hold no information.

The rules are those of micrographs (`nunatak.images.bad_pixels`), but a tomogram may be larger
than memory, and reading all of it only to check it would double the time of many a job. What is
read at once is therefore checked when it is read, and opening a tomogram looks at its middle. All
of it is looked at only where one of these parts shows that something is wrong.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.bad_pixels import MOST_BAD
from nunatak.images.source import Pixels

_PROBE_PX = 64
_SLAB_BYTES = 64 << 20

_LARGEST_FLOAT = np.dtype(np.float64)

Read = Callable[[tuple[slice, slice, slice]], Pixels]
"""Returns the voxels of a box, ``[z, y, x]``."""


@dataclass(frozen=True)
class BadVoxels:
    """The NaN and infinite voxels of a tomogram.

    Attributes
    ----------
    count : int
        How many there are.
    first_section, last_section : int
        Between which they lie.
    """

    count: int
    first_section: int
    last_section: int


def count_bad_voxels(read: Read, shape: tuple[int, int, int], path: Path) -> BadVoxels | None:
    """Count the NaN and infinite voxels of a whole tomogram, slab by slab; None without any.

    Parameters
    ----------
    read
        Reads a box of it.
    shape
        ``(nz, ny, nx)`` in voxels.
    path
        The tomogram, for the message.

    Raises
    ------
    BadInput
        If they are more than 1 % of all.
    """
    counts = [
        _count_bad(section) for slab in _slabs(read, shape, _LARGEST_FLOAT) for section in slab
    ]
    total, size = sum(counts), prod(shape)
    if total > MOST_BAD * size:
        raise BadInput(
            f"{path}: {total} of {size} voxels ({total / size:.1%}) are NaN or infinite, more than "
            f"{MOST_BAD:.0%}. Reconstruct or export the tomogram again; the program that made it "
            "failed on this one."
        )
    sections = np.flatnonzero(counts)
    return BadVoxels(total, int(sections[0]), int(sections[-1])) if total else None


def replace_bad_voxels(voxels: Pixels, replacement: float) -> Pixels:
    """Replace NaN and infinite voxels.

    Parameters
    ----------
    voxels : ndarray, real
        A part of a tomogram; never changed in place.
    replacement
        What stands for them: the same in every part, so that overlapping parts agree.

    Returns
    -------
    ndarray
        The same array where every voxel is finite, a repaired copy otherwise.
    """
    if _count_bad(voxels) == 0:
        return voxels
    return np.where(np.isfinite(voxels), voxels, voxels.dtype.type(replacement))


def settle_replacement(read: Read, shape: tuple[int, int, int], path: Path) -> float:
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
        count_bad_voxels(read, shape, path)
    known = _finite(probe)
    if known.size == 0 or np.all(known == known[0]):
        known = _first_varied(read, shape, probe.dtype, path)
    return float(np.median(known.astype(np.float64)))


def _first_varied(
    read: Read, shape: tuple[int, int, int], dtype: np.dtype[np.generic], path: Path
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
    read: Read, shape: tuple[int, int, int], dtype: np.dtype[np.generic]
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

"""Densities from maps."""

from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from nunatak.errors import BadInput, FormatError
from nunatak.simulate.density import PROTEIN_DENSITY_DA_PER_A3, Density

_COARSEST_USEFUL_VOXEL_A = 25.0
_FINEST_VOXEL_A = 3.0  # finer maps are averaged, or their scatterers would number millions
_COARSEST_VOXEL_A = (
    6.0  # coarser ones are interpolated, or their lattice would show in views along it
)
_BLUR_PER_VOXEL = 0.5
_NOISE_SIGMAS = 4.0


def density_of_map(path: Path, name: str, threshold: float | None) -> Density:
    """Read the voxels of an MRC map within its contour (see `density_files.load_density`)."""
    data, voxel_A = _read_map(path)
    data, voxel_A = _at_working_voxel(data, voxel_A)
    background = float(np.median(data))
    height = data - background
    contour = _found_contour(path, height) if threshold is None else threshold - background
    inside = height > contour
    if contour <= 0 or not inside.any():
        raise BadInput(
            f"{path}: the contour {threshold} must lie between the background "
            f"({background:.4g}) and the largest voxel ({data.max():.4g})"
        )
    rim = ndimage.binary_dilation(inside, iterations=1) & (height > 0.5 * contour)
    taken = inside | rim
    iz, iy, ix = np.nonzero(taken)
    # A lattice projected onto pixels beats with them in stripes; a shifted one does not. The
    # shifts are drawn from a fixed seed: one file, one density.
    shift = np.random.default_rng(0).uniform(-0.5, 0.5, (len(ix), 3))
    positions = (np.stack([ix, iy, iz], axis=1) + shift) * voxel_A
    volume_A3 = int(inside.sum()) * float(np.prod(voxel_A))
    return Density.from_scatterers(
        name,
        positions,
        height[taken],
        mass_kDa=volume_A3 * PROTEIN_DENSITY_DA_PER_A3 / 1000.0,
        blur_A=_BLUR_PER_VOXEL * float(voxel_A.max()),
    )


def _found_contour(path: Path, height: NDArray[np.float64]) -> float:
    noise = 1.4826 * float(np.median(np.abs(height)))
    highest = float(height.max())
    standing_out = height[height > max(_NOISE_SIGMAS * noise, 0.02 * highest)]
    if standing_out.size == 0 or highest <= 0:
        raise BadInput(f"{path}: no voxel stands out of the background; is the contrast inverted?")
    return _otsu(standing_out)


def _read_map(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read a map as ``[z, y, x]`` with its voxel size ``(x, y, z)`` in Å."""
    try:
        with mrcfile.open(path, mode="r") as file:
            data = np.asarray(file.data, dtype=np.float64)
            header = file.header
            size = file.voxel_size
            voxel_A = np.array([float(size.x), float(size.y), float(size.z)])
            order = [int(header.mapc), int(header.mapr), int(header.maps)]
    except (ValueError, OSError, TypeError) as error:
        raise FormatError(path, f"not readable as an MRC map ({error})") from error
    if data.ndim != 3:
        raise FormatError(path, f"expected a volume, found {data.ndim} dimensions")
    if not np.isfinite(data).all():
        raise FormatError(path, "contains NaN or infinite voxels")
    if sorted(order) != [1, 2, 3]:
        raise FormatError(path, f"impossible axis order {order}", field="MAPC/MAPR/MAPS")
    if not (np.isfinite(voxel_A).all() and voxel_A.min() > 0):
        raise FormatError(
            path,
            f"voxel size is {voxel_A.tolist()} Å",
            field="CELLA",
            hint="Set it in the header: the particle's size follows from it.",
        )
    if voxel_A.max() > _COARSEST_USEFUL_VOXEL_A:
        raise FormatError(path, f"voxel size {voxel_A.max():g} Å is too coarse for a particle")
    # order[k] names the spatial axis (1 = x) that array axis 2 - k runs along.
    stored_axis = [2 - order.index(axis) for axis in (3, 2, 1)]
    return np.transpose(data, stored_axis), voxel_A


def _at_working_voxel(
    data: NDArray[np.float64], voxel_A: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average or interpolate a map to voxels between 3 and 6 Å (sizes as x, y, z)."""
    step = np.maximum(1, np.round(_FINEST_VOXEL_A / voxel_A)).astype(np.int_)
    finer = np.ceil(voxel_A / _COARSEST_VOXEL_A).astype(np.int_)
    data = _averaged(data, step)
    if (finer > 1).any():
        # Linear: a cubic spline would ring at the masked edge and make a rim of its own.
        data = ndimage.zoom(data, finer[::-1], order=1, grid_mode=True, mode="nearest")
    return data, voxel_A * step / finer


def _averaged(data: NDArray[np.float64], step: NDArray[np.int_]) -> NDArray[np.float64]:
    """Average blocks of ``step`` (x, y, z) voxels, the last ones padded with the median."""
    if (step == 1).all():
        return data
    sz, sy, sx = int(step[2]), int(step[1]), int(step[0])
    pads = [(0, -size % s) for size, s in zip(data.shape, (sz, sy, sx), strict=True)]
    padded = np.pad(data, pads, constant_values=float(np.median(data)))
    nz, ny, nx = padded.shape
    blocks = padded.reshape(nz // sz, sz, ny // sy, sy, nx // sx, sx)
    averaged: NDArray[np.float64] = blocks.mean(axis=(1, 3, 5))
    return averaged


def _otsu(values: NDArray[np.float64]) -> float:
    """Split values where the variance between both classes is largest (Otsu 1979)."""
    # A few extreme voxels (metal, symmetry axes) must not stretch the histogram.
    clipped = np.minimum(values, np.quantile(values, 0.999))
    counts, edges = np.histogram(clipped, bins=256)
    centres = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sum_below = np.cumsum(counts * centres)[:-1]
    sum_above = (counts * centres).sum() - sum_below
    valid = (below > 0) & (above > 0)
    if not valid.any():
        return float(0.5 * values.max())
    between = np.zeros_like(below)
    between[valid] = (
        below[valid]
        * above[valid]
        * (sum_below[valid] / below[valid] - sum_above[valid] / above[valid]) ** 2
    )
    return float(edges[1 + int(np.argmax(between))])

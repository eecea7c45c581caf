"""Projection of a volume tilted about its y axis, and the way back.

The one convention of tilting: a tilt by θ turns the specimen by the right-handed rotation about
y, so that a place (x, z) relative to the centre is seen at ``x' = x cos θ + z sin θ`` of the image
and lies at the height ``z' = z cos θ - x sin θ``; the electrons come from +z'. The image's
transform is the specimen's on the plane ``(kx, kz) = k (cos θ, sin θ)``. The axis runs through
the centre of the volume, ``(n - 1) / 2``, and appears at that of the image.
"""

import numpy as np
import scipy.sparse
from numpy.typing import NDArray


def beam_matrix(nz: int, nx: int, tilt_deg: float) -> scipy.sparse.csr_array:
    """Return the matrix that integrates the voxels of one plane y along the beam.

    Each column of the image sums the volume where its ray crosses the voxels' rows or, at tilts
    above 45°, their stacks, interpolated between the two nearest (Joseph, IEEE Trans. Med.
    Imaging 1, 192, 1982): flat ice stays flat, which sharing out voxel by voxel would not give.

    Parameters
    ----------
    nz, nx
        Of the volume, voxels; the image is ``nx`` wide.
    tilt_deg
        About the y axis.

    Returns
    -------
    csr_array, shape (nx, nz * nx), float32
        To be multiplied by `as_columns` of a volume; lengths are in voxels.
    """
    cosine, sine = np.cos(np.deg2rad(tilt_deg)), np.sin(np.deg2rad(tilt_deg))
    by_rows = abs(cosine) >= abs(sine)
    steps, across, along = (nz, nx, cosine) if by_rows else (nx, nz, sine)
    column, step = np.meshgrid(np.arange(nx), np.arange(steps), indexing="ij")
    other = sine if by_rows else cosine
    seen = column - (nx - 1) / 2
    crossing = (seen - (step - (steps - 1) / 2) * other) / along + (across - 1) / 2
    first = np.floor(crossing).astype(np.int64)
    fraction = crossing - first
    index = np.concatenate([first.ravel(), first.ravel() + 1])
    weights = np.concatenate([(1 - fraction).ravel(), fraction.ravel()]) / abs(along)
    step, column = np.tile(step.ravel(), 2), np.tile(column.ravel(), 2)
    voxel = step * nx + index if by_rows else index * nx + step
    within = (index >= 0) & (index < across) & (weights > 0)
    return scipy.sparse.csr_array(
        (weights[within].astype(np.float32), (column[within], voxel[within])), shape=(nx, nz * nx)
    )


def voxel_matrix(nz: int, nx: int, tilt_deg: float) -> scipy.sparse.csr_array:
    """Return the matrix that reads, for each voxel of one plane y, where the image shows it.

    Parameters
    ----------
    nz, nx
        Of the volume, voxels; the image is ``nx`` wide.
    tilt_deg
        About the y axis.

    Returns
    -------
    csr_array, shape (nz * nx, nx), float32
        To be multiplied by an image ``[x, y]``, interpolated linearly; 0 beside the image.
    """
    tilt_rad = np.deg2rad(tilt_deg)
    z, x = np.meshgrid(np.arange(nz), np.arange(nx), indexing="ij")
    seen = (x - (nx - 1) / 2) * np.cos(tilt_rad) + (z - (nz - 1) / 2) * np.sin(tilt_rad)
    seen = seen.ravel() + (nx - 1) / 2
    left = np.floor(seen).astype(np.int64)
    fraction = (seen - left).astype(np.float32)
    voxel = np.tile(np.arange(nz * nx), 2)
    column = np.concatenate([left, left + 1])
    weights = np.concatenate([1 - fraction, fraction])
    within = (column >= 0) & (column < nx) & (weights > 0)
    return scipy.sparse.csr_array(
        (weights[within], (voxel[within], column[within])), shape=(nz * nx, nx)
    )


def as_columns(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay out a volume ``[z, y, x]`` as ``(nz * nx, ny)``, one row a voxel of x and z (a copy)."""
    nz, ny, nx = volume.shape
    return np.ascontiguousarray(volume.transpose(0, 2, 1)).reshape(nz * nx, ny)


def as_volume(columns: NDArray[np.float32], nz: int) -> NDArray[np.float32]:
    """Undo `as_columns`, shape ``(nz, ny, nx)`` (a copy)."""
    ny = columns.shape[1]
    return np.ascontiguousarray(columns.reshape(nz, -1, ny).transpose(0, 2, 1))


def project(
    columns: NDArray[np.float32], nz: int, tilt_deg: float, voxel_size_A: float
) -> NDArray[np.float32]:
    """Project a potential along the beam.

    Parameters
    ----------
    columns : ndarray, shape (nz * nx, ny), float32, V
        The volume as `as_columns` lays it out.
    nz
        Of the volume, voxels.
    tilt_deg
        About the y axis.
    voxel_size_A
        Å.

    Returns
    -------
    ndarray, shape (ny, nx), float32, V·Å
    """
    matrix = beam_matrix(nz, columns.shape[0] // nz, tilt_deg)
    projected = (matrix @ columns) * np.float32(voxel_size_A)
    return np.ascontiguousarray(projected.T, dtype=np.float32)

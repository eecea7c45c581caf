"""Weighted back-projection of a tilt series."""

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.simulate.volume_projection import as_volume, voxel_matrix


def ramp_filter(nx: int, *, cutoff: float = 1.0) -> NDArray[np.float32]:
    """Return the weights |k| that make up for the density of slices, with a Hamming window.

    The ramp is the transform of its band-limited kernel (Kak and Slaney, Principles of
    Computerized Tomographic Imaging, eq. 3.61), which keeps the mean of the images right where
    sampling |k| itself would lose it.

    Parameters
    ----------
    nx
        Length of the signal after padding, pixels, even.
    cutoff
        Where the window ends, as a fraction of the Nyquist frequency.

    Returns
    -------
    ndarray, shape (nx // 2 + 1,), float32, 1/pixel
        In the order of ``rfft``.
    """
    index = np.fft.fftfreq(nx, 1 / nx)
    kernel = np.zeros(nx)
    kernel[0] = 0.25
    odd = np.abs(index) % 2 == 1
    kernel[odd] = -1 / (np.pi * index[odd]) ** 2
    relative = 2 * np.fft.rfftfreq(nx) / cutoff
    window = np.where(relative <= 1, 0.54 + 0.46 * np.cos(np.pi * relative), 0.0)
    return np.asarray(np.fft.rfft(kernel).real * window, dtype=np.float32)


def back_projected(
    images: NDArray[np.float32], tilts_deg: Sequence[float], nz: int, *, cutoff: float = 1.0
) -> NDArray[np.float32]:
    """Reconstruct a volume from its images tilted about the y axis.

    With complete tilts and a window that lets everything pass, the projections of a volume
    (sums over voxels along the beam) give this volume back.

    Parameters
    ----------
    images : ndarray, shape (tilts, ny, nx), float32
        Deviations from an empty image.
    tilts_deg
        Of each image, in any order (see `nunatak.simulate.volume_projection`).
    nz
        Thickness of the volume, voxels.
    cutoff
        See `ramp_filter`.

    Returns
    -------
    ndarray, shape (nz, ny, nx), float32
        Of the sign of the images, in their unit per voxel.

    Raises
    ------
    BadInput
        If there are fewer than two tilts, or not one for each image.
    """
    count, ny, nx = images.shape
    if count < 2 or len(tilts_deg) != count:
        raise BadInput(
            f"a tomogram needs two images or more and one tilt for each; found {count} images "
            f"and {len(tilts_deg)} tilts"
        )
    length = scipy.fft.next_fast_len(2 * nx, real=True)
    length += length % 2
    weights = ramp_filter(length, cutoff=cutoff)
    columns = np.zeros((nz * nx, ny), np.float32)
    for image, tilt_deg, share_rad in zip(images, tilts_deg, _shares_rad(tilts_deg), strict=True):
        spectrum = scipy.fft.rfft(image, n=length, axis=1) * (weights * np.float32(share_rad))
        filtered = scipy.fft.irfft(spectrum, n=length, axis=1)[:, :nx]
        columns += voxel_matrix(nz, nx, tilt_deg) @ np.ascontiguousarray(filtered.T)
    return as_volume(columns, nz)


def _shares_rad(tilts_deg: Sequence[float]) -> NDArray[np.float64]:
    """Angle that each tilt stands for: half of the way to both of its neighbours."""
    order = np.argsort(tilts_deg)
    ordered_rad = np.deg2rad(np.asarray(tilts_deg, dtype=np.float64)[order])
    steps = np.diff(ordered_rad)
    halves = 0.5 * np.concatenate([steps[:1], steps]) + 0.5 * np.concatenate([steps, steps[-1:]])
    shares = np.empty_like(halves)
    shares[order] = halves
    return shares

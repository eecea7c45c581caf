"""Contrast transfer of a tilted specimen, whose defocus changes across the image."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.simulate.optics import Optics, contrast_transfer

_PHASE_STEP_RAD = 0.5  # between neighbouring defoci, at the Nyquist frequency
Filter = Callable[[Optics, tuple[int, int]], NDArray[np.float32]]
"""From the optics at one defocus and the shape of an image to a factor on its ``rfft2``."""


def defocus_across_A(
    optics: Optics, tilt_deg: float, nx: int, pixel_size_A: float
) -> NDArray[np.float64]:
    """Mean under-focus of each column of an image, shape (nx,), Å.

    A thin specimen tilted by θ lies at the height ``-x' tan θ`` (see
    `nunatak.simulate.volume_projection`), and what lies higher, closer to the source, is less
    under-focused.
    """
    from_axis_A = (np.arange(nx) - (nx - 1) / 2) * pixel_size_A
    return np.asarray(optics.mean_defocus_A + from_axis_A * np.tan(np.deg2rad(tilt_deg)))


def filtered_across(
    image: NDArray[np.float32],
    optics: Optics,
    tilt_deg: float,
    pixel_size_A: float,
    factor: Filter,
) -> NDArray[np.float32]:
    """Multiply the transform of an image by a factor that follows the defocus of each column.

    The image is filtered at a few defoci, so close that the phase at the Nyquist frequency
    changes by at most half a radian from one to the next, and each column is interpolated
    between the two nearest.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        Taken as zero outside.
    optics
        At the tilt axis.
    tilt_deg
        About the y axis.
    pixel_size_A
        Å.
    factor
        For instance `nunatak.simulate.optics.contrast_transfer` times -2.

    Returns
    -------
    ndarray, shape (ny, nx), float32
    """
    ny, nx = image.shape
    defocus_A = defocus_across_A(optics, tilt_deg, nx, pixel_size_A)
    span_A = float(np.ptp(defocus_A))
    nyquist = 0.5 / pixel_size_A
    step_A = _PHASE_STEP_RAD / (np.pi * optics.wavelength_A * nyquist**2)
    count = int(np.ceil(span_A / step_A)) + 1
    nodes_A = np.linspace(defocus_A.min(), defocus_A.max(), count)
    strongest = replace(optics, defocus_u_A=nodes_A[-1], defocus_v_A=nodes_A[-1])
    margin = int(np.ceil(strongest.delocalisation_A(pixel_size_A) / pixel_size_A)) + 2
    padded = (
        scipy.fft.next_fast_len(ny + margin, real=True),
        scipy.fft.next_fast_len(nx + margin, real=True),
    )
    spectrum = scipy.fft.rfft2(image, s=padded)
    astigmatism_A = 0.5 * (optics.defocus_u_A - optics.defocus_v_A)
    position = (defocus_A - nodes_A[0]) / (span_A / (count - 1)) if count > 1 else 0 * defocus_A
    result = np.zeros_like(image)
    for number, node_A in enumerate(nodes_A):
        here = replace(
            optics, defocus_u_A=node_A + astigmatism_A, defocus_v_A=node_A - astigmatism_A
        )
        weight = np.maximum(1 - np.abs(position - number), 0.0).astype(np.float32)
        result += weight * scipy.fft.irfft2(spectrum * factor(here, padded), s=padded)[:ny, :nx]
    return result


def phase_flipped(
    image: NDArray[np.float32], optics: Optics, tilt_deg: float, pixel_size_A: float
) -> NDArray[np.float32]:
    """Undo the sign of the contrast transfer, as CTF correction by phase flipping does.

    Parameters and result as of `filtered_across`.
    """

    def sign(here: Optics, shape: tuple[int, int]) -> NDArray[np.float32]:
        return np.sign(contrast_transfer(here, shape, pixel_size_A))

    return filtered_across(image, optics, tilt_deg, pixel_size_A, sign)

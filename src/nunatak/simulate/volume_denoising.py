"""Tomograms as denoisers leave them."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray


def wiener_denoised(
    tomogram: NDArray[np.float32], signal: NDArray[np.float32], *, strength: float = 1.0
) -> NDArray[np.float32]:
    """Suppress frequencies by how much noise they hold: what a good denoiser comes close to.

    Trained denoisers learn the spectra of signal and noise from pairs of tomograms; here they
    are known. Each shell of frequencies is multiplied by ``S / (S + strength N)``, with the power
    S of the signal and N of the rest (Wiener's filter where the strength is 1).

    Parameters
    ----------
    tomogram : ndarray, shape (nz, ny, nx), float32
        Signal and noise.
    signal : ndarray, shape (nz, ny, nx), float32
        The part of it that is signal, on the same scale.
    strength
        More than 1 smooths more than is best, as denoisers set too strongly do.

    Returns
    -------
    ndarray, shape (nz, ny, nx), float32
        On the scale of the tomogram.
    """
    shape = (tomogram.shape[0], tomogram.shape[1], tomogram.shape[2])
    # Shells of equal width along the shortest axis that is not a single plane.
    width = 1.0 / min(side for side in shape if side > 1)
    kz, ky = (np.fft.fftfreq(side).astype(np.float32) for side in shape[:2])
    kx = np.fft.rfftfreq(shape[2]).astype(np.float32)
    length = np.sqrt(kz[:, None, None] ** 2 + ky[None, :, None] ** 2 + kx**2)
    shell = np.rint(length / np.float32(width)).astype(np.int32).ravel()
    spectrum = scipy.fft.rfftn(tomogram)
    signal_spectrum = scipy.fft.rfftn(signal)
    count = np.maximum(np.bincount(shell), 1)
    signal_power = _per_shell(signal_spectrum, shell) / count
    noise_power = _per_shell(spectrum - signal_spectrum, shell) / count
    total = signal_power + strength * noise_power
    gain = np.divide(signal_power, total, out=np.zeros_like(total), where=total > 0)
    spectrum *= gain[shell].astype(np.float32).reshape(spectrum.shape)
    return np.asarray(scipy.fft.irfftn(spectrum, s=shape), dtype=np.float32)


def _per_shell(spectrum: NDArray[np.complex64], shell: NDArray[np.int32]) -> NDArray[np.float64]:
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.bincount(shell, power.ravel()), dtype=np.float64)

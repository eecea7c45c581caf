"""The detector: counting statistics, quantum efficiency, defects."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A counting camera.

    Attributes
    ----------
    dqe_zero, dqe_nyquist : float
        Detective quantum efficiency at zero and at the detector's Nyquist frequency; it falls
        with the square of the frequency in between.
    hot_pixel_fraction : float
        Fraction of pixels with a spurious signal.
    hot_pixel_sigma : float
        Strength of a hot pixel, standard deviations of the image.
    binning : float
        Image pixel divided by detector pixel; at large binning the efficiency is that at zero
        frequency throughout.
    """

    dqe_zero: float = 0.85
    dqe_nyquist: float = 0.3
    hot_pixel_fraction: float = 0.0
    hot_pixel_sigma: float = 30.0
    binning: float = 1.0

    def dqe(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Quantum efficiency per frequency, shape ``(ny, nx // 2 + 1)``."""
        fy = np.fft.fftfreq(shape[0]).astype(np.float32)[:, None] * 2
        fx = np.fft.rfftfreq(shape[1]).astype(np.float32)[None, :] * 2
        relative = np.minimum((fx**2 + fy**2) / self.binning**2, 1.0)
        return np.asarray(
            self.dqe_zero + (self.dqe_nyquist - self.dqe_zero) * relative, dtype=np.float32
        )


def expose(
    intensity: NDArray[np.float32],
    detector: Detector,
    *,
    electrons_per_pixel: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Count electrons.

    The noise stays white: the signal is weakened by ``sqrt(DQE(k) / DQE(0))`` and Poisson
    counts are drawn for the electrons detected at zero frequency, which gives the requested
    signal-to-noise ratio at every frequency.

    Parameters
    ----------
    intensity : ndarray, shape (ny, nx), float32
        Relative to the incident beam.
    detector
        The camera.
    electrons_per_pixel
        Incident dose, electrons per pixel.
    rng
        Source of randomness.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        Detected electrons per pixel.
    """
    shape = (intensity.shape[0], intensity.shape[1])
    relative = np.sqrt(detector.dqe(shape) / detector.dqe_zero)
    weakened = scipy.fft.irfft2(scipy.fft.rfft2(intensity) * relative, s=shape)
    expected = np.maximum(weakened, 0.0) * electrons_per_pixel * detector.dqe_zero
    counts = rng.poisson(expected).astype(np.float32)
    return _with_hot_pixels(counts, detector, rng)


def _with_hot_pixels(
    counts: NDArray[np.float32], detector: Detector, rng: np.random.Generator
) -> NDArray[np.float32]:
    number = rng.binomial(counts.size, detector.hot_pixel_fraction)
    if number:
        where = rng.integers(0, counts.size, number)
        strength = detector.hot_pixel_sigma * counts.std() * rng.uniform(0.3, 1.5, number)
        counts.flat[where] += strength.astype(np.float32)
    return counts

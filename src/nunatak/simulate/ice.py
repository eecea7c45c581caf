"""The ice: its thickness, its transmission and the noise of its structure."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from nunatak.simulate.optics import frequencies

MEAN_FREE_PATH_A = 3150.0
"""Of 300 kV electrons in vitreous ice (Parakeet, Parkhurst et al. 2021)."""

STRUCTURE_PHASE_RAD = 0.08
"""Standard deviation of the phase per 1 Å pixel of 400 Å of ice (water's compressibility)."""

_REFERENCE_THICKNESS_A = 400.0


@dataclass(frozen=True, kw_only=True)
class Ice:
    """A layer of vitreous ice.

    Attributes
    ----------
    thickness_A : float
        At the centre of the field.
    gradient : float
        Relative change of thickness from the centre to the edge along `direction_rad`.
    direction_rad : float
        Direction of the gradient, from the x axis.
    meniscus : float
        Relative thickening from the centre to the corners (quadratic).
    structure : float
        Factor on the structural noise; 1 is the physical estimate.
    """

    thickness_A: float = 400.0
    gradient: float = 0.0
    direction_rad: float = 0.0
    meniscus: float = 0.0
    structure: float = 1.0

    def thickness_map_A(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Thickness at every pixel, Å, shape ``(ny, nx)``, at least 5 % of the centre's."""
        y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :]
        along = x * np.cos(self.direction_rad) + y * np.sin(self.direction_rad)
        relative = 1 + self.gradient * along + 0.5 * self.meniscus * (x**2 + y**2)
        return np.asarray(self.thickness_A * np.maximum(relative, 0.05), dtype=np.float32)


def transmission(thickness_A: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fraction of electrons that stay in the image, ``exp(-t / Λ)``."""
    return np.asarray(np.exp(-thickness_A / MEAN_FREE_PATH_A), dtype=np.float32)


def structural_phase(
    thickness_A: NDArray[np.float32],
    pixel_size_A: float,
    *,
    structure: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Random phase of the ice's structure, before the contrast transfer.

    Grows with the square root of the thickness. The spectrum is that of Parakeet's random ice
    field: one Gaussian at zero frequency and one at 1/2.88 Å⁻¹.

    Parameters
    ----------
    thickness_A : ndarray, shape (ny, nx), float32
        Å.
    pixel_size_A
        Å.
    structure
        Factor on the amplitude.
    rng
        Source of randomness.

    Returns
    -------
    ndarray, shape (ny, nx), float32, rad
    """
    ny, nx = thickness_A.shape
    white = rng.standard_normal((ny, nx), dtype=np.float32)
    ky, kx = frequencies((ny, nx), pixel_size_A)
    amplitude = np.sqrt(_structure_power(np.sqrt(kx**2 + ky**2)))
    shaped = scipy.fft.irfft2(scipy.fft.rfft2(white) * amplitude, s=(ny, nx))
    # A pixel of p Å averages p² pixels of 1 Å.
    sigma = structure * STRUCTURE_PHASE_RAD / pixel_size_A
    return np.asarray(
        shaped * sigma * np.sqrt(thickness_A / _REFERENCE_THICKNESS_A), dtype=np.float32
    )


def _structure_power(k: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power relative to its mean over the frequencies of a 1 Å pixel."""
    return _ice_spectrum(k) / _MEAN_POWER


def _ice_spectrum(k: NDArray[np.float32]) -> NDArray[np.float32]:
    ring = np.exp(-0.5 * ((k - 1 / 2.88) / 0.081) ** 2)
    return np.asarray(0.199 * np.exp(-0.5 * (k / 0.731) ** 2) + 0.801 * ring, dtype=np.float32)


def _mean_power_of_1A_pixel() -> float:
    k = np.linspace(-0.5, 0.5, 257, dtype=np.float32)
    return float(_ice_spectrum(np.hypot(k[:, None], k[None, :])).mean())


_MEAN_POWER = _mean_power_of_1A_pixel()

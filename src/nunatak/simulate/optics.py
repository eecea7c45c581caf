"""The microscope between the specimen and the detector: contrast transfer and its envelopes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PLANCK_J_S = 6.62607015e-34
ELECTRON_MASS_KG = 9.1093837015e-31
ELEMENTARY_CHARGE_C = 1.602176634e-19
SPEED_OF_LIGHT_M_S = 2.99792458e8


def electron_wavelength_A(voltage_kV: float) -> float:
    """Relativistic wavelength of an electron, Å (de Broglie).

    Examples
    --------
    >>> round(electron_wavelength_A(300.0), 5)
    0.01969
    """
    energy_J = voltage_kV * 1e3 * ELEMENTARY_CHARGE_C
    rest_J = ELECTRON_MASS_KG * SPEED_OF_LIGHT_M_S**2
    momentum = np.sqrt(energy_J * (energy_J + 2 * rest_J)) / SPEED_OF_LIGHT_M_S
    return float(PLANCK_J_S / momentum * 1e10)


def interaction_constant_rad_per_VA(voltage_kV: float) -> float:
    """Phase shift per projected potential, rad/(V·Å) (Kirkland, Advanced Computing in EM, eq. 5.6).

    Examples
    --------
    >>> round(interaction_constant_rad_per_VA(300.0) * 1e4, 3)
    6.526
    """
    energy_J = voltage_kV * 1e3 * ELEMENTARY_CHARGE_C
    rest_J = ELECTRON_MASS_KG * SPEED_OF_LIGHT_M_S**2
    wavelength_A = electron_wavelength_A(voltage_kV)
    factor = (rest_J + energy_J) / (2 * rest_J + energy_J)
    return float(2 * np.pi / (wavelength_A * voltage_kV * 1e3) * factor)


@dataclass(frozen=True, kw_only=True)
class Optics:
    """State of the microscope for one micrograph.

    Attributes
    ----------
    voltage_kV : float
        Acceleration voltage.
    cs_mm : float
        Spherical aberration.
    amplitude_contrast : float
        Fraction, 0 to 1.
    defocus_u_A, defocus_v_A : float
        Defocus along the two principal axes; positive is under-focus.
    astigmatism_angle_rad : float
        From the x axis to the axis of ``defocus_u_A``.
    phase_shift_rad : float
        Of a phase plate.
    b_factor_A2 : float
        Envelope ``exp(-B k² / 4)``.
    drift_A : float
        Residual motion during the exposure (root mean square displacement).
    """

    voltage_kV: float = 300.0
    cs_mm: float = 2.7
    amplitude_contrast: float = 0.1
    defocus_u_A: float = 15_000.0
    defocus_v_A: float = 15_000.0
    astigmatism_angle_rad: float = 0.0
    phase_shift_rad: float = 0.0
    b_factor_A2: float = 100.0
    drift_A: float = 0.0

    @property
    def wavelength_A(self) -> float:
        """Electron wavelength, Å."""
        return electron_wavelength_A(self.voltage_kV)

    @property
    def mean_defocus_A(self) -> float:
        """Mean of the two principal defoci, Å."""
        return 0.5 * (self.defocus_u_A + self.defocus_v_A)

    def delocalisation_A(self, pixel_size_A: float) -> float:
        """How far the transfer function moves signal at the Nyquist frequency, Å (``λ Δf k``)."""
        return self.wavelength_A * abs(self.mean_defocus_A) / (2 * pixel_size_A)


def frequencies(
    shape: tuple[int, int], pixel_size_A: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Spatial frequencies of a real Fourier transform.

    Parameters
    ----------
    shape
        ``(ny, nx)`` of the image, pixels.
    pixel_size_A
        Pixel size, Å.

    Returns
    -------
    ky, kx : ndarray, float32, 1/Å
        Shapes ``(ny, 1)`` and ``(1, nx // 2 + 1)``, in the order of ``rfft2``.
    """
    ky = np.fft.fftfreq(shape[0], pixel_size_A).astype(np.float32)[:, None]
    kx = np.fft.rfftfreq(shape[1], pixel_size_A).astype(np.float32)[None, :]
    return ky, kx


def contrast_transfer(
    optics: Optics, shape: tuple[int, int], pixel_size_A: float
) -> NDArray[np.float32]:
    """Contrast transfer function with its envelope.

    ``sin(χ + φ + atan(A / sqrt(1 - A²))) exp(-B k² / 4)`` with
    ``χ = π λ Δf k² - ½ π Cs λ³ k⁴`` (Rohou & Grigorieff, J. Struct. Biol. 2015, eqs. 2-4; the
    sign makes the transfer positive at low frequency under under-focus). Particles are dark
    there: the intensity is ``1 - 2 CTF ⊗ phase``.

    Parameters
    ----------
    optics
        The microscope.
    shape
        ``(ny, nx)`` of the image, pixels.
    pixel_size_A
        Pixel size, Å.

    Returns
    -------
    ndarray, shape (ny, nx // 2 + 1), float32
        In the order of ``rfft2``.
    """
    ky, kx = frequencies(shape, pixel_size_A)
    k2 = kx**2 + ky**2
    chi = np.pi * optics.wavelength_A * _defocus_A(optics, ky, kx, k2) * k2
    chi -= 0.5 * np.pi * optics.cs_mm * 1e7 * optics.wavelength_A**3 * k2**2
    amplitude = optics.amplitude_contrast
    chi += optics.phase_shift_rad + np.arctan2(amplitude, np.sqrt(1 - amplitude**2))
    return np.asarray(np.sin(chi) * _envelope(optics, k2), dtype=np.float32)


def _defocus_A(
    optics: Optics, ky: NDArray[np.float32], kx: NDArray[np.float32], k2: NDArray[np.float32]
) -> NDArray[np.float32] | float:
    difference = 0.5 * (optics.defocus_u_A - optics.defocus_v_A)
    if difference == 0.0:
        return optics.mean_defocus_A
    # cos(2 (θ - θ0)) without computing θ: double-angle formulae.
    cosine = (kx**2 - ky**2) * np.cos(2 * optics.astigmatism_angle_rad)
    sine = 2 * kx * ky * np.sin(2 * optics.astigmatism_angle_rad)
    return np.asarray(
        optics.mean_defocus_A + difference * (cosine + sine) / np.maximum(k2, 1e-12),
        dtype=np.float32,
    )


def _envelope(optics: Optics, k2: NDArray[np.float32]) -> NDArray[np.float32]:
    # Isotropic drift of root mean square d blurs by a Gaussian of variance d²/2 per axis.
    exponent = optics.b_factor_A2 / 4 + (np.pi * optics.drift_A) ** 2
    return np.asarray(np.exp(-exponent * k2), dtype=np.float32)


def critical_dose_e_A2(k: NDArray[np.float32], voltage_kV: float) -> NDArray[np.float32]:
    """Dose at which a frequency has faded to 1/e (Grant & Grigorieff, eLife 2015, eq. 3).

    Parameters
    ----------
    k : ndarray, 1/Å
        Spatial frequency.
    voltage_kV
        Measured at 300 kV; 0.8 of it is used at 200 kV and below.

    Returns
    -------
    ndarray, e/Å²
    """
    at_300kV = 0.245 * np.maximum(k, 1e-4) ** -1.665 + 2.81
    return np.asarray(at_300kV * (1.0 if voltage_kV > 250 else 0.8), dtype=np.float32)


def damage_filter(
    shape: tuple[int, int], pixel_size_A: float, *, dose_e_A2: float, voltage_kV: float
) -> NDArray[np.float32]:
    """How much of each frequency survives, averaged over the exposure.

    ``(2 Nc / N) (1 - exp(-N / (2 Nc)))`` with the critical dose ``Nc(k)``.

    Parameters
    ----------
    shape, pixel_size_A
        Of the image, pixels and Å.
    dose_e_A2
        Total dose N, e/Å².
    voltage_kV
        Acceleration voltage.

    Returns
    -------
    ndarray, shape (ny, nx // 2 + 1), float32
    """
    ky, kx = frequencies(shape, pixel_size_A)
    critical = critical_dose_e_A2(np.sqrt(kx**2 + ky**2), voltage_kV)
    ratio = dose_e_A2 / (2 * critical)
    return np.asarray(-np.expm1(-ratio) / np.maximum(ratio, 1e-9), dtype=np.float32)

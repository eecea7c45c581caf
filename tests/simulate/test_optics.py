"""The contrast transfer function, against theory written down independently."""

import numpy as np
import pytest
from scipy.optimize import brentq

from nunatak.simulate.detector import Detector
from nunatak.simulate.field import Field
from nunatak.simulate.ice import Ice
from nunatak.simulate.optics import (
    Optics,
    contrast_transfer,
    critical_dose_e_A2,
    damage_filter,
    electron_wavelength_A,
    interaction_constant_rad_per_VA,
)
from nunatak.simulate.scene import Scene, render


def phase_rad(k: float, optics: Optics, defocus_A: float) -> float:
    wavelength_A = {300.0: 0.019687, 200.0: 0.025079}[optics.voltage_kV]
    cs_A = optics.cs_mm * 1e7
    amplitude = np.arcsin(optics.amplitude_contrast)
    chi = np.pi * wavelength_A * defocus_A * k**2 - np.pi / 2 * cs_A * wavelength_A**3 * k**4
    return float(chi + amplitude + optics.phase_shift_rad)


def zeros_per_A(optics: Optics, defocus_A: float, count: int) -> list[float]:
    """Frequencies where the phase is π, 2π, …"""
    return [
        brentq(lambda k, n=n: phase_rad(k, optics, defocus_A) - n * np.pi, 1e-4, 0.2)
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("voltage_kV", "wavelength_A", "constant"),
    [(300, 0.019687, 6.526e-4), (200, 0.025079, 7.288e-4)],
)
def test_electron_constants(voltage_kV: float, wavelength_A: float, constant: float) -> None:
    assert electron_wavelength_A(voltage_kV) == pytest.approx(wavelength_A, rel=1e-4)
    assert interaction_constant_rad_per_VA(voltage_kV) == pytest.approx(constant, rel=1e-3)


@pytest.mark.parametrize(
    "optics",
    [
        Optics(defocus_u_A=15_000, defocus_v_A=15_000, b_factor_A2=0),
        Optics(defocus_u_A=22_000, defocus_v_A=22_000, b_factor_A2=0, voltage_kV=200, cs_mm=2.0),
        Optics(defocus_u_A=9_000, defocus_v_A=9_000, b_factor_A2=0, phase_shift_rad=np.pi / 2),
    ],
    ids=["300 kV", "200 kV", "phase plate"],
)
def test_zeros_of_a_rendered_white_object(optics: Optics, rng: np.random.Generator) -> None:
    size, pixel_size_A = 768, 2.0
    surroundings = Field.clean((size, size), pixel_size_A)
    surroundings.phase_rad[:] = 0.02 * rng.standard_normal((size, size))
    scene = Scene(
        shape=(size, size),
        pixel_size_A=pixel_size_A,
        optics=optics,
        ice=Ice(structure=0.0),
        detector=Detector(dqe_zero=1.0, dqe_nyquist=1.0),
        dose_e_A2=1e6,  # so many electrons that counting adds no floor
        surroundings=surroundings,
    )
    counts = render(scene, rng).counts
    power = np.abs(np.fft.fft2(counts / counts.mean() - 1)) ** 2
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(size, pixel_size_A)] * 2))
    step = 1 / (size * pixel_size_A)
    index = np.round(frequency / step).astype(int).ravel()
    spectrum = np.bincount(index, power.ravel()) / np.bincount(index)
    for zero in zeros_per_A(optics, optics.defocus_u_A, 6):
        near = np.arange(int(zero / step) - 4, int(zero / step) + 6)
        found = near[np.argmin(spectrum[near])]
        assert found * step == pytest.approx(zero, abs=1.5 * step)
        assert spectrum[found] < 0.1 * spectrum[near[0] - 8 : near[-1] + 8].max()


def test_astigmatism_turns_the_zeros() -> None:
    optics = Optics(
        defocus_u_A=20_000, defocus_v_A=16_000, astigmatism_angle_rad=np.pi / 2, b_factor_A2=0
    )
    size = 512
    ctf = contrast_transfer(optics, (size, size), 1.5)
    k = np.arange(size // 2) / (size * 1.5)
    along_x, along_y = ctf[0, : size // 2], ctf[: size // 2, 0]
    # The angle is that of the larger defocus, and 90 degrees from x is y.
    np.testing.assert_allclose(
        along_y, [np.sin(phase_rad(f, optics, 20_000)) for f in k], atol=0.02
    )
    np.testing.assert_allclose(
        along_x, [np.sin(phase_rad(f, optics, 16_000)) for f in k], atol=0.02
    )
    oblique = Optics(
        defocus_u_A=20_000, defocus_v_A=16_000, astigmatism_angle_rad=np.pi / 4, b_factor_A2=0
    )
    diagonal = np.diagonal(contrast_transfer(oblique, (size, size), 1.5))[: size // 2]
    expected = [np.sin(phase_rad(f * 2**0.5, oblique, 20_000)) for f in k]
    np.testing.assert_allclose(diagonal[: size // 4], expected[: size // 4], atol=0.02)


def test_the_envelope_follows_the_b_factor_and_the_drift() -> None:
    bare = Optics(b_factor_A2=0)
    shape, pixel_size_A = (64, 64), 2.0
    k = np.fft.rfftfreq(64, pixel_size_A)
    ctf = contrast_transfer(bare, shape, pixel_size_A)[0]
    damped = contrast_transfer(Optics(b_factor_A2=160), shape, pixel_size_A)[0]
    np.testing.assert_allclose(damped, ctf * np.exp(-160 / 4 * k**2), atol=1e-5)
    drifted = contrast_transfer(Optics(b_factor_A2=0, drift_A=4), shape, pixel_size_A)[0]
    np.testing.assert_allclose(drifted, ctf * np.exp(-((np.pi * 4 * k) ** 2)), atol=1e-5)


def test_amplitude_contrast_is_the_transfer_at_zero_frequency() -> None:
    ctf = contrast_transfer(Optics(amplitude_contrast=0.07), (32, 32), 2.0)
    assert ctf[0, 0] == pytest.approx(0.07, abs=1e-6)


def test_dose_damage_has_the_published_values() -> None:
    # 0.245 k^-1.665 + 2.81 at 8 Å is 10.6 e/Å²; averaged over 50 e/Å², 0.38 of it is left.
    assert critical_dose_e_A2(np.array([1 / 8], np.float32), 300)[0] == pytest.approx(
        10.63, abs=0.02
    )
    shape, pixel_size_A = (64, 64), 2.0
    left = damage_filter(shape, pixel_size_A, dose_e_A2=50, voltage_kV=300)
    at_8A = left[0, np.argmin(np.abs(np.fft.rfftfreq(64, pixel_size_A) - 1 / 8))]
    assert at_8A == pytest.approx(0.38, abs=0.01)
    assert left[0, 0] == pytest.approx(1.0, abs=1e-3)
    assert (np.diff(left[0]) < 0).all()
    weaker = damage_filter(shape, pixel_size_A, dose_e_A2=50, voltage_kV=200)
    assert (weaker[0, 1:] < left[0, 1:]).all()

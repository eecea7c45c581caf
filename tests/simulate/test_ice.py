"""Thickness, transmission and structural noise of the ice."""

import numpy as np
import pytest

from nunatak.simulate.ice import STRUCTURE_PHASE_RAD, Ice, structural_phase, transmission


def phase(thickness_A: float, pixel_size_A: float, rng: np.random.Generator) -> np.ndarray:
    even = np.full((512, 512), thickness_A, np.float32)
    return structural_phase(even, pixel_size_A, structure=1.0, rng=rng)


def test_structural_noise_of_400_A_in_pixels_of_1_A(rng: np.random.Generator) -> None:
    assert phase(400.0, 1.0, rng).std() == pytest.approx(STRUCTURE_PHASE_RAD, rel=0.03)


def test_structural_noise_grows_with_the_root_of_the_thickness(rng: np.random.Generator) -> None:
    assert phase(800.0, 1.0, rng).std() / phase(200.0, 1.0, rng).std() == pytest.approx(2, rel=0.03)


def test_the_pixel_size_does_not_change_the_ice(rng: np.random.Generator) -> None:
    # The same ice, sampled at 1 Å and averaged, or sampled at 4 Å: the power at low frequency
    # is the same per area of specimen.
    fine = phase(400.0, 1.0, rng).reshape(128, 4, 128, 4).mean(axis=(1, 3))
    coarse = phase(400.0, 4.0, rng)[:128, :128]
    low = [np.abs(np.fft.rfft2(field))[:20, 1:20] ** 2 for field in (fine, coarse)]
    assert low[0].mean() == pytest.approx(low[1].mean(), rel=0.15)


def test_the_spectrum_peaks_at_waters_ring(rng: np.random.Generator) -> None:
    power = np.abs(np.fft.rfft2(phase(400.0, 1.0, rng))) ** 2
    k = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512)[None, :])
    ring = power[np.abs(k - 1 / 2.88) < 0.02].mean()
    inner = power[np.abs(k - 0.1) < 0.02].mean()
    assert ring / inner == pytest.approx((0.801 + 0.178) / 0.208, rel=0.1)


def test_gradient_and_meniscus() -> None:
    sloped = Ice(thickness_A=500.0, gradient=0.4, direction_rad=np.pi / 2).thickness_map_A((65, 65))
    assert sloped[32, 32] == pytest.approx(500.0)
    assert sloped[-1, 32] == pytest.approx(700.0)
    assert sloped[0, 32] == pytest.approx(300.0)
    np.testing.assert_allclose(sloped[:, 0], sloped[:, 64], rtol=1e-5)
    bowl = Ice(thickness_A=500.0, meniscus=0.4).thickness_map_A((65, 65))
    assert bowl[32, 32] == pytest.approx(500.0)
    assert bowl[0, 0] == pytest.approx(700.0)


def test_ice_never_vanishes() -> None:
    thickness = Ice(thickness_A=400.0, gradient=1.5).thickness_map_A((64, 64))
    assert thickness.min() == pytest.approx(20.0)


def test_transmission_falls_exponentially() -> None:
    passing = transmission(np.array([0.0, 3150.0, 6300.0], np.float32))
    np.testing.assert_allclose(passing, np.exp([0.0, -1.0, -2.0]), rtol=1e-5)

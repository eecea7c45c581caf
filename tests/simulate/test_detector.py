"""Counting statistics and quantum efficiency."""

import numpy as np
import pytest

from nunatak.simulate.detector import Detector, expose
from nunatak.simulate.field import Field
from nunatak.simulate.ice import MEAN_FREE_PATH_A, Ice
from nunatak.simulate.optics import Optics
from nunatak.simulate.scene import Scene, render


def test_mean_and_variance_of_counts(rng: np.random.Generator) -> None:
    flat = np.full((512, 512), 0.9, np.float32)
    counts = expose(flat, Detector(dqe_zero=0.8), electrons_per_pixel=60.0, rng=rng)
    expected = 0.9 * 60.0 * 0.8
    assert counts.mean() == pytest.approx(expected, rel=0.002)
    assert counts.var() == pytest.approx(expected, rel=0.01)


def test_noise_is_white(rng: np.random.Generator) -> None:
    flat = np.ones((512, 512), np.float32)
    counts = expose(flat, Detector(), electrons_per_pixel=50.0, rng=rng)
    power = np.abs(np.fft.rfft2(counts - counts.mean())) ** 2
    radius = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512)[None, :])
    bands = [power[(radius >= low) & (radius < low + 0.1)].mean() for low in np.arange(0, 0.5, 0.1)]
    np.testing.assert_allclose(bands, np.mean(bands), rtol=0.06)


def test_electrons_behind_ice(rng: np.random.Generator) -> None:
    scene = Scene(
        shape=(256, 256),
        pixel_size_A=1.3,
        optics=Optics(),
        ice=Ice(thickness_A=500.0, structure=0.0),
        detector=Detector(dqe_zero=0.7),
        dose_e_A2=40.0,
        surroundings=Field.clean((256, 256), 1.3),
    )
    counts = render(scene, rng).counts
    expected = 40.0 * 1.3**2 * 0.7 * np.exp(-500.0 / MEAN_FREE_PATH_A)
    assert counts.mean() == pytest.approx(expected, rel=0.005)
    assert counts.var() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("cycles", [0, 32, 64, 120])
def test_signal_to_noise_follows_the_quantum_efficiency(
    rng: np.random.Generator, cycles: int
) -> None:
    size, dose, amplitude = 256, 2000.0, 0.1
    detector = Detector(dqe_zero=0.9, dqe_nyquist=0.3)
    wave = 1 + amplitude * np.cos(2 * np.pi * cycles * np.arange(size) / size)
    image = np.broadcast_to(wave, (size, size)).astype(np.float32)
    counts = expose(image, detector, electrons_per_pixel=dose, rng=rng)
    transform = np.fft.rfft2(counts)[0] / size**2
    found = np.abs(transform[cycles]) * (2 if cycles else 1)
    # DQE = (SNR out / SNR in)² with Poisson noise: signal² / mean against amplitude² dose.
    sent = amplitude * dose if cycles else (1 + amplitude) * dose
    dqe = (found / sent) ** 2 / (counts.mean() / (dose * wave.mean()))
    relative = 2 * cycles / size
    assert dqe == pytest.approx(0.9 + (0.3 - 0.9) * relative**2, rel=0.03)


def test_binning_moves_away_from_nyquist() -> None:
    fine, binned = (Detector(binning=b).dqe((64, 64)) for b in (1.0, 4.0))
    assert fine[0, -1] == pytest.approx(0.3)
    assert binned[0, -1] == pytest.approx(0.85 - 0.55 / 16)
    assert fine[0, 0] == binned[0, 0] == pytest.approx(0.85)


def test_no_negative_counts(rng: np.random.Generator) -> None:
    dark = rng.normal(0.0, 1.0, (64, 64)).astype(np.float32)
    assert expose(dark, Detector(), electrons_per_pixel=5.0, rng=rng).min() == 0.0


def test_hot_pixels_are_few_and_strong(rng: np.random.Generator) -> None:
    flat = np.ones((512, 512), np.float32)
    detector = Detector(hot_pixel_fraction=1e-3, hot_pixel_sigma=30.0)
    counts = expose(flat, detector, electrons_per_pixel=50.0, rng=rng)
    hot = counts > np.median(counts) + 8 * np.sqrt(np.median(counts))
    assert hot.sum() == pytest.approx(1e-3 * counts.size, rel=0.2)

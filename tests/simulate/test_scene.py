"""Image formation as a whole: contrast, borders, signal-to-noise ratio."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.simulate.density import Density
from nunatak.simulate.detector import Detector
from nunatak.simulate.field import Field
from nunatak.simulate.ice import MEAN_FREE_PATH_A, Ice
from nunatak.simulate.optics import Optics
from nunatak.simulate.placement import place
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.projection import random_rotation
from nunatak.simulate.scene import PlacedParticle, Scene, margin_for, render
from nunatak.simulate.signal_to_noise import (
    circles,
    contrast_factor_for,
    noise_variance,
    signal_power,
)

PIXEL_SIZE_A = 3.0


@pytest.fixture(scope="module")
def complex_() -> Density:
    return procedural_complex(np.random.default_rng(2))


def scene_of(shape: tuple[int, int], particles: list[PlacedParticle]) -> Scene:
    optics = Optics(defocus_u_A=18_000, defocus_v_A=18_000)
    margin = margin_for(optics, PIXEL_SIZE_A, shape)
    return Scene(
        shape=shape,
        pixel_size_A=PIXEL_SIZE_A,
        optics=optics,
        ice=Ice(),
        detector=Detector(),
        particles=particles,
        surroundings=Field.clean((shape[0] + 2 * margin, shape[1] + 2 * margin), PIXEL_SIZE_A),
    )


def crowd(
    complex_: Density, shape: tuple[int, int], rng: np.random.Generator, number: int = 60
) -> list[PlacedParticle]:
    places = place(shape, number, rng, spacing_px=complex_.diameter_A / PIXEL_SIZE_A)
    return [PlacedParticle(complex_, float(x), float(y), random_rotation(rng)) for x, y in places]


def test_particles_are_dark_where_they_are(complex_: Density, rng: np.random.Generator) -> None:
    particles = [PlacedParticle(complex_, 150.0, 80.0, random_rotation(rng))]
    scene = scene_of((200, 260), particles)
    rendered = render(scene, rng)
    assert rendered.counts.shape == rendered.signal.shape == rendered.label.shape == (200, 260)
    inside = circles(scene.shape, PIXEL_SIZE_A, particles)
    assert rendered.signal[inside].mean() < 0
    assert abs(rendered.signal[inside].mean()) > 10 * abs(rendered.signal[:, :60].mean())
    assert rendered.counts[inside].mean() < rendered.counts[~inside].mean()


def test_signal_is_what_particles_change(complex_: Density, rng: np.random.Generator) -> None:
    scene = scene_of((600, 600), crowd(complex_, (600, 600), rng, number=250))
    scene = replace(scene, detector=Detector(dqe_nyquist=0.85))
    filled, empty = (render(s, rng) for s in (scene, replace(scene, particles=[])))
    level = 40.0 * PIXEL_SIZE_A**2 * 0.85 * np.exp(-400.0 / MEAN_FREE_PATH_A)
    # The signal is the linear part of the exponential that forms the intensity.
    expected = level * np.expm1(filled.signal / level)
    slope = np.sum((filled.counts - empty.counts) * expected) / np.sum(expected**2)
    assert slope == pytest.approx(1.0, abs=0.04)


def test_nothing_wraps_around(complex_: Density, rng: np.random.Generator) -> None:
    # A particle at the left border must leave no trace at the right one.
    scene = scene_of((200, 200), [PlacedParticle(complex_, 0.0, 100.0, random_rotation(rng))])
    signal = np.abs(render(scene, rng).signal)
    assert signal[:, -40:].max() < 0.01 * signal.max()


def test_margins_hold_the_displaced_signal_and_suit_the_transform() -> None:
    optics = Optics(defocus_u_A=30_000, defocus_v_A=30_000)
    margin = margin_for(optics, 1.5, (512, 512))
    # The transfer function moves frequency k by λ Δf k; at Nyquist k is 1 / 3 Å.
    assert margin * 1.5 >= 0.019687 * 30_000 / 3.0
    side = 512 + 2 * margin
    for prime in (2, 3, 5, 7, 11):
        while side % prime == 0:
            side //= prime
    assert side == 1


@pytest.mark.parametrize("snr", [0.05, 0.5])
def test_the_requested_signal_to_noise_ratio_is_met(
    complex_: Density, rng: np.random.Generator, snr: float
) -> None:
    scene = scene_of((500, 500), crowd(complex_, (500, 500), rng, number=130))
    factor = contrast_factor_for(scene, scene.particles, snr=snr, rng=rng)
    scene = replace(scene, contrast_factor=factor)
    level = render(replace(scene, particles=[]), rng).counts.mean()
    exposures = [render(scene, rng).counts - level for _ in range(4)]
    inside = circles(scene.shape, PIXEL_SIZE_A, scene.particles)
    # Exposures share the particles and nothing else.
    pairs = list(combinations(exposures, 2))
    power = np.mean([np.mean(first[inside] * second[inside]) for first, second in pairs])
    noise = np.mean([np.mean((first - second) ** 2) / 2 for first, second in pairs])
    assert power / noise == pytest.approx(snr, rel=0.1)


def test_signal_power_and_noise_are_those_of_exposures(
    complex_: Density, rng: np.random.Generator
) -> None:
    scene = scene_of((500, 500), crowd(complex_, (500, 500), rng))
    renders = [render(scene, rng) for _ in range(2)]
    difference = renders[0].counts - renders[1].counts
    assert noise_variance(scene, rng) == pytest.approx(difference.var() / 2, rel=0.03)
    level = render(replace(scene, particles=[]), rng).counts.mean()
    inside = circles(scene.shape, PIXEL_SIZE_A, scene.particles)
    product = (renders[0].counts - level) * (renders[1].counts - level)
    assert signal_power(renders[0], scene, scene.particles) == pytest.approx(
        product[inside].mean(), rel=0.1
    )


def test_thin_air_has_no_ratio(rng: np.random.Generator) -> None:
    scene = scene_of((128, 128), [])
    with pytest.raises(BadInput, match="No particle lies in the image"):
        contrast_factor_for(scene, [], snr=0.1, rng=rng)


def test_incredible_contrast_is_remarked(
    complex_: Density, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    scene = scene_of((128, 128), [PlacedParticle(complex_, 64.0, 64.0, random_rotation(rng))])
    contrast_factor_for(scene, scene.particles, snr=10.0, rng=rng)
    assert "times the contrast that physics gives" in caplog.text
    with pytest.raises(BadInput, match="of 10000 per pixel cannot be reached"):
        contrast_factor_for(scene, scene.particles, snr=10_000.0, rng=rng)


def test_one_state_one_image(complex_: Density) -> None:
    particles = [PlacedParticle(complex_, 64.0, 64.0, random_rotation(np.random.default_rng(0)))]
    scene = scene_of((128, 128), particles)
    first, again, other = (render(scene, np.random.default_rng(seed)).counts for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()

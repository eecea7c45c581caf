"""Junk: what it does to the beam, and that all of it is labelled."""

import inspect
from collections.abc import Callable

import numpy as np
import pytest

from nunatak.simulate import junk
from nunatak.simulate.density import Density
from nunatak.simulate.field import Field, JunkClass, smooth_noise
from nunatak.simulate.optics import Optics
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.random_scene import (
    JUNK_PROBABILITY,
    add_random_junk,
    broken,
    random_detector,
    random_ice,
    random_optics,
)
from nunatak.simulate.scene import Scene

ADDERS = {
    JunkClass.CARBON: junk.add_carbon_edge,
    JunkClass.GOLD_FOIL: junk.add_gold_foil,
    JunkClass.GOLD_BEAD: junk.add_gold_beads,
    JunkClass.ICE_CRYSTAL: junk.add_ice_crystal,
    JunkClass.CONTAMINATION: junk.add_contamination,
    JunkClass.VESICLE: junk.add_vesicle,
    JunkClass.FILAMENT: junk.add_filament,
    JunkClass.MOTTLED_ICE: junk.add_mottled_ice,
    JunkClass.EMPTY_HOLE: junk.add_empty_hole,
}
SETTINGS = {"sigma_e": 6.5e-4, "diameter_A": 400.0, "scale_A": 200.0, "height_A": 20.0}


def with_junk(add: Callable[..., None], seed: int) -> Field:
    field = Field.clean((256, 320), 6.0)
    known = inspect.signature(add).parameters
    settings = {name: value for name, value in SETTINGS.items() if name in known}
    add(field, np.random.default_rng(seed), **settings)
    return field


@pytest.fixture(scope="module")
def complex_() -> Density:
    return procedural_complex(np.random.default_rng(2))


def scene(rng: np.random.Generator) -> Scene:
    return Scene(
        shape=(300, 400),
        pixel_size_A=6.0,
        optics=Optics(),
        ice=random_ice(rng),
        detector=random_detector(rng, binning=4.0),
        surroundings=Field.clean((340, 440), 6.0),
    )


@pytest.mark.parametrize("kind", ADDERS, ids=lambda kind: kind.name.lower())
def test_junk_is_labelled_where_it_acts(kind: JunkClass) -> None:
    seen = 0
    for seed in range(6):
        field = with_junk(ADDERS[kind], seed)
        assert set(np.unique(field.label)) <= {JunkClass.NONE, kind}
        assert np.isfinite(field.phase_rad).all()
        assert np.isfinite(field.transmission).all()
        assert (field.transmission >= 0).all()
        acts = (np.abs(field.phase_rad) > 0.02) | (np.abs(field.transmission - 1) > 0.05)
        if kind is not JunkClass.GOLD_FOIL:  # its soft edge is labelled by the middle
            assert (field.label[acts] == kind).all()
        seen += int((field.label == kind).any())
    assert seen >= 4  # now and then it lies outside the field


@pytest.mark.parametrize("kind", ADDERS, ids=lambda kind: kind.name.lower())
def test_one_seed_one_junk(kind: JunkClass) -> None:
    first, again, other = (with_junk(ADDERS[kind], seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.phase_rad, again.phase_rad)
    np.testing.assert_array_equal(first.transmission, again.transmission)
    np.testing.assert_array_equal(first.label, again.label)
    changed = (first.phase_rad != other.phase_rad) | (first.transmission != other.transmission)
    assert changed.any()


def test_gold_is_darker_than_carbon_and_ice() -> None:
    darkest = {
        kind: min(float(with_junk(ADDERS[kind], seed).transmission.min()) for seed in range(6))
        for kind in (JunkClass.GOLD_BEAD, JunkClass.CARBON, JunkClass.VESICLE)
    }
    assert darkest[JunkClass.GOLD_BEAD] < 0.6
    assert 0.8 < darkest[JunkClass.CARBON] < 1.0
    assert darkest[JunkClass.VESICLE] < 1.0


def test_empty_holes_are_bright_and_smooth() -> None:
    field = with_junk(junk.add_empty_hole, 0)
    hole = field.label == JunkClass.EMPTY_HOLE
    assert (field.transmission[hole] > 1).all()
    assert (field.roughness[hole] == 0).all()
    assert (field.roughness[~hole] == 1).all()


def test_protein_junk_is_labelled_and_placed(complex_: Density, rng: np.random.Generator) -> None:
    spoiled = scene(rng)
    placed = add_random_junk(spoiled, complex_, rng, amount=1e9, kinds=["aggregate", "fragment"])
    assert len(placed.aggregates) >= 5
    assert len(placed.fragments) >= 1
    assert spoiled.particles == placed.aggregates + placed.fragments
    assert set(np.unique(spoiled.surroundings.label)) == {
        0,
        JunkClass.AGGREGATE,
        JunkClass.FRAGMENT,
    }
    for fragment in placed.fragments:
        x, y = (round(p + spoiled.margin_px) for p in (fragment.x_px, fragment.y_px))
        assert spoiled.surroundings.label[y, x] == JunkClass.FRAGMENT


def test_the_amount_sets_how_often(complex_: Density, rng: np.random.Generator) -> None:
    clean = scene(rng)
    add_random_junk(clean, complex_, rng, amount=0.0)
    assert not clean.surroundings.label.any()
    full = scene(rng)
    add_random_junk(full, complex_, rng, amount=1e9)
    assert len(np.unique(full.surroundings.label)) >= 5
    assert set(JUNK_PROBABILITY) == {
        "carbon_edge", "gold_foil", "gold_beads", "ice_crystal", "contamination", "specks",
        "vesicle", "filament", "mottled_ice", "empty_hole", "aggregate", "fragment",
    }  # fmt: skip


def test_broken_particles_keep_30_to_70_percent(
    complex_: Density, rng: np.random.Generator
) -> None:
    kept = [
        len(broken(complex_, rng).potential_VA3) / len(complex_.potential_VA3) for _ in range(20)
    ]
    assert 0.28 < min(kept) < max(kept) < 0.72
    assert max(kept) - min(kept) > 0.15


def test_drawn_conditions_stay_physical(rng: np.random.Generator) -> None:
    drawn = [random_optics(rng) for _ in range(500)]
    defocus = np.array([optics.mean_defocus_A for optics in drawn])
    assert 4_000 <= defocus.min() < 10_000
    assert 30_000 < defocus.max() <= 40_000
    assert np.mean([optics.voltage_kV == 300.0 for optics in drawn]) == pytest.approx(
        0.72, abs=0.07
    )
    assert {optics.voltage_kV for optics in drawn} == {300.0, 200.0, 100.0}
    ices = [random_ice(rng) for _ in range(200)]
    assert all(200 <= ice.thickness_A <= 800 and 0 <= ice.gradient <= 0.5 for ice in ices)
    assert any(ice.gradient == 0 for ice in ices)


@pytest.mark.parametrize("scale_px", [1.0, 8.0, 60.0])
def test_smooth_noise_has_unit_spread_and_the_scale_asked_for(
    rng: np.random.Generator, scale_px: float
) -> None:
    noise = np.stack([smooth_noise((300, 400), scale_px, rng) for _ in range(8)])
    assert noise.shape[1:] == (300, 400)
    assert noise.std() == pytest.approx(1.0, abs=0.25)
    lag = max(1, round(scale_px / 4))
    near = np.mean(noise[:, :, lag:] * noise[:, :, :-lag]) / noise.var()
    assert near > 0.5 or scale_px == 1.0
    far = round(4 * scale_px)
    assert abs(np.mean(noise[:, :, far:] * noise[:, :, :-far]) / noise.var()) < 0.35

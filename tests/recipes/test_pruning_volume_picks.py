"""Picks in simulated tomograms: what is called a particle is one, and junk lies on junk."""

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from nunatak.errors import BadInput
from nunatak.pruning.classes import EMPTY, OFF_CENTRE, OTHER, PARTICLE, SEEN_CLASSES
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.pruning.volumes.slab_views import VIEWS
from nunatak.recipes import pruning_volume_bank
from nunatak.recipes.complexes import procedural_complexes
from nunatak.recipes.pruning_bank import GREY_STEP, NO_CATEGORY
from nunatak.recipes.pruning_volume_bank import (
    complexes_in,
    picked_tomogram,
    simulated_volume_picks,
)
from nunatak.recipes.pruning_volume_batches import augmented_slabs
from nunatak.recipes.pruning_volume_config import CLASS_OF_JUNK, VolumePickConfig
from nunatak.recipes.pruning_volume_picker import NO_COMPLEX
from nunatak.recipes.pruning_volume_picks import VolumePicks, volume_picks_of
from nunatak.recipes.sized_volumes import Pool
from nunatak.simulate.density import Density
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_drawing import Complexes
from nunatak.simulate.volume_imaging import SimulatedTomogram
from nunatak.simulate.volume_junk import VolumeJunk

CONFIG = VolumePickConfig(
    sizes_A=(90.0, 130.0, 190.0),
    complexes=3,
    tilted_share=0.0,
    scene=VolumeDatasetConfig(
        shape=(44, 72, 72),
        smallest_kDa=100.0,
        occupancy=(0.12, 0.14),
        snr=(0.2, 0.4),
        membranes=(1, 1),
        microtubules=(1, 1),
        actin=(1, 1),
        gold_beads=(1, 3),
        contamination=(1, 2),
        carbon=0.7,
    ),
)
SPEC = SlabSpec(side_px=16)

Picked = tuple[SimulatedTomogram, VolumePicks, tuple[Density, ...]]


@pytest.fixture(scope="module")
def pool() -> Pool:
    shapes = procedural_complexes(10, scatterers=500, seed=3)
    return Pool.of(CONFIG.drawing(seed=3), shapes, ())


@pytest.fixture(scope="module")
def picked(pool: Pool) -> list[Picked]:
    return [picked_tomogram(pool, CONFIG, seed=7, index=index) for index in range(5)]


def distances_px(
    made: SimulatedTomogram, centre_px: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances of all complexes from a place, and their diameters, voxels."""
    complexes = [*made.scene.particles, *made.scene.distractors]
    places = np.array([(one.x_px, one.y_px, one.z_px) for one in complexes])
    diameters = np.array([one.density.diameter_A for one in complexes]) / 10.0
    return np.linalg.norm(places - centre_px, axis=1), diameters


def test_particles_are_where_they_are_said_to_be(picked: list[Picked]) -> None:
    found = {PARTICLE: 0, OFF_CENTRE: 0}
    for made, picks, kinds in picked:
        for centre, stated, name, index in zip(
            picks.centres_px, picks.diameter_px, picks.class_name, picks.complex_index, strict=True
        ):
            assert (index == NO_COMPLEX) == (name != PARTICLE)
            if name not in found:
                continue
            found[str(name)] += 1
            distance, diameter = distances_px(made, centre)
            nearest = int(distance.argmin())
            if name == PARTICLE:
                kind = kinds[index]
                assert diameter[nearest] == pytest.approx(kind.diameter_A / 10.0)
                assert distance[nearest] <= 0.15 * diameter[nearest] + 1e-9
                assert 0.8 - 1e-9 <= stated / diameter[nearest] <= 1.25 + 1e-9
            else:
                true = np.array([kind.diameter_A / 10.0 for kind in kinds])
                assert any(
                    distance.min() >= 0.3 * one - 1e-6
                    and (np.abs(distance - 0.45 * one) <= 0.15 * one + 1e-6).any()
                    for one in true
                )
    assert min(found.values()) >= 10


def test_junk_lies_on_its_junk_and_nothing_on_nothing(picked: list[Picked]) -> None:
    kinds = set()
    for made, picks, _ in picked:
        assert made.scene.junk is not None
        from_junk_px = distance_transform_edt(made.scene.junk == VolumeJunk.NONE)
        for centre, stated, name, kind in zip(
            picks.centres_px, picks.diameter_px, picks.class_name, picks.junk, strict=True
        ):
            distance, diameter = distances_px(made, centre)
            gap = (distance - diameter / 2).min()
            x, y, z = np.rint(centre).astype(int)
            if kind != VolumeJunk.NONE:
                assert made.scene.junk[z, y, x] == kind
                assert name == CLASS_OF_JUNK[VolumeJunk(int(kind))]
            elif name == EMPTY:
                assert from_junk_px[z, y, x] >= CONFIG.clear * stated - 1.0
            else:
                continue
            assert gap >= CONFIG.clear * stated - 1e-9
            kinds.add(int(kind))
    assert kinds == set(VolumeJunk)


def test_complexes_of_another_size_are_something_else(picked: list[Picked]) -> None:
    ratios = []
    for made, picks, _ in picked:
        is_other = (picks.class_name == OTHER) & (picks.junk == VolumeJunk.NONE)
        for centre, stated in zip(
            picks.centres_px[is_other], picks.diameter_px[is_other], strict=True
        ):
            distance, diameter = distances_px(made, centre)
            ratio = diameter / stated
            reach = 0.15 * diameter + np.maximum(diameter - stated, 0) / 2
            hit = (distance <= reach + 1e-9) & ((ratio < 0.6) | (ratio > 1.6))
            assert hit.any()
            ratios.append(ratio[hit][0])
    assert min(ratios) < 0.6 and max(ratios) > 1.6


def test_what_cannot_be_seen_is_left_out(picked: list[Picked]) -> None:
    made, _, kinds = picked[0]
    strict = CONFIG.model_copy(update={"least_detectability": 1e6})
    picks = volume_picks_of(made, kinds, strict, np.random.default_rng(0))
    assert set(picks.class_name.tolist()) == {EMPTY}


class _OneProcess:
    """Stands for a pool of processes: what would go to and fro is pickled, and nothing starts."""

    def __init__(
        self, workers: int, *, initializer: Callable[..., None], initargs: Any, **_: object
    ) -> None:
        assert workers == 2
        initializer(*_there_and_back(initargs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Callable[[int], Any], items: range, *, chunksize: int) -> list[Any]:
        return [_there_and_back(work(one)) for one in items]


def _there_and_back(content: Any) -> Any:
    return pickle.loads(pickle.dumps(content))  # noqa: S301 - written here


def test_bank_does_not_depend_on_processes_and_names_categories(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning_volume_bank, "ProcessPoolExecutor", _OneProcess)
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    one, two = (
        simulated_volume_picks(pool, CONFIG, SPEC, seed=7, tomograms=2, workers=workers)
        for workers in (1, 2)
    )
    np.testing.assert_array_equal(one.crops, two.crops)
    np.testing.assert_array_equal(one.category, two.category)
    assert one.crops.shape[1:] == (6, 16, 16)
    complexes = len(complexes_in(pool))
    particle = one.class_index == SEEN_CLASSES.index(PARTICLE)
    assert particle.any() and (one.category[particle] < complexes).all()
    assert (one.category[particle] >= 0).all()
    off_centre = one.class_index == SEEN_CLASSES.index(OFF_CENTRE)
    assert (one.category[off_centre] == NO_CATEGORY).all()
    gold = one.category == complexes + VolumeJunk.GOLD_BEAD
    assert {SEEN_CLASSES[i] for i in one.class_index[gold]} == {"gold"}
    assert set(one.field.tolist()) == {0, 1}
    assert np.abs(one.pixels(np.arange(len(one)))).max() <= 5.0 + GREY_STEP


def test_a_few_come_from_tilt_series(pool: Pool) -> None:
    scene = CONFIG.scene.model_copy(update={"tilt_step_deg": 10.0})
    tilted = CONFIG.model_copy(update={"tilted_share": 1.0, "scene": scene})
    made, picks, _ = picked_tomogram(pool, tilted, seed=7, index=0)
    assert made.parameters["mode"] == "tilts" and len(picks.class_name)


def test_tomograms_without_room_are_drawn_again_and_then_refused(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate = pruning_volume_bank.simulate_tomogram
    numbers: list[int] = []

    def crowded(
        config: VolumeDatasetConfig, complexes: Complexes, index: int, *, image: str
    ) -> SimulatedTomogram:
        numbers.append(index)
        if len(numbers) != 3:
            raise BadInput("no room")
        return simulate(config, complexes, index, image=image)

    monkeypatch.setattr(pruning_volume_bank, "simulate_tomogram", crowded)
    made, _, _ = picked_tomogram(pool, CONFIG, seed=7, index=2)
    assert len(set(numbers)) == 3 and len(made.truth)
    with pytest.raises(BadInput, match="junk left no room for any complex"):
        picked_tomogram(pool, CONFIG, seed=7, index=3)


def test_augmented_slabs_are_mirrored_never_turned(rng: np.random.Generator) -> None:
    slabs = np.zeros((400, 6, 8, 8), np.float32)
    slabs[:, :, 1, 2] = 100.0  # far above what is added
    varied = augmented_slabs(slabs, 0.25, rng)
    blank = (varied[:, 3:] == 0).all(axis=(1, 2, 3))
    assert 60 < blank.sum() < 140
    at = varied[:, :3].reshape(400, 3, 64).argmax(axis=2)
    assert set(np.unique(at).tolist()) == {1 * 8 + 2, 1 * 8 + 5, 6 * 8 + 2, 6 * 8 + 5}
    assert len({tuple(one) for one in at.tolist()}) == len(VIEWS)
    # Rows of both slabs with a z axis are mirrored together.
    np.testing.assert_array_equal(at[:, 1] // 8, at[:, 2] // 8)
    assert varied[:, 0].max(axis=(1, 2)).std() > 5.0


def test_the_scene_that_was_imaged_comes_with_the_tomogram(picked: list[Picked]) -> None:
    made, _, _ = picked[0]
    scene = made.scene
    assert scene.junk is not None and scene.junk.dtype == np.uint8
    assert scene.junk.shape == scene.surroundings_V.shape == made.tomogram.shape
    strength = {
        kind: np.abs(scene.surroundings_V[scene.junk == kind]).mean()
        for kind in VolumeJunk
        if (scene.junk == kind).any()
    }
    assert max(strength, key=lambda kind: strength[kind]) == VolumeJunk.GOLD_BEAD
    assert min(strength, key=lambda kind: strength[kind]) == VolumeJunk.NONE
    assert [one.name for one in dataclasses.fields(scene)][-1] == "junk"

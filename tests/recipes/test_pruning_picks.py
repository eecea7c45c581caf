"""Picks of simulated fields: what is called a particle is one, and junk lies on junk."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from nunatak.pruning.classes import OFF_CENTRE, PARTICLE, SEEN_CLASSES
from nunatak.pruning.crops import CropSpec
from nunatak.recipes.complexes import procedural_complexes
from nunatak.recipes.pruning_bank import GREY_STEP, NO_CATEGORY, picked_field, simulated_picks
from nunatak.recipes.pruning_picks import CLASS_OF_JUNK, PickConfig
from nunatak.simulate.crops import CropConfig
from nunatak.simulate.field import JunkClass

CONFIG = PickConfig(
    fields=CropConfig(
        side_px=256, diameter_px=40.0, diameter_error=(0.9, 1.1), coverage=(0.05, 0.2), junk=4.0
    )
)
COMPLEXES = procedural_complexes(4, scatterers=300, seed=3)


@pytest.fixture(scope="module")
def fields():
    return [picked_field(COMPLEXES, CONFIG, seed=7, index=index) for index in range(24)]


def test_good_picks_are_near_particles_and_shifted_ones_are_not(fields):
    found = {PARTICLE: 0, OFF_CENTRE: 0}
    for drawn, picks in fields:
        diameter_px = drawn.diameter_A / drawn.scene.pixel_size_A
        if not drawn.particles:
            assert not np.isin(picks.class_name, list(found)).any()
            continue
        tree = KDTree([(one.x_px, one.y_px) for one in drawn.particles])
        distance = tree.query(picks.centres_px)[0] / diameter_px
        for kind, (low, high) in {PARTICLE: (0.0, 0.24), OFF_CENTRE: (0.35, 0.65)}.items():
            of_kind = distance[picks.class_name == kind]
            found[kind] += len(of_kind)
            assert (of_kind >= low - 1e-9).all() and (of_kind <= high + 1e-9).all()
    assert min(found.values()) > 10


def test_junk_picks_lie_on_their_junk_and_away_from_particles(fields):
    kinds = set()
    for drawn, picks in fields:
        diameter_px = drawn.diameter_A / drawn.scene.pixel_size_A
        whole = [(one.x_px, one.y_px) for one in drawn.particles]
        for (x, y), name, kind in zip(picks.centres_px, picks.class_name, picks.junk, strict=True):
            if kind in (JunkClass.NONE, JunkClass.AGGREGATE):
                continue
            assert drawn.rendered.label[int(y), int(x)] == kind
            assert name == CLASS_OF_JUNK[JunkClass(kind)]
            if whole:
                assert KDTree(whole).query((x, y))[0] >= CONFIG.lonely * diameter_px
            kinds.add(int(kind))
    assert len(kinds) >= 5


def test_bank_does_not_depend_on_processes_and_names_categories():
    spec = CropSpec(side_px=32)
    one, two = (
        simulated_picks(COMPLEXES, CONFIG, spec, seed=7, fields=4, workers=workers)
        for workers in (1, 2)
    )
    np.testing.assert_array_equal(one.crops, two.crops)
    np.testing.assert_array_equal(one.category, two.category)
    assert one.crops.shape[1:] == (2, 32, 32)
    particle = one.class_index == SEEN_CLASSES.index(PARTICLE)
    np.testing.assert_array_equal(one.category[particle], one.field[particle] % len(COMPLEXES))
    off_centre = one.class_index == SEEN_CLASSES.index(OFF_CENTRE)
    assert (one.category[off_centre] == NO_CATEGORY).all()
    rows = np.arange(len(one))
    assert np.abs(one.pixels(rows)).max() <= 5.0 + GREY_STEP

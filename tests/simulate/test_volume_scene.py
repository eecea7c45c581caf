"""Crowded scenes: places, truth, and what else is in the ice."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nunatak.rotations import from_relion
from nunatak.simulate.density import Density
from nunatak.simulate.filaments import (
    ACTIN,
    MICROTUBULE,
    Helix,
    random_filament,
    subunit_centres_A,
)
from nunatak.simulate.membranes import Vesicle, add_vesicle, random_vesicle
from nunatak.simulate.volume_junk import (
    BEAD_POTENTIAL_V,
    add_ball,
    add_carbon_film,
    add_contamination,
    add_gold_beads,
)
from nunatak.simulate.volume_placement import Slab, clearance_px, place_spheres
from nunatak.simulate.volume_scene import (
    PlacedComplex,
    VolumeScene,
    truth_table,
    within_spheres,
)

SHAPE = (40, 80, 100)
SLAB = Slab(thickness_A=300.0, slope_x=0.1, slope_y=-0.05)


def gaps_px(places: np.ndarray, radii: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    gap = distance - radii[:, None] - radii[None]
    return gap[~np.eye(len(places), dtype=bool)]


@pytest.mark.parametrize("clumping", [0.0, 0.7])
def test_spheres_do_not_touch_and_stay_in_the_ice(
    rng: np.random.Generator, clumping: float
) -> None:
    radii = rng.uniform(3.0, 8.0, 80)
    occupied = np.zeros(SHAPE, dtype=bool)
    occupied[:, :, 45:50] = True
    places = place_spheres(
        SHAPE,
        radii.tolist(),
        rng,
        slab=SLAB,
        voxel_size_A=10.0,
        clearance=clearance_px(occupied),
        margin_px=4.0,
        clumping=clumping,
    )
    found = np.isfinite(places[:, 0])
    assert found.sum() > 50
    kept, kept_radii = places[found], radii[found]
    assert gaps_px(kept, kept_radii).min() >= 0
    wall_px = np.maximum(44.5 - kept[:, 0], kept[:, 0] - 49.5)
    assert (wall_px >= kept_radii - 1e-9).all()
    middle_px = 19.5 + 0.1 * (kept[:, 0] - 49.5) - 0.05 * (kept[:, 1] - 39.5)
    assert (np.abs(kept[:, 2] - middle_px) <= 15.0 - kept_radii + 1e-9).all()
    assert kept[:, 0].min() < 8
    assert kept[:, 0].max() > 90


def test_clumps_are_closer_than_chance(rng: np.random.Generator) -> None:
    medians = []
    for clumping in (0.0, 0.9):
        places = place_spheres(
            (60, 200, 200),
            [5.0] * 60,
            rng,
            slab=Slab(thickness_A=600.0),
            voxel_size_A=10.0,
            clumping=clumping,
        )
        distance = np.linalg.norm(places[:, None] - places[None], axis=2)
        medians.append(np.median((distance + 1e9 * np.eye(60)).min(axis=1)))
    assert medians[1] < 0.6 * medians[0]


def test_clearance_never_exceeds_the_truth(rng: np.random.Generator) -> None:
    occupied = rng.random((13, 20, 17)) < 0.003
    points = np.argwhere(occupied)
    clearance = clearance_px(occupied)
    assert clearance.shape == (7, 10, 9)
    for voxel in rng.integers(0, (13, 20, 17), (200, 3)):
        nearest = np.linalg.norm(points - voxel, axis=1).min()
        assert clearance[tuple(voxel // 2)] <= nearest
        assert clearance[tuple(voxel // 2)] >= nearest - 7.0
    assert np.isinf(clearance_px(np.zeros((4, 4, 4), dtype=bool))).all()


def test_the_truth_lists_whole_orientations_of_what_lies_in_the_volume() -> None:
    ball = Density.from_scatterers("ball", [[10, 0, 0], [-10, 0, 0]], [1, 1], mass_kDa=10)
    angles_deg = [(10.0, 20.0, 30.0), (-100.0, 90.0, 45.0)] + [(0.0, 0.0, 0.0)] * 4
    places = [(3.25, 4.5, 5.75), (99.4, 79.4, 39.4)]
    places += [(99.6, 3.0, 3.0), (3.0, 79.6, 3.0), (3.0, 3.0, 39.6), (3.0, 3.0, -0.6)]
    scene = VolumeScene(
        shape=SHAPE,
        voxel_size_A=10.0,
        slab=SLAB,
        particles=[
            PlacedComplex(density=ball, x_px=x, y_px=y, z_px=z, rotation=from_relion([angles])[0])
            for (x, y, z), angles in zip(places, angles_deg, strict=True)
        ],
        surroundings_V=np.zeros(SHAPE, np.float32),
    )
    table = truth_table(scene, "tomograms/one.mrc")
    assert table[["x_px", "y_px", "z_px"]].to_numpy().tolist() == [list(p) for p in places[:2]]
    np.testing.assert_allclose(
        table[["rot_deg", "tilt_deg", "psi_deg"]].to_numpy(), angles_deg[:2], atol=1e-6
    )
    assert set(table["image"]) == {"tomograms/one.mrc"}
    assert set(table["class_name"]) == {"ball"}
    assert table["diameter_A"].tolist() == [ball.diameter_A] * 2
    assert set(table["pixel_size_A"]) == {10.0}
    scene.particles.clear()
    empty = truth_table(scene, "two.mrc")
    assert len(empty) == 0
    assert list(empty.columns) == list(table.columns)


def test_spheres_are_round_and_cut(rng: np.random.Generator) -> None:
    pair = Density.from_scatterers("pair", [[60, 0, 0], [-60, 0, 0]], [1, 1], mass_kDa=10)
    one = PlacedComplex(density=pair, x_px=20.3, y_px=20.0, z_px=20.0, rotation=Rotation.identity())
    inside = within_spheres((40, 40, 40), 5.0, [one])
    assert inside.sum() == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.02)
    half = within_spheres((40, 40, 21), 5.0, [one])
    np.testing.assert_array_equal(half, inside[:, :, :21])


def test_a_vesicle_has_two_leaflets_where_they_belong() -> None:
    volume = np.zeros((72, 72, 72), np.float32)
    vesicle = Vesicle(
        x_A=178.0,
        y_A=180.0,
        z_A=183.0,
        semi_axes_A=(120.0, 90.0, 60.0),
        rotation=Rotation.from_matrix([[0, 0, 1], [1, 0, 0], [0, 1, 0]]),  # x to y to z to x
        leaflets_apart_A=40.0,
        potential_V=2.0,
    )
    add_vesicle(volume, vesicle, 5.0)
    axis_A = np.arange(72) * 5.0
    for profile, centre_A, semi_axis_A in (
        (volume[37, 36, :], 178.0, 60.0),
        (volume[37, :, 36], 180.0, 120.0),
        (volume[:, 36, 36], 183.0, 90.0),
    ):
        away_A = axis_A - centre_A
        expected = sum(
            2.0 * np.exp(-((np.abs(away_A) - semi_axis_A - side) ** 2) / (2 * 8.0**2))
            for side in (-20.0, 20.0)
        )
        np.testing.assert_allclose(profile, expected, atol=0.1)


def test_random_vesicles_cross_the_volume(rng: np.random.Generator) -> None:
    for _ in range(10):
        volume = np.zeros(SHAPE, np.float32)
        vesicle = random_vesicle(SHAPE, 10.0, rng)
        add_vesicle(volume, vesicle, 10.0)
        assert volume.max() > 0.5 * vesicle.potential_V
        assert 0 < (volume > 0.5 * vesicle.potential_V).mean() < 0.3


def test_a_microtubule_has_thirteen_protofilaments() -> None:
    along = np.array([1.0, 0.0, 0.0])
    centres = subunit_centres_A(
        MICROTUBULE, length_A=1000.0, along=along, bend_A=1e9, phase_rad=0.3
    )
    np.testing.assert_allclose(np.hypot(centres[:, 1], centres[:, 2]), 112.0, atol=0.01)
    azimuth_deg = np.rad2deg(np.arctan2(centres[:, 2], centres[:, 1])) % 360
    assert len(np.unique(np.round(azimuth_deg, 2) % 360)) == 13
    one = np.abs((azimuth_deg - azimuth_deg[0] + 180) % 360 - 180) < 0.01
    np.testing.assert_allclose(np.diff(np.sort(centres[one, 0])), 40.5, atol=0.01)
    # Seen along the axis from its foot, the next protofilament clockwise starts 9.35 Å higher.
    away_deg = (azimuth_deg - azimuth_deg[0] + 180) % 360 - 180
    rise_A = (centres[:, 0] - centres[0, 0]) % 40.5
    clockwise = np.abs(away_deg + 360 / 13) < 0.01
    np.testing.assert_allclose(rise_A[clockwise], 3 * 40.5 / 13, atol=0.01)


@pytest.mark.parametrize("helix", [MICROTUBULE, ACTIN], ids=["microtubule", "actin"])
def test_filaments_run_from_border_to_border(helix: Helix, rng: np.random.Generator) -> None:
    for _ in range(5):
        filament = random_filament(helix, SHAPE, 10.0, rng)
        density = filament.density
        centre_A = np.array([filament.x_A, filament.y_A, filament.z_A])
        ends_A = density.positions_A + centre_A
        size_A = np.array(SHAPE[::-1]) * 10.0
        outside = ((ends_A < 0) | (ends_A > size_A)).any(axis=1)
        assert outside[:3].any()
        assert outside[-3:].any()
        assert not outside.all()
        assert density.mass_kDa == helix.subunit_kDa * len(density.potential_VA3)


def test_a_bent_filament_follows_its_circle() -> None:
    along = np.array([0.6, 0.8, 0.0])
    thin = Helix(
        name="thin",
        rise_A=10.0,
        twist_deg=50.0,
        radius_A=0.0,
        subunit_kDa=1.0,
        gyration_A=5.0,
        sharpest_bend_A=1000.0,
    )
    centres = subunit_centres_A(thin, length_A=2000.0, along=along, bend_A=1000.0, phase_rad=0.0)
    middle = np.array([-0.8, 0.6, 0.0]) * 1000.0
    np.testing.assert_allclose(np.linalg.norm(centres - middle, axis=1), 1000.0, rtol=1e-9)
    assert np.abs(centres).min(axis=0)[2] == 0


def test_balls_replace_what_was_there() -> None:
    volume = np.full((30, 32, 34), 3.0, np.float32)
    add_ball(
        volume, x_A=80.0, y_A=78.0, z_A=71.0, radius_A=40.0, potential_V=20.0, voxel_size_A=5.0
    )
    added = (volume - 3.0) / 17.0
    assert added.max() == pytest.approx(1.0)
    assert added.sum() * 125 == pytest.approx(4 / 3 * np.pi * 40**3, rel=0.03)
    z, y, x = np.indices(volume.shape)
    centre_A = [5 * (added * axis).sum() / added.sum() for axis in (x, y, z)]
    np.testing.assert_allclose(centre_A, (80.0, 78.0, 71.0), atol=0.3)


def test_junk_lies_on_the_ice(rng: np.random.Generator) -> None:
    slab = Slab(thickness_A=200.0)
    beads, dirt, film = (np.zeros((50, 80, 80), np.float32) for _ in range(3))
    add_gold_beads(beads, 20, rng, slab=slab, voxel_size_A=10.0)
    assert beads.max() == pytest.approx(BEAD_POTENTIAL_V, rel=1e-5)
    heavy = np.argwhere(beads > BEAD_POTENTIAL_V / 2)[:, 0]
    assert np.abs(heavy - 24.5).max() <= 10 + 7
    add_contamination(dirt, 10, rng, slab=slab, voxel_size_A=10.0)
    assert 0 < (dirt > 0).mean() < 0.2
    # The rim of the hole crosses the volume: some film, not everywhere.
    add_carbon_film(film, rng, slab=slab, voxel_size_A=10.0)
    covered = film.max(axis=0) > 1.0
    assert 0 < covered.mean() < 1
    rows = np.argwhere(film > 1.0)[:, 0]
    assert abs(rows.mean() - (24.5 - 10)) < 2

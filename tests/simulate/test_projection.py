"""Projections, orientations and places."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import cKDTree

from nunatak.simulate.density import Density
from nunatak.simulate.placement import place, tilted_about_view
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.projection import add_projection, random_rotation


@pytest.fixture(scope="module")
def complex_() -> Density:
    return procedural_complex(np.random.default_rng(2))


def projected(
    density: Density, rotation: np.ndarray, x_px: float, y_px: float, shape: tuple[int, int]
) -> np.ndarray:
    field = np.zeros(shape, np.float32)
    add_projection(field, density, rotation, x_px=x_px, y_px=y_px, pixel_size_A=4.0)
    return field


@pytest.mark.parametrize(("x_px", "y_px"), [(64.0, 50.0), (70.37, 61.81), (58.5, 64.99)])
def test_total_and_centroid_are_recovered(
    complex_: Density, rng: np.random.Generator, x_px: float, y_px: float
) -> None:
    field = projected(complex_, random_rotation(rng), x_px, y_px, (121, 136)).astype(np.float64)
    assert field.sum() * 4.0**2 == pytest.approx(complex_.potential_VA3.sum(), rel=1e-4)
    y, x = np.indices(field.shape)
    assert (field * x).sum() / field.sum() == pytest.approx(x_px, abs=0.01)
    assert (field * y).sum() / field.sum() == pytest.approx(y_px, abs=0.01)


def test_a_rotation_turns_the_projection_as_it_turns_the_scatterers() -> None:
    arm = Density.from_scatterers("arm", [[0, 0, 0], [40, 0, 0]], [3.0, 1.0], mass_kDa=1)
    quarter_about_z = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    turned = projected(arm, quarter_about_z, 32.0, 32.0, (64, 64))
    # x goes to y: the light end, 30 Å from the centre, lies 7.5 pixels down the rows.
    np.testing.assert_allclose(np.argwhere(turned > 0)[[0, -1]], [[29, 32], [40, 32]])


def test_particles_across_the_border_are_cut(complex_: Density, rng: np.random.Generator) -> None:
    rotation = random_rotation(rng)
    whole = projected(complex_, rotation, 100.25, 100.75, (200, 200))
    for x_px, y_px in ((0.25, 40.75), (79.25, 79.75), (-10.75, 0.75)):
        cut = projected(complex_, rotation, x_px, y_px, (80, 80))
        top, left = 100.75 - y_px, 100.25 - x_px
        expected = whole[int(top) : int(top) + 80, int(left) : int(left) + 80]
        np.testing.assert_allclose(cut, expected, rtol=1e-3, atol=1e-3 * whole.max())
    assert not projected(complex_, rotation, -500.0, 40.0, (80, 80)).any()


def test_rotations_are_uniform(rng: np.random.Generator) -> None:
    rotations = np.stack([random_rotation(rng) for _ in range(4000)]).astype(np.float64)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1),
        np.broadcast_to(np.eye(3), (4000, 3, 3)),
        atol=1e-5,
    )
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0, atol=1e-5)
    # The image of any fixed axis is uniform on the sphere: its height is uniform in [-1, 1].
    for row in range(3):
        assert stats.kstest(rotations[:, 2, row], "uniform", args=(-1, 2)).pvalue > 0.005
    # And the angle follows (θ - sin θ) / π, which the axes' images alone do not show.
    angle = np.arccos(np.clip((np.trace(rotations, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert stats.kstest(angle, lambda t: (t - np.sin(t)) / np.pi).pvalue > 0.005
    octants = (rotations[:, 2] > 0) @ [1, 2, 4]
    assert stats.chisquare(np.bincount(octants, minlength=8)).pvalue > 0.005


def test_preferred_views_tilt_a_little_and_spin_freely(rng: np.random.Generator) -> None:
    view = random_rotation(rng)
    tilted = np.stack([tilted_about_view(view, 0.1, rng) for _ in range(2000)])
    relative = tilted @ view.T
    tilt = np.arccos(np.clip(relative[:, 2, 2], -1, 1))
    assert np.sqrt(np.mean(tilt**2)) == pytest.approx(0.1, rel=0.1)
    spin = np.arctan2(relative[:, 1, 0] - relative[:, 0, 1], relative[:, 0, 0] + relative[:, 1, 1])
    assert stats.kstest(spin, "uniform", args=(-np.pi, 2 * np.pi)).pvalue > 0.005


def test_places_keep_their_distance(rng: np.random.Generator) -> None:
    placed = place((300, 500), 100, rng, spacing_px=20.0, margin_px=10.0, clumping=0.3)
    assert len(placed) == 100
    nearest = cKDTree(placed).query(placed, k=2)[0][:, 1]
    assert nearest.min() >= 20.0
    x, y = placed.T
    assert (x >= -10.5).all()
    assert (x <= 509.5).all()
    assert (y >= -10.5).all()
    assert (y <= 309.5).all()
    assert ((x > 499.5) | (y > 299.5) | (x < -0.5) | (y < -0.5)).any()


def test_a_full_field_takes_no_more(rng: np.random.Generator) -> None:
    placed = place((100, 100), 500, rng, spacing_px=25.0)
    assert 8 <= len(placed) <= 24


def test_clumps_are_closer_than_chance(rng: np.random.Generator) -> None:
    apart, together = (
        place((2000, 2000), 150, rng, spacing_px=20.0, clumping=c) for c in (0.0, 0.9)
    )
    near = [np.median(cKDTree(p).query(p, k=2)[0][:, 1]) for p in (apart, together)]
    assert near[1] < 0.5 * near[0]

"""Scatterer clouds: potential, centre, diameter, thinning."""

import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.simulate.density import Density


def ball(rng: np.random.Generator, radius_A: float = 60.0, points: int = 20_000) -> Density:
    positions = rng.uniform(-radius_A, radius_A, (points, 3))
    positions = positions[np.linalg.norm(positions, axis=1) < radius_A]
    return Density.from_scatterers("ball", positions + 500.0, np.ones(len(positions)), mass_kDa=450)


def test_the_mass_sets_the_total_potential(rng: np.random.Generator) -> None:
    # 450 kDa are 31 034 heavy atoms of 14.5 Da, 70 V·Å³ each.
    assert ball(rng).potential_VA3.sum() == pytest.approx(450_000 / 14.5 * 70.0, rel=1e-4)


def test_scatterers_are_centred_by_potential() -> None:
    density = Density.from_scatterers("two", [[0, 0, 0], [40, 0, 0]], [3.0, 1.0], mass_kDa=1)
    np.testing.assert_allclose(density.positions_A, [[-10, 0, 0], [30, 0, 0]], atol=1e-4)


def test_the_diameter_of_a_ball_is_its_diameter(rng: np.random.Generator) -> None:
    assert ball(rng, radius_A=60.0).diameter_A == pytest.approx(120.0, rel=0.01)


def test_zero_weights_do_not_scatter() -> None:
    density = Density.from_scatterers("one", [[0, 0, 0], [900, 0, 0]], [1.0, 0.0], mass_kDa=1)
    assert len(density.potential_VA3) == 1
    assert density.diameter_A == 0.0


@pytest.mark.parametrize(
    ("positions", "weights", "mass_kDa"),
    [
        ([], [], 100.0),
        ([[0, 0, 0]], [1.0, 1.0], 100.0),
        ([[0, 0, float("nan")]], [1.0], 100.0),
        ([[0, 0, 0]], [-1.0], 100.0),
        ([[0, 0, 0]], [0.0], 100.0),
        ([[0, 0, 0]], [1.0], 0.0),
    ],
)
def test_impossible_scatterers_are_refused(
    positions: list[list[float]], weights: list[float], mass_kDa: float
) -> None:
    with pytest.raises(BadInput, match=r"^bad: "):
        Density.from_scatterers("bad", positions, weights, mass_kDa=mass_kDa)


@pytest.mark.parametrize("most", [1, 100, 1500])
def test_thinning_keeps_potential_centre_and_size(rng: np.random.Generator, most: int) -> None:
    whole = ball(rng)
    thin = whole.thinned(most, rng)
    count = len(thin.potential_VA3)
    assert count <= most
    assert count >= 0.8 * most  # the budget is used, not only kept
    assert thin.potential_VA3.sum() == pytest.approx(whole.potential_VA3.sum(), rel=1e-4)
    centre = thin.potential_VA3 @ thin.positions_A / thin.potential_VA3.sum()
    np.testing.assert_allclose(centre, 0.0, atol=0.01)
    assert thin.diameter_A == whole.diameter_A
    assert thin.blur_A > whole.blur_A


def test_thinned_projection_looks_the_same(rng: np.random.Generator) -> None:
    whole = ball(rng)
    thin = whole.thinned(1500, rng)
    # Second moments, each scatterer's Gaussian included, tell whether the shape was kept.
    moments = [
        np.average(d.positions_A**2, axis=0, weights=d.potential_VA3) + d.blur_A**2
        for d in (whole, thin)
    ]
    np.testing.assert_allclose(moments[1], moments[0], rtol=0.03)


def test_a_small_density_is_not_thinned(rng: np.random.Generator) -> None:
    density = Density.from_scatterers("pair", [[0, 0, 0], [9, 0, 0]], [1, 1], mass_kDa=1)
    assert density.thinned(2, rng) is density


def test_thinning_to_nothing_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(BadInput, match="cannot thin to 0 points"):
        ball(rng).thinned(0, rng)

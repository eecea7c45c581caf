"""Built-in complexes: symmetry, connectivity, variety."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from nunatak.errors import BadInput
from nunatak.simulate.density import Density
from nunatak.simulate.point_groups import point_group
from nunatak.simulate.procedural import LARGEST_KDA, SMALLEST_KDA, procedural_complex

ORDERS = {"C1": 1, "C5": 5, "C12": 12, "D2": 4, "D7": 14, "T": 12, "O": 24, "I": 60}


@pytest.fixture(scope="module")
def complexes() -> list[Density]:
    rng = np.random.default_rng(11)
    return [procedural_complex(rng) for _ in range(60)]


@pytest.mark.parametrize("name", ORDERS)
def test_point_groups_are_groups_of_rotations(name: str) -> None:
    group = point_group(name)
    assert group.shape == (ORDERS[name], 3, 3)
    np.testing.assert_array_equal(group[0], np.eye(3))
    np.testing.assert_allclose(np.linalg.det(group), 1.0, atol=1e-9)
    products = np.einsum("aij,bjk->abik", group, group).reshape(-1, 9)
    distance, _ = cKDTree(group.reshape(-1, 9)).query(products)
    assert distance.max() < 1e-6


@pytest.mark.parametrize("name", ["C0", "X3", "", "C", "D-2", "I2"])
def test_unknown_point_groups_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="unknown point group"):
        point_group(name)


def test_complexes_have_the_symmetry_of_their_name(complexes: list[Density]) -> None:
    groups = set()
    for density in complexes:
        group = density.name.split("-")[2]
        groups.add(group)
        for rotation in point_group(group)[1:]:
            rotated = density.positions_A @ rotation.T.astype(np.float32)
            distance, partner = cKDTree(density.positions_A).query(rotated)
            assert distance.max() < 0.05, density.name
            np.testing.assert_allclose(
                density.potential_VA3[partner], density.potential_VA3, rtol=1e-3
            )
    assert len(groups) > 10


def test_complexes_are_in_one_piece(complexes: list[Density]) -> None:
    for density in complexes:
        # Neighbours on the filling grid lie within two spacings (blur is 0.45 of a spacing).
        reach_A = 2.2 * density.blur_A / 0.45
        tree = cKDTree(density.positions_A)
        seen = np.zeros(len(density.positions_A), dtype=bool)
        front = [0]
        seen[0] = True
        while front:
            near = np.unique(
                np.concatenate(tree.query_ball_point(density.positions_A[front], reach_A))
            )
            near = near.astype(np.int64)
            front = list(near[~seen[near]])
            seen[near] = True
        assert seen.all(), f"{density.name}: {1 - seen.mean():.0%} of it floats apart"


def test_complexes_vary(complexes: list[Density]) -> None:
    masses = [density.mass_kDa for density in complexes]
    assert min(masses) >= SMALLEST_KDA
    assert max(masses) <= LARGEST_KDA
    assert max(masses) > 20 * min(masses)
    assert len({density.name.split("-")[1] for density in complexes}) >= 7
    diameters = [density.diameter_A for density in complexes]
    assert min(diameters) < 100
    assert max(diameters) > 220


def test_some_are_hollow(complexes: list[Density]) -> None:
    inner = [
        density.potential_VA3[
            np.linalg.norm(density.positions_A, axis=1) < 0.15 * density.diameter_A
        ].sum()
        / density.potential_VA3.sum()
        for density in complexes
    ]
    assert min(inner) < 0.005  # a solid ball has 2.7 % there
    assert max(inner) > 0.05


def test_potential_follows_the_mass_in_the_name(complexes: list[Density]) -> None:
    for density in complexes:
        total = density.mass_kDa * 1000 / 14.5 * 70
        assert density.potential_VA3.sum() == pytest.approx(total, rel=1e-3)
        assert density.name.endswith(f"-{density.mass_kDa:.0f}kDa")


def test_protein_packs_at_its_density(complexes: list[Density]) -> None:
    # Volume by counting coarse cells that hold a scatterer, mass from that: within the cells'
    # rounding of the surface.
    for density in complexes:
        cell_A = 3.0 * density.blur_A / 0.45
        cells = np.unique(np.floor(density.positions_A / cell_A), axis=0)
        bound_kDa = len(cells) * cell_A**3 * 0.81e-3
        assert 0.2 * bound_kDa < density.mass_kDa < 1.6 * bound_kDa


def test_one_seed_one_complex() -> None:
    first, again, other = (procedural_complex(np.random.default_rng(s)) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.positions_A, again.positions_A)
    np.testing.assert_array_equal(first.potential_VA3, again.potential_VA3)
    assert first.name == again.name != other.name

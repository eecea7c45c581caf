"""Particles in volumes: places, totals, orientations."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nunatak.rotations import from_relion
from nunatak.simulate.density import Density
from nunatak.simulate.procedural import procedural_complex
from nunatak.simulate.volume_densities import add_density, suited_to_voxels

VOXEL_SIZE_A = 8.0


@pytest.fixture(scope="module")
def complex_() -> Density:
    return procedural_complex(np.random.default_rng(2))


@pytest.fixture(scope="module")
def lopsided() -> Density:
    """Three heaps on the axes, no two alike: no rotation but the identity keeps it."""
    positions = [[120, 0, 0], [0, 80, 0], [0, 0, 50], [-30, -20, -10]]
    return Density.from_scatterers(
        "lopsided", positions, [1.0, 2.0, 3.0, 4.0], mass_kDa=300, blur_A=10.0
    )


def rendered(
    density: Density, rotation: Rotation, xyz_px: tuple[float, float, float], side: int = 48
) -> np.ndarray:
    volume = np.zeros((side, side + 2, side + 4), np.float32)
    x_px, y_px, z_px = xyz_px
    add_density(
        volume, density, rotation, x_px=x_px, y_px=y_px, z_px=z_px, voxel_size_A=VOXEL_SIZE_A
    )
    return volume


def centroid_px(volume: np.ndarray) -> np.ndarray:
    z, y, x = np.indices(volume.shape)
    weights = volume.astype(np.float64) / volume.sum(dtype=np.float64)
    return np.array([(weights * axis).sum() for axis in (x, y, z)])


def moments_px2(volume: np.ndarray) -> np.ndarray:
    z, y, x = np.indices(volume.shape)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3) - centroid_px(volume)
    weights = volume.astype(np.float64).ravel() / volume.sum(dtype=np.float64)
    return (points * weights[:, None]).T @ points


@pytest.mark.parametrize("xyz_px", [(24.0, 23.0, 22.0), (25.37, 22.81, 23.49)])
def test_total_and_centroid_are_recovered(
    complex_: Density, xyz_px: tuple[float, float, float]
) -> None:
    volume = rendered(complex_, from_relion([[10, 80, -33]])[0], xyz_px)
    total_VA3 = volume.sum(dtype=np.float64) * VOXEL_SIZE_A**3
    assert total_VA3 == pytest.approx(complex_.potential_VA3.sum(), rel=1e-4)
    np.testing.assert_allclose(centroid_px(volume), xyz_px, atol=0.01)


@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (30, 60, 110), (-75, 140, 12)])
def test_a_shape_turns_as_its_angles_say(
    lopsided: Density, angles_deg: tuple[float, float, float]
) -> None:
    rotation = from_relion([angles_deg])[0]
    volume = rendered(lopsided, rotation, (26.2, 24.7, 23.9))
    matrix = rotation.as_matrix()
    shares = (lopsided.potential_VA3 / lopsided.potential_VA3.sum()).astype(np.float64)
    positions = lopsided.positions_A.astype(np.float64)
    own_A2 = (positions * shares[:, None]).T @ positions
    expected_px2 = (matrix @ own_A2 @ matrix.T) / VOXEL_SIZE_A**2
    # The blur and the sharing among voxels (at most 1/4 a voxel²) widen it along all axes.
    expected_px2 += np.eye(3) * (lopsided.blur_A / VOXEL_SIZE_A) ** 2
    np.testing.assert_allclose(moments_px2(volume), expected_px2, atol=0.26)


def test_each_end_goes_where_the_rotation_takes_it(lopsided: Density) -> None:
    rotation = from_relion([[20, 50, 70]])[0]
    volume = rendered(lopsided, rotation, (26.0, 24.0, 23.0))
    for position_A, potential_VA3 in zip(lopsided.positions_A, lopsided.potential_VA3, strict=True):
        end_px = rotation.apply(position_A) / VOXEL_SIZE_A + (26.0, 24.0, 23.0)
        z, y, x = np.indices(volume.shape)
        near = (x - end_px[0]) ** 2 + (y - end_px[1]) ** 2 + (z - end_px[2]) ** 2 <= 16
        heap = np.where(near, volume, 0)
        assert heap.sum() * VOXEL_SIZE_A**3 == pytest.approx(potential_VA3, rel=0.05)
        np.testing.assert_allclose(centroid_px(heap), end_px, atol=0.15)


def test_density_at_a_place_is_that_of_the_unturned_reference(complex_: Density) -> None:
    """ρ(Rᵀ (r - c)) written out: sample the unturned particle where the turned one is."""
    rotation = from_relion([[90, 90, 0]])[0]  # voxels go to voxels
    straight = rendered(complex_, Rotation.identity(), (24.0, 24.0, 24.0))
    turned = rendered(complex_, rotation, (24.0, 24.0, 24.0))
    offsets = np.stack(np.meshgrid(*[np.arange(-20, 21)] * 3, indexing="ij"), axis=-1)
    back = np.rint(offsets @ rotation.as_matrix()).astype(int) + 24  # rows: Rᵀ (r - c)
    places = offsets + 24
    np.testing.assert_allclose(
        turned[places[..., 2], places[..., 1], places[..., 0]],
        straight[back[..., 2], back[..., 1], back[..., 0]],
        atol=1e-3 * straight.max(),
    )


def test_particles_across_the_border_are_cut(complex_: Density) -> None:
    rotation = from_relion([[10, 80, -33]])[0]
    whole = rendered(complex_, rotation, (24.25, 24.5, 24.75))
    for shift in (20, 28):
        cut = rendered(complex_, rotation, (24.25 - shift, 24.5 - shift, 24.75 - shift), side=16)
        expected = whole[shift : shift + 16, shift : shift + 18, shift : shift + 20]
        found = cut[: expected.shape[0], : expected.shape[1], : expected.shape[2]]
        np.testing.assert_allclose(found, expected, atol=1e-4 * whole.max())
    far = rendered(complex_, rotation, (400.0, 24.0, 24.0))
    assert not far.any()


def test_a_blur_has_its_variance_at_any_width() -> None:
    for blur_A in (2.0, 9.0, 25.0):
        point = Density.from_scatterers("point", [[0, 0, 0]], [1.0], mass_kDa=1, blur_A=blur_A)
        volume = rendered(point, Rotation.identity(), (25.0, 24.0, 23.0))
        np.testing.assert_allclose(
            moments_px2(volume), np.eye(3) * (blur_A / VOXEL_SIZE_A) ** 2, rtol=1e-3, atol=1e-4
        )


def test_fine_scatterers_are_merged_without_a_trace(rng: np.random.Generator) -> None:
    cube = rng.uniform(-60, 60, (60_000, 3))
    fine = Density.from_scatterers("cube", cube, np.ones(len(cube)), mass_kDa=1400)
    merged = suited_to_voxels(fine, VOXEL_SIZE_A, rng)
    assert len(merged.potential_VA3) < 0.55 * len(fine.potential_VA3)
    place = (25.3, 24.1, 23.7)
    first, second = (rendered(one, Rotation.identity(), place) for one in (fine, merged))
    # Both have grain of their own; smoothed to 3 voxels they agree.
    np.testing.assert_allclose(first.sum(), second.sum(), rtol=1e-4)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.98
    assert suited_to_voxels(merged, VOXEL_SIZE_A, rng) is merged

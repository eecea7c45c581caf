"""Slabs of picks in tomograms: the particle in the middle, its surroundings, any grey scale."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.pruning.volumes.slab_spec import PLANES, SlabSpec
from nunatak.pruning.volumes.slab_views import VIEWS, slab_view
from nunatak.pruning.volumes.slab_weights import across, along
from nunatak.pruning.volumes.slabs import SlabCutter, cut_slabs

SPEC = SlabSpec(side_px=32)
CENTRE = np.array([[40.0, 50.0, 30.0]])
DIAMETER_PX = 12.0


def tomogram(rng: np.random.Generator, *, sigma: float = 1.0) -> NDArray[np.float32]:
    """A dark ball at `CENTRE`, and a larger one off it along +x, -y and +z."""
    z, y, x = np.ogrid[:60, :100, :90]
    volume = rng.normal(0.0, sigma, (60, 100, 90)).astype(np.float32)
    volume[(x - 40) ** 2 + (y - 50) ** 2 + (z - 30) ** 2 <= 36] -= 6.0
    volume[(x - 52) ** 2 + (y - 34) ** 2 + (z - 38) ** 2 <= 64] -= 6.0
    return volume


def test_particle_lies_in_the_middle_of_all_channels(rng: np.random.Generator) -> None:
    slabs = cut_slabs(tomogram(rng), CENTRE, DIAMETER_PX, SPEC)
    assert slabs.shape == (1, SPEC.channels, 32, 32) and slabs.dtype == np.float32
    radius = np.hypot(*(np.mgrid[:32, :32] - 15.5))
    for number, channel in enumerate(slabs[0]):
        diameters = 1.6 if number < 3 else 4.0
        inside = channel[radius < 0.4 * 32 / diameters]
        assert inside.mean() < channel[radius > 0.7 * 32 / diameters].mean() - 1.5


def test_planes_have_the_axes_they_say(rng: np.random.Generator) -> None:
    """Each point of a linear volume shows where it is from."""
    z, y, x = np.mgrid[:60, :100, :90].astype(np.float32)
    values = {"x": x, "y": y, "z": z}
    spec = SlabSpec(side_px=16, context_diameters=2.0)
    step = DIAMETER_PX * 2.0 / 16
    expected = (np.arange(16) - 7.5) * step
    for axis, volume in values.items():
        # The scale of the surroundings is linear within the quantiles, and so is the slab.
        around = cut_slabs(volume, CENTRE, DIAMETER_PX, spec)[0, 3:]
        for plane, (rows, columns) in zip(around, PLANES, strict=True):
            for name, profile in ((rows, plane.mean(axis=1)), (columns, plane.mean(axis=0))):
                if name == axis:
                    assert np.corrcoef(profile, expected)[0, 1] > 1 - 1e-5
                else:
                    assert np.ptp(profile) < 1e-4


def test_position_and_size_are_exact_to_a_fraction_of_a_voxel(rng: np.random.Generator) -> None:
    z, y, x = np.ogrid[:60, :100, :90]
    place = np.array([40.3, 50.6, 29.8])
    distance2 = (x - place[0]) ** 2 + (y - place[1]) ** 2 + (z - place[2]) ** 2
    noise = rng.normal(0.0, 1e-3, (60, 100, 90))
    volume = (noise - np.exp(-distance2 / (2 * 3.0**2))).astype(np.float32)
    slab = -cut_slabs(volume, place[None], DIAMETER_PX, SlabSpec(side_px=48))[0, 3:]
    rows, columns = np.mgrid[:48, :48] - 23.5
    for plane in slab:
        weight = np.where(plane > 0.5 * plane.max(), plane, 0.0)
        assert abs((weight * rows).sum() / weight.sum()) < 0.1
        assert abs((weight * columns).sum() / weight.sum()) < 0.1


def test_each_pick_has_its_own_diameter(rng: np.random.Generator) -> None:
    volume = tomogram(rng)
    centres = np.repeat(CENTRE, 2, axis=0)
    both = cut_slabs(volume, centres, np.array([12.0, 20.0]), SPEC)
    for one, diameter_px in zip(both, (12.0, 20.0), strict=True):
        np.testing.assert_array_equal(one, cut_slabs(volume, CENTRE, diameter_px, SPEC)[0])


def test_grey_scale_does_not_matter_and_light_particles_become_dark(
    rng: np.random.Generator,
) -> None:
    volume = tomogram(rng)
    plain = cut_slabs(volume, CENTRE, DIAMETER_PX, SPEC)
    scaled = cut_slabs(250.0 - 30.0 * volume, CENTRE, DIAMETER_PX, SPEC, inverted=True)
    np.testing.assert_allclose(scaled, plain, atol=2e-3)


@pytest.mark.parametrize("diameter_px", [5.0, 12.0, 22.0])
def test_noise_has_the_same_strength_at_any_size(
    rng: np.random.Generator, diameter_px: float
) -> None:
    volume = rng.normal(7.0, 3.0, (60, 100, 90)).astype(np.float32)
    around = cut_slabs(volume, CENTRE, diameter_px, SPEC)[0, 3:]
    assert 0.7 < around[around != 0].std() < 1.4


def test_surroundings_show_the_faces_and_close_ups_do_not(rng: np.random.Generator) -> None:
    volume = tomogram(rng)
    close_up, around = np.split(cut_slabs(volume, np.array([[1.0, 50.0, 58.0]]), 12.0, SPEC)[0], 2)
    assert (around[0, :, :14] == 0).all() and (around[0, :, 17:] != 0).mean() > 0.99
    assert (around[1, 19:] == 0).all() and (around[2, 19:] == 0).all()
    assert (close_up != 0).mean() > 0.99
    # Mirrored about the first voxel's outer face at x = -0.5, 1.5 voxels left of the middle.
    left = round(15.5 - 1.5 * SPEC.diameter_px / 12.0)
    half = close_up[0, :, left - 9 : left + 10]
    assert np.corrcoef(half.ravel(), half[:, ::-1].ravel())[0, 1] > 0.8


class _Reader:
    """A volume that remembers how much of it was read."""

    def __init__(self, voxels: NDArray[np.float32]) -> None:
        self.shape, self.read, self._voxels = voxels.shape, 0, voxels

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        part = self._voxels[box]
        self.read += part.size
        return part


def test_only_the_slabs_are_read(rng: np.random.Generator) -> None:
    volume = tomogram(rng)
    reader = _Reader(volume)
    cutter = SlabCutter(reader, SPEC)
    cutter.cut(CENTRE, 6.0)
    before = reader.read
    slabs = cutter.cut(CENTRE, 6.0)
    assert reader.read - before <= 3 * (4 * 6 + 8) ** 2 * 4
    np.testing.assert_array_equal(slabs, cut_slabs(volume, CENTRE, 6.0, SPEC))
    assert cutter.cut(CENTRE[:0], 6.0).shape == (0, 6, 32, 32)


def test_a_blank_tomogram_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing is in it"):
        cut_slabs(np.ones((40, 40, 40), np.float32), np.full((1, 3), 20.0), 8.0, SPEC)


@pytest.mark.parametrize("index", range(len(VIEWS)))
def test_views_are_the_slabs_of_the_mirrored_tomogram(rng: np.random.Generator, index: int) -> None:
    volume = tomogram(rng)
    mirrored = tuple(axis for axis, name in enumerate("zyx") if name in VIEWS[index])
    centre = CENTRE.copy()
    for axis in mirrored:
        centre[0, 2 - axis] = volume.shape[axis] - 1 - centre[0, 2 - axis]
    expected = cut_slabs(np.flip(volume, mirrored), centre, DIAMETER_PX, SPEC)
    slabs = cut_slabs(volume, CENTRE, DIAMETER_PX, SPEC)
    found = slab_view(torch.from_numpy(slabs), index).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_views_are_all_mirror_images_once() -> None:
    assert len({frozenset(axes) for axes in VIEWS}) == 8 and VIEWS[0] == ""


def test_weights_take_the_mean_across_and_keep_a_constant() -> None:
    slab = across(7.3, 3.6, 20)  # from 5.5 to 9.1
    assert slab.first == 6
    np.testing.assert_allclose(slab.weights, np.array([[1.0, 1.0, 1.0, 0.6]]) / 3.6, atol=1e-6)
    assert across(-2.0, 1.0, 20).weights.tolist() == [[1.0]]
    for spacing, inside in ((0.4, 50), (2.5, 9)):
        axis = along(np.arange(-3.0, 30.0, spacing), 20)
        np.testing.assert_allclose(axis.weights.sum(axis=1), 1.0, atol=1e-5)
        assert axis.first >= 0 and axis.stop <= 20
        assert axis.inside.sum() == inside

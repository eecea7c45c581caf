"""What is known about a crop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nunatak.learning.volumes.volume_labels import OutputGrid, crop_labels, expected_density
from nunatak.learning.volumes.volume_poses import upright
from nunatak.learning.volumes.working_volumes import WorkingVolume

GRID = OutputGrid(32, 2, 0.5, (4.0, 6.0))


def volume(*, is_complete: bool, labels: int = 1, name: str = "a", nz: int = 24) -> WorkingVolume:
    centres = np.array([[20.0, 16.0, 10.0], [40.0, 30.0, 12.0]])[:labels]
    kinds = np.array([0, 1])[:labels]
    return WorkingVolume(name, np.zeros((nz, 40, 48), np.float16), centres, kinds, is_complete)


def test_with_complete_labels_everything_is_known() -> None:
    labels = crop_labels(volume(is_complete=True), upright((8, 4, 0), 32), GRID)
    assert labels.known.all()
    assert float(labels.targets.positive.sum()) == pytest.approx(1.0)
    # The tomogram ends after 24 sections of 32.
    assert not labels.ignored[:, :12].any()
    assert labels.ignored[:, 12:].all()


def test_with_sparse_labels_only_the_particles_are_known() -> None:
    labels = crop_labels(volume(is_complete=False), upright((8, 4, 0), 32), GRID)
    z, y, x = np.indices(GRID.shape) * 2 + 0.5
    distance = torch.from_numpy(np.sqrt((x - 12) ** 2 + (y - 12) ** 2 + (z - 10) ** 2))
    # Of its own class as far as its peak reaches, of any other within its own sphere.
    assert torch.equal(labels.known[1], distance < 4.0)
    reach = 2.0 * np.sqrt(2 * np.log(1e3))
    assert torch.equal(labels.known[0], distance < reach)


def test_places_without_a_particle_are_known_to_be_empty() -> None:
    sparse = volume(is_complete=False, labels=0)
    assert not sparse.is_labelled
    marked = replace(sparse, empty_px=np.array([[20.0, 16.0, 10.0], [200.0, 16.0, 10.0]]))
    assert marked.is_labelled
    labels = crop_labels(marked, upright((8, 4, 0), 32), GRID)
    z, y, x = np.indices(GRID.shape) * 2 + 0.5
    distance = torch.from_numpy(np.sqrt((x - 12) ** 2 + (y - 12) ** 2 + (z - 10) ** 2))
    # As far as a particle of the class would count as found.
    assert torch.equal(labels.known, torch.stack([distance < 2.0, distance < 3.0]))
    assert not labels.targets.heatmap.any()


@pytest.mark.parametrize("is_complete", [True, False])
def test_nothing_counts_where_nobody_knows(is_complete: bool) -> None:
    # One between the particle's flank and the middle, one beyond the face at x = 47.5.
    unclear = np.array([[20.0, 24.0, 10.0], [50.0, 16.0, 10.0]])
    torn = replace(volume(is_complete=is_complete, nz=32), unclear_px=unclear)
    labels = crop_labels(torn, upright((16, 4, 0), 32), GRID)
    z, y, x = np.indices(GRID.shape) * 2 + 0.5
    near = [
        [torch.from_numpy((x - u) ** 2 + (y - v) ** 2 + (z - 10) ** 2 < r**2) for r in (4, 6)]
        for u, v in ((4, 20), (34, 12))
    ]
    balls = torch.stack([one | other for one, other in zip(*near, strict=True)])
    assert balls[:, :, :, 12:].any()
    assert torch.equal(labels.ignored[1], balls[1])
    # But for a labelled particle's peak.
    flank = labels.targets.heatmap[0] > 1e-3
    assert torch.equal(labels.ignored[0], balls[0] & ~flank)
    assert (balls[0] & flank).any()
    assert torn.described() != volume(is_complete=is_complete, nz=32).described()


def test_without_labels_nothing_is_known() -> None:
    labels = crop_labels(volume(is_complete=False, labels=0), upright((8, 4, 0), 32), GRID)
    assert not labels.known.any()
    assert not labels.targets.heatmap.any()


def test_labels_that_were_given_are_expected_no_more() -> None:
    volumes = [
        volume(is_complete=True, labels=2),
        volume(is_complete=False, labels=2, name="b"),
        volume(is_complete=False, labels=0, name="c"),
        volume(is_complete=False, labels=0, name="d", nz=48),
    ]
    known, sparse, none, large = expected_density(volumes, np.array([5.0, 0.5]))
    size = np.prod((24, 40, 48))
    mean_size = 1.25 * size
    assert known.tolist() == [0, 0]
    np.testing.assert_allclose(sparse, [(5.0 * size / mean_size - 1) / size, 0.0])
    np.testing.assert_allclose(none, [5.0 / mean_size, 0.5 / mean_size])
    np.testing.assert_allclose(large, none)

import math

import numpy as np
import pytest
import torch

from nunatak.objectives.volume_targets import (
    inside_balls,
    peak_sigma_px,
    stack_targets,
    volume_targets,
)

GRID = {"shape": (9, 11, 13), "stride": 2, "origin_px": 0.5}


def drawn(centres: list[list[float]], classes: list[int], sigma_px: list[float]):
    return volume_targets(
        torch.tensor(centres).reshape(-1, 3), torch.tensor(classes).long(), sigma_px, **GRID
    )


def test_width_is_a_third_of_the_radius_and_at_least_an_output_voxel() -> None:
    # Voxels of 10 Å, the radii of the CZII's six complexes.
    widths = [peak_sigma_px(r, stride=2) for r in (6.0, 6.5, 9.0, 15.0, 13.0, 13.5)]
    assert np.round(widths, 1).tolist() == [2.2, 2.3, 3.2, 5.2, 4.5, 4.7]
    assert peak_sigma_px(2.0, stride=2) == 2.0


def test_peak_on_a_voxel_is_one_there_and_falls_as_a_gaussian() -> None:
    # Output voxel j is centred on volume position 2 j + 1/2: (x, y, z) = (5, 4, 3).
    targets = drawn([[10.5, 8.5, 6.5]], [1], [2.0, 4.0])
    assert targets.heatmap[0].sum() == 0
    peak = targets.heatmap[1]
    assert peak[3, 4, 5] == 1.0
    assert peak[3, 4, 7] == pytest.approx(math.exp(-0.5))
    assert peak[4, 5, 5] == pytest.approx(math.exp(-0.25))


def test_peak_between_voxels_keeps_its_place() -> None:
    targets = drawn([[11.5, 8.5, 6.9]], [0], [2.0])
    peak = targets.heatmap[0]
    assert peak[3, 4, 5] == peak[3, 4, 6] < 1.0
    assert peak[3, 4, 5] == pytest.approx(math.exp(-0.5 * (0.5**2 + 0.2**2)))
    # Both voxels are hits, to equal shares.
    assert targets.positive[0, 3, 4, 5] == targets.positive[0, 3, 4, 6] > 0.05


def test_hits_are_shares_that_sum_to_one_for_every_particle() -> None:
    centres = [[4.3, 7.9, 6.2], [17.0, 8.0, 9.0], [-0.4, 15.0, 12.0], [6.0, 24.0, 9.0]]
    targets = drawn(centres, [0, 1, 1, 1], [2.2, 5.0])
    # The last lies beyond the volume: it lends its flank and is no hit.
    assert targets.positive.sum(dim=(1, 2, 3)).numpy() == pytest.approx([1.0, 2.0])
    assert targets.heatmap[1, 4, 10, 3] > 0.5
    first = targets.positive[0] > 0
    assert targets.heatmap[0][first].min() > 0.5 * targets.heatmap[0].max()
    assert targets.heatmap[0][~first].max() <= 0.5 * targets.heatmap[0].max()


def test_overlap_takes_the_maximum() -> None:
    both = drawn([[8.5, 8.5, 8.5], [12.5, 8.5, 8.5]], [0, 0], [3.0]).heatmap
    one = drawn([[8.5, 8.5, 8.5]], [0], [3.0]).heatmap
    other = drawn([[12.5, 8.5, 8.5]], [0], [3.0]).heatmap
    assert torch.equal(both, torch.maximum(one, other))


def test_offsets_lead_to_the_nearest_centre_within_a_sigma() -> None:
    centres = torch.tensor([[8.2, 9.1, 7.7], [14.0, 9.0, 8.0]])
    targets = drawn(centres.tolist(), [0, 1], [2.0, 5.0])
    places = targets.inside[0].nonzero().flip(1) * 2 + 0.5
    way = targets.offset_px[:, targets.inside[0]].T
    to_each = centres[None] - places[:, None]
    distance = to_each.norm(dim=2)
    distance[distance >= torch.tensor([2.0, 5.0])] = torch.inf
    nearest = distance.argmin(dim=1)
    expected = to_each[torch.arange(len(places)), nearest].clamp(-2, 2)
    assert set(nearest.tolist()) == {0, 1}
    torch.testing.assert_close(way, expected)
    assert (way.abs() == 2.0).any()  # farther than the network can point
    outside = ~targets.inside[0]
    assert targets.offset_px[:, outside].abs().sum() == 0
    z, y, x = outside.nonzero(as_tuple=True)
    away = (torch.stack([x, y, z], 1) * 2 + 0.5 - centres[1]).norm(dim=1)
    assert away.min() >= 5.0


def test_no_particles_no_peaks() -> None:
    targets = drawn([], [], [2.0, 3.0])
    assert targets.heatmap.shape == targets.positive.shape == (2, 9, 11, 13)
    assert targets.heatmap.sum() == targets.positive.sum() == targets.inside.sum() == 0
    far = drawn([[500.0, 5.0, 5.0]], [0], [2.0])
    assert far.heatmap.sum() == 0


def test_batches_have_one_more_axis() -> None:
    batch = stack_targets([drawn([[5.0, 5.0, 5.0]], [0], [2.0]), drawn([], [], [2.0])]).to("cpu")
    assert batch.heatmap.shape == batch.positive.shape == (2, 1, 9, 11, 13)
    assert batch.offset_px.shape == (2, 3, 9, 11, 13)
    assert batch.inside.shape == (2, 1, 9, 11, 13)
    assert batch.positive.sum(dim=(1, 2, 3, 4)).tolist() == pytest.approx([1.0, 0.0])


def test_balls() -> None:
    balls = torch.tensor([[8.5, 8.5, 8.5, 2.1], [0.5, 20.5, 16.5, 1.0], [99.0, 0.0, 0.0, 5.0]])
    inside = inside_balls(balls, **GRID)
    # Radius 1.05 output voxels: a voxel and its six neighbours; then one by itself; then none.
    assert inside.sum() == 8
    assert inside[4, 4, 3:6].all()
    assert inside[8, 10, 0]
    assert not inside_balls(torch.empty(0, 4), **GRID).any()

"""What a network reaches on tomograms whose particles are all known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.volumes.volume_labels import OutputGrid
from nunatak.learning.volumes.volume_validation import (
    DEFAULT_THRESHOLD,
    VolumeValidator,
    peaks_in,
    placed,
    thresholds_by_number,
)
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.interface import DetectorNetwork

RADIUS_PX = (4.0, 6.0)


class Knowing(DetectorNetwork):
    """Answers with the targets of one tomogram, less so many logits, and one lie."""

    output_stride = 2
    output_origin_px = 0.5

    def __init__(self, volume: WorkingVolume, lie: float) -> None:
        super().__init__()
        side = max(volume.voxels.shape)
        targets = OutputGrid(side, 2, 0.5, RADIUS_PX).targets(volume.centres_px, volume.class_index)
        nz, ny, nx = (length // 2 for length in volume.voxels.shape)
        heatmap = targets.heatmap[:, :nz, :ny, :nx]
        self.answer = torch.cat([20 * heatmap - 14, targets.offset_px[:, :nz, :ny, :nx]])[None]
        self.answer[0, 1, 0, 0, 0] = lie

    @property
    def size_multiple(self) -> int:
        return 8

    @property
    def context_px(self) -> int:
        return 0

    def forward(self, image: Tensor) -> Tensor:
        del image
        return self.answer


def test_a_knowing_network_is_told_from_a_lying_one(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=5)
    validator = VolumeValidator([volume], RADIUS_PX)
    honest, liar = Knowing(volume, -9.0), Knowing(volume, 8.0)
    assert validator.average_precision(honest) == 1.0
    first, second = validator.figures(liar)
    assert (first.particles, second.particles) == (3, 2)
    assert first.average_precision == first.f1 == 1.0
    # The lie is the best candidate: precision 1/2 at the first hit, 2/3 at the second.
    assert second.average_precision == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert second.f1 == pytest.approx(2 * 2 / (3 + 2))
    # Where nobody knows, it is no lie, and a particle that is found still counts.
    unclear = np.array([[2.0, 2.0, 2.0], volume.centres_px[1] + 4.0])
    torn = VolumeValidator([replace(volume, unclear_px=unclear)], RADIUS_PX)
    assert torn.average_precision(liar) == 1.0
    # Of all thresholds that are as good the middle one, away from the scores of this tomogram.
    good = [row.threshold for row in first.table if row.f1 == 1.0]
    assert first.threshold == good[len(good) // 2]
    found = peaks_in([volume], honest, len(RADIUS_PX))[0]
    truths = volume.centres_px[volume.class_index == 0]
    own = found.xyz_px[found.class_index == 0]
    assert np.abs(np.sort(own, axis=0) - np.sort(truths, axis=0)).max() < 1e-3


def test_what_loses_its_place_to_another_class_is_no_mistake(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=5)
    network = Knowing(volume, -9.0)
    # A faint shadow of the second class at every particle, as picking would suppress it.
    network.answer[0, 1] = torch.maximum(network.answer[0, 1], network.answer[0, 0] - 5)

    def low_precisions(validator: VolumeValidator) -> set[float]:
        table = validator.figures(network)[1].table
        return {row.precision for row in table if row.threshold < 0.5}

    assert low_precisions(VolumeValidator([volume], RADIUS_PX)) == {1.0}
    # Sizes do not compete: one class is made of them before anything is picked.
    apart = VolumeValidator([volume], RADIUS_PX, classes_compete=False)
    assert max(low_precisions(apart)) < 1.0


def test_candidates_keep_their_place_by_what_lies_above_their_thresholds() -> None:
    # Two particles of the first class, each with a fainter shadow of the second, and one of it.
    place = np.array([0.0, 20.0, 1.0, 21.0, 40.0])
    score = np.array([0.9, 0.8, 0.6, 0.6, 0.5])
    xyz_px = np.stack([place, np.zeros(5), np.zeros(5)], axis=1)
    found = VolumeCandidates(xyz_px, score, np.array([0, 0, 1, 1, 1]))
    kept = placed(found, [0.5, 0.5], RADIUS_PX)
    assert (kept.score.tolist(), kept.class_index.tolist()) == ([0.9, 0.8, 0.5], [0, 0, 1])
    # A threshold that is low enough lets the shadows win, whatever their scores.
    assert placed(found, [0.95, 0.1], RADIUS_PX).score.tolist() == [0.6, 0.6, 0.5]


def test_thresholds_above_all_candidates_select_nothing(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=5)
    network = Knowing(volume, -9.0)
    network.answer[0, :2] -= 6.0
    (found,) = peaks_in([volume], network, len(RADIUS_PX))
    best = found.score[found.class_index == 0].max()
    assert 0.2 < best < 0.8
    first, _ = VolumeValidator([volume], RADIUS_PX).figures(network)
    assert {row.threshold for row in first.table if row.selects_nothing} == {
        row.threshold for row in first.table if row.threshold > best
    }


def test_a_class_that_is_not_there_says_nothing(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=1)
    network = Knowing(volume, -9.0)
    first, second = VolumeValidator([volume], RADIUS_PX).figures(network)
    assert first.particles == 1
    assert (second.particles, second.threshold, second.table) == (0, DEFAULT_THRESHOLD, ())
    assert np.isnan(second.average_precision)
    validator = VolumeValidator([volume], RADIUS_PX)
    known, unknown = validator.figures(network, elsewhere=[0.2, 0.3])
    assert (known.threshold, unknown.threshold) == (first.threshold, 0.3)
    assert not validator.holds_every_class
    assert VolumeValidator([volume, make_volume(particles=2)], RADIUS_PX).holds_every_class
    assert not VolumeValidator([], RADIUS_PX).holds_every_class
    assert VolumeValidator([volume], RADIUS_PX).average_precision(network) == 1.0
    empty = make_volume(particles=0)
    assert VolumeValidator([empty], RADIUS_PX).average_precision(network) == 0.0


def test_as_many_candidates_pass_as_are_expected() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.3])
    one = VolumeCandidates(np.zeros((5, 3)), score, np.array([0, 0, 0, 1, 1]))
    none = one.taken(np.zeros(5, dtype=bool))
    assert thresholds_by_number([one, none], np.array([1.0, 5.0])) == (0.8, 0.3)
    assert thresholds_by_number([none], np.array([1.0, 0.0])) == (0.5, 0.5)

"""What a teacher sees, and what of it becomes a label: by teachers made by hand."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.volumes.volume_labels import OutputGrid
from nunatak.learning.volumes.volume_pseudo_labels import Seen, look, pseudo_labels
from nunatak.learning.volumes.volume_thresholds import TeacherThresholds

GRID = OutputGrid(32, 2, 0.5, (4.0, 6.0))
THRESHOLDS = TeacherThresholds(high=(0.6, 0.8), low=(0.2, 0.3))
SAME = np.eye(3, 4)
Peak = tuple[int, int, int, int, float]
"""Class, then x, y, z in output voxels, then the logit."""


def planted(peaks: list[Peak], offset_px: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Tensor:
    values = torch.full((1, 5, 16, 16, 16), -8.0)
    values[:, 2:] = torch.tensor(offset_px).reshape(1, 3, 1, 1, 1)
    for kind, x, y, z, logit in peaks:
        values[0, kind, z, y, x] = logit
    return values


class Seeing(nn.Module):
    """Sees what is in the crop: a mark of brightness b is a peak of class 0 with logit b."""

    def forward(self, volumes: Tensor) -> Tensor:
        marks = nn.functional.max_pool3d(volumes, 2)
        other = torch.full_like(marks, -8.0)
        nowhere = torch.zeros_like(marks).expand(-1, 3, -1, -1, -1)
        return torch.cat([marks - 8.0, other, nowhere], dim=1)


class Imagining(nn.Module):
    """Sees a particle at a corner of whatever it is shown."""

    def forward(self, volumes: Tensor) -> Tensor:
        return planted([(0, 3, 4, 5, 6.0)]).expand(len(volumes), -1, -1, -1, -1).clone()


def marked(x: int, y: int, z: int, brightness: float) -> Tensor:
    volume = torch.zeros(1, 1, 32, 32, 32)
    volume[0, 0, z, y, x] = brightness
    return volume


def seen(rows: list[tuple[float, float, float, float, int, float]]) -> Seen:
    """Candidates of x, y, z, score, class, agreement."""
    table = np.array(rows, dtype=float).reshape(-1, 6)
    candidates = VolumeCandidates(table[:, :3], table[:, 3], table[:, 4].astype(np.int64))
    return Seen(candidates, table[:, 5])


@pytest.mark.parametrize("views", [1, 4, 8])
def test_what_is_in_the_crop_comes_back_in_every_view(views: int) -> None:
    (found,) = look(Seeing(), marked(20, 10, 15, 9.0), GRID, (0.2, 0.2), views=views)
    assert found.candidates.xyz_px.tolist() == [[20.5, 10.5, 14.5]]
    assert found.candidates.score == pytest.approx([1 / (1 + np.exp(-1.0))])
    assert found.agreement.tolist() == [1.0]


def test_what_is_not_comes_back_in_few_views() -> None:
    volume = marked(20, 10, 15, 0.0)
    floors = (1e-3, 1e-3)
    (one,) = look(Imagining(), volume, GRID, floors, views=1)
    assert one.agreement.tolist() == [1.0]
    (four,) = look(Imagining(), volume, GRID, floors, views=4)
    assert len(four.candidates) == 4
    # The mean of one high and three low logits: nobody would believe it.
    assert four.candidates.score.max() < 0.02
    assert four.agreement.tolist() == [0.25] * 4
    assert look(Imagining(), volume, GRID, (0.2, 0.2), views=4)[0].candidates.score.size == 0


def test_every_crop_of_a_batch_is_seen_by_itself() -> None:
    volumes = torch.cat([marked(20, 10, 15, 9.0), marked(6, 6, 6, 0.0), marked(4, 8, 12, 10.0)])
    found = look(Seeing(), volumes, GRID, (0.2, 0.2), views=4)
    assert [len(one.candidates) for one in found] == [1, 0, 1]
    assert found[2].candidates.xyz_px.tolist() == [[4.5, 8.5, 12.5]]


def test_sure_and_agreed_candidates_become_particles() -> None:
    rows = [(10.5, 12.5, 14.5, 0.7, 0, 0.75), (20.5, 20.5, 20.5, 0.9, 1, 1.0)]
    labels = pseudo_labels(seen(rows), THRESHOLDS, GRID, agreement=0.75, to_student=SAME)
    assert labels.targets.heatmap[0, 7, 6, 5] == 1.0
    assert labels.targets.heatmap[1, 10, 10, 10] == 1.0
    assert labels.targets.positive.sum() == pytest.approx(2.0)
    assert not labels.doubtful.any()


@pytest.mark.parametrize(
    ("score", "agreement"),
    [(0.59, 1.0), (0.2, 1.0), (0.9, 0.5)],
    ids=["below the high threshold", "just at the low one", "not seen in enough views"],
)
def test_doubtful_candidates_are_left_out_of_the_loss(score: float, agreement: float) -> None:
    rows = [(10.5, 12.5, 14.5, score, 0, agreement)]
    labels = pseudo_labels(seen(rows), THRESHOLDS, GRID, agreement=0.75, to_student=SAME)
    assert not labels.targets.heatmap.any()
    z, y, x = np.indices(GRID.shape) * 2 + 0.5
    distance = np.sqrt((x - 10.5) ** 2 + (y - 12.5) ** 2 + (z - 14.5) ** 2)
    assert np.array_equal(labels.doubtful[0].numpy(), distance < 4.0)
    assert not labels.doubtful[1].any()


def test_candidates_below_the_low_threshold_are_nothing() -> None:
    rows = [(10.5, 12.5, 14.5, 0.19, 0, 1.0), (4.5, 4.5, 4.5, 0.29, 1, 1.0)]
    labels = pseudo_labels(seen(rows), THRESHOLDS, GRID, agreement=0.75, to_student=SAME)
    assert not labels.targets.heatmap.any()
    assert not labels.doubtful.any()


def test_a_place_is_not_labelled_as_two_classes() -> None:
    # Class 1 is the farther above its threshold, although its score is the lower.
    thresholds = TeacherThresholds(high=(0.8, 0.3), low=(0.24, 0.09))
    rows = [(10.5, 12.5, 14.5, 0.85, 0, 1.0), (12.5, 12.5, 14.5, 0.7, 1, 1.0)]
    labels = pseudo_labels(seen(rows), thresholds, GRID, agreement=0.75, to_student=SAME)
    assert labels.targets.positive.sum(dim=(1, 2, 3)).tolist() == [0.0, 1.0]
    assert labels.targets.heatmap[1, 7, 6, 6] == 1.0
    # The loser is not known to be absent, only not the more likely one.
    assert labels.doubtful[0, 7, 6, 5]
    # What lies farther apart than half the larger radius is two particles.
    rows[1] = (14.5, 12.5, 14.5, 0.7, 1, 1.0)
    labels = pseudo_labels(seen(rows), thresholds, GRID, agreement=0.75, to_student=SAME)
    assert labels.targets.positive.sum(dim=(1, 2, 3)).tolist() == [1.0, 1.0]


def test_a_rival_that_is_seen_in_few_views_takes_no_place() -> None:
    rows = [(10.5, 12.5, 14.5, 0.7, 0, 1.0), (12.5, 12.5, 14.5, 0.99, 1, 0.5)]
    labels = pseudo_labels(seen(rows), THRESHOLDS, GRID, agreement=0.75, to_student=SAME)
    assert labels.targets.positive.sum(dim=(1, 2, 3)).tolist() == [1.0, 0.0]


def test_labels_lie_where_the_student_sees_them() -> None:
    quarter = np.array([[0.0, -1.0, 0.0, 31.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    rows = [(10.5, 4.5, 14.5, 0.7, 0, 1.0), (20.5, 20.5, 6.5, 0.5, 1, 1.0)]
    labels = pseudo_labels(seen(rows), THRESHOLDS, GRID, agreement=0.75, to_student=quarter)
    # (x, y) becomes (31 - y, x).
    assert labels.targets.heatmap[0, 7, 5, 13] == 1.0
    assert labels.doubtful[1, 3, 10, 5]

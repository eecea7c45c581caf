import math

import pytest
import torch

from nunatak.objectives.score_map import ScoreMapLabels, known_loss, sum_over


def labels() -> ScoreMapLabels:
    target = torch.zeros(1, 1, 2, 4)
    target[0, 0, 0] = torch.tensor([1.0, 0.5, 1e-5, 1.0])
    known = torch.tensor([[[[True, True, True, True], [True, False, False, True]]]])
    ignored = torch.tensor([[[[False, False, False, True], [False, False, True, True]]]])
    return ScoreMapLabels(target, known, ignored, torch.tensor(3.0))


def test_ignoring_wins_over_knowing() -> None:
    case = labels()
    assert case.labelled.flatten().tolist() == [True, True, True, False, True, False, False, False]
    assert case.unlabelled.flatten().tolist() == [False] * 5 + [True, False, False]
    assert case.count.item() == 1.0


def test_discs_are_where_the_target_is_seen() -> None:
    # Neither the ignored centre nor the known empty places with next to no target.
    assert labels().discs.flatten().tolist() == [True, True] + [False] * 6


def test_known_loss_by_hand() -> None:
    logits = torch.tensor([0.3, -1.0, 2.0, 5.0, 0.5, 9.0, 9.0, 9.0]).reshape(1, 1, 2, 4)
    p = torch.sigmoid(logits).flatten().tolist()
    expected = -((1 - p[0]) ** 2) * math.log(p[0])
    expected -= 0.5**4 * p[1] ** 2 * math.log(1 - p[1])
    expected -= (1 - 1e-5) ** 4 * p[2] ** 2 * math.log(1 - p[2])
    expected -= p[4] ** 2 * math.log(1 - p[4])
    assert known_loss(logits, labels()).item() == pytest.approx(expected, rel=1e-5)


def test_places_outside_a_mask_do_not_count_whatever_they_hold() -> None:
    losses = torch.tensor([1.0, math.inf, 2.0])
    assert sum_over(torch.tensor([True, False, True]), losses).item() == 3.0


def test_all_parts_move_together() -> None:
    moved = labels().to("meta")
    for part in (moved.target, moved.known, moved.ignored, moved.expected):
        assert part.device.type == "meta"

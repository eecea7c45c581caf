import math
from dataclasses import replace
from itertools import combinations

import pytest
import torch
from torch import Tensor

from nunatak.objectives.heatmap import focal_loss
from nunatak.objectives.score_map import ScoreMapLabels
from nunatak.objectives.score_map_pu import pu_on_score_maps

DISC = torch.tensor([[0.1, 0.5, 0.1], [0.5, 1.0, 0.5], [0.1, 0.5, 0.1]])
CORNERS = ((1, 1), (1, 6), (6, 1), (6, 6), (2, 10))


def maps(particles: tuple[tuple[int, int], ...]) -> tuple[Tensor, Tensor]:
    """Target of some particles on a map of 10 x 14, and the discs around them."""
    target = torch.zeros(1, 1, 10, 14)
    known = torch.zeros(1, 1, 10, 14, dtype=torch.bool)
    for y, x in particles:
        target[0, 0, y - 1 : y + 2, x - 1 : x + 2] = DISC
        known[0, 0, y - 1 : y + 2, x - 1 : x + 2] = True
    return target, known


def labels(particles: tuple[tuple[int, int], ...], expected: float) -> ScoreMapLabels:
    target, known = maps(particles)
    return ScoreMapLabels(target, known, torch.zeros_like(known), torch.tensor(expected))


def scores(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 1, 10, 14, generator=generator)


def by_loops(logits: Tensor, case: ScoreMapLabels) -> tuple[float, float, float]:
    """The known loss and the two parts of the unlabelled one, place by place."""
    known = unlabelled = plus = minus = 0.0
    n = 0
    for y in range(10):
        for x in range(14):
            f, t = logits[0, 0, y, x].item(), case.target[0, 0, y, x].item()
            p = 1 / (1 + math.exp(-f))
            miss = -(p**2) * math.log(1 - p)
            loss = -((1 - p) ** 2) * math.log(p) if t == 1 else (1 - t) ** 4 * miss
            if case.ignored[0, 0, y, x]:
                continue
            if not case.known[0, 0, y, x]:
                unlabelled += loss
                continue
            known += loss
            n += t == 1
            plus += loss * (t > 1e-3)
            minus += miss * (t > 1e-3)
    expected = case.expected.item()
    return known, expected * plus / n, unlabelled - expected * minus / n


def test_against_loops() -> None:
    case = labels(CORNERS[:2], 1.5)
    case.known[0, 0, 8:] = True  # known to be empty
    case.ignored[0, 0, :, 12:] = True
    known, plus, rest = by_loops(scores(), case)
    assert rest > 0
    risk = pu_on_score_maps(scores(), case).item()
    assert risk == pytest.approx((known + plus + rest) / (2 + 1.5), rel=1e-5)


def test_mean_over_all_ways_to_label_is_the_fully_labelled_loss() -> None:
    logits = scores(1) - 1
    full, _ = maps(CORNERS)
    truth = focal_loss(logits, full, torch.ones_like(full)).item()
    risks = []
    for chosen in combinations(CORNERS, 2):
        case = labels(chosen, 3.0)
        assert by_loops(logits, case)[2] > 0
        risks.append(pu_on_score_maps(logits, case).item())
    assert len(risks) == 10
    assert sum(risks) / 10 == pytest.approx(truth, rel=1e-5)


def test_below_zero_it_steps_back() -> None:
    # Sure of the labelled particle, and of nothing being anywhere else.
    logits = torch.full((1, 1, 10, 14), -6.0)
    logits[maps(CORNERS[:1])[1]] = 3.0
    logits.requires_grad_()
    case = labels(CORNERS[:1], 4.0)
    known, plus, rest = by_loops(logits.detach(), case)
    assert rest < 0
    risk = pu_on_score_maps(logits, case)
    assert risk.item() == pytest.approx((known + plus) / 5, rel=1e-4)
    risk.backward()
    assert logits.grad is not None
    # Descent raises the unlabelled and lowers the labelled.
    assert (logits.grad[case.unlabelled] < 0).all()
    assert (logits.grad[case.discs] > 0).all()


def test_gradients_agree_with_finite_differences() -> None:
    case = labels(CORNERS[:2], 1.5)
    logits = scores().double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pu_on_score_maps(x, case), logits)


def test_without_a_labelled_particle_the_unlabelled_are_left_alone() -> None:
    case = labels((), 4.0)
    case.known[0, 0, :2] = True
    logits = scores().requires_grad_()
    pu_on_score_maps(logits, case).backward()
    assert logits.grad is not None
    assert (logits.grad[case.unlabelled] == 0).all()
    assert (logits.grad[case.labelled] > 0).all()
    nothing = replace(case, known=torch.zeros_like(case.known))
    assert pu_on_score_maps(logits, nothing).item() == 0.0


def test_no_unlabelled_particle_expected_is_the_focal_loss() -> None:
    case = labels(CORNERS[:2], 0.0)
    expected = focal_loss(scores(), case.target, torch.ones(1, 1, 10, 14)).item()
    assert pu_on_score_maps(scores(), case).item() == pytest.approx(expected, rel=1e-5)


def test_half_precision_scores_are_widened() -> None:
    case = labels(CORNERS[:2], 1.5)
    half = scores().bfloat16()
    risk = pu_on_score_maps(half, case)
    assert risk.dtype == torch.float32
    assert risk.item() == pu_on_score_maps(half.float(), case).item()

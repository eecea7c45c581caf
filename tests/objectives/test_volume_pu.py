from dataclasses import replace
from itertools import combinations

import pytest
import torch
from torch import Tensor

from nunatak.objectives.focal import heatmap_focal_loss, voxel_losses
from nunatak.objectives.nonnegative_pu import non_negative
from nunatak.objectives.volume_pu import VolumeLabels, pu_on_heatmaps

CENTRES = ((1, 2, 2), (1, 2, 7), (4, 2, 2), (4, 2, 7))
SHAPE = (6, 5, 10)


def maps(particles: tuple[tuple[int, ...], ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Heatmap, hits and balls of some particles, cubes of 3³ voxels."""
    heatmap, positive = torch.zeros(SHAPE), torch.zeros(SHAPE)
    for z, y, x in particles:
        cube = tuple(slice(c - 1, c + 2) for c in (z, y, x))
        heatmap[cube] = 0.3
        heatmap[z, y, x - 1 : x + 2] = torch.tensor([0.6, 0.95, 0.6])
        positive[z, y, x - 1 : x + 2] = torch.tensor([0.25, 0.5, 0.25])
    return heatmap, positive, heatmap > 0


def labels(
    by_class: tuple[tuple[tuple[int, ...], ...], ...], expected: tuple[float, ...]
) -> VolumeLabels:
    heatmap, positive, known = (
        torch.stack(part)[None] for part in zip(*map(maps, by_class), strict=True)
    )
    return VolumeLabels(heatmap, positive, known, torch.zeros_like(known), torch.tensor(expected))


def scores(classes: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, classes, *SHAPE, generator=generator)


def parts(logits: Tensor, case: VolumeLabels, class_: int) -> tuple[float, float, float]:
    """Known loss, expected particles' loss and the rest of one class, by plain sums."""
    one = slice(class_, class_ + 1)
    heatmap, positive, known, ignored = (
        t[:, one] for t in (case.heatmap, case.positive, case.known, case.ignored)
    )
    zero = torch.zeros_like(heatmap)
    losses = voxel_losses(logits[:, one], heatmap, positive)
    empty = voxel_losses(logits[:, one], zero, zero)
    labelled = known & ~ignored
    balls = labelled & (heatmap > 0)
    share = case.expected[class_].item() / positive[labelled].sum().item()
    rest = empty[~known & ~ignored].sum().item() - share * empty[balls].sum().item()
    return losses[labelled].sum().item(), share * losses[balls].sum().item(), rest


def test_against_sums_class_by_class() -> None:
    case = labels((CENTRES[:2], CENTRES[2:3]), (1.5, 2.0))
    case.known[0, 0, :, :, 9] = True  # known to be empty
    case.ignored[0, 1, :, 0] = True
    logits = scores(2)
    total = 0.0
    for class_ in (0, 1):
        known, expected, rest = parts(logits, case, class_)
        assert rest > 0
        total += known + expected + rest
    assert pu_on_heatmaps(logits, case).item() == pytest.approx(total / (3 + 3.5), rel=1e-5)


def test_mean_over_all_ways_to_label_is_the_fully_labelled_loss() -> None:
    logits = scores(1, seed=1) - 1
    heatmap, positive, _ = (part[None, None] for part in maps(CENTRES))
    truth = heatmap_focal_loss(logits, heatmap, positive).item()
    risks = []
    for chosen in combinations(CENTRES, 2):
        case = labels((chosen,), (2.0,))
        assert parts(logits, case, 0)[2] > 0
        risks.append(pu_on_heatmaps(logits, case).item())
    assert len(risks) == 6
    assert sum(risks) / 6 == pytest.approx(truth, rel=1e-5)


def test_everything_known_is_the_focal_loss() -> None:
    case = labels((CENTRES, CENTRES[:1]), (0.0, 0.0))
    case = replace(case, known=torch.ones_like(case.known))
    weight = torch.tensor([0.5, 2.0])
    risk = pu_on_heatmaps(scores(2), case, class_weight=weight).item()
    focal = heatmap_focal_loss(scores(2), case.heatmap, case.positive, class_weight=weight)
    assert risk == pytest.approx(focal.item(), rel=1e-5)


def test_each_class_steps_back_by_itself() -> None:
    case = labels((CENTRES[:1], CENTRES[:1]), (4.0, 4.0))
    logits = scores(2)
    # The second class is sure of its particle, and of nothing being anywhere else.
    logits[0, 1] = torch.where(case.known[0, 1], 3.0, -6.0)
    logits.requires_grad_()
    known, expected, rest = parts(logits.detach(), case, 0)
    assert rest > 0
    known_1, expected_1, rest_1 = parts(logits.detach(), case, 1)
    assert rest_1 < 0
    risk = pu_on_heatmaps(logits, case)
    total = known + expected + rest + known_1 + expected_1
    assert risk.item() == pytest.approx(total / 10, rel=1e-5)
    risk.backward()
    assert logits.grad is not None
    unlabelled = ~case.known[0]
    # Descent lowers the unlabelled of the first class and raises those of the second.
    assert (logits.grad[0, 0][unlabelled[0]] > 0).all()
    assert (logits.grad[0, 1][unlabelled[1]] < 0).all()


def test_a_class_that_the_batch_does_not_show_leaves_the_unlabelled_alone() -> None:
    case = labels((CENTRES[:1], ()), (1.0, 5.0))
    case.known[0, 1, 0] = True
    logits = scores(2).requires_grad_()
    risk = pu_on_heatmaps(logits, case)
    risk.backward()
    assert logits.grad is not None
    assert (logits.grad[0, 1][~case.known[0, 1]] == 0).all()
    assert (logits.grad[0, 1][case.known[0, 1]] > 0).all()
    known, expected, rest = parts(logits.detach(), case, 0)
    zero = torch.zeros(1)
    empty = voxel_losses(logits.detach()[0, 1, 0], zero, zero).sum().item()
    assert risk.item() == pytest.approx((known + expected + rest + empty) / 2, rel=1e-5)


def test_nothing_known_says_nothing() -> None:
    case = labels(((),), (3.0,))
    logits = scores(1).requires_grad_()
    risk = pu_on_heatmaps(logits, case)
    risk.backward()
    assert risk.item() == 0.0
    assert logits.grad is not None
    assert logits.grad.abs().sum() == 0


def test_gradients_agree_with_finite_differences() -> None:
    case = labels((CENTRES[:2], CENTRES[1:2]), (1.5, 0.5)).to("cpu")
    logits = scores(2).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pu_on_heatmaps(x, case), logits, fast_mode=True)


def test_the_rule_of_two_dimensions_works_on_a_vector_of_classes() -> None:
    first, second = torch.tensor([1.0, 1.0]), torch.tensor([0.5, -0.5])
    assert non_negative(first, second).tolist() == [1.5, 1.0]

import pytest
import torch
from pydantic import ValidationError

from nunatak.networks.pruning_network import BranchOutput
from nunatak.objectives.supervised_contrastive import supervised_contrastive_loss
from nunatak.objectives.two_branch import (
    MultiLossKind,
    MultiLossWeights,
    disagreement,
    multi_loss,
)

TARGET = torch.tensor([0, 2, -1, 1, 0])
LABELLED = TARGET >= 0
WEIGHTS = MultiLossWeights(
    second=0.7, consistency=0.3, contrastive=0.4, temperature=0.2, label_smoothing=0.1
)


def output(*, seed: int = 0) -> BranchOutput:
    generator = torch.Generator().manual_seed(seed)

    def leaf(columns: int) -> torch.Tensor:
        drawn = torch.randn(5, columns, generator=generator, dtype=torch.float64)
        return drawn.requires_grad_()

    return BranchOutput(leaf(3), leaf(3), leaf(4), None)


def cross_entropy(
    logits: torch.Tensor, *, smoothing: float, class_weight: torch.Tensor | None = None
) -> torch.Tensor:
    """Write smoothed, weighted cross-entropy out."""
    weight = torch.ones(3) if class_weight is None else class_weight
    classes = TARGET[LABELLED]
    soft = (1 - smoothing) * torch.eye(3)[classes] + smoothing / 3
    costs = -(soft * weight * logits[LABELLED].log_softmax(dim=1)).sum(dim=1)
    return costs.sum() / weight[classes].sum()


def divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    return (p * (p / q).log()).sum(dim=1).mean()


def test_the_kinds_add_term_after_term() -> None:
    branches = output()
    first = cross_entropy(branches.first, smoothing=0.1)
    both = first + 0.7 * cross_entropy(branches.second, smoothing=0.1)
    p, q = (logits[LABELLED].softmax(dim=1) for logits in (branches.first, branches.second))
    consistency = (divergence(p, q) + divergence(q, p)) / 2
    contrastive = supervised_contrastive_loss(branches.embedding, TARGET, temperature=0.2)
    expected: dict[MultiLossKind, torch.Tensor] = {
        "ce": first,
        "two-branch": both,
        "full": both + 0.3 * consistency + 0.4 * contrastive,
    }
    for kind, value in expected.items():
        torch.testing.assert_close(multi_loss(branches, TARGET, kind=kind, weights=WEIGHTS), value)


@pytest.mark.parametrize(
    ("kind", "reached"), [("ce", [0]), ("two-branch", [0, 1]), ("full", [0, 1, 2])]
)
def test_each_kind_teaches_what_it_should(kind: MultiLossKind, reached: list[int]) -> None:
    branches = output()
    leaves = [branches.first, branches.second, branches.embedding]
    multi_loss(branches, TARGET, kind=kind).backward()
    assert [i for i, leaf in enumerate(leaves) if leaf.grad is not None] == reached
    for leaf in (leaves[i] for i in reached):
        assert leaf.grad is not None
        assert leaf.grad[LABELLED].abs().sum() > 0
        assert not leaf.grad[~LABELLED].any(), "an unlabelled row taught something"


def test_class_weights_weigh_both_branches() -> None:
    branches, class_weight = output(), torch.tensor([1.0, 3.0, 0.5])
    first, second = (
        cross_entropy(logits, smoothing=0.05, class_weight=class_weight)
        for logits in (branches.first, branches.second)
    )
    loss = multi_loss(branches, TARGET, kind="two-branch", class_weight=class_weight)
    torch.testing.assert_close(loss, first + second)


def test_another_embedding_can_take_the_contrast() -> None:
    branches = output()
    projected = branches.embedding[:, :2]
    plain = multi_loss(branches, TARGET, kind="full")
    other = multi_loss(branches, TARGET, kind="full", contrastive_embedding=projected)
    difference = supervised_contrastive_loss(projected, TARGET) - supervised_contrastive_loss(
        branches.embedding, TARGET
    )
    torch.testing.assert_close(other - plain, 0.2 * difference)


def test_branches_that_agree_cost_nothing_and_each_moves_towards_the_other() -> None:
    first = torch.tensor([[2.0, 0.0, -1.0]], requires_grad=True)
    assert disagreement(first, first.detach()).item() == pytest.approx(0.0, abs=1e-7)
    second = torch.tensor([[-1.0, 0.5, 1.0]], requires_grad=True)
    before = disagreement(first, second)
    before.backward()
    for moved in (first, second):
        assert moved.grad is not None
    nearer_first = first - 0.1 * first.grad  # type: ignore[operator]
    nearer_second = second - 0.1 * second.grad  # type: ignore[operator]
    assert disagreement(nearer_first, second.detach()) < before
    assert disagreement(first.detach(), nearer_second) < before


@pytest.mark.parametrize("kind", ["ce", "two-branch", "full"])
def test_without_labels_nothing_is_learnt(kind: MultiLossKind) -> None:
    branches = output()
    loss = multi_loss(branches, torch.full((5,), -1), kind=kind)
    loss.backward()
    assert loss.item() == 0.0
    assert branches.first.grad is not None
    assert not branches.first.grad.any()


def test_half_precision_is_lifted() -> None:
    branches = output()
    half = BranchOutput(*(part.detach().bfloat16() for part in branches[:3]), None)
    loss = multi_loss(half, TARGET)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(multi_loss(branches, TARGET).item(), rel=0.02)


def test_weights_are_checked() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        MultiLossWeights(temperature=0.0)
    with pytest.raises(ValidationError, match="Extra inputs"):
        MultiLossWeights(third=1.0)  # type: ignore[call-arg]

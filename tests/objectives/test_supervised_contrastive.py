import math

import pytest
import torch
from torch.nn import functional

from nunatak.objectives.supervised_contrastive import supervised_contrastive_loss


def embeddings(count: int, *, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 5, generator=generator, dtype=torch.float64)


def by_the_formula(embedding: torch.Tensor, classes: list[int], temperature: float) -> float:
    """Write the equation out, sample by sample."""
    unit = functional.normalize(embedding, dim=1).tolist()

    def likeness(i: int, j: int) -> float:
        return math.exp(sum(a * b for a, b in zip(unit[i], unit[j], strict=True)) / temperature)

    terms = []
    for i, own in enumerate(classes):
        others = [a for a in range(len(classes)) if a != i]
        alike = [p for p in others if classes[p] == own]
        if alike:
            total = sum(likeness(i, a) for a in others)
            terms.append(-sum(math.log(likeness(i, p) / total) for p in alike) / len(alike))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_it_is_the_equation_of_the_paper(temperature: float) -> None:
    # The class 3 has one member: no anchor, yet somebody to be pushed away from.
    classes = [0, 1, 0, 0, 3, 1]
    embedding = embeddings(6)
    loss = supervised_contrastive_loss(embedding, torch.tensor(classes), temperature=temperature)
    assert loss.item() == pytest.approx(by_the_formula(embedding, classes, temperature))


def test_unlabelled_rows_are_left_out() -> None:
    embedding = embeddings(6)
    with_holes = torch.tensor([0, -1, 0, 1, -1, 1])
    kept = with_holes >= 0
    torch.testing.assert_close(
        supervised_contrastive_loss(embedding, with_holes),
        supervised_contrastive_loss(embedding[kept], with_holes[kept]),
    )


def test_the_length_of_embeddings_does_not_matter() -> None:
    embedding, classes = embeddings(4), torch.tensor([0, 0, 1, 1])
    torch.testing.assert_close(
        supervised_contrastive_loss(embedding, classes),
        supervised_contrastive_loss(embedding * 7.0, classes),
    )


def test_classes_apart_cost_less_than_classes_mixed() -> None:
    embedding = torch.tensor([[1.0, 0.0], [1.0, 0.1], [-1.0, 0.0], [-1.0, 0.1]])
    apart = supervised_contrastive_loss(embedding, torch.tensor([0, 0, 1, 1]))
    mixed = supervised_contrastive_loss(embedding, torch.tensor([0, 1, 0, 1]))
    assert apart < 0.1 < mixed


def test_gradients_agree_with_finite_differences() -> None:
    classes = torch.tensor([0, 1, 0, 1, -1])
    assert torch.autograd.gradcheck(
        lambda e: supervised_contrastive_loss(e, classes, temperature=0.5),
        (embeddings(5).requires_grad_(),),
    )


@pytest.mark.parametrize("classes", [[], [0], [0, 1, 2], [-1, -1]])
def test_without_a_pair_there_is_nothing_to_learn(classes: list[int]) -> None:
    embedding = embeddings(len(classes)).requires_grad_()
    loss = supervised_contrastive_loss(embedding, torch.tensor(classes, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0.0
    assert embedding.grad is not None
    assert not embedding.grad.any()


def test_half_precision_does_not_reach_it() -> None:
    embedding, classes = embeddings(6).float(), torch.tensor([0, 1, 0, 1, 0, 1])
    exact = supervised_contrastive_loss(embedding, classes)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(supervised_contrastive_loss(embedding, classes), exact)

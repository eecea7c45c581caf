"""The multi-loss of a classifier with two branches."""

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision
from nunatak.objectives.supervised_contrastive import supervised_contrastive_loss

MultiLossKind = Literal["ce", "two-branch", "full"]
"""Cross-entropy of the first branch; of both, as published; with all terms."""


class TwoBranches(Protocol):
    """What a classifier has to say for a multi-loss."""

    @property
    def first(self) -> Tensor:
        """Logits, shape ``(n, classes)``."""

    @property
    def second(self) -> Tensor:
        """Logits, shape ``(n, classes)``."""

    @property
    def embedding(self) -> Tensor:
        """Features that both branches are made from, shape ``(n, e)``."""


class MultiLossWeights(BaseModel):
    """Weights of the terms against the first branch's cross-entropy.

    Attributes
    ----------
    second : float
        Of the second branch's cross-entropy.
    consistency : float
        Of the symmetric divergence between the branches.
    contrastive : float
        Of the supervised contrastive term.
    temperature : float
        Of the contrastive term.
    label_smoothing : float
        Share of the target's probability that is spread over all classes, in [0, 1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    second: float = Field(1.0, ge=0.0, allow_inf_nan=False)
    consistency: float = Field(0.5, ge=0.0, allow_inf_nan=False)
    contrastive: float = Field(0.2, ge=0.0, allow_inf_nan=False)
    temperature: float = Field(0.1, gt=0.0, allow_inf_nan=False)
    label_smoothing: float = Field(0.05, ge=0.0, lt=1.0)


USUAL_WEIGHTS = MultiLossWeights()


def multi_loss(
    output: TwoBranches,
    target: Tensor,
    *,
    kind: MultiLossKind = "full",
    weights: MultiLossWeights = USUAL_WEIGHTS,
    class_weight: Tensor | None = None,
    contrastive_embedding: Tensor | None = None,
) -> Tensor:
    r"""Combine the losses of both branches.

    .. math:: \mathrm{CE}(z_1, y) + w_2 \mathrm{CE}(z_2, y)
        + w_c \tfrac12 [\mathrm{KL}(p_1 \| \bar p_2) + \mathrm{KL}(p_2 \| \bar p_1)]
        + w_s \mathrm{SupCon}(e, y)

    with :math:`\bar p` held fixed, so that each branch moves towards the other.

    Parameters
    ----------
    output
        Of `nunatak.networks.pruning_network.PruningNetwork`.
    target : Tensor, shape (n,), int64
        Classes; rows of -1 are unlabelled and count nowhere.
    kind
        ``"ce"``: the first term; ``"two-branch"``: the first two; ``"full"``: all.
    weights
        Of the terms.
    class_weight : Tensor, shape (classes,), optional
        Of the cross-entropies, which then are weighted means.
    contrastive_embedding : Tensor, shape (n, e), optional
        What the contrastive term sees in place of the network's embedding, such as a projection
        of it.

    Returns
    -------
    Tensor, scalar, at least float32
        0 with zero gradient if nothing is labelled.

    Notes
    -----
    Li et al., doi 10.1089/cmb.2022.0101, describe two branches with a loss each; label smoothing
    (Szegedy et al., arXiv 1512.00567), mutual learning (Zhang et al., arXiv 1706.00384) and the
    contrastive term (Khosla et al., arXiv 2004.11362) are additions.
    """
    labelled = target >= 0
    classes = target[labelled]
    first = full_precision(output.first[labelled])
    loss = _cross_entropy(first, classes, class_weight, weights.label_smoothing)
    if kind == "ce":
        return loss
    second = full_precision(output.second[labelled])
    loss = loss + weights.second * _cross_entropy(
        second, classes, class_weight, weights.label_smoothing
    )
    if kind == "two-branch":
        return loss
    embedding = output.embedding if contrastive_embedding is None else contrastive_embedding
    return (
        loss
        + weights.consistency * disagreement(first, second)
        + weights.contrastive
        * supervised_contrastive_loss(embedding, target, temperature=weights.temperature)
    )


def disagreement(first: Tensor, second: Tensor) -> Tensor:
    """Symmetric divergence of two branches, each drawn towards the other held fixed.

    Parameters
    ----------
    first, second : Tensor, shape (n, classes)
        Logits.

    Returns
    -------
    Tensor, scalar
        ``(KL(p1 ‖ p2) + KL(p2 ‖ p1)) / 2``, the gradient through the left one of each; a mean
        over the n, 0 for none.
    """
    log_first, log_second = first.log_softmax(dim=1), second.log_softmax(dim=1)
    return 0.5 * (
        _divergence(log_first, log_second.detach()) + _divergence(log_second, log_first.detach())
    )


def _divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """``KL(p ‖ q)`` as a mean over the rows."""
    return (log_p.exp() * (log_p - log_q)).sum() / max(len(log_p), 1)


def _cross_entropy(
    logits: Tensor, classes: Tensor, class_weight: Tensor | None, label_smoothing: float
) -> Tensor:
    if not len(classes):
        # Of nothing: an empty sum, yet connected to the graph.
        return logits.sum()
    weight = None if class_weight is None else class_weight.to(logits)
    return functional.cross_entropy(logits, classes, weight=weight, label_smoothing=label_smoothing)

"""The objectives by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from torch import Tensor

from nunatak.objectives.ge_binomial import ge_binomial
from nunatak.objectives.ge_kl import ge_kl
from nunatak.objectives.nonnegative_pu import nonnegative_pu_risk
from nunatak.objectives.pn import pn_risk
from nunatak.objectives.priors import ObjectiveName
from nunatak.objectives.score_map import ScoreMapLabels
from nunatak.objectives.score_map_ge import ge_binomial_on_score_maps, ge_kl_on_score_maps
from nunatak.objectives.score_map_pn import pn_on_score_maps
from nunatak.objectives.score_map_pu import pu_on_score_maps


class OnScoreMaps(Protocol):
    """Loss of a batch of score maps."""

    def __call__(self, logits: Tensor, labels: ScoreMapLabels, *, cell_px: int) -> Tensor:
        """Return a scalar; ``cell_px`` is the side of an independent place, map pixels."""


@dataclass(frozen=True)
class Objective:
    """One way to learn from positives and unlabelled places.

    Attributes
    ----------
    name : str
        Its key in `OBJECTIVES`.
    description : str
        One line for users.
    source : str
        The paper.
    needs_prior : bool
        Whether it has to know how many particles are unlabelled.
    on_patches : callable
        ``(logits_positive, logits_unlabelled, prior) -> scalar Tensor``, as published; see
        `nunatak.objectives.priors.published_prior` for the prior it takes.
    on_score_maps : callable
        ``(logits, labels, *, cell_px) -> scalar Tensor``.
    """

    name: ObjectiveName
    description: str
    source: str
    needs_prior: bool
    on_patches: Callable[[Tensor, Tensor, float], Tensor]
    on_score_maps: OnScoreMaps


def _without_cells(loss: Callable[[Tensor, ScoreMapLabels], Tensor]) -> OnScoreMaps:
    def on_score_maps(logits: Tensor, labels: ScoreMapLabels, *, cell_px: int) -> Tensor:
        return loss(logits, labels)

    return on_score_maps


_TOPAZ = "Bepler et al., arXiv 1803.08207"

_ALL = (
    Objective(
        "pn",
        "Unlabelled places are negative: right only where everything is labelled",
        _TOPAZ,
        needs_prior=False,
        on_patches=pn_risk,
        on_score_maps=_without_cells(pn_on_score_maps),
    ),
    Objective(
        "pu",
        "Non-negative positive-unlabelled risk: labelled particles stand for the unlabelled",
        "Kiryo et al., arXiv 1703.00593",
        needs_prior=True,
        on_patches=nonnegative_pu_risk,
        on_score_maps=_without_cells(pu_on_score_maps),
    ),
    Objective(
        "ge-kl",
        "The share of positives among the unlabelled is held to the expected share",
        f"{_TOPAZ}; Mann & McCallum, JMLR 11 (2010)",
        needs_prior=True,
        on_patches=ge_kl,
        on_score_maps=ge_kl_on_score_maps,
    ),
    Objective(
        "ge-binomial",
        "The number of positives in a minibatch is held to its binomial distribution",
        _TOPAZ,
        needs_prior=True,
        on_patches=ge_binomial,
        on_score_maps=ge_binomial_on_score_maps,
    ),
)

OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {objective.name: objective for objective in _ALL}
)
"""Every objective by its name."""

"""Generalised expectation on class heatmaps: every class's number of peaks is held to its prior."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nunatak.objectives import ge_binomial, ge_kl
from nunatak.objectives.cells import cell_peaks
from nunatak.objectives.focal import heatmap_focal_loss
from nunatak.objectives.volume_pu import VolumeLabels

_SMALLEST_PRIOR = 1e-6


def ge_kl_on_heatmaps(
    logits: Tensor,
    labels: VolumeLabels,
    *,
    cell_px: Sequence[int],
    class_weight: Tensor | None = None,
    slack: float = ge_kl.PUBLISHED_SLACK,
) -> Tensor:
    """Fit what is known while every class keeps its mean: ``K / n + λ mean_c KL(π_c ‖ p̂_c)``.

    Parameters
    ----------
    logits : Tensor, shape (b, classes, mz, my, mx)
    labels
        Of the same batch.
    cell_px
        Side of a cell, heatmap voxels, one a class; see `nunatak.objectives.cells`.
    class_weight : Tensor, shape (classes,), optional
        Of the known places; see `nunatak.objectives.focal.class_balance`.
    slack
        λ.

    Returns
    -------
    Tensor, scalar
        K is the focal loss of the known places, n the number of labelled particles (1 if there
        is none), p̂ the mean probability of the unlabelled cells' best peaks, π the expected
        particles a cell.

    Notes
    -----
    `nunatak.objectives.score_map_ge.ge_kl_on_score_maps`, once a class; Bepler et al., arXiv
    1803.08207.
    """
    penalties = [ge_kl.kl_penalty(*_cells(logits, labels, *one)) for one in enumerate(cell_px)]
    return _fit(logits, labels, class_weight) + slack * torch.stack(penalties).mean()


def ge_binomial_on_heatmaps(
    logits: Tensor,
    labels: VolumeLabels,
    *,
    cell_px: Sequence[int],
    class_weight: Tensor | None = None,
    slack: float = ge_binomial.PUBLISHED_SLACK,
) -> Tensor:
    """Fit what is known while every class keeps its count: ``K / n - λ mean_c Σ q_c log p_c``.

    Parameters
    ----------
    logits, labels, cell_px, class_weight, slack
        As in `ge_kl_on_heatmaps`.

    Returns
    -------
    Tensor, scalar
        ``p = Binom(N, π)`` of a class's N unlabelled cells; q the exact distribution of the
        number of cells with a particle under the network's best peaks.

    Notes
    -----
    `nunatak.objectives.score_map_ge.ge_binomial_on_score_maps`, once a class; Bepler et al.,
    arXiv 1803.08207.
    """
    penalties = [
        ge_binomial.binomial_penalty(*_cells(logits, labels, *one), distribution="exact")
        for one in enumerate(cell_px)
    ]
    return _fit(logits, labels, class_weight) + slack * torch.stack(penalties).mean()


def _fit(logits: Tensor, labels: VolumeLabels, class_weight: Tensor | None) -> Tensor:
    return heatmap_focal_loss(
        logits, labels.heatmap, labels.positive, ignored=labels.unknown, class_weight=class_weight
    )


def _cells(
    logits: Tensor, labels: VolumeLabels, class_: int, cell_px: int
) -> tuple[Tensor, Tensor]:
    """Logits of a class's unlabelled cells, and the share of them that holds a particle."""
    one = slice(class_, class_ + 1)
    unlabelled = ~labels.known[:, one] & ~labels.ignored[:, one]
    peaks = cell_peaks(logits[:, one], unlabelled, cell_px=cell_px)
    # Particles are spread evenly over the unlabelled volume, also that of cells left out.
    particles = labels.expected[class_].to(peaks.covered) * peaks.covered
    prior = particles / max(peaks.logits.numel(), 1)
    # One particle a cell is the most that cells can tell; none at all would forbid every peak.
    return peaks.logits, torch.clamp(prior, _SMALLEST_PRIOR, 1 - _SMALLEST_PRIOR)

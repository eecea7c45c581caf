"""Generalised expectation on score maps: the number of peaks is held to the prior."""

import torch
from torch import Tensor

from nunatak.objectives import ge_binomial, ge_kl
from nunatak.objectives.cells import cell_peaks
from nunatak.objectives.score_map import ScoreMapLabels, known_loss

_SMALLEST_PRIOR = 1e-6


def ge_kl_on_score_maps(
    logits: Tensor, labels: ScoreMapLabels, *, cell_px: int, slack: float = ge_kl.PUBLISHED_SLACK
) -> Tensor:
    """Fit the known places while the cells keep their mean: ``K / n + λ KL(π ‖ p̂)``.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
    labels
        Of the same batch.
    cell_px
        Side of a cell, score-map pixels; see `nunatak.objectives.cells`.
    slack
        λ.

    Returns
    -------
    Tensor, scalar
        K is the focal loss of the known places, n the number of labelled particles (1 if
        there is none), p̂ the mean probability of the unlabelled cells' best peaks, π the
        expected particles a cell.

    Notes
    -----
    `nunatak.objectives.ge_kl`; Bepler et al., arXiv 1803.08207.
    """
    peaks, prior = _cells(logits, labels, cell_px)
    return _fit(logits, labels) + slack * ge_kl.kl_penalty(peaks, prior)


def ge_binomial_on_score_maps(
    logits: Tensor,
    labels: ScoreMapLabels,
    *,
    cell_px: int,
    slack: float = ge_binomial.PUBLISHED_SLACK,
) -> Tensor:
    """Fit the known places while the cells keep their count: ``K / n - λ Σ q log p``.

    Parameters
    ----------
    logits, labels, cell_px, slack
        As in `ge_kl_on_score_maps`.

    Returns
    -------
    Tensor, scalar
        ``p = Binom(N, π)`` of the N unlabelled cells; q the exact distribution of the number
        of cells with a particle under the network's best peaks.

    Notes
    -----
    `nunatak.objectives.ge_binomial.binomial_penalty`; Bepler et al., arXiv 1803.08207. The
    exact count, since a network of peaks is sure of most cells: there the published normal
    distribution has no slope.

    The count may miss the expected E particles by about ``√E`` before the penalty rises by a
    half; the published minibatch expects 6, a batch of crops a hundred or more. Where E is known
    to a relative error ε only, λ = 1 is too strict from ``E = 1 / ε²`` on: lower it.
    """
    peaks, prior = _cells(logits, labels, cell_px)
    penalty = ge_binomial.binomial_penalty(peaks, prior, distribution="exact")
    return _fit(logits, labels) + slack * penalty


def _fit(logits: Tensor, labels: ScoreMapLabels) -> Tensor:
    return known_loss(logits, labels) / labels.count.clamp_min(1.0)


def _cells(logits: Tensor, labels: ScoreMapLabels, cell_px: int) -> tuple[Tensor, Tensor]:
    """Logits of the unlabelled cells, and the share of them that holds a particle.

    Particles are spread evenly over the unlabelled area, of which some lies in cells that are
    left out.
    """
    peaks = cell_peaks(logits, labels.unlabelled, cell_px=cell_px)
    particles = labels.expected.to(peaks.covered) * peaks.covered
    prior = particles / max(peaks.logits.numel(), 1)
    # One particle a cell is the most that cells can tell; none at all would forbid every peak.
    return peaks.logits, torch.clamp(prior, _SMALLEST_PRIOR, 1 - _SMALLEST_PRIOR)

"""Non-negative PU on score maps: the unlabelled particles cost what the labelled ones cost."""

import torch
from torch import Tensor

from nunatak.objectives.heatmap import pixel_loss
from nunatak.objectives.nonnegative_pu import non_negative
from nunatak.objectives.score_map import ScoreMapLabels, known_loss, sum_over


def pu_on_score_maps(logits: Tensor, labels: ScoreMapLabels) -> Tensor:
    """Estimate the fully labelled focal loss from n labelled and E expected particles.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
    labels
        Of the same batch.

    Returns
    -------
    Tensor, scalar
        Per particle, labelled or expected, with the gradient of
        `nunatak.objectives.nonnegative_pu.non_negative`. In a batch without a labelled
        particle the loss of the known places alone (0 with zero gradient if there are none).

    Notes
    -----
    Kiryo et al., arXiv 1703.00593, eq. 6, for particles instead of regions.

    Were every particle labelled, the loss would be a sum over discs and background::

        R = Σ_all particles L⁺ + Σ_background ℓ⁻

    with L⁺ the focal loss over a particle's disc and its target. The known places give their
    part of it, K. The unlabelled places hold E particles that look like the n labelled ones,
    so that their discs cost E mean L⁺. What remains is background: the loss U of all
    unlabelled places as background, less what the E discs put into it, each
    L⁻, the loss of a particle's disc with target 0::

        R ≈ K + E mean_k L⁺_k + max(0, U - E mean_k L⁻_k)

    Without the maximum the estimate is unbiased if labels are a random choice of the
    particles. The places of a disc whose target is 0 enter L⁺ and L⁻ alike and cancel, so
    that the disc's exact size does not matter; where discs overlap, a place is counted once.
    Discs whose centre lies outside their crop add to the sums and not to n, as those of
    unlabelled particles add to U and not to E.

    Without a labelled particle the two means, and with them the gradient that keeps unlabelled
    particles from being unlearned, are unknown. U alone would be PN; means remembered from
    earlier batches would bring back the value, but not the gradient. So such a batch says
    nothing about its unlabelled places.
    """
    losses = pixel_loss(logits, labels.target)
    background = pixel_loss(logits, torch.zeros_like(labels.target))
    n = labels.count
    expected = labels.expected.to(losses).clamp_min(0.0)
    discs = labels.discs
    per_particle = expected / n.clamp_min(1.0)
    first = known_loss(logits, labels) + per_particle * sum_over(discs, losses)
    second = sum_over(labels.unlabelled, losses) - per_particle * sum_over(discs, background)
    # Chosen on the device: waiting for the count would stall a GPU at every step.
    risk = torch.where(n > 0, non_negative(first, second), known_loss(logits, labels))
    return risk / torch.where(n > 0, n + expected, 1.0)

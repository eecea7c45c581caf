"""Pull embeddings of one class together, and push those of different classes apart."""

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision


def supervised_contrastive_loss(
    embedding: Tensor, target: Tensor, *, temperature: float = 0.1
) -> Tensor:
    r"""Contrast each sample with all others of the minibatch.

    .. math:: \frac{1}{|A|} \sum_{i \in A} \frac{-1}{|P(i)|} \sum_{p \in P(i)}
        \log \frac{\exp(e_i \cdot e_p / \tau)}{\sum_{a \ne i} \exp(e_i \cdot e_a / \tau)}

    with the embeddings on the unit sphere, P(i) the other samples of i's class, and A the
    samples for which there are some.

    Parameters
    ----------
    embedding : Tensor, shape (n, e)
        Of any length; divided by it here.
    target : Tensor, shape (n,), int64
        Classes; rows of -1 are left out altogether.
    temperature
        τ.

    Returns
    -------
    Tensor, scalar
        0 with zero gradient where no two samples are of one class.

    Notes
    -----
    Khosla et al., arXiv 2004.11362, eq. 2 (the mean outside of the logarithm), as a mean over
    the anchors.
    """
    labelled = target >= 0
    target = target[labelled]
    unit = functional.normalize(full_precision(embedding[labelled]), dim=1)
    itself = torch.eye(len(target), dtype=torch.bool, device=target.device)
    alike = (target[:, None] == target[None, :]) & ~itself
    partners = alike.sum(dim=1)
    anchors = partners > 0
    if not anchors.any():
        # Of nothing: an empty sum, yet connected to the graph.
        return embedding[:0].sum()
    # Differences of similarities are divided by τ: half precision would lose them.
    with torch.autocast(unit.device.type, enabled=False):
        similarity = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)
    log_share = similarity - similarity.logsumexp(dim=1, keepdim=True)
    per_anchor = log_share.masked_fill(~alike, 0.0).sum(dim=1) / partners.clamp_min(1)
    return -per_anchor[anchors].mean()

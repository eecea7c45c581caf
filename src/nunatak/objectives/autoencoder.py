"""The reconstruction term: features that also rebuild the region they were made from."""

from torch import Tensor


def reconstruction_loss(patches: Tensor, reconstructions: Tensor, *, weight: float) -> Tensor:
    """Penalise what a decoder fails to rebuild: ``w E ‖x - decoder(features(x))‖²``.

    Parameters
    ----------
    patches : Tensor, shape (b, 1, n, n)
        All regions of the minibatch, labelled and unlabelled, normalised.
    reconstructions : Tensor, same shape
        See `nunatak.networks.decoder.Decoder`.
    weight
        w. The squared norm is a sum over a region's n² pixels, about n² at the start of
        training: useful weights lie between 1e-4 and 1e-2.

    Returns
    -------
    Tensor, scalar, float32
        0 with zero gradient for an empty minibatch.

    Notes
    -----
    Bepler et al., arXiv 1803.08207: helps where labels are very few.
    """
    errors = (patches.float() - reconstructions.float()).square().sum()
    return weight * errors / max(len(patches), 1)

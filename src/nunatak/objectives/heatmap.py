"""Objectives for fully labelled score maps: a particle is a peak."""

import torch
from torch import Tensor

from nunatak.objectives.logistic import full_precision, loss_as_negative, loss_as_positive


def peak_targets(
    centres_px: Tensor,
    *,
    shape: tuple[int, int],
    stride: int,
    sigma_px: float,
    origin_px: float | None = None,
) -> Tensor:
    """Draw one Gaussian at each particle's centre on the grid of a score map.

    Parameters
    ----------
    centres_px : Tensor, shape (k, 2), float32
        Columns x, y, pixels of the image.
    shape
        ``(my, mx)`` of the score map.
    stride
        Image pixels per score-map pixel; score-map pixel ``j`` is centred on image position
        ``stride j + origin_px``.
    sigma_px
        Standard deviation of the Gaussian, image pixels.
    origin_px
        The network's `output_origin_px`. Default: ``(stride - 1) / 2``, the U-Net's.

    Returns
    -------
    Tensor, shape (my, mx), float32
        Maximum over the particles; exactly 1 at the pixel nearest to each centre. On the device
        of the centres.

    Notes
    -----
    After the targets of CornerNet (Law & Deng, arXiv 1808.01244, section 3.2).
    """
    my, mx = shape
    target = torch.zeros(shape, device=centres_px.device)
    if not len(centres_px):
        return target
    positions = (centres_px - _origin(origin_px, stride)) / stride
    sigma = sigma_px / stride
    along_x = _gaussian(mx, positions[:, 0], sigma)
    along_y = _gaussian(my, positions[:, 1], sigma)
    target = (along_y[:, :, None] * along_x[:, None, :]).amax(dim=0)
    nearest = positions.round().long()
    target[nearest[:, 1].clamp(0, my - 1), nearest[:, 0].clamp(0, mx - 1)] = 1.0
    return target


def _gaussian(length: int, centre: Tensor, sigma: float) -> Tensor:
    pixel = torch.arange(length, device=centre.device)
    return torch.exp(-0.5 * ((pixel[None, :] - centre[:, None]) / sigma) ** 2)


def _origin(given_px: float | None, stride: int) -> float:
    return (stride - 1) / 2 if given_px is None else given_px


def outside_discs(
    discs_px: Tensor, *, shape: tuple[int, int], stride: int, origin_px: float | None = None
) -> Tensor:
    """Weight map that is 0 inside discs and 1 elsewhere.

    Parameters
    ----------
    discs_px : Tensor, shape (m, 3), float32
        Columns x, y, radius, pixels of the image.
    shape, stride, origin_px
        As in `peak_targets`.

    Returns
    -------
    Tensor, shape (my, mx), float32
    """
    weight = torch.ones(shape)
    if not len(discs_px):
        return weight
    my, mx = shape
    origin = _origin(origin_px, stride)
    discs = (discs_px - torch.tensor([origin, origin, 0.0])) / stride
    dx = torch.arange(mx)[None, None, :] - discs[:, 0, None, None]
    dy = torch.arange(my)[None, :, None] - discs[:, 1, None, None]
    inside = (dx**2 + dy**2 < discs[:, 2, None, None] ** 2).any(dim=0)
    weight[inside] = 0.0
    return weight


def focal_loss(
    logits: Tensor, target: Tensor, weight: Tensor, *, alpha: float = 2.0, beta: float = 4.0
) -> Tensor:
    """Penalty-reduced focal loss of a heatmap: `pixel_loss`, summed, per peak.

    Parameters
    ----------
    logits, target, alpha, beta
        As in `pixel_loss`.
    weight : Tensor, same shape
        0 where neither a hit nor a miss counts.

    Returns
    -------
    Tensor, scalar
        Divided by the number of peaks, if there are any.

    Notes
    -----
    Law & Deng, arXiv 1808.01244, eq. 1.
    """
    peaks = ((target == 1.0).float() * weight).sum()
    loss = (weight * pixel_loss(logits, target, alpha=alpha, beta=beta)).sum()
    return loss / peaks.clamp_min(1.0)


def pixel_loss(logits: Tensor, target: Tensor, *, alpha: float = 2.0, beta: float = 4.0) -> Tensor:
    """Focal loss of every pixel of a heatmap.

    At peaks (target 1) a hit, ``-(1 - p)^α log p``; elsewhere a miss,
    ``-(1 - t)^β p^α log(1 - p)``, the milder the nearer a peak is.

    Parameters
    ----------
    logits : Tensor, any shape
        Scores before the sigmoid ``p``.
    target : Tensor, same shape, in [0, 1]
        See `peak_targets`.
    alpha, beta
        Exponents of the paper.

    Returns
    -------
    Tensor, same shape

    Notes
    -----
    Law & Deng, arXiv 1808.01244, eq. 1; Lin et al., arXiv 1708.02002.
    """
    logits = full_precision(logits)
    p = torch.sigmoid(logits)
    hit = (1 - p) ** alpha * loss_as_positive(logits)
    miss = (1 - target) ** beta * p**alpha * loss_as_negative(logits)
    return torch.where(target == 1.0, hit, miss)

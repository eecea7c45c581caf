"""What a teacher adds to the labels: further particles and further empty places."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.heatmap import peak_targets
from nunatak.objectives.score_map import ScoreMapLabels


@dataclass(frozen=True)
class PseudoLabelling:
    """How freely a teacher labels.

    Attributes
    ----------
    particle_share : float
        Of the particles expected on unlabelled places, the share that the teacher labels: its
        most confident peaks. A share, and not a threshold, because scores drift while training
        and differ between data sets.
    empty_factor : float
        Peaks beyond so many times the expected number, and everything below the last of them,
        count as empty.
    least : float
        A peak of lower probability is never called a particle.
    disc_px : int
        Radius of what is known around a particle, score-map pixels.
    """

    particle_share: float = 0.6
    empty_factor: float = 1.6
    least: float = 0.2
    disc_px: int = 4


def propose(
    teacher_logits: Tensor,
    labels: ScoreMapLabels,
    how: PseudoLabelling,
    *,
    stride: int,
    origin_px: float,
    sigma_px: float,
) -> ScoreMapLabels:
    """Add a teacher's labels to those of a batch.

    Parameters
    ----------
    teacher_logits : Tensor, shape (b, 1, h, w)
        Of the same crops, without gradient.
    labels
        What is known; it is never overruled.
    how
        How freely.
    stride, origin_px
        Of the network's output.
    sigma_px
        Width of the target peaks, image pixels.

    Returns
    -------
    ScoreMapLabels
        More places are known, and fewer particles expected on the rest.
    """
    probability = torch.sigmoid(teacher_logits.float())
    free = labels.unlabelled
    peaks = _peaks(probability, reach=how.disc_px - 1) & free
    ranked = probability[peaks].sort(descending=True).values
    expected = float(labels.expected)
    bright = max(_level(ranked, round(how.particle_share * expected)), how.least)
    sure = peaks & (probability >= bright)
    # Rounded up: no place is called empty that may hold the last particle.
    dim = _level(ranked, math.ceil(how.empty_factor * expected))
    discs = _widened(sure.float(), how.disc_px) > 0
    known = (discs | (_widened(probability, how.disc_px) < dim)) & free
    drawn = torch.maximum(labels.target, _targets(sure, stride, origin_px, sigma_px))
    return ScoreMapLabels(
        target=torch.where(known, drawn, labels.target),
        known=labels.known | known,
        ignored=labels.ignored,
        expected=(labels.expected - sure.sum()).clamp_min(0.0),
    )


def _peaks(scores: Tensor, reach: int) -> Tensor:
    """Highest places within ``reach`` pixels; of equals the first, so that each counts once.

    Equal neighbours are common: in low precision there are few different scores.
    """
    window = 2 * reach + 1
    _, first = functional.max_pool2d(scores, window, 1, reach, return_indices=True)
    own = torch.arange(first[0].numel(), device=scores.device).reshape(first.shape[1:])
    return first == own


def _widened(scores: Tensor, reach: int) -> Tensor:
    """Highest score within ``reach`` pixels of every place."""
    return functional.max_pool2d(scores, 2 * reach + 1, 1, reach)


def _level(ranked: Tensor, rank: int) -> float:
    """Score of the peak of this rank; 0 beyond the last, above all scores before the first."""
    if rank <= 0:
        return math.inf
    return float(ranked[rank - 1]) if rank <= len(ranked) else 0.0


def _targets(sure: Tensor, stride: int, origin_px: float, sigma_px: float) -> Tensor:
    height, width = sure.shape[-2:]
    targets = []
    for map_ in sure[:, 0]:
        y_x = map_.nonzero().float()
        centres = y_x.flip(1) * stride + origin_px
        targets.append(
            peak_targets(
                centres,
                shape=(height, width),
                stride=stride,
                origin_px=origin_px,
                sigma_px=sigma_px,
            )
        )
    return torch.stack(targets)[:, None]

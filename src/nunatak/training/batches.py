"""Batches of labelled crops, augmented and with their target maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nunatak.objectives.heatmap import focal_loss, outside_discs, peak_targets
from nunatak.simulate.crops import TrainingCrop


@dataclass(frozen=True)
class Batch:
    """What one optimiser step sees.

    Attributes
    ----------
    image : Tensor, shape (b, 1, n, n), float32
        Normalised crops.
    target : Tensor, shape (b, 1, n / stride, n / stride), float32
        See `nunatak.objectives.heatmap.peak_targets`.
    weight : Tensor, same shape as target
        0 where neither a hit nor a miss counts.
    """

    image: Tensor
    target: Tensor
    weight: Tensor


def assemble(
    crops: Sequence[TrainingCrop], *, stride: int, sigma_px: float, rng: np.random.Generator
) -> Batch:
    """Augment crops and stack them with their targets.

    Parameters
    ----------
    crops
        All of one size, a multiple of ``stride``.
    stride
        Output stride of the network.
    sigma_px
        Width of the target peaks, image pixels.
    rng
        Source of randomness for the augmentation.
    """
    images, targets, weights = [], [], []
    for crop in crops:
        image, centres, discs = _augmented(crop, rng)
        shape = (image.shape[0] // stride, image.shape[1] // stride)
        images.append(torch.from_numpy(image))
        targets.append(
            peak_targets(torch.from_numpy(centres), shape=shape, stride=stride, sigma_px=sigma_px)
        )
        weights.append(outside_discs(torch.from_numpy(discs), shape=shape, stride=stride))
    return Batch(
        torch.stack(images)[:, None], torch.stack(targets)[:, None], torch.stack(weights)[:, None]
    )


def supervised_loss(network: nn.Module, batch: Batch, teacher: nn.Module) -> Tensor:
    """Focal loss of fully labelled crops; see `nunatak.training.loop.fit`."""
    del teacher  # knows nothing that the labels do not say
    return focal_loss(network(batch.image), batch.target, batch.weight)


def _augmented(
    crop: TrainingCrop, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Turn or mirror a crop (eight ways) and vary its grey scale a little."""
    image, centres, discs = crop.image, crop.centres_px.copy(), crop.ignored_px.copy()
    last = image.shape[0] - 1
    flip_x, flip_y, transpose = rng.random(3) < 0.5
    if flip_x:
        image = image[:, ::-1]
        centres[:, 0], discs[:, 0] = last - centres[:, 0], last - discs[:, 0]
    if flip_y:
        image = image[::-1]
        centres[:, 1], discs[:, 1] = last - centres[:, 1], last - discs[:, 1]
    if transpose:
        image = image.T
        centres, discs = centres[:, [1, 0]], discs[:, [1, 0, 2]]
    gain, offset = np.exp(rng.normal(0.0, 0.12)), rng.normal(0.0, 0.1)
    return np.ascontiguousarray(image * np.float32(gain) + np.float32(offset)), centres, discs

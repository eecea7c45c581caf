"""Crops of labelled micrographs for networks that give score maps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.geometry import FloatArray
from nunatak.learning.working_images import WorkingImage
from nunatak.objectives.heatmap import outside_discs, peak_targets

_Pixel = TypeVar("_Pixel", bound=np.generic)

_MOST_REDRAWS = 20

_TAIL_SIGMA = 4.0
"""Where a target peak has sunk below a thousandth."""


@dataclass(frozen=True)
class CropSampling:
    """How crops are cut and what is known about them.

    Attributes
    ----------
    side_px : int
        Of a crop, working pixels; a multiple of the network's stride.
    stride : int
        Of the network's output.
    origin_px : float
        Image position of the output's first pixel.
    sigma_px : float
        Width of the target peaks.
    disc_px : float
        Radius around a labelled particle, or a place marked as no particle, within which the
        target is the truth: no second particle can be centred there.
    labelled_share : float
        Share of crops that are cut around a labelled place; the others lie anywhere.
    """

    side_px: int
    stride: int
    origin_px: float
    sigma_px: float
    disc_px: float
    labelled_share: float = 0.5


@dataclass(frozen=True)
class CropBatch:
    """Crops with what their labels say.

    Attributes
    ----------
    image : Tensor, shape (b, 1, n, n), float32
        Normalised; 0 beyond the micrograph.
    target : Tensor, shape (b, 1, n / stride, n / stride), float32
        1 at labelled particles, Gaussian around them.
    known : Tensor, same shape, bool
        Where the target is the truth: around labels, and where all particles are labelled.
    ignored : Tensor, same shape, bool
        Beyond the micrograph's border, and in excluded parts.
    labelled : Tensor, shape (b,), bool
        Whether the crop comes from a micrograph with labelled particles.
    """

    image: Tensor
    target: Tensor
    known: Tensor
    ignored: Tensor
    labelled: Tensor


def draw_crops(
    images: Sequence[WorkingImage], sampling: CropSampling, size: int, rng: np.random.Generator
) -> CropBatch:
    """Draw a batch of augmented crops.

    Parameters
    ----------
    images
        To draw from; at least one holds a labelled place.
    sampling
        How.
    size
        Number of crops.
    rng
        Source of all randomness.
    """
    labelled = [image for image in images if len(image.positives_px) + len(image.negatives_px)]
    weights = np.array([len(i.positives_px) + len(i.negatives_px) for i in labelled], float)
    crops, has_labels = [], []
    for _ in range(size):
        if rng.random() < sampling.labelled_share:
            source = labelled[int(rng.choice(len(labelled), p=weights / weights.sum()))]
            places = np.concatenate([source.positives_px, source.negatives_px])
            at = int(rng.integers(len(places)))
            middle = places[at] + rng.uniform(-0.4, 0.4, 2) * sampling.side_px
        else:
            source = images[int(rng.integers(len(images)))]
            middle = _anywhere(source, rng)
        crops.append(_crop(source, middle, sampling, rng))
        has_labels.append(len(source.positives_px) > 0)
    image, target, known, ignored = (
        torch.stack(parts)[:, None] for parts in zip(*crops, strict=True)
    )
    return CropBatch(image, target, known, ignored, torch.tensor(has_labels))


def _anywhere(source: WorkingImage, rng: np.random.Generator) -> FloatArray:
    """Choose the middle of a crop, outside the excluded parts where that soon succeeds."""
    size = np.array(source.image.shape[::-1])
    middle = rng.uniform(0, 1, 2) * size
    for _ in range(_MOST_REDRAWS):
        if source.regions is None or not source.regions.are_excluded(middle[None])[0]:
            break
        middle = rng.uniform(0, 1, 2) * size
    return np.asarray(middle)


def _crop(
    source: WorkingImage, middle: FloatArray, sampling: CropSampling, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cut, turn or mirror (eight ways), and vary the grey scale a little."""
    side = sampling.side_px
    left, top = (
        _first(at, size, side) for at, size in zip(middle, source.image.shape[::-1], strict=True)
    )
    image = _cut(source.image, left, top, side)
    inside = _cut(np.ones(source.image.shape, np.bool_), left, top, side)
    told = _told(source, left, top, sampling)
    corner = np.array([left, top], dtype=np.float32)
    places = np.concatenate([source.positives_px, source.negatives_px]) - corner
    flip_x, flip_y, transpose = rng.random(3) < 0.5
    if flip_x:
        image, inside, told = image[:, ::-1], inside[:, ::-1], told[:, :, ::-1]
        places[:, 0] = side - 1 - places[:, 0]
    if flip_y:
        image, inside, told = image[::-1], inside[::-1], told[:, ::-1]
        places[:, 1] = side - 1 - places[:, 1]
    if transpose:
        image, inside, places = image.T, inside.T, places[:, ::-1].copy()
        told = told.transpose(0, 2, 1)
    gain, offset = np.exp(rng.normal(0.0, 0.1)), rng.normal(0.0, 0.1)
    image = np.float32(gain) * image + np.float32(offset) * inside.astype(np.float32)
    target, known = _labels(places, len(source.positives_px), sampling)
    stride = sampling.stride
    excluded, empty = told
    covered = _in_cells(inside & ~excluded, stride)
    known |= torch.from_numpy(_in_cells(empty, stride))
    return torch.from_numpy(image.copy()), target, known, torch.from_numpy(~covered)


def _cut(image: NDArray[_Pixel], left: int, top: int, side: int) -> NDArray[_Pixel]:
    """Cut a square out of an image; 0 or False beyond its border."""
    cut = np.zeros((side, side), image.dtype)
    part = image[max(top, 0) : top + side, max(left, 0) : left + side]
    rows = slice(max(-top, 0), max(-top, 0) + part.shape[0])
    columns = slice(max(-left, 0), max(-left, 0) + part.shape[1])
    cut[rows, columns] = part
    return cut


def _told(source: WorkingImage, left: int, top: int, sampling: CropSampling) -> NDArray[np.bool_]:
    """Which pixels of a crop are excluded, and which hold no particle but the labelled ones."""
    side = sampling.side_px
    if source.regions is None:
        return np.zeros((2, side, side), np.bool_)
    empty = source.regions.empty_but_for_labels(sampling.disc_px)
    return np.stack([_cut(mask, left, top, side) for mask in (source.regions.excluded, empty)])


def _in_cells(mask: NDArray[np.bool_], stride: int) -> NDArray[np.bool_]:
    """Which cells of the output lie wholly in a mask."""
    cells = mask.shape[0] // stride
    return np.asarray(mask.reshape(cells, stride, cells, stride).all(axis=(1, 3)))


def _labels(
    places: NDArray[np.float32], n_positive: int, sampling: CropSampling
) -> tuple[Tensor, Tensor]:
    """Target peaks of the first places, and what is known around all of them."""
    stride, cells = sampling.stride, sampling.side_px // sampling.stride
    # Drawn with a margin, so that the flank of a particle just outside is no background.
    margin = math.ceil(max(sampling.disc_px, _TAIL_SIGMA * sampling.sigma_px) / stride) + 1
    shape = (cells + 2 * margin,) * 2
    origin_px = sampling.origin_px - margin * stride
    far = (margin - 1) * stride
    near = np.all((places > -far) & (places < sampling.side_px - 1 + far), axis=1)
    target = peak_targets(
        torch.from_numpy(places[:n_positive][near[:n_positive]]),
        shape=shape,
        stride=stride,
        origin_px=origin_px,
        sigma_px=sampling.sigma_px,
    )
    radius = np.full((int(near.sum()), 1), sampling.disc_px, dtype=np.float32)
    outside = outside_discs(
        torch.from_numpy(np.hstack([places[near], radius])),
        shape=shape,
        stride=stride,
        origin_px=origin_px,
    )
    inner = (slice(margin, -margin),) * 2
    return target[inner], outside[inner] == 0


def _first(middle: float, size: int, side: int) -> int:
    """First pixel of a crop around ``middle``, moved into the image where it fits."""
    first = round(float(middle) - side / 2)
    if size <= side:
        return -((side - size) // 2)
    return int(np.clip(first, 0, size - side))

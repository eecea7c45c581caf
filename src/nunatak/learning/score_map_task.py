"""The training task of networks that give score maps: crops, labels, teacher, objective."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from nunatak.detection.precision import choose_dtype
from nunatak.learning.crops import CropBatch, CropSampling, draw_crops
from nunatak.learning.pseudo_labels import PseudoLabelling, propose
from nunatak.learning.settings import LearningSettings, anchor_weight
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.interface import DetectorNetwork
from nunatak.objectives.anchor import anchor_loss
from nunatak.objectives.cells import cell_side
from nunatak.objectives.registry import OBJECTIVES
from nunatak.objectives.score_map import ScoreMapLabels

CROP_DIAMETERS = 8.0
"""Side of a crop: large enough for context, small enough to vary much in a batch."""

DISC_DIAMETERS = 0.4
"""Around a labelled particle no other one is centred."""

TARGET_SIGMA_DIAMETERS = 0.12


@dataclass(frozen=True)
class ScoreMapBatch:
    """What one optimiser step sees.

    Attributes
    ----------
    image : Tensor, shape (b, 1, n, n), float32
    labels : ScoreMapLabels
    """

    image: Tensor
    labels: ScoreMapLabels


class ScoreMapTask:
    """Makes batches and scores them, for `nunatak.training.loop.fit`.

    Parameters
    ----------
    images
        To train on, labelled or not.
    settings
        Objective, teacher, batch size, seed.
    network
        To be trained.
    diameter_px
        Of the particle, working pixels.
    particles
        Expected in a micrograph.
    rank
        Of this process; each draws its own batches.
    """

    def __init__(
        self,
        images: Sequence[WorkingImage],
        settings: LearningSettings,
        network: DetectorNetwork,
        *,
        diameter_px: float,
        particles: float,
        rank: int = 0,
    ) -> None:
        self.module = network
        self._images = images
        self._settings = settings
        self._seed = (settings.seed, rank)
        self._stride = network.output_stride
        multiple = network.size_multiple
        self._sampling = CropSampling(
            side_px=multiple * max(round(CROP_DIAMETERS * diameter_px / multiple), 1),
            stride=network.output_stride,
            origin_px=network.output_origin_px,
            sigma_px=TARGET_SIGMA_DIAMETERS * diameter_px,
            disc_px=DISC_DIAMETERS * diameter_px,
        )
        self._cell_px = cell_side(diameter_px, stride=network.output_stride)
        disc_px = max(round(DISC_DIAMETERS * diameter_px / network.output_stride), 1)
        self._how = PseudoLabelling(disc_px=disc_px)
        self._density = tuple(
            _unlabelled_density(
                [one for one in images if bool(len(one.positives_px)) is are_labelled],
                particles,
                self._sampling.disc_px,
            )
            for are_labelled in (False, True)
        )
        self._objective = OBJECTIVES[settings.objective]
        self._start = (
            copy.deepcopy(network).eval().requires_grad_(False) if settings.start else None
        )
        labelled = sum(len(image.positives_px) for image in images)
        self._anchor = anchor_weight(labelled) if settings.anchor is None else settings.anchor

    def batch_at(self, step: int) -> ScoreMapBatch:
        """Return the batch of a step: a pure function of the step."""
        rng = np.random.default_rng([*self._seed, step])
        crops = draw_crops(self._images, self._sampling, self._settings.batch_size, rng)
        return ScoreMapBatch(crops.image, self._labels(crops))

    def loss(self, network: nn.Module, batch: ScoreMapBatch, teacher: nn.Module) -> Tensor:
        """Score a batch by the objective, after the teacher has labelled what it is sure of."""
        labels = batch.labels
        if self._start is not None:
            # The statistics of the start come from far more images than there are here.
            _keep_statistics(network)
        if self._settings.teacher:
            labels = propose(
                teacher(batch.image),
                labels,
                self._how,
                stride=self._stride,
                origin_px=self._sampling.origin_px,
                sigma_px=self._sampling.sigma_px,
            )
        logits = network(batch.image)
        loss = self._objective.on_score_maps(logits, labels, cell_px=self._cell_px)
        if self._start is not None and self._anchor > 0:
            loss = loss + self._anchor * anchor_loss(logits, self._as_before(batch), batch.labels)
        return loss

    @torch.no_grad()
    def _as_before(self, batch: ScoreMapBatch) -> Tensor:
        """Score a batch by the start, in the precision that the device is fast in."""
        device = batch.image.device
        dtype = choose_dtype(device)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            scores: Tensor = cast("nn.Module", self._start).to(device)(batch.image)
        return scores

    def detector(self, module: nn.Module) -> DetectorNetwork:
        """Return the network inside a trained module: itself."""
        return cast("DetectorNetwork", module)

    def _labels(self, crops: CropBatch) -> ScoreMapLabels:
        unlabelled_px = self._stride**2 * (~crops.known & ~crops.ignored).sum(dim=(1, 2, 3))
        density = torch.where(crops.labelled, self._density[1], self._density[0])
        expected = (density * unlabelled_px).sum()
        return ScoreMapLabels(crops.target, crops.known, crops.ignored, expected)


def _unlabelled_density(images: Sequence[WorkingImage], particles: float, disc_px: float) -> float:
    """Particles without a label that a pixel of these images, where any may be, should hold.

    By the share of the images that is open, and not by what completely labelled parts leave of
    the number: that is off by all that the number is, however little is open.
    """
    open_px = [image.open_px(disc_px) for image in images]
    share = sum(
        pixels / max(image.usable_px, 1) for pixels, image in zip(open_px, images, strict=True)
    )
    labelled = sum(image.open_labels(disc_px) for image in images)
    return max(particles * share - labelled, 0.0) / max(sum(open_px), 1)


def _keep_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()

"""The module that is trained: the network, and what its teacher has shown so far."""

import torch
from torch import Tensor, nn

from nunatak.networks.interface import DetectorNetwork

SCORE_BINS = 50


class VolumeLearner(nn.Module):
    """A network with the counts by which its teacher's thresholds are chosen.

    The counts are buffers, so that a checkpoint holds them and a training that is gone on with
    has the same thresholds as one that was never stopped.

    Parameters
    ----------
    detector
        To be trained.
    classes
        Number of heatmaps.

    Attributes
    ----------
    detector : DetectorNetwork
    detections : Tensor, shape (classes, SCORE_BINS), float32
        The teacher's candidates by probability; they fade.
    expected : Tensor, shape (classes,), float32
        Particles known or expected where the candidates were counted; fades alike.
    """

    detections: Tensor
    expected: Tensor

    def __init__(self, detector: DetectorNetwork, classes: int) -> None:
        super().__init__()
        self.detector = detector
        self.register_buffer("detections", torch.zeros(classes, SCORE_BINS))
        self.register_buffer("expected", torch.zeros(classes))

    def forward(self, volumes: Tensor) -> Tensor:
        """Score volumes: see `nunatak.networks.unet3d.UNet3d.forward`."""
        scores: Tensor = self.detector(volumes)
        return scores

    @torch.no_grad()
    def count(self, detections: Tensor, expected: Tensor, *, fading: float) -> None:
        """Add what the teacher found in a batch.

        Parameters
        ----------
        detections : Tensor, shape (classes, SCORE_BINS)
        expected : Tensor, shape (classes,)
        fading
            Factor on all that was counted before.
        """
        for kept, new in ((self.detections, detections), (self.expected, expected)):
            kept.mul_(fading).add_(new.to(kept))

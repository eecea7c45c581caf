"""The module that is trained, and what it remembers of its teacher."""

import torch

from nunatak.learning.volumes.volume_learner import SCORE_BINS, VolumeLearner
from nunatak.networks.unet3d import UNet3d
from nunatak.training.config import TrainingConfig
from nunatak.training.devices import open_fabric
from nunatak.training.state import TrainingState


def test_counts_fade_and_are_kept_with_the_weights() -> None:
    learner = VolumeLearner(UNet3d(classes=2, channels=(4, 6)), 2)
    ones = torch.ones(2, SCORE_BINS)
    for _ in range(2):
        learner.count(4 * ones, torch.tensor([1.0, 2.0]), fading=0.5)
    assert (learner.detections == 6).all()
    assert learner.expected.tolist() == [1.5, 3.0]
    again = VolumeLearner(UNet3d(classes=2, channels=(4, 6)), 2)
    again.load_state_dict(learner.state_dict())
    assert torch.equal(again.detections, learner.detections)


def test_channels_last_is_the_layout_of_volumes() -> None:
    learner = VolumeLearner(UNet3d(classes=1, channels=(4, 6)), 1)
    TrainingState(learner, TrainingConfig(steps=1), open_fabric(torch.device("cpu")), seed=0)
    weight = next(p for p in learner.parameters() if p.dim() == 5)
    assert weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert learner(torch.zeros(1, 1, 8, 8, 8)).shape == (1, 4, 4, 4, 4)

"""Minibatches and losses of patch classifiers."""

import logging

import pytest
import torch

from nunatak.learning.patch_task import PatchTask
from nunatak.learning.settings import LearningSettings
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.objectives.registry import OBJECTIVES

SMALL = NetworkSpec.model_validate({"name": "Conv31", "parameters": {"units": 2}})
SETTINGS = LearningSettings(start=None, network=SMALL, batch_size=16, positive_share=0.25)


def task(
    images: list[WorkingImage], *, rank: int = 0, particles: float = 6.0, **changes: object
) -> PatchTask:
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        network = build(SMALL)
    assert isinstance(network, PatchClassifier)
    settings = SETTINGS.model_copy(update=changes)
    return PatchTask(images, settings, network, particles=particles, rank=rank)


def test_a_minibatch_depends_on_its_step_alone(noise_images: list[WorkingImage]) -> None:
    one, other = task(noise_images), task(noise_images)
    other.batch_at(9)
    first, again = one.batch_at(4), other.batch_at(4)
    assert torch.equal(first.patches, again.patches)
    assert first.n_positive == 4
    for another in (
        one.batch_at(5),
        task(noise_images, rank=1).batch_at(4),
        task(noise_images, seed=1).batch_at(4),
    ):
        assert not torch.equal(first.patches, another.patches)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_objective_learns(noise_images: list[WorkingImage], objective: str) -> None:
    made = task(noise_images, objective=objective)
    optimiser = torch.optim.Adam(made.module.parameters(), lr=3e-3)
    batch = made.batch_at(1)
    losses = []
    for _ in range(12):
        loss = made.loss(made.module, batch, made.module)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_autoencoder_rebuilds_patches_and_is_not_kept(
    noise_images: list[WorkingImage],
) -> None:
    plain, rebuilding = task(noise_images), task(noise_images, autoencoder_weight=0.01)
    batch = plain.batch_at(1)
    assert plain.module.decoder is None
    logits, rebuilt = rebuilding.module(batch.patches)
    assert logits.shape == (16, 1)
    assert rebuilt.shape == batch.patches.shape
    more = rebuilding.loss(rebuilding.module, batch, rebuilding.module)
    assert more > plain.loss(plain.module, batch, plain.module)
    more.backward()
    assert all(parameter.grad is not None for parameter in rebuilding.module.parameters())
    detector = rebuilding.detector(rebuilding.module)
    assert not any("decoder" in name for name in detector.state_dict())


def test_patches_and_whole_images_are_scored_alike(noise_images: list[WorkingImage]) -> None:
    made = task(noise_images)
    patches = made.batch_at(1).patches
    made.module.eval()
    with torch.no_grad():
        logits, _ = made.module(patches)
        expected = made.detector(made.module).classify(patches)
    assert torch.allclose(logits, expected, atol=1e-6)


def test_without_unlabelled_particles_the_rest_is_negative(
    noise_images: list[WorkingImage], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        made = task(noise_images, particles=1.0, objective="ge-binomial")
    assert "PN instead of ge-binomial" in caplog.text
    assert torch.isfinite(made.loss(made.module, made.batch_at(1), made.module))

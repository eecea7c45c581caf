"""Batches and losses of networks that give score maps."""

import copy
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from nunatak.learning.score_map_task import ScoreMapBatch, ScoreMapTask
from nunatak.learning.settings import LearningSettings
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.unet import UNet
from nunatak.objectives.registry import OBJECTIVES

DIAMETER_PX = 8.0
SCRATCH = LearningSettings(start=None, batch_size=4)


def network() -> UNet:
    with torch.random.fork_rng([]):
        torch.manual_seed(2)
        return UNet(classes=1, width=4, depth=2)


def task(
    images: Sequence[WorkingImage],
    settings: LearningSettings = SCRATCH,
    *,
    rank: int = 0,
    particles: float = 6.0,
) -> ScoreMapTask:
    return ScoreMapTask(
        images, settings, network(), diameter_px=DIAMETER_PX, particles=particles, rank=rank
    )


def tensors(batch: ScoreMapBatch) -> list[Tensor]:
    labels = batch.labels
    return [batch.image, labels.target, labels.known, labels.ignored, labels.expected]


def same(first: ScoreMapBatch, second: ScoreMapBatch) -> bool:
    pairs = zip(tensors(first), tensors(second), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_a_batch_depends_on_its_step_alone(noise_images: list[WorkingImage]) -> None:
    one, other = task(noise_images), task(noise_images)
    other.batch_at(1), other.batch_at(7)
    assert same(one.batch_at(3), other.batch_at(3))
    assert not same(one.batch_at(3), one.batch_at(4))


def test_processes_and_seeds_draw_apart(noise_images: list[WorkingImage]) -> None:
    first = task(noise_images).batch_at(1)
    assert not same(first, task(noise_images, rank=1).batch_at(1))
    seeded = SCRATCH.model_copy(update={"seed": 1})
    assert not same(first, task(noise_images, seeded).batch_at(1))


def test_fewer_particles_are_expected_where_some_are_labelled(
    noise_images: list[WorkingImage],
) -> None:
    labelled, plain = noise_images[:2], noise_images[:1] + noise_images[2:]
    density = 20 / noise_images[0].image.size
    of_labelled = task(labelled, particles=20.0).batch_at(1).labels
    left = density * (20 - 4) / 20  # 8 labels on two micrographs
    unlabelled_px = 4 * int(of_labelled.unlabelled.sum())
    assert of_labelled.expected == pytest.approx(left * unlabelled_px, rel=1e-4)
    # Where all particles of the labelled micrographs are labelled, only others hold more.
    complete = task(labelled, particles=4.0).batch_at(1).labels
    assert complete.expected == 0.0
    mixed = task(plain, particles=5.0)
    crops = mixed.batch_at(1)
    from_plain = ~crops.labels.known.flatten(1).any(dim=1)
    assert from_plain.any()
    assert 0 < crops.labels.expected < 5 * crops.image.shape[0]


@pytest.mark.parametrize("objective", list(OBJECTIVES))
@pytest.mark.parametrize("teacher", [False, True])
def test_every_objective_gives_a_gradient(
    noise_images: list[WorkingImage], objective: str, teacher: bool
) -> None:
    settings = LearningSettings(
        start=None,
        batch_size=4,
        objective=objective,
        teacher=teacher,  # type: ignore[arg-type]
    )
    made = task(noise_images, settings)
    student = made.module.train()
    master = copy.deepcopy(student).eval().requires_grad_(False)
    loss = made.loss(student, made.batch_at(1), master)
    loss.backward()  # type: ignore[no-untyped-call]
    norms = [float(p.grad.norm()) for p in student.parameters() if p.grad is not None]
    assert torch.isfinite(loss)
    assert sum(norms) > 0


def test_the_teacher_labels_nothing_in_the_batch_itself(
    noise_images: list[WorkingImage],
) -> None:
    made = task(noise_images, SCRATCH.model_copy(update={"teacher": True}))
    batch = made.batch_at(1)
    before = [tensor.clone() for tensor in tensors(batch)]
    made.loss(made.module, batch, copy.deepcopy(made.module).eval().requires_grad_(False))
    assert all(map(torch.equal, before, tensors(batch)))


def test_the_anchor_pulls_towards_the_start(noise_images: list[WorkingImage]) -> None:
    def loss(anchor: float, *, moved: bool) -> float:
        settings = LearningSettings(batch_size=4, anchor=anchor)
        made = task(noise_images, settings)
        made.module.eval()
        if moved:
            nn.init.constant_(made.module.head.bias, 1.0)  # type: ignore[union-attr]
        with torch.no_grad():
            return float(made.loss(made.module, made.batch_at(1), made.module))

    assert loss(3.0, moved=False) == pytest.approx(loss(0.0, moved=False), abs=2e-2)
    assert loss(3.0, moved=True) > loss(0.0, moved=True) + 0.1


@pytest.mark.parametrize("start", [None, "general-2d"])
def test_statistics_of_a_start_are_kept(
    noise_images: list[WorkingImage], start: str | None
) -> None:
    made = task(noise_images, LearningSettings(batch_size=4, start=start, anchor=0.0))
    made.module.train()
    before = {name: tensor.clone() for name, tensor in made.module.named_buffers()}
    made.loss(made.module, made.batch_at(1), made.module)
    kept = all(torch.equal(before[n], tensor) for n, tensor in made.module.named_buffers())
    assert kept is (start is not None)

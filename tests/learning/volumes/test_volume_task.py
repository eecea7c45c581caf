"""Batches and losses of a training on tomograms."""

import copy
import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nunatak.learning.volumes.volume_batches import VolumeBatch
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_task import VolumeTask
from nunatak.networks.drop_block import DropBlock3d
from nunatak.networks.unet3d import UNet3d
from nunatak.objectives.focal import voxel_losses

RADIUS_PX = (4.0, 6.0)
PLAIN = VolumeLearningSettings(
    crop_px=16,
    batch_size=3,
    steps=20,
    strong_augmentation=False,
    class_balance=False,
    confusion_weight=0.0,
)
TAUGHT = VolumeLearningSettings(crop_px=16, batch_size=4, steps=20, teacher=True, burn_in=0.5)


def network() -> UNet3d:
    with torch.random.fork_rng([]):
        torch.manual_seed(2)
        return UNet3d(classes=2, channels=(4, 6))


def task(
    volumes: list[Any],
    settings: VolumeLearningSettings = PLAIN,
    *,
    objective: Any = "focal",
    expected: tuple[float, float] = (0.0, 0.0),
    **options: Any,
) -> VolumeTask:
    return VolumeTask(
        volumes,
        settings.model_copy(update={"objective": objective}),
        network(),
        radius_px=RADIUS_PX,
        expected=np.array(expected),
        **options,
    )


def tensors(part: Any) -> list[Tensor]:
    if isinstance(part, Tensor):
        return [part]
    if is_dataclass(part):
        return [tensor for f in fields(part) for tensor in tensors(getattr(part, f.name))]
    return []


def same(first: VolumeBatch, second: VolumeBatch) -> bool:
    one, other = tensors(first), tensors(second)
    return len(one) == len(other) and all(map(torch.equal, one, other))


class Fixed(nn.Module):
    """Answers the same to everything; its answer is what is trained."""

    def __init__(self, logit: float, crops: int) -> None:
        super().__init__()
        self.output = nn.Parameter(torch.zeros(crops, 5, 8, 8, 8))
        self.output.data[:, :2] = logit

    def forward(self, volumes: Tensor) -> Tensor:
        del volumes
        return self.output


def gradient(made: VolumeTask, batch: VolumeBatch, logit: float = -1.0) -> tuple[float, Tensor]:
    fixed = Fixed(logit, len(batch.image))
    loss = made.loss(fixed, batch, fixed)
    loss.backward()  # type: ignore[no-untyped-call]
    assert fixed.output.grad is not None
    return loss.item(), fixed.output.grad[:, :2]


def teacher_of(made: VolumeTask) -> nn.Module:
    return copy.deepcopy(made.module).eval().requires_grad_(False)


@pytest.mark.parametrize("settings", [PLAIN, TAUGHT], ids=["plain", "taught"])
def test_a_batch_depends_on_its_step_alone(make_volume, settings) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    one, other = task(volumes, settings), task(volumes, settings)
    other.batch_at(1), other.batch_at(17)
    for step in (3, 15):
        assert same(one.batch_at(step), other.batch_at(step))
    assert not same(one.batch_at(3), one.batch_at(4))
    assert not same(one.batch_at(3), task(volumes, settings, rank=1).batch_at(3))
    seeded = settings.model_copy(update={"seed": 1})
    assert not same(one.batch_at(3), task(volumes, seeded).batch_at(3))


def test_without_labels_nothing_is_lost_by_focal(make_volume) -> None:  # type: ignore[no-untyped-def]
    made = task([make_volume(is_complete=False)])
    batch = made.batch_at(1)
    _, slope = gradient(made, batch)
    unknown = ~batch.labels.known
    assert unknown.any()
    assert not slope[unknown].any()
    assert slope[batch.labels.known & ~batch.labels.ignored].abs().min() > 0


@pytest.mark.parametrize("objective", ["focal", "pu", "ge-kl", "ge-binomial"])
def test_classes_are_told_apart_where_a_particle_is_known(make_volume, objective: str) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(particles=4, is_complete=False)]
    apart = PLAIN.model_copy(update={"confusion_weight": 3.0})
    plain, made = (
        task(volumes, settings, objective=objective, expected=(9.0, 9.0))
        for settings in (PLAIN, apart)
    )
    batch = made.batch_at(1)
    (without, before), (value, slope) = gradient(plain, batch), gradient(made, batch)
    # The network answers alike for both classes.
    assert value - without == pytest.approx(3.0 * math.log(2), rel=1e-5)
    at = torch.where(batch.labels.known & ~batch.labels.ignored, batch.labels.positive, 0.0)
    particles = at.sum()
    expected = 3.0 * (0.5 * at.sum(dim=1, keepdim=True) - at) / particles
    np.testing.assert_allclose((slope - before).numpy(), expected.numpy(), atol=1e-6)


def test_an_unlabelled_voxel_counts_as_empty_less_what_is_expected(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(particles=4, is_complete=False)]
    made = task(volumes, objective="pu", expected=(2.0, 2.0))  # as many as have labels
    batch = made.batch_at(1)
    labels = batch.labels
    assert labels.expected.tolist() == [0.0, 0.0]
    open_ = ~labels.known & ~labels.ignored
    value, slope = gradient(made, batch)
    logits = torch.full_like(labels.heatmap, -1.0, requires_grad=True)
    ordinary = voxel_losses(logits, labels.heatmap, torch.where(open_, 0.0, labels.positive))
    shown = torch.where(labels.known, labels.positive, 0.0).sum(dim=(0, 2, 3, 4)) > 0
    assert shown.any()
    counts = labels.known | (open_ & shown.reshape(1, -1, 1, 1, 1))
    n = float(torch.where(labels.known, labels.positive, 0.0).sum())
    expected_loss = torch.where(counts, ordinary, 0.0).sum() / max(n, 1.0)
    expected_loss.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    np.testing.assert_allclose(slope.numpy(), logits.grad.numpy(), atol=1e-6)
    # The network's offset is 0 here, and what is asked of it is not.
    assert value > expected_loss.item()


def test_expected_particles_take_the_blame_off_unlabelled_voxels(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(particles=4, is_complete=False)]
    few = task(volumes, objective="pu", expected=(3.0, 3.0))
    many = task(volumes, objective="pu", expected=(2000.0, 2000.0))
    batch, crowded = few.batch_at(1), many.batch_at(1)
    assert (crowded.labels.expected > 100 * batch.labels.expected).all()
    open_ = ~batch.labels.known & ~batch.labels.ignored
    shown = (batch.labels.positive.sum(dim=(0, 2, 3, 4)) > 0).reshape(1, -1, 1, 1, 1)
    open_ = open_ & shown
    _, slope = gradient(few, batch)
    _, spared = gradient(many, crowded)
    assert (slope[open_] > 0).all()
    # More is expected than the voxels could be blamed for: they are pushed no further down.
    assert (spared[open_] < 0).all()


@pytest.mark.parametrize("objective", ["ge-kl", "ge-binomial"])
def test_fewer_peaks_than_expected_are_raised_and_more_are_lowered(  # type: ignore[no-untyped-def]
    make_volume, objective: str
) -> None:
    volumes = [make_volume(particles=4, is_complete=False)]
    few, many = (
        task(volumes, objective=objective, expected=(number, number)) for number in (4.0, 2000.0)
    )
    batch, crowded = few.batch_at(1), many.batch_at(1)
    open_ = ~batch.labels.known & ~batch.labels.ignored
    (_, lowered), (_, raised) = gradient(few, batch), gradient(many, crowded)
    # A flat answer of -1, a probability of 0.27 in every cell, lies between the two.
    assert lowered[open_].sum() > 0 > raised[open_].sum()


def test_density_and_unknown_voxels_make_the_expected_number(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=0, is_complete=False)
    made = task([volume], objective="pu", expected=(6.0, 12.0))
    labels = made.batch_at(1).labels
    voxels = 8 * int((~labels.known[:, 0] & ~labels.ignored[:, 0]).sum())
    assert voxels == 3 * 16**3
    np.testing.assert_allclose(
        labels.expected, np.array([6.0, 12.0]) * voxels / volume.voxels.size, rtol=1e-5
    )


@pytest.mark.parametrize("taught", [False, True])
def test_a_few_steps_lower_the_loss(make_volume, taught: bool) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    settings = TAUGHT.model_copy(update={"burn_in": 0.0}) if taught else PLAIN
    made = task(volumes, settings)
    batch = made.batch_at(2)
    teacher = teacher_of(made)
    adam = torch.optim.Adam(made.module.parameters(), lr=1e-2)
    losses = []
    for _ in range(8):
        loss = made.loss(made.module, batch, teacher)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_the_teacher_begins_after_the_burn_in_and_only_where_little_is_known(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    made = task(volumes, TAUGHT)
    early = [made.batch_at(step) for step in (1, 4, 7, 10)]
    assert all(batch.lesson is None and batch.exam is None for batch in early)
    # Before, tomograms that nobody knows about have nothing to say.
    assert all(batch.labels.known.all() for batch in early)
    batches = [made.batch_at(step) for step in range(11, 17)]
    lessons = [(b, b.lesson) for b in batches if b.lesson is not None]
    assert lessons
    for batch, lesson in lessons:
        assert not batch.labels.known[lesson.rows].any()
        assert lesson.open.any()
    assert all(batch.exam is not None for batch in batches)
    assert task([make_volume()], TAUGHT).batch_at(15).lesson is None


def test_the_student_learns_what_its_teacher_is_sure_of(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(particles=0, is_complete=False)]
    settings = PLAIN.model_copy(update={"teacher": True, "burn_in": 0.0, "teacher_views": 1})
    made = task([make_volume("k", seed=3), *volumes], settings)
    batch = made.batch_at(20)
    assert batch.lesson is not None
    teacher = Fixed(-9.0, len(batch.lesson.rows))
    teacher.output.data[:, 0, 4, 4, 4] = 5.0  # sure
    teacher.output.data[:, 1, 3, 3, 3] = 0.0  # in doubt
    student = Fixed(-1.0, len(batch.image))
    made._count_where_known = lambda *_: None  # type: ignore[method-assign]
    made.loss(student, batch, teacher).backward()  # type: ignore[no-untyped-call]
    assert student.output.grad is not None
    slope = student.output.grad[batch.lesson.rows]
    inner = torch.zeros(8, 8, 8, dtype=torch.bool)
    inner[2:6, 2:6, 2:6] = True
    for taught, is_open in zip(slope, batch.lesson.open, strict=True):
        # Nothing counts near the faces of the crop, where a teacher lacks context.
        assert torch.equal(is_open, inner.expand(2, -1, -1, -1))
        assert not taught[:2][~is_open].any()
        assert taught[0, 4, 4, 4] < 0
        assert taught[0, 2, 2, 2] > 0
        z, y, x = np.indices((8, 8, 8))
        near = torch.from_numpy(((x - 3) ** 2 + (y - 3) ** 2 + (z - 3) ** 2) < 3**2)
        assert not taught[1][near].any()
        assert (taught[1][inner & ~near] > 0).all()


@pytest.mark.parametrize("is_complete", [False, True])
def test_what_a_teacher_takes_for_empty_counts_no_more_than_what_is_known_to_be(
    make_volume,  # type: ignore[no-untyped-def]
    is_complete: bool,
) -> None:
    volumes = [
        make_volume(particles=6, is_complete=is_complete),
        make_volume("b", particles=0, is_complete=False, seed=1),
    ]
    settings = PLAIN.model_copy(
        update={"teacher": True, "burn_in": 0.0, "teacher_views": 1, "batch_size": 8}
    )
    made = task(volumes, settings, expected=(9.0, 9.0))
    batch = made.batch_at(20)
    lesson = batch.lesson
    assert lesson is not None
    unknown = batch.labels.ignored | ~batch.labels.known
    particles = float(torch.where(unknown, 0.0, batch.labels.positive).sum())
    assert particles > 2
    blind = Fixed(-9.0, len(lesson.rows))  # sees nothing but ice
    student = Fixed(-1.0, len(batch.image))
    made._count_where_known = lambda *_: None  # type: ignore[method-assign]
    made.loss(student, batch, blind).backward()  # type: ignore[no-untyped-call]
    assert student.output.grad is not None
    slope = student.output.grad[lesson.rows, :2][lesson.open.expand(-1, 2, -1, -1, -1)]
    logit = torch.tensor(-1.0, requires_grad=True)
    voxel_losses(logit, torch.zeros(()), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    assert logit.grad is not None
    assert slope.numel() > 100
    # Of complete labels the known particles divide both, of sparse ones only their own loss.
    expected = logit.grad.item() / (particles if is_complete else 1.0)
    torch.testing.assert_close(slope, torch.full_like(slope, expected))


def test_the_weight_of_the_teacher_rises(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    made = task(volumes, PLAIN.model_copy(update={"teacher": True, "burn_in": 0.5}))
    weights = [made._risen(step) for step in (11, 13, 15, 20)]
    assert weights == sorted(weights)
    assert weights[0] < 0.1
    assert weights[2:] == [1.0, 1.0]


def test_the_students_crop_is_found_in_the_teachers(make_volume) -> None:  # type: ignore[no-untyped-def]
    labelled = make_volume(particles=6, is_complete=False, shape=(40, 40, 48))
    settings = TAUGHT.model_copy(update={"burn_in": 0.0, "batch_size": 8, "crop_px": 32})
    made = task([labelled], settings)
    compared = 0
    for step in (1, 2):
        batch = made.batch_at(step)
        lesson = batch.lesson
        assert lesson is not None
        for row, plain, to_student in zip(
            lesson.rows.tolist(), lesson.image, lesson.to_student, strict=True
        ):
            # The brightest place of the teacher's crop is bright in the student's, too.
            dark = nn.functional.avg_pool3d(plain, 5, 1)[0]
            z, y, x = np.unravel_index(int(dark.argmin()), dark.shape)
            there = to_student[:, :3] @ torch.tensor([x + 2.0, y + 2.0, z + 2.0]).double()
            px, py, pz = np.rint((there + to_student[:, 3]).numpy()).astype(int)
            if min(px, py, pz) < 2 or max(px, py, pz) > 29:
                continue
            student = batch.image[row, 0, pz - 2 : pz + 3, py - 2 : py + 3, px - 2 : px + 3]
            assert student.mean() < 0.5 * float(dark.min())
            compared += 1
    assert compared > 5


def test_thresholds_follow_from_the_particles_that_are_known(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    settings = TAUGHT.model_copy(update={"burn_in": 0.0, "teacher_views": 1})
    made = task(volumes, settings)
    assert made.thresholds().high == pytest.approx((0.7, 0.7))
    exam = made.batch_at(1).exam
    assert exam is not None
    # One of the first class in every crop, and one near its face, where nothing counts.
    known = replace(
        exam,
        centres_px=torch.tensor([[8.5, 8.5, 8.5], [1.0, 8.5, 8.5]]).double(),
        class_index=torch.tensor([0, 0]),
        unclear_px=torch.empty(0, 3).double(),
    )
    sees = Fixed(-9.0, 1)
    sees.output.data[0, 0, 4, 4, 4] = 0.0  # one candidate of probability 0.5
    for _ in range(10):
        made._count_where_known(sees, known)
    counted = sum(0.99**step for step in range(10))
    assert made.module.expected.tolist() == pytest.approx([counted, 0.0])
    assert made.module.detections[0].sum() == pytest.approx(counted)
    # As many candidates as particles, of which six of ten may be labelled: none of the equals.
    assert made.thresholds().high == pytest.approx((0.52, 0.7))
    # Where twice as many are known, all candidates may be.
    made.module.expected.mul_(2)
    assert made.thresholds().high == pytest.approx((0.2, 0.7))
    # Where nobody knows what there is, neither counts.
    before = made.module.detections[0].sum()
    made._count_where_known(sees, replace(known, unclear_px=torch.tensor([[8.5, 8.5, 10.5]])))
    assert made.module.detections[0].sum() == pytest.approx(0.99 * before)
    assert made.module.expected[0] == pytest.approx(0.99 * 2 * counted)
    fixed = task(volumes, settings.model_copy(update={"adaptive_thresholds": False}))
    fixed.module.load_state_dict(made.module.state_dict())
    assert fixed.thresholds().high == pytest.approx((0.7, 0.7))
    assert fixed.batch_at(3).exam is None


def test_a_candidate_below_the_threshold_of_now_is_counted(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=0, is_complete=False, seed=1)]
    made = task(volumes, TAUGHT.model_copy(update={"burn_in": 0.0, "teacher_views": 1}))
    exam = made.batch_at(1).exam
    assert exam is not None
    faint = Fixed(-9.0, 1)
    faint.output.data[0, 0, 4, 4, 4] = -1.2  # 0.23
    made.module.detections[0, -1] = 100.0
    made.module.expected[0] = 20.0
    assert made.thresholds().low[0] == pytest.approx(0.3)
    made._count_where_known(faint, replace(exam, unclear_px=torch.empty(0, 3).double()))
    assert made.module.detections[0, 11] == 1


def test_without_complete_labels_candidates_are_counted(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(particles=2, is_complete=False)]
    settings = TAUGHT.model_copy(update={"burn_in": 0.0, "teacher_views": 1, "batch_size": 2})
    made = task(volumes, settings, objective="pu", expected=(60.0, 40.0))
    batch = made.batch_at(1)
    assert batch.exam is None
    assert batch.lesson is not None
    sees = Fixed(-9.0, 2)
    sees.output.data[:, 1, 4, 4, 4] = 3.0
    made.loss(Fixed(-1.0, 2), batch, sees)
    open_ = batch.lesson.open.sum(dim=(0, 2, 3, 4))
    density = np.array([59.0, 39.0]) * 8 / volumes[0].voxels.size
    np.testing.assert_allclose(made.module.expected, density * open_.numpy(), rtol=1e-5)
    assert made.module.detections[0].sum() == 0
    assert made.module.detections[1].sum() <= 2
    assert made.thresholds().high == pytest.approx((0.7, 0.7))


def test_the_drop_rate_rises_over_the_first_half(make_volume) -> None:  # type: ignore[no-untyped-def]
    made = task([make_volume()], PLAIN.model_copy(update={"feature_drop_rate": 0.2}))
    rates = []
    for step in (1, 5, 10, 20):
        made.loss(made.module, made.batch_at(step), made.module)
        blocks = [m for m in made.module.modules() if isinstance(m, DropBlock3d)]
        rates.append(blocks[0].rate)
    assert rates == pytest.approx([0.02, 0.1, 0.2, 0.2])


def test_every_switch_changes_the_batches_and_gives_a_gradient(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [make_volume(), make_volume("b", particles=2, is_complete=False, seed=1)]
    strong = PLAIN.model_copy(update={"strong_augmentation": True})
    hidden = strong.model_copy(update={"input_drop": True})
    batches = [task(volumes, settings).batch_at(2) for settings in (PLAIN, strong, hidden)]
    assert not torch.equal(batches[0].image, batches[1].image)
    made = task(volumes, hidden.model_copy(update={"teacher": True, "burn_in": 0.0}))
    batch = made.batch_at(2)
    before = [tensor.clone() for tensor in tensors(batch)]
    loss = made.loss(made.module, batch, teacher_of(made))
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss)
    assert all(map(torch.equal, before, tensors(batch)))
    assert sum(float(p.grad.abs().sum()) for p in made.module.parameters() if p.grad is not None)

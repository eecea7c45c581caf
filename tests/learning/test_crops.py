"""Crops carry their labels with them, however they are cut, turned and mirrored."""

import numpy as np
import pytest
import torch

from nunatak.geometry import Scale
from nunatak.learning.crops import CropBatch, CropSampling, draw_crops
from nunatak.learning.working_images import WorkingImage

SHAPE = (90, 130)
DISC_PX = 8.0
SAMPLING = CropSampling(side_px=64, stride=2, origin_px=0.5, sigma_px=2.4, disc_px=DISC_PX)
NOWHERE = np.empty((0, 2), np.float32)


def working(
    positives: list[tuple[float, float]],
    negatives: list[tuple[float, float]] = [],  # noqa: B006
    *,
    shape: tuple[int, int] = SHAPE,
    dots: bool = True,
) -> WorkingImage:
    """Return an image with one bright pixel at every label."""
    image = np.zeros(shape, np.float32)
    for x, y in positives + negatives if dots else ():
        image[round(y), round(x)] = 100.0
    points = [np.array(xy, np.float32).reshape(-1, 2) for xy in (positives, negatives)]
    return WorkingImage("one.mrc", image, Scale(shape, shape), *points)


def drawn(image: WorkingImage, size: int = 48, sampling: CropSampling = SAMPLING) -> CropBatch:
    return draw_crops([image], sampling, size, np.random.default_rng(8))


def brightest(map_: torch.Tensor) -> tuple[int, int]:
    row, column = divmod(int(map_.flatten().argmax()), map_.shape[-1])
    return row, column


def test_a_dot_at_a_label_stays_under_its_peak_in_all_eight_orientations() -> None:
    # Marks beside the dot tell the orientations apart.
    image = working([(61.0, 40.0)])
    image.image[40, 66], image.image[44, 61] = 50.0, 30.0
    batch = drawn(image, 200)
    orientations = set()
    for crop, target in zip(batch.image[:, 0], batch.target[:, 0], strict=True):
        if target.max() < 1.0:
            continue
        row, column = brightest(crop)
        assert brightest(target) == (row // 2, column // 2)
        marks = [(crop > 20) & (crop < 40), (crop > 40) & (crop < 70)]
        # Grey values vary by some per cent: marks keep their order.
        if all(int(mark.sum()) == 1 for mark in marks):
            offsets = [
                tuple((mark.nonzero()[0] - torch.tensor([row, column])).tolist()) for mark in marks
            ]
            orientations.add(tuple(offsets))
    assert len(orientations) == 8


def test_the_target_is_known_within_a_disc_of_a_label_and_nowhere_else() -> None:
    batch = drawn(working([(61.0, 40.0)]))
    for known, target in zip(batch.known[:, 0], batch.target[:, 0], strict=True):
        if target.max() < 1.0:
            continue
        y, x = brightest(target)
        rows, columns = np.indices(known.shape)
        distance_px = 2 * np.hypot(rows - y, columns - x)
        assert known.numpy()[distance_px < DISC_PX - 1.5].all()
        assert not known.numpy()[distance_px > DISC_PX + 1.5].any()


def test_a_place_marked_as_none_is_known_and_has_no_peak() -> None:
    batch = drawn(working([], [(61.0, 40.0)]))
    assert batch.known.any()
    assert batch.target.max() == 0.0
    for crop, known in zip(batch.image[:, 0], batch.known[:, 0], strict=True):
        if crop.max() > 50:
            row, column = brightest(crop)
            assert known[row // 2, column // 2]


def test_a_particle_just_outside_is_no_background() -> None:
    """Its flank reaches into the crop: there the target is not 0, and nothing counts as a hit."""
    sampling = CropSampling(side_px=64, stride=2, origin_px=0.5, sigma_px=2.4, disc_px=DISC_PX)
    # The image is as large as a crop, so that every crop is the whole image.
    batch = drawn(working([(-1.5, 30.0)], shape=(64, 64), dots=False), 8, sampling)
    assert batch.known.any()
    assert (batch.target[batch.known] > 0).float().mean() > 0.5
    assert 0.5 < batch.target.max() < 1.0


def test_what_lies_beyond_the_border_is_ignored() -> None:
    batch = drawn(working([(20.0, 15.0)], shape=(30, 41)), 16)
    assert batch.image.shape == (16, 1, 64, 64)
    for crop, ignored in zip(batch.image[:, 0], batch.ignored[:, 0], strict=True):
        # Inside, the grey scale was shifted; beyond, it is the ice's level.
        whole = (crop.reshape(32, 2, 32, 2) != 0).all(dim=3).all(dim=1)
        assert torch.equal(~whole, ignored)
        assert int((crop != 0).sum()) == 30 * 41
    assert (batch.target == 1.0).sum() == 16


def test_crops_lie_inside_where_the_image_is_larger() -> None:
    batch = drawn(working([(1.0, 1.0), (128.0, 88.0)]), 32)
    assert not batch.ignored.any()


def test_half_of_the_crops_show_a_label_and_others_lie_anywhere() -> None:
    far = working([(10.0, 10.0)], shape=(2000, 2000))
    batch = drawn(far, 400)
    share = float((batch.target.amax(dim=(1, 2, 3)) == 1.0).float().mean())
    assert share == pytest.approx(0.5, abs=0.08)


def test_unlabelled_images_take_part() -> None:
    plain = WorkingImage(
        "two.mrc", np.full(SHAPE, 500, np.float32), Scale(SHAPE, SHAPE), NOWHERE, NOWHERE
    )
    batch = draw_crops([working([(61, 40)]), plain], SAMPLING, 80, np.random.default_rng(1))
    from_plain = batch.image.amin(dim=(1, 2, 3)) > 250
    assert 8 <= int(from_plain.sum()) <= 32
    assert not batch.known[from_plain].any()


def test_the_generator_decides_everything() -> None:
    image = working([(61.0, 40.0)])
    first, again = drawn(image), drawn(image)
    other = draw_crops([image], SAMPLING, 48, np.random.default_rng(9))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.target, again.target)
    assert not torch.equal(first.image, other.image)

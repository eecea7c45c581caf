"""Batches from rounds of crops."""

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.simulate.crops import TrainingCrop
from nunatak.training.rounds import RoundBatches

ROUND_CROPS = 7
PASSES = 2
BATCH_SIZE = 3


def _numbered(number: int) -> NDArray[np.float32]:
    """An image with as many bright pixels, which no augmentation changes."""
    image = np.zeros(64, np.float32)
    image[: number + 1] = 100.0
    return image.reshape(8, 8)


def _numbers(image: torch.Tensor) -> list[int]:
    return [int((crop > 50).sum()) - 1 for crop in image]


class _Rounds:
    """Crops that show their own number, and a memory of what was made."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def __call__(self, number: int) -> list[TrainingCrop]:
        self.made.append(number)
        nowhere = np.empty((0, 2), np.float32), np.empty((0, 3), np.float32)
        return [
            TrainingCrop(_numbered(number * ROUND_CROPS + index), *nowhere)
            for index in range(ROUND_CROPS)
        ]


def _batches(rounds: _Rounds, seed: int = 3) -> RoundBatches:
    return RoundBatches(
        rounds,
        seed=seed,
        round_crops=ROUND_CROPS,
        passes=PASSES,
        batch_size=BATCH_SIZE,
        stride=2,
        sigma_px=1.0,
    )


def test_every_round_is_made_once_and_passed_over_as_often_as_asked() -> None:
    rounds = _Rounds()
    batches = _batches(rounds)
    batches_a_round = PASSES * (ROUND_CROPS // BATCH_SIZE)
    images = [batches(step).image for step in range(1, 2 * batches_a_round + 1)]
    assert rounds.made == [0, 1]
    assert all(len(image) == BATCH_SIZE for image in images)
    first, second = images[:batches_a_round], images[batches_a_round:]
    assert {number // ROUND_CROPS for image in first for number in _numbers(image)} == {0}
    assert {number // ROUND_CROPS for image in second for number in _numbers(image)} == {1}


def test_a_batch_depends_on_its_step_alone() -> None:
    straight, anew = _batches(_Rounds()), _batches(_Rounds())
    expected = {step: straight(step).image for step in range(1, 12)}
    for step in (9, 2, 11, 5, 1):
        assert torch.equal(anew(step).image, expected[step])
    assert len({image.numpy().tobytes() for image in expected.values()}) == 11
    assert not torch.equal(_batches(_Rounds(), seed=4)(1).image, expected[1])


def test_no_crop_comes_twice_in_a_pass_and_every_pass_has_its_own_order() -> None:
    batches = _batches(_Rounds())
    orders = [_numbers(batches(step).image) + _numbers(batches(step + 1).image) for step in (1, 3)]
    assert all(len(set(order)) == 2 * BATCH_SIZE for order in orders)
    assert orders[0] != orders[1]

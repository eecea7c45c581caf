"""Batches from rounds of simulated crops: simulate some, pass over them, simulate the next."""

from collections.abc import Callable, Sequence

import numpy as np

from nunatak.simulate.crops import TrainingCrop
from nunatak.training.batches import Batch, assemble


class RoundBatches:
    """The batch of every step; a pure function of the step that keeps the last round at hand.

    Parameters
    ----------
    make_round
        Makes the crops of a round by its number (from 0): always ``round_crops``, and the same
        for the same number.
    seed
        Of order and augmentation.
    round_crops
        Crops a round.
    passes
        How often each crop of a round is seen, turned and mirrored anew.
    batch_size
        Crops a step, at most ``round_crops``; what does not fill a batch is left out of a pass.
    stride, sigma_px
        See `nunatak.training.batches.assemble`.
    """

    def __init__(
        self,
        make_round: Callable[[int], Sequence[TrainingCrop]],
        *,
        seed: int,
        round_crops: int,
        passes: int,
        batch_size: int,
        stride: int,
        sigma_px: float,
    ) -> None:
        self._make_round = make_round
        self._seed = seed
        self._round_crops, self._passes, self._batch_size = round_crops, passes, batch_size
        self._stride, self._sigma_px = stride, sigma_px
        self._round: tuple[int, Sequence[TrainingCrop]] | None = None

    def __call__(self, step: int) -> Batch:
        """Return the batch of a step (from 1)."""
        batches_a_pass = self._round_crops // self._batch_size
        number_of_pass, batch = divmod(step - 1, batches_a_pass)
        crops = self._crops_of(number_of_pass // self._passes)
        order = np.random.default_rng([self._seed, 0, number_of_pass]).permutation(len(crops))
        first = batch * self._batch_size
        return assemble(
            [crops[index] for index in order[first : first + self._batch_size]],
            stride=self._stride,
            sigma_px=self._sigma_px,
            rng=np.random.default_rng([self._seed, 1, step]),
        )

    def _crops_of(self, number: int) -> Sequence[TrainingCrop]:
        if self._round is None or self._round[0] != number:
            self._round = None  # room for the next one
            self._round = number, self._make_round(number)
        return self._round[1]

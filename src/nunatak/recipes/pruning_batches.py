"""Batches of simulated picks for training the general pruner."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from nunatak.objectives.two_branch import multi_loss
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.recipes.general_pruner_recipe import PrunerRecipe
from nunatak.recipes.pruning_bank import PickBank
from nunatak.recipes.pruning_volume_batches import augmented_slabs

_GAIN, _OFFSET = 0.1, 0.1
"""Spread of the factor on a crop's grey values (in its logarithm), and of what is added."""


@dataclass(frozen=True)
class PickBatch:
    """What one optimiser step sees.

    Attributes
    ----------
    crops : Tensor, shape (b, 2, side, side), float32
        Augmented.
    class_index, category : Tensor, shape (b,), int64
        -1 where there is none.
    """

    crops: Tensor
    class_index: Tensor
    category: Tensor


class PickBatches:
    """The batch of every step; a pure function of the step.

    Parameters
    ----------
    bank
        Simulated picks.
    recipe
        Batch size, blanking of surroundings, seed.
    """

    def __init__(self, bank: PickBank, recipe: PrunerRecipe) -> None:
        self._bank = bank
        self._recipe = recipe
        self._batch_size = min(recipe.training.batch_size, len(bank))

    def __call__(self, step: int) -> PickBatch:
        """Return the batch of a step (from 1); every pick is seen once a pass."""
        batches = len(self._bank) // self._batch_size
        number_of_pass, batch = divmod(step - 1, batches)
        order = np.random.default_rng([self._recipe.seed, 0, number_of_pass]).permutation(
            len(self._bank)
        )
        rows = order[batch * self._batch_size : (batch + 1) * self._batch_size]
        rng = np.random.default_rng([self._recipe.seed, 1, step])
        vary = augmented_slabs if self._recipe.ndim == 3 else _augmented
        crops = vary(self._bank.pixels(rows), self._recipe.context_dropout, rng)
        return PickBatch(
            torch.from_numpy(crops),
            torch.from_numpy(self._bank.class_index[rows]),
            torch.from_numpy(self._bank.category[rows]),
        )


class PickLoss:
    """Multi-loss over the classes, and cross-entropy over the categories.

    Classes weigh by the inverse root of their number, so that rare junk counts, yet not as if
    it were common.

    Parameters
    ----------
    bank
        Whose class counts set the weights.
    recipe
        Kind of loss and weights.
    """

    def __init__(self, bank: PickBank, recipe: PrunerRecipe) -> None:
        count = np.bincount(bank.class_index, minlength=len(SEEN_CLASSES))
        # A class that never occurs gets no share of the smoothed labels either.
        weight = np.where(count > 0, 1 / np.sqrt(np.maximum(count, 1)), 0.0)
        self._class_weight = torch.tensor(weight / weight[count > 0].mean(), dtype=torch.float32)
        self._recipe = recipe

    def __call__(self, network: nn.Module, batch: PickBatch, teacher: nn.Module) -> Tensor:
        """Return the loss; see `nunatak.training.loop.fit`."""
        del teacher  # simulated labels are complete
        output = network(batch.crops)
        loss = multi_loss(
            output,
            batch.class_index,
            kind=self._recipe.loss,
            weights=self._recipe.weights,
            class_weight=self._class_weight.to(batch.crops.device),
        )
        if output.category is None or not (batch.category >= 0).any():
            return loss
        finer = functional.cross_entropy(output.category.float(), batch.category, ignore_index=-1)
        return loss + self._recipe.category_weight * finer


def _augmented(
    crops: NDArray[np.float32], context_dropout: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Turn and mirror each crop (eight ways), vary its grey scale, blank some surroundings."""
    result = np.empty_like(crops)
    for number, (crop, turns, mirrored) in enumerate(
        zip(crops, rng.integers(4, size=len(crops)), rng.random(len(crops)) < 0.5, strict=True)
    ):
        turned = np.rot90(crop, int(turns), axes=(1, 2))
        result[number] = turned[:, :, ::-1] if mirrored else turned
    shape = (len(crops), crops.shape[1], 1, 1)
    result *= np.exp(rng.normal(0.0, _GAIN, shape)).astype(np.float32)
    result += rng.normal(0.0, _OFFSET, shape).astype(np.float32)
    result[rng.random(len(crops)) < context_dropout, 1] = 0.0
    return result

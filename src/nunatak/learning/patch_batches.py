"""Minibatches of patches, positive and unlabelled, as Topaz was published with.

After Bepler et al. (arXiv 1803.08207; Nature Methods 2019): every pixel within a few pixels of a
label is a positive place, every other pixel an unlabelled one; a patch is turned by any angle
and mirrored. As in the program's later versions, each minibatch holds an exact number of
positives, so that none is without.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.errors import BadInput, UsageError
from nunatak.learning.positive_places import listed_places, positive_places

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_MOST_REDRAWS = 1000


@dataclass(frozen=True)
class PatchBatch:
    """What one optimiser step sees.

    Attributes
    ----------
    patches : Tensor, shape (b, 1, side, side), float32
        Normalised; the positives come first.
    n_positive : int
        Number of positives.
    """

    patches: Tensor
    n_positive: int


@dataclass(frozen=True)
class PatchOptions:
    """How minibatches are drawn.

    Attributes
    ----------
    side_px : int
        Side of a patch: the classifier's receptive field, odd.
    radius_px : float
        Pixels up to so far from a label are positive places.
    batch_size : int
        Patches in a minibatch.
    positive_share : float
        Share of them that are positives.
    everything_unlabelled : bool
        Whether unlabelled patches are drawn from all places, the positive ones included, as the
        estimator of Kiryo et al. (arXiv 1703.00593) has it.
    """

    side_px: int
    radius_px: float = 3.0
    batch_size: int = 256
    positive_share: float = 1 / 16
    everything_unlabelled: bool = False

    @property
    def n_positive(self) -> int:
        """Positives in every minibatch: at least one, and never all."""
        return min(max(1, round(self.positive_share * self.batch_size)), self.batch_size - 1)


class PatchSampler:
    """Draws minibatches; the same step gives the same minibatch in any process, at any time.

    Parameters
    ----------
    images : sequence of ndarray, shape (ny, nx), float32
        Normalised, at the working size. They are copied once, with their margins.
    centres_px : sequence of ndarray, shape (k, 2)
        Labels of each image: x, y, pixels of that image.
    options
        How to draw.
    seed, rank
        The generator of a step is seeded with both and the step.
    excluded : sequence of ndarray, shape (ny, nx), bool, or None
        Of each image: pixels that no patch is centred at.

    Raises
    ------
    UsageError
        If the side is even, or there is no room for positives and unlabelled patches.
    BadInput
        If there is no label, or an image has no unlabelled pixel.
    """

    def __init__(
        self,
        images: Sequence[NDArray[np.float32]],
        centres_px: Sequence[FloatArray],
        options: PatchOptions,
        *,
        seed: int,
        rank: int = 0,
        excluded: Sequence[NDArray[np.bool_] | None] | None = None,
    ) -> None:
        if options.side_px % 2 == 0 or options.batch_size < 2:
            raise UsageError(
                f"Patches of {options.side_px} pixels in minibatches of {options.batch_size}: the "
                "side must be odd, and a minibatch holds at least two patches."
            )
        self.options = options
        self._seed = (seed, rank)
        self._margin = math.ceil(options.side_px / math.sqrt(2)) + 1
        self._pixels, self._origins, self._widths = _joined(images, self._margin)
        self._shapes = np.array([image.shape for image in images], dtype=np.int64)
        masks = [
            positive_places(image.shape, centres, options.radius_px)
            for image, centres in zip(images, centres_px, strict=True)
        ]
        left_out = [
            np.zeros(image.shape, np.bool_) if mask is None else mask
            for image, mask in zip(images, excluded or [None] * len(images), strict=True)
        ]
        masks = [np.where(out, 0, mask) for out, mask in zip(left_out, masks, strict=True)]
        positive_is_open = options.everything_unlabelled
        self._is_closed = [
            out if positive_is_open else out | (mask > 0)
            for out, mask in zip(left_out, masks, strict=True)
        ]
        self._positives = listed_places(masks)
        self._refuse_impossible()

    def batch_at(self, step: int) -> PatchBatch:
        """Return the minibatch of a step: a pure function of seed, rank and step.

        Parameters
        ----------
        step
            From 0.
        """
        rng = np.random.default_rng([*self._seed, step])
        n_positive = self.options.n_positive
        chosen = rng.integers(len(self._positives), size=n_positive)
        unlabelled = self._unlabelled(self.options.batch_size - n_positive, rng)
        patches = self._patches(np.concatenate([self._positives[chosen], unlabelled]), rng)
        return PatchBatch(torch.from_numpy(patches)[:, None], n_positive)

    def _unlabelled(self, count: int, rng: np.random.Generator) -> IndexArray:
        """Draw an image, then a pixel, evenly; again where the place is positive or excluded."""
        places = np.empty((count, 3), dtype=np.int64)
        open_rows = np.arange(count)
        for _ in range(_MOST_REDRAWS):
            image = rng.integers(len(self._shapes), size=len(open_rows))
            pixel = (rng.random((len(open_rows), 2)) * self._shapes[image]).astype(np.int64)
            places[open_rows] = np.column_stack([image, pixel])
            open_rows = open_rows[[self._is_closed[i][y, x] for i, y, x in places[open_rows]]]
            if not len(open_rows):
                return places
        raise BadInput(
            "Nearly every pixel of the micrographs lies close to a label or in an excluded part, "
            "so that no unlabelled place can be drawn. Check the labels, the excluded parts and "
            "the radius of the positives."
        )

    def _patches(self, places: IndexArray, rng: np.random.Generator) -> NDArray[np.float32]:
        """Cut patches around places (image, y, x), each turned and mirrored at random.

        The nearest pixel is taken, as published; beyond the image there are zeros.
        """
        side = self.options.side_px
        angle = rng.uniform(0.0, 2.0 * np.pi, size=len(places)).astype(np.float32)
        mirror = rng.choice(np.array([-1.0, 1.0], dtype=np.float32), size=(2, len(places)))
        cosine, sine = np.cos(angle), np.sin(angle)
        step = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
        # A turned coordinate is a sum of one term a row and one a column.
        rows = np.rint(_outer(cosine * mirror[0], sine * mirror[1], step)).astype(np.int64)
        columns = np.rint(_outer(-sine * mirror[0], cosine * mirror[1], step)).astype(np.int64)
        image, y, x = places.T
        width = self._widths[image]
        start = self._origins[image] + (y + self._margin) * width + x + self._margin
        rows *= width[:, None, None]
        rows += columns
        rows += start[:, None, None]
        return self._pixels[rows]

    def _refuse_impossible(self) -> None:
        if not len(self._positives):
            raise BadInput("None of the labels lies on an image: there is nothing to learn from.")
        for number, mask in enumerate(self._is_closed):
            if mask.all():
                raise BadInput(
                    f"Every pixel of micrograph {number + 1} of those to learn from lies close to "
                    "a label or in an excluded part: nothing is unlabelled. Check the labels, the "
                    "excluded parts and the radius of the positives."
                )


def _joined(
    images: Sequence[NDArray[np.float32]], margin: int
) -> tuple[NDArray[np.float32], IndexArray, IndexArray]:
    """All images with margins of zeros in one flat array; where each begins, and its width."""
    padded = [np.pad(image, margin) for image in images]
    sizes = [image.size for image in padded]
    origins = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    widths = np.array([image.shape[1] for image in padded], dtype=np.int64)
    return np.concatenate([image.ravel() for image in padded]), origins, widths


def _outer(
    by_row: NDArray[np.float32], by_column: NDArray[np.float32], step: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``by_row[b] step[i] + by_column[b] step[j]``, shape (b, side, side)."""
    return (by_row[:, None] * step)[:, :, None] + (by_column[:, None] * step)[:, None, :]

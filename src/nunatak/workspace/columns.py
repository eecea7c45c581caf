"""Candidates of an image as columns, and how the database holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput

NOT_JUDGED = -1
"""In place of a class where no pruning judged a candidate."""

LEFT_OUT = "left out"
"""What a pruning decides about a candidate that is worth a look, where a share of junk was asked
for: kept unseen, it would bring in more than that."""

JUDGED = ("unjudged", "keep", "review", "reject", LEFT_OUT)
"""What a pruning decides about a candidate. Projects hold the places: more are added at the end."""

_FLOAT: np.dtype[np.float64] = np.dtype("<f8")
_INDEX: np.dtype[np.int32] = np.dtype("<i4")
_FLAG: np.dtype[np.int8] = np.dtype("i1")

_Number = TypeVar("_Number", np.float64, np.int32, np.int8)


@dataclass(frozen=True)
class PickColumns:
    """Candidates of one image, each array of shape (n,), the best first.

    Attributes
    ----------
    number : ndarray of int64
        Of the candidate in its set; never changes.
    x_px, y_px : ndarray of float64
        Pixels of the stored image.
    z_px : ndarray of float64, or None
        None on micrographs.
    score : ndarray of float64
    class_index : ndarray of int32
        Into the set's ``classes``.
    probability : ndarray of float64, or None
        From a pruning, NaN where it did not judge; None without one, as the following.
    judged_index : ndarray of int32, or None
        Into the set's ``judged_classes``, or `NOT_JUDGED`: what the pruning takes it for.
    judged : ndarray of int8, or None
        Into `JUDGED`: what the pruning decides.
    """

    number: NDArray[np.int64]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    z_px: NDArray[np.float64] | None
    score: NDArray[np.float64]
    class_index: NDArray[np.int32]
    probability: NDArray[np.float64] | None = None
    judged_index: NDArray[np.int32] | None = None
    judged: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.number)

    @property
    def positions_px(self) -> NDArray[np.float64]:
        """Positions ``(x, y[, z])``, shape (n, 2) or (n, 3)."""
        parts = [self.x_px, self.y_px] + ([] if self.z_px is None else [self.z_px])
        return np.stack(parts, axis=1)


@dataclass(frozen=True)
class NewCandidates:
    """What a picker found on one image, in any order.

    Attributes
    ----------
    x_px, y_px, z_px, score, class_index
        As of `PickColumns`; ``class_index`` may be None where there is one class.
    """

    x_px: NDArray[np.floating]
    y_px: NDArray[np.floating]
    score: NDArray[np.floating]
    z_px: NDArray[np.floating] | None = None
    class_index: NDArray[np.integer] | None = None

    def stored(self, *, ndim: int, class_count: int) -> tuple[int, list[bytes | None]]:
        """Return their number, and the columns x, y, z, score and class index, the best first.

        Raises
        ------
        BadInput
            If the columns do not fit together, or a number is not finite.
        """
        count = len(self.x_px)
        classes = np.zeros(count, _INDEX) if self.class_index is None else self.class_index
        if (self.z_px is not None) != (ndim == 3):
            raise BadInput(
                f"Candidates {'with' if ndim == 2 else 'without'} z for a project of "
                f"{'micrographs' if ndim == 2 else 'tomograms'}."
            )
        numbers = [self.x_px, self.y_px, *([] if self.z_px is None else [self.z_px]), self.score]
        if any(one.shape != (count,) for one in (*numbers, classes)):
            raise BadInput("The columns of the candidates have different lengths.")
        if not all(np.isfinite(one).all() for one in numbers):
            raise BadInput("A position or a score of a candidate is not a finite number.")
        if count and not (classes.min() >= 0 and classes.max() < class_count):
            raise BadInput(f"A candidate has a class beyond the {class_count} of its set.")
        order = np.argsort(-self.score, kind="stable")
        z = None if self.z_px is None else as_bytes(self.z_px[order], _FLOAT)
        return count, [
            as_bytes(self.x_px[order], _FLOAT),
            as_bytes(self.y_px[order], _FLOAT),
            z,
            as_bytes(self.score[order], _FLOAT),
            as_bytes(classes[order], _INDEX),
        ]


def as_bytes(values: NDArray[np.number], dtype: np.dtype[_Number]) -> bytes:
    """Return values as the database holds them: little-endian, whatever the machine."""
    return values.astype(dtype).tobytes()


def judged_bytes(
    probability: NDArray[np.floating], index: NDArray[np.integer], judged: NDArray[np.integer]
) -> list[bytes]:
    """Return the columns of a judgement as the database holds them."""
    return [as_bytes(probability, _FLOAT), as_bytes(index, _INDEX), as_bytes(judged, _FLAG)]


def columns_of(row: Sequence[object]) -> PickColumns:
    """Return the columns in a row: first, count, x, y, z, score, class_index, then a judgement's.

    Raises
    ------
    BadInput
        If a column is shorter or longer than the row says.
    """
    first, count = int(str(row[0])), int(str(row[1]))
    x, y, z, score, probability = (_numbers(row[at], _FLOAT, count) for at in (2, 3, 4, 5, 7))
    index, judged = (_numbers(row[at], _INDEX, count) for at in (6, 8))
    if x is None or y is None or score is None or index is None:
        raise BadInput("A column of candidates is missing; the project is damaged.")
    return PickColumns(
        number=np.arange(first, first + count, dtype=np.int64),
        x_px=x,
        y_px=y,
        z_px=z,
        score=score,
        class_index=index,
        probability=probability,
        judged_index=judged,
        judged=_numbers(row[9], _FLAG, count),
    )


def _numbers(stored: object, dtype: np.dtype[_Number], count: int) -> NDArray[_Number] | None:
    if not isinstance(stored, bytes):
        return None
    if len(stored) != count * dtype.itemsize:
        raise BadInput(
            f"A column of {count} candidates has {len(stored)} bytes; the project is damaged. "
            "Restore it from a backup."
        )
    return np.frombuffer(stored, dtype).astype(dtype.newbyteorder("="), copy=False)

"""All candidates of a set as columns, for histograms and galleries."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.workspace.columns import JUDGED, LEFT_OUT

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

UNDECIDED, KEPT, REJECTED = 0, 1, -1
"""What a person says of a candidate."""

PRUNED_AWAY = JUDGED.index("reject")
"""What a pruning says of a candidate that it rejects."""

_LEFT_OUT = JUDGED.index(LEFT_OUT)


@dataclass(frozen=True)
class SetColumns:
    """Candidates of a set, image by image, the best of each image first.

    Attributes
    ----------
    image, number : ndarray, shape (n,), int64
        Of the image, and of the candidate in its set.
    x_px, y_px : ndarray, shape (n,), float64
        Pixels of the stored image.
    z_px : ndarray or None
        The same; None on micrographs.
    score : ndarray, shape (n,), float64
    class_index : ndarray, shape (n,), int64
        Into ``classes``.
    classes : tuple of str
    probability : ndarray, shape (n,), float64
        Of a pruning; NaN where none judged.
    judged_index : ndarray, shape (n,), int64
        Into ``judged_classes``: what a pruning takes it for, or -1.
    judged_classes : tuple of str
        None before a pruning.
    pruned : ndarray, shape (n,), int64
        Into `nunatak.workspace.columns.JUDGED`: what a pruning decides.
    decided : ndarray, shape (n,), int64
        By a person: `KEPT`, `REJECTED` or `UNDECIDED`.
    reasons : mapping of int to str
        Of rejections, by the candidate's number.
    excluded : ndarray, shape (n,), bool
        In a region that a person excluded, or on an image that a person skips.
    """

    image: IntArray
    number: IntArray
    x_px: FloatArray
    y_px: FloatArray
    z_px: FloatArray | None
    score: FloatArray
    class_index: IntArray
    classes: tuple[str, ...]
    probability: FloatArray
    judged_index: IntArray
    judged_classes: tuple[str, ...]
    pruned: IntArray
    decided: IntArray
    reasons: Mapping[int, str]
    excluded: BoolArray

    def __len__(self) -> int:
        return len(self.score)

    @property
    def positions_px(self) -> FloatArray:
        """Positions ``(x, y[, z])``, shape (n, ndim)."""
        axes = [self.x_px, self.y_px] if self.z_px is None else [self.x_px, self.y_px, self.z_px]
        return np.column_stack(axes)

    def of_class(self, class_name: str | None) -> BoolArray:
        """Which candidates are of a class; of any, for None."""
        if class_name is None:
            return np.ones(len(self), dtype=np.bool_)
        return _is_of(class_name, self.classes, self.class_index)

    def taken_for(self, class_name: str | None) -> BoolArray:
        """Which candidates a pruning takes for a class; all of them, for None."""
        if class_name is None:
            return np.ones(len(self), dtype=np.bool_)
        return _is_of(class_name, self.judged_classes, self.judged_index)

    def selected(self, threshold: float) -> BoolArray:
        """Which candidates pass a threshold, the excluded left out."""
        return np.asarray((self.score >= threshold) & ~self.excluded)

    def kept(self, threshold: float) -> BoolArray:
        """Which of the selected candidates nobody rejected or left out.

        A person's word goes before a pruning's: what a person keeps is kept whatever its score.
        """
        chosen = self.selected(threshold) & ~self.not_kept
        return np.asarray(chosen | ((self.decided == KEPT) & ~self.excluded))

    @property
    def not_kept(self) -> BoolArray:
        """Which candidates a person rejected, or a pruning rejected or left out.

        What a person keeps is none of them.
        """
        pruned_away = np.isin(self.pruned, (PRUNED_AWAY, _LEFT_OUT)) & (self.decided != KEPT)
        return np.asarray((self.decided == REJECTED) | pruned_away)


def _is_of(class_name: str, classes: tuple[str, ...], index: IntArray) -> BoolArray:
    # One more, for the index -1.
    wanted = np.array([*(name == class_name for name in classes), False], dtype=np.bool_)
    return np.asarray(wanted[index])

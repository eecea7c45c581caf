"""Which picks a person has called particles or junk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.errors import BadInput, Mismatch
from nunatak.picks.counted import counted
from nunatak.picks.formats.frame import by_image
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import JUNK, PARTICLE
from nunatak.pruning.label_words import classes_of_column

MATCHED_WITHIN = 0.2
"""Share of the diameter within which a labelled position is that of a pick: half of what parts
two picks of one particle."""


@dataclass(frozen=True)
class MatchedLabels:
    """Labels of some of the picks.

    Attributes
    ----------
    row : ndarray, shape (k,), int64
        Of the labelled picks, ascending; none occurs twice.
    class_name : ndarray of str, shape (k,)
        One of `nunatak.pruning.classes.CLASSES`.
    unmatched : tuple of str
        Labels that fit no pick, in words: how many, and why.
    """

    row: NDArray[np.int64]
    class_name: NDArray[np.object_]
    unmatched: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.row)

    @property
    def is_particle(self) -> NDArray[np.bool_]:
        """Which labels say particle, shape (k,)."""
        return np.asarray(self.class_name == PARTICLE, dtype=np.bool_)

    @property
    def counts(self) -> dict[str, int]:
        """Number of labels by class, most first."""
        return dict(Counter(self.class_name.tolist()).most_common())


def labels_of_column(picks: PickSet, column: str) -> MatchedLabels:
    """Take a column of the picks themselves for labels; blank cells are no labels.

    Parameters
    ----------
    picks
        The picks.
    column
        Its name, as the file has it or as nunatak calls it.

    Raises
    ------
    BadInput
        If there is no such column, a word is unknown, or every cell is blank.
    """
    found = classes_of_column(picks, column)
    rows = np.flatnonzero(found != "")
    return MatchedLabels(rows.astype(np.int64), found[rows])


def labels_by_position(
    picks: PickSet,
    labelled: PickSet,
    radius_px: NDArray[np.float64],
    *,
    column: str | None = None,
    class_name: str | None = None,
) -> MatchedLabels:
    """Find the picks that labelled positions mean: the nearest one on the same micrograph.

    Parameters
    ----------
    picks
        The picks.
    labelled
        Labelled positions; micrographs may be named by path, file name or stem.
    radius_px : ndarray, shape (n,), float64
        How far a label may lie from its pick, pixels; of each pick, alike for all of an image.
    column
        Holds the label's words; None takes the first of the usual names.
    class_name
        Of all positions; no column is read then.

    Raises
    ------
    Mismatch
        If no label is on the micrographs of the picks, none is near a pick, or labels of one
        pick contradict each other.
    BadInput
        If there is no column of labels, or a word is unknown.
    """
    origin = str(labelled.source or "the labels")
    if class_name is None:
        said = classes_of_column(labelled, column)
    else:
        said = np.full(len(labelled), class_name, dtype=object)
    if not (said != "").any():
        raise BadInput(f"{origin}: no labels, all {len(labelled)} rows are blank. Label some.")
    is_label = said != ""
    image_of = _same_images(picks, labelled, origin)
    rows_of = dict(by_image(picks.table))
    xy, near = picks.positions_px, np.full(len(labelled), -1, dtype=np.int64)
    for image, all_rows in by_image(labelled.table):
        asked = all_rows[is_label[all_rows]]
        rows = rows_of.get(image_of.get(image, ""), np.empty(0, dtype=np.int64))
        if len(rows) == 0 or len(asked) == 0:
            continue
        reach = np.nextafter(float(radius_px[rows[0]]), np.inf)
        distance, index = KDTree(xy[rows]).query(
            labelled.positions_px[asked], distance_upper_bound=reach
        )
        near[asked] = np.where(np.isfinite(distance), rows[index % len(rows)], -1)
    elsewhere = is_label & ~labelled.table["image"].isin(image_of).to_numpy()
    lonely = is_label & ~elsewhere & (near < 0)
    unmatched = _account(origin, labelled, elsewhere, lonely)
    if not (near >= 0).any():
        raise Mismatch(
            f"{unmatched[0]} None of {counted(int(is_label.sum()), 'label')} fits a pick. Are they "
            "of these micrographs, in the same pixels, and the diameter right?"
        )
    used = np.flatnonzero(near >= 0)
    pairs = zip(near[used].tolist(), said[used].tolist(), strict=True)
    return _settled(pairs, picks, unmatched)


def joined(parts: Sequence[MatchedLabels], picks: PickSet) -> MatchedLabels:
    """Return the labels of several sources.

    Parameters
    ----------
    parts
        At least one.
    picks
        That they belong to.

    Raises
    ------
    Mismatch
        If two sources contradict each other about a pick.
    """
    pairs = (
        pair
        for part in parts
        for pair in zip(part.row.tolist(), part.class_name.tolist(), strict=True)
    )
    return _settled(pairs, picks, tuple(text for part in parts for text in part.unmatched))


def _same_images(picks: PickSet, labelled: PickSet, origin: str) -> dict[str, str]:
    """Return the picks' name of each of the labels' images that they share."""
    found = NameIndex(picks.images).resolve_all(labelled.table["image"].unique().tolist())
    if not found.found:
        reason = next(iter(found.unmatched.values()), "there are none.")
        raise Mismatch(
            f"{origin}: no label is on a micrograph of the picks: {reason} Give the labels of "
            "these picks."
        )
    return found.found


def _account(
    origin: str, labelled: PickSet, elsewhere: NDArray[np.bool_], lonely: NDArray[np.bool_]
) -> tuple[str, ...]:
    table, texts = labelled.table, []
    if elsewhere.any():
        images = table["image"][elsewhere].unique()
        texts.append(
            f"{origin}: {counted(int(elsewhere.sum()), 'label')} on "
            f"{counted(len(images), 'micrograph')} without picks, such as {images[0]}."
        )
    if lonely.any():
        first = table[lonely].iloc[0]
        texts.append(
            f"{origin}: {counted(int(lonely.sum()), 'label')} with no pick within "
            f"{MATCHED_WITHIN:g} diameters, such as x {first['x_px']:.1f}, y {first['y_px']:.1f} "
            f"on {first['image']}."
        )
    return tuple(texts)


def _settled(
    pairs: Iterable[tuple[int, str]], picks: PickSet, unmatched: tuple[str, ...]
) -> MatchedLabels:
    """Give each pick one class; junk of a named kind says more than junk."""
    class_of: dict[int, str] = {}
    for row, said in pairs:
        before = class_of.get(row, said)
        kinds = {before, said}
        if len(kinds) == 1 or (JUNK in kinds and PARTICLE not in kinds):
            class_of[row] = said if before == JUNK else before
            continue
        pick: pd.Series = picks.table.iloc[row]
        raise Mismatch(
            f"The pick at x {pick['x_px']:.1f}, y {pick['y_px']:.1f} on {pick['image']} (row "
            f"{row + 1}) is labelled both {before} and {said}. Remove one of the two labels."
        )
    rows = np.array(sorted(class_of), dtype=np.int64)
    return MatchedLabels(
        rows, np.array([class_of[row] for row in rows.tolist()], dtype=object), unmatched
    )

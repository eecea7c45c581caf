"""Which picks a person has called particles or junk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch
from nunatak.picks.counted import counted
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import DUPLICATE, JUNK, PARTICLE
from nunatak.pruning.kinds import known_kinds
from nunatak.pruning.label_words import classes_of_column, label_column
from nunatak.pruning.nearest_picks import nearest_picks, place_of
from nunatak.pruning.particle_matches import same_particles
from nunatak.pruning.particle_names import lacks_places, particle_names

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
    may_be_careless : bool
        Whether they were given in passing: they are then weighed against the shipped judgement.
    """

    row: NDArray[np.int64]
    class_name: NDArray[np.object_]
    unmatched: tuple[str, ...] = field(default=())
    may_be_careless: bool = False

    def __len__(self) -> int:
        return len(self.row)

    @property
    def is_particle(self) -> NDArray[np.bool_]:
        """Which labels say particle, shape (k,)."""
        return np.asarray(self.class_name == PARTICLE, dtype=np.bool_)

    @property
    def is_junk(self) -> NDArray[np.bool_]:
        """Which labels say no particle, shape (k,): a duplicate is one, and was picked twice."""
        return np.asarray(~self.is_particle & (self.class_name != DUPLICATE), dtype=np.bool_)

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
        Labelled positions; images may be named by path, file name or stem. Where they, or the
        picks, are particle images without places, their names are compared. In tomograms, a label
        of one class of the picks (``class_name``) is not of a pick of another.
    radius_px : ndarray, shape (n,), float64
        How far a label may lie from its pick, pixels; of each pick, alike for all of an image (in
        a tomogram, of a class).
    column
        Holds the label's words; None takes the first of the usual names.
    class_name
        Of all positions; no column is read then.

    Raises
    ------
    Mismatch
        If no label is on the images of the picks, none is near a pick, labels of one pick
        contradict each other, or one of the two knows particle images alone and the other names
        none.
    BadInput
        If there is no column of labels, or a word is unknown.
    """
    origin = str(labelled.source or "the labels")
    if labelled.ndim != picks.ndim:
        raise Mismatch(
            f"{origin}: labels on {IMAGE_NOUN[labelled.ndim]}s, and the picks are of "
            f"{IMAGE_NOUN[picks.ndim]}s. Give the labels of these picks, "
            f"{'with z' if picks.ndim == 3 else 'without z'}."
        )
    if class_name is None:
        said = classes_of_column(labelled, column)
    else:
        said = np.full(len(labelled), class_name, dtype=object)
    if not (said != "").any():
        raise BadInput(f"{origin}: no labels, all {len(labelled)} rows are blank. Label some.")
    is_label = said != ""
    if lacks_places(picks) or lacks_places(labelled):
        return _by_particle(picks, labelled, said, origin)
    image_of = _same_images(picks, labelled, origin)
    words_are_kinds = class_name is not None or label_column(labelled, column) != "class_name"
    kinds = known_kinds(labelled, picks) if words_are_kinds else np.full(len(labelled), "", object)
    names = labelled.table["image"].map(image_of)
    # Blank rows are looked up, too: they stand for one of several picks at one place.
    near = nearest_picks(picks, radius_px, names, labelled.positions_px, kinds)
    near[~is_label] = -1
    elsewhere = is_label & ~labelled.table["image"].isin(image_of).to_numpy()
    lonely = is_label & ~elsewhere & (near < 0)
    unmatched = _account(origin, labelled, elsewhere, lonely)
    if not (near >= 0).any():
        raise Mismatch(
            f"{unmatched[0]} None of {counted(int(is_label.sum()), 'label')} fits a pick. Check "
            f"that they are of these {IMAGE_NOUN[picks.ndim]}s and in the same pixels, and the "
            "diameter."
        )
    used = np.flatnonzero(near >= 0)
    pairs = zip(near[used].tolist(), said[used].tolist(), strict=True)
    return _settled(pairs, picks, unmatched)


def _by_particle(
    picks: PickSet, labelled: PickSet, said: NDArray[np.object_], origin: str
) -> MatchedLabels:
    """Find the picks that labels mean by their particle images."""
    rows, is_label = same_particles(picks, labelled), said != ""
    used, strange = is_label & (rows >= 0), np.flatnonzero(is_label & (rows < 0))
    unmatched: tuple[str, ...] = ()
    if len(strange):
        example = particle_names(labelled)
        unmatched = (
            f"{origin}: {counted(len(strange), 'label')} of particle images that are not among "
            f"the picks, such as {example.section[strange[0]] + 1:06d}@"
            f"{example.stack.iloc[strange[0]]}.",
        )
    if not used.any():
        raise Mismatch(
            f"{unmatched[0]} None of {counted(int(is_label.sum()), 'label')} fits a pick. Give the "
            "labels of these particles."
        )
    return _settled(zip(rows[used].tolist(), said[used].tolist(), strict=True), picks, unmatched)


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
            f"{origin}: no label is on a {IMAGE_NOUN[picks.ndim]} of the picks: {reason} Give the "
            "labels of these picks."
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
            f"{counted(len(images), IMAGE_NOUN[labelled.ndim])} without picks, such as "
            f"{images[0]}."
        )
    if lonely.any():
        first = table[lonely].iloc[0]
        texts.append(
            f"{origin}: {counted(int(lonely.sum()), 'label')} with no pick within "
            f"{MATCHED_WITHIN:g} diameters, such as {place_of(first)} on {first['image']}."
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
        pick = picks.table.iloc[row]
        raise Mismatch(
            f"The pick at {place_of(pick)} on {pick['image']} (row {row + 1}) is labelled both "
            f"{before} and {said}. Remove one of the two labels."
        )
    rows = np.array(sorted(class_of), dtype=np.int64)
    return MatchedLabels(
        rows, np.array([class_of[row] for row in rows.tolist()], dtype=object), unmatched
    )

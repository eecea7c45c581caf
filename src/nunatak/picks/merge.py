"""Unite the picks of several pickers, and say how many of them found each particle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput, UsageError
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.merge_account import account
from nunatak.picks.merge_clusters import clusters
from nunatak.picks.merge_names import common_names
from nunatak.picks.merge_radius import MergeRadius
from nunatak.picks.merge_sets import (
    common_ndim,
    count_looked,
    labels_of,
    ranks_of,
    stacked,
    with_common_optics,
    with_pixel_size,
)
from nunatak.picks.table import PickSet, coordinate_columns

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def merge(
    sets: Sequence[PickSet],
    *,
    radius_A: float | None = None,
    radius_px: float | None = None,
    diameter_A: float | None = None,
    pixel_size_A: float | None = None,
    min_agree: int = 1,
    labels: Sequence[str] | None = None,
    by_class: bool = False,
    absent_is_empty: bool = False,
) -> PickSet:
    """Unite several sets of picks of the same images by the particles that they stand for.

    Picks of different sets are taken for one particle if they lie within a radius of each other
    (see `nunatak.picks.merge_clusters`): in the plane, or in tomograms in space. A particle lies
    at the mean of its picks.

    Parameters
    ----------
    sets
        Two or more, each of one picker.
    radius_A, radius_px, diameter_A
        Greatest distance between two picks of one particle, in ångström or in pixels of the
        stored image, or the particle's diameter, of which a quarter is taken. At most one; None
        takes a quarter of the ``diameter_A`` that the sets state.
    pixel_size_A
        Pixel size of all images, for sizes in Å where the sets state none.
    min_agree
        Keep particles that at least so many sets have picked. Of an image that fewer sets looked
        at, those that all of these have picked are kept: a set that did not look has no say.
    labels
        A short name of each set for the columns below; None takes the names of their files.
    by_class
        Only picks of one class (``class_name``) are one particle.
    absent_is_empty
        Take every set to have looked at every image. Otherwise a set has not looked at an image
        that it does not mention.

    Returns
    -------
    PickSet
        One row a particle, image by image, the best score first, with the columns

        - ``agreement`` (int): by how many sets it was picked; ``looked`` (int): how many looked
          at the image; ``seen_by`` (str): the labels of those that picked it, joined by ``+``;
        - ``score`` (float64, 0 to 1): the mean over the sets that looked at the image of the
          pick's rank among all picks of its set, ``(rank - 1/2) / n`` with rank n for the best;
          0 for a set that has no such pick, and 1/2 in a set without scores;
        - ``score_LABEL`` (float64): its score in the set, NaN without a pick;
        - ``selected``, where a set has it: whether any of its picks is selected;
        - every other column as in the pick of the highest rank, or where that has no value, in
          the next one.

        Its ``notes`` begin with an account of the merging.

    Raises
    ------
    UsageError
        If there are fewer than two sets, ``min_agree`` is not between 1 and their number, or the
        labels or the radius are not clear.
    Mismatch
        If some sets are of micrographs and others of tomograms, a set has no image in common with
        any other, a name of an image is ambiguous, or pixel sizes differ.
    BadInput
        If only some picks of a set have a score, a class is wanted and missing, or the pixel size
        is needed and not known.

    Notes
    -----
    Scores of different pickers cannot be compared, but ranks can: the score is Borda's count of
    votes, scaled to 1.

    Examples
    --------
    >>> a = PickSet(pd.DataFrame({"image": "m", "x_px": [10.0, 90.0], "y_px": 10.0}))
    >>> b = PickSet(pd.DataFrame({"image": "m", "x_px": [12.0, 50.0], "y_px": 10.0}))
    >>> merged = merge([a, b], radius_px=5, min_agree=2, labels=["a", "b"])
    >>> merged.table[["x_px", "agreement", "seen_by", "score"]].values.tolist()
    [[11.0, 2, 'a+b', 0.5]]
    """
    labels = labels_of(sets, labels)
    if not 1 <= min_agree <= len(sets):
        raise UsageError(
            f"--min-agree {min_agree}: there are {len(sets)} sets. Give 1 (all that any set has "
            f"picked) to {len(sets)} (what all have picked)."
        )
    radius = MergeRadius(radius_A, radius_px, diameter_A)
    ndim = common_ndim(sets, labels)
    image_of = common_names([one.images for one in sets], of_tomograms=ndim == 3)
    looked = count_looked(sets, labels, image_of)
    if absent_is_empty:
        looked = Counter(dict.fromkeys(looked, len(sets)))
    ranks = [ranks_of(one, label) for one, label in zip(sets, labels, strict=True)]
    table, number = stacked(sets, image_of, ndim)
    table = with_pixel_size(table, number, labels, pixel_size_A)
    table, optics, optics_notes = with_common_optics(table, sets)
    picks = _Picks(table, number, np.concatenate(ranks), labels)
    cluster = _clustered(picks, radius, by_class=by_class)
    particles = _particles(picks, cluster, looked)
    kept = particles[particles["agreement"] >= particles["looked"].clip(upper=min_agree)]
    return PickSet(
        _ordered(kept, list(looked)),
        optics=optics,
        images=tuple(looked),
        notes=[
            *account(
                particles,
                cluster,
                number,
                labels=labels,
                looked=looked,
                min_agree=min_agree,
                noun=IMAGE_NOUN[ndim],
            ),
            *optics_notes,
            *(note for one in sets for note in one.notes),
        ],
    )


@dataclass(frozen=True)
class _Picks:
    """All picks: the table, and of each the number of its set and its rank there (0 to 1)."""

    table: pd.DataFrame
    number: IntArray
    rank: FloatArray
    labels: tuple[str, ...]


def _clustered(picks: _Picks, radius: MergeRadius, *, by_class: bool) -> IntArray:
    """Return the particle of each pick: 0, 1, ..."""
    table = picks.table
    if by_class:
        _refuse_unknown_class(picks)
    kinds = table["class_name"] if by_class else pd.Series("", index=table.index)
    result = np.zeros(len(table), dtype=np.int64)
    n_particles = 0
    for _, alike in table.groupby(kinds, sort=False):
        for rows in alike.groupby("image", sort=False).indices.values():
            here = alike.index[rows].to_numpy()
            own, points = picks.number[here], table.loc[here]
            if (own == own[0]).all():
                found = np.arange(len(here))  # Nothing to match, whatever the radius.
            else:
                positions_px = points[list(coordinate_columns(table))]
                found = clusters(positions_px, own, radius.in_px(points, alike))
            result[here] = n_particles + found
            n_particles += found.max() + 1
    return result


def _refuse_unknown_class(picks: _Picks) -> None:
    table = picks.table
    named = table.get("class_name", pd.Series("", index=table.index))
    unnamed = np.flatnonzero(named.fillna("").astype(str) == "")
    if len(unnamed):
        row = unnamed[0]
        raise BadInput(
            f"{len(unnamed)} of {len(table)} picks have no class (class_name), the first in "
            f"{picks.labels[picks.number[row]]}, on {table['image'].iloc[row]}. Name the class of "
            "all of them, or merge without --by-class."
        )


def _particles(picks: _Picks, cluster: IntArray, looked: Mapping[str, int]) -> pd.DataFrame:
    """Return one row a particle, in the order of their numbers."""
    table, labels = picks.table, picks.labels
    best_first = np.lexsort((picks.number, -picks.rank, cluster))
    # The first value of each column that is known: the best pick's, or else the next one's.
    particles = table.iloc[best_first].groupby(cluster[best_first]).first()
    coordinates = list(coordinate_columns(table))
    particles[coordinates] = table[coordinates].groupby(cluster).mean()
    if "selected" in table:
        particles["selected"] = table["selected"].groupby(cluster).any()
    seen = np.zeros((len(particles), len(labels)), dtype=np.bool_)
    seen[cluster, picks.number] = True
    n_looked = particles["image"].map(dict(looked)).astype(np.int64)
    votes = np.bincount(cluster, weights=picks.rank, minlength=len(particles))
    particles["score"] = votes / n_looked
    particles["agreement"] = seen.sum(axis=1)
    particles["looked"] = n_looked
    particles["seen_by"] = pd.Series(
        ["+".join(compress(labels, row)) for row in seen.tolist()], dtype=str
    )
    for place, label in enumerate(labels):
        of_set = picks.number == place
        own = table.loc[of_set, "score"] if "score" in table else pd.Series(dtype=float)
        if own.notna().any():
            particles[f"score_{label}"] = own.set_axis(cluster[of_set])
    return particles


def _ordered(particles: pd.DataFrame, images: list[str]) -> pd.DataFrame:
    place = {image: number for number, image in enumerate(images)}
    keys = (-particles["score"], particles["image"].map(place))
    return particles.iloc[np.lexsort(keys)]

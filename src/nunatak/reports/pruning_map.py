"""The picks as the classifier sees them: similar pictures lie side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.reports.axes import grouped_digits
from nunatak.sampling import evenly

FloatArray = NDArray[np.float64]

MOST_DOTS = 6000
"""Picks that are drawn at most: more would hide each other, and make the page heavy."""

_FITTED_ON = 20_000
"""Picks that the principal components are worked out from at most."""

_BEYOND_PERCENT = 0.2
"""Of the picks at either end of an axis that are drawn at its edge, so that a few odd ones do
not press all others together."""

_MARGIN = 0.03


@dataclass(frozen=True)
class Dots:
    """Dots of one kind; ``kind`` is their CSS class, ``path`` their places as SVG draws them."""

    kind: str
    label: str
    path: str


@dataclass(frozen=True)
class PickMap:
    """The picks in the plane of the first two principal components.

    Attributes
    ----------
    dots : tuple of Dots
        By decision, the most numerous kind lowest.
    labels : tuple of Dots
        The labelled picks.
    alternative : str
        The map in words.
    notes : tuple of str
        What the reader must know to read it right.
    """

    dots: tuple[Dots, ...]
    labels: tuple[Dots, ...]
    alternative: str
    notes: tuple[str, ...]


def draw_map(
    embedding: NDArray[np.float32],
    kinds: Sequence[tuple[str, str, NDArray[np.bool_]]],
    labels: Sequence[tuple[str, str, NDArray[np.int64]]],
) -> PickMap | None:
    """Lay the picks out by their embedding.

    Parameters
    ----------
    embedding : ndarray, shape (n, e), float32
        Of each pick; not finite where it was not seen.
    kinds
        CSS class, name and mask, shape ``(n,)``, of each kind of pick.
    labels
        The same of the labelled picks, with their rows in place of a mask.

    Returns
    -------
    PickMap or None
        None for fewer than three picks that were seen.
    """
    seen = np.asarray(np.isfinite(embedding).all(axis=1), dtype=np.bool_)
    if int(seen.sum()) < 3:
        return None
    place = np.full((len(embedding), 2), np.nan)
    place[seen], share = principal_plane(embedding[seen])
    place[seen] = _percent(place[seen])
    drawn = np.zeros(len(seen), dtype=np.bool_)
    rows = np.flatnonzero(seen)
    drawn[rows[evenly(len(rows), MOST_DOTS)]] = True
    falling = sorted(kinds, key=lambda kind: -int(kind[2].sum()))
    notes = [
        f"The two axes hold {100 * share:.0f} % of the differences that the classifier sees; "
        "their units have no meaning."
    ]
    if len(rows) > MOST_DOTS:
        notes.append(
            f"{grouped_digits(MOST_DOTS)} of {grouped_digits(len(rows))} picks, evenly chosen."
        )
    return PickMap(
        dots=tuple(
            Dots(kind, name, _path(place[mask & drawn]))
            for kind, name, mask in falling
            if (mask & drawn).any()
        ),
        labels=tuple(
            Dots(kind, name, _path(place[known]))
            for kind, name, numbers in labels
            if len(known := numbers[seen[numbers]])
        ),
        alternative=f"Map of {grouped_digits(len(rows))} picks by their embedding: "
        + ", ".join(f"{grouped_digits(int((m & seen).sum()))} {name}" for _, name, m in kinds)
        + ".",
        notes=tuple(notes),
    )


def principal_plane(embedding: NDArray[np.float32]) -> tuple[FloatArray, float]:
    """Project onto the first two principal components.

    Parameters
    ----------
    embedding : ndarray, shape (n, e), float32
        Finite; at least three rows.

    Returns
    -------
    place : ndarray, shape (n, 2), float64
        In units of the embedding, 0 = its mean. The sign of an axis is such that its largest
        weight is positive: the same embedding always gives the same map.
    share : float
        Of the variance that the plane holds.
    """
    stride = -(-len(embedding) // _FITTED_ON)
    fitted = embedding[::stride].astype(np.float64)
    mean = fitted.mean(axis=0)
    covariance = np.atleast_2d(np.cov(fitted - mean, rowvar=False))
    variance, axes = np.linalg.eigh(covariance)
    first = axes[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    place = (embedding - mean.astype(np.float32)) @ first.astype(np.float32)
    result = np.zeros((len(embedding), 2))
    result[:, : place.shape[1]] = place
    total = float(variance.sum())
    return result, float(variance[::-1][:2].sum()) / total if total > 0 else 1.0


def _percent(place: FloatArray) -> FloatArray:
    """Return places in percent of the map, outliers at its edge."""
    low, high = np.percentile(place, [_BEYOND_PERCENT, 100 - _BEYOND_PERCENT], axis=0)
    length = np.maximum(high - low, 1e-12)
    inside = np.clip((place - low) / length, 0.0, 1.0)
    percent: FloatArray = 100 * (_MARGIN + (1 - 2 * _MARGIN) * inside)
    return percent


def _path(place: FloatArray) -> str:
    """Return places as lines without length, which round ends make dots of any size on screen."""
    distinct = np.unique(place.round(1), axis=0)
    return "".join(f"M{x:g} {100 - y:g}h0" for x, y in distinct.tolist())

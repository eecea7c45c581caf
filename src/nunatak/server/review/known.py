"""Which candidates people have judged, by deciding about them or by labelling all around them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from nunatak.picks.matching import match
from nunatak.server.review.columns import KEPT, REJECTED, BoolArray, IntArray, SetColumns
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.marks import Labels, Point
from nunatak.workspace.project import ParticleClass
from nunatak.workspace.regions import inside

SAME_RADII = 0.5
"""A candidate within so much of a particle's radius of a label is of the labelled particle."""


def radii_px(images: Iterable[ImageRecord], diameter_A: float) -> dict[int, float]:
    """Return the particle's radius on each image, pixels; images of unknown size are left out."""
    return {
        one.id: diameter_A / 2 / one.pixel_size_A for one in images if one.pixel_size_A is not None
    }


def shares_of_largest(classes: Sequence[ParticleClass]) -> dict[str, float]:
    """Return the diameter of each class as a share of the largest; 1 where it is not known."""
    known_A = {kind.name: kind.diameter_A for kind in classes if kind.diameter_A}
    largest_A = max(known_A.values(), default=1.0)
    return {kind.name: known_A.get(kind.name, largest_A) / largest_A for kind in classes}


def judged_by_people(
    columns: SetColumns,
    labels: Iterable[Labels],
    radius_px: Mapping[int, float],
    size_shares: Mapping[str, float],
) -> tuple[IntArray, BoolArray]:
    """Return which candidates are known to be right or wrong.

    Where a set has several classes, a particle of one class makes no candidate of another right.

    Parameters
    ----------
    columns
        The candidates.
    labels
        Of images that have any.
    radius_px
        Of the largest class, by image; see `radii_px`.
    size_shares
        Of the project's classes, from which labels have theirs; see `shares_of_largest`. A
        candidate of a class that is none of them may stand for any particle.

    Returns
    -------
    rows : ndarray, shape (k,), int64
        Into the candidates, rising.
    is_right : ndarray, shape (k,), bool
    """
    verdict = columns.decided.copy()
    for said in labels:
        here = np.flatnonzero(columns.image == said.image)
        here = here[in_complete_regions(said, columns, here)]
        here = here[verdict[here] == 0]
        if len(here):
            near_px = SAME_RADII * radius_px[said.image]
            hit = _near_its_like(columns, here, _particles(said), near_px, size_shares)
            verdict[here] = np.where(hit, KEPT, REJECTED)
    rows = np.flatnonzero((verdict != 0) & ~columns.excluded)
    return rows, np.asarray(verdict[rows] == KEPT)


def in_complete_regions(labels: Labels, columns: SetColumns, rows: IntArray) -> BoolArray:
    """Which of some candidates, all of one image, lie in its completely labelled regions."""
    complete = [one for one in labels.regions if one.kind == "complete"]
    return inside(complete, columns.positions_px[rows])


def lie_in_complete_regions(columns: SetColumns, labels: Iterable[Labels]) -> BoolArray:
    """Which candidates lie in completely labelled regions, of any image; shape (n,)."""
    found = np.zeros(len(columns), dtype=np.bool_)
    for said in labels:
        here = np.flatnonzero(columns.image == said.image)
        found[here] = in_complete_regions(said, columns, here)
    return found


def with_points(
    columns: SetColumns,
    labels: Iterable[Labels],
    radius_px: Mapping[int, float],
    size_shares: Mapping[str, float],
    judged: tuple[IntArray, BoolArray],
) -> tuple[IntArray, BoolArray]:
    """Add to what people judged the candidates at labelled places.

    These are no fair sample of the candidates, and say nothing of the precision; but they teach.

    Parameters
    ----------
    columns, labels, radius_px, size_shares
        As of `judged_by_people`.
    judged
        What that returned.

    Returns
    -------
    rows, is_right
        The same, with more rows.
    """
    verdict = np.zeros(len(columns), dtype=np.int64)
    for said in labels:
        here = np.flatnonzero((columns.image == said.image) & ~columns.excluded)
        others = [point for point in said.points if point.kind != "particle"]
        near_px = SAME_RADII * radius_px[said.image]
        right = _near_its_like(columns, here, _particles(said), near_px, size_shares)
        verdict[here[right]] = KEPT
        verdict[here[_near(columns, here, others, near_px)]] = REJECTED
    rows, is_right = judged
    verdict[rows] = np.where(is_right, KEPT, REJECTED)
    known = np.flatnonzero(verdict)
    return known, np.asarray(verdict[known] == KEPT)


def on_particles(
    columns: SetColumns,
    rows: IntArray,
    labels: Iterable[Labels],
    radius_px: Mapping[int, float],
) -> BoolArray:
    """Which of some candidates lie on a labelled particle, however many others do as well."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for said in labels:
        places = _places(columns, _particles(said))
        here = np.flatnonzero(columns.image[rows] == said.image)
        if len(places) and len(here):
            distance, _ = KDTree(places).query(columns.positions_px[rows[here]])
            found[here] = distance <= SAME_RADII * radius_px[said.image]
    return found


def _particles(labels: Labels) -> list[Point]:
    return [point for point in labels.points if point.kind == "particle"]


def _near_its_like(
    columns: SetColumns,
    rows: IntArray,
    points: Sequence[Point],
    near_px: float,
    size_shares: Mapping[str, float],
) -> BoolArray:
    """Which candidates stand for one of some points of their class, one for each."""
    if len(columns.classes) == 1:
        # The model may call it otherwise.
        return _near(columns, rows, points, near_px)
    near = np.zeros(len(rows), dtype=np.bool_)
    foreign = np.ones(len(rows), dtype=np.bool_)
    for name, share in size_shares.items():
        of_class = columns.of_class(name)[rows]
        alike = [point for point in points if point.class_name == name]
        near[of_class] = _near(columns, rows[of_class], alike, share * near_px)
        foreign &= ~of_class
    near[foreign] = _near(columns, rows[foreign], points, near_px)
    return near


def _near(
    columns: SetColumns, rows: IntArray, points: Sequence[Point], near_px: float
) -> BoolArray:
    """Which candidates stand for one of some points, one for each."""
    near = np.zeros(len(rows), dtype=np.bool_)
    if points and len(rows):
        places = _places(columns, points)
        near[match(columns.positions_px[rows], places, near_px).candidate] = True
    return near


def _places(columns: SetColumns, points: Sequence[Point]) -> NDArray[np.float64]:
    """Positions of points in as many dimensions as the candidates have."""
    return np.array(
        [(one.x, one.y) if columns.z_px is None else (one.x, one.y, one.z) for one in points],
        dtype=np.float64,
    )

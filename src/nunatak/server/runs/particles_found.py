"""How many particles an image holds, roughly, by what was found in all of them."""

from collections.abc import Collection, Sequence

import numpy as np

from nunatak.server.review.columns import IntArray, SetColumns
from nunatak.server.review.known import radii_px, shares_of_largest, with_points
from nunatak.server.review.loading import load, marks_of
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.labels import label_counts, labels_of
from nunatak.workspace.marks import Labels
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.picks import picked_images
from nunatak.workspace.project import Settings

LEAST_FOUND = 0.5
"""Of the labelled particles, those that need a candidate: of a detector that misses more, its
candidates say too little."""


def particles_found(
    workspace: Workspace, images: Sequence[ImageRecord], settings: Settings
) -> float | None:
    """Return the mean number of particles in an image, by the newest set that tells.

    That is the number of selected picks, of a set that has some. Where no candidate of any set
    reaches its threshold, those that score as labelled particles do are counted.

    Parameters
    ----------
    workspace, images, settings
        The project.

    Returns
    -------
    float or None
        None where too little was found to tell.
    """
    labels = [labels_of(workspace, image) for image in label_counts(workspace)]
    marks, by_labels = marks_of(workspace), []
    for record in pick_sets_of(workspace):
        picked = picked_images(workspace, record.id)
        columns = load(workspace, record, marks)
        selected = columns.selected(record.threshold) & ~columns.not_kept
        if selected.any():
            return float(selected.sum() / len(picked))
        by_labels.append(found_like_labels(columns, picked, images, labels, settings))
    return next((number for number in by_labels if number is not None), None)


def found_like_labels(
    columns: SetColumns,
    picked: Collection[int],
    images: Sequence[ImageRecord],
    labels: Sequence[Labels],
    settings: Settings,
) -> float | None:
    """Count the candidates that score as labelled particles do.

    Parameters
    ----------
    columns
        Candidates of a set.
    picked
        Images that the set has come to.
    images, labels, settings
        Of the project; labels of images that have any.

    Returns
    -------
    float or None
        In an image; None where less than `LEAST_FOUND` of the labels have a candidate.

    Notes
    -----
    From the median score of the candidates at labels on, n candidates are found and h of L labels.
    If labels are a random part of the particles (Elkan & Noto, KDD 2008, section 2), so is their
    share, and there are n L / h particles, as far as all candidates above that score are right.
    """
    radius_px = radii_px(images, settings.largest_diameter_A or 0.0)
    seen = [one for one in labels if one.image in set(picked) & set(radius_px)]
    number = sum(point.kind == "particle" for one in seen for point in one.points)
    nobody: IntArray = np.empty(0, dtype=np.int64)
    sizes = shares_of_largest(settings.classes)
    rows, is_right = with_points(
        columns, seen, radius_px, sizes, (nobody, np.empty(0, dtype=np.bool_))
    )
    at_labels = columns.score[rows[is_right]]
    if len(at_labels) == 0 or len(at_labels) < LEAST_FOUND * number:
        return None
    level = np.median(at_labels)
    recall = np.count_nonzero(at_labels >= level) / number
    alike = np.count_nonzero((columns.score >= level) & ~columns.excluded)
    return float(alike / recall / len(picked))

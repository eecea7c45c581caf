"""How many particles an image holds, roughly, by what was found in all of them."""

from collections.abc import Sequence

import numpy as np

from nunatak.picks.matching import match
from nunatak.server.review.columns import SetColumns
from nunatak.server.review.known import SAME_RADII, radii_px
from nunatak.server.review.loading import load, marks_of
from nunatak.server.runs.teaching import NOT_PARTICLE, Teaching
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.pick_counts import count_picks
from nunatak.workspace.pick_sets import pick_sets_of


def particles_found(
    workspace: Workspace, images: Sequence[ImageRecord], taught: Teaching, diameter_A: float
) -> float | None:
    """Return the mean number of particles in an image, by the newest set that tells.

    That is the number of picks of a set that has some. Where no candidate of any set reaches its
    threshold, those that score as labelled particles do are counted.

    Parameters
    ----------
    workspace
        The project.
    images
        Of the project.
    taught
        What people labelled.
    diameter_A
        Of the largest class.

    Returns
    -------
    float or None
        None where nothing was found, or nothing at a label.
    """
    records = pick_sets_of(workspace)
    for record in records:
        counts = [one.kept for one in count_picks(workspace, record.id).values()]
        if sum(counts):
            return float(np.mean(counts))
    marks = marks_of(workspace)
    for record in records:
        number = by_labels(load(workspace, record, marks), images, taught, diameter_A)
        if number is not None:
            return number
    return None


def by_labels(
    columns: SetColumns, images: Sequence[ImageRecord], taught: Teaching, diameter_A: float
) -> float | None:
    """Count the candidates that score as labelled particles do.

    Parameters
    ----------
    columns
        Candidates.
    images, taught, diameter_A
        As of `particles_found`.

    Returns
    -------
    float or None
        In an image; None where no candidate lies at a label.

    Notes
    -----
    From the median score of the candidates at labels on, n candidates are found and h of L labels.
    If labels are a random part of the particles (Elkan & Noto, KDD 2008, section 2), so is their
    share, and there are n L / h particles, as far as all candidates above that score are right.
    """
    radius_px = radii_px(images, diameter_A)
    labels = taught.picks.table[taught.picks.table["class_name"] != NOT_PARTICLE]
    axes = ["x_px", "y_px", *([] if columns.z_px is None else ["z_px"])]
    at_labels: list[float] = []
    for image in images:
        here = np.flatnonzero((columns.image == image.id) & ~columns.excluded)
        places = labels.loc[labels["image"] == image.path, axes].to_numpy(dtype=np.float64)
        if len(here) and len(places) and image.id in radius_px:
            near_px = SAME_RADII * radius_px[image.id]
            hits = match(columns.positions_px[here], places, near_px).candidate
            at_labels += columns.score[here[hits]].tolist()
    if not at_labels:
        return None
    level = float(np.median(at_labels))
    recall = float(np.count_nonzero(np.array(at_labels) >= level)) / len(labels)
    alike = np.count_nonzero((columns.score >= level) & ~columns.excluded)
    return float(alike / recall / len(np.unique(columns.image)))

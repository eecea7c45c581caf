"""Histograms and comparisons of the project's sets."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from nunatak.detection.header import ThresholdRow
from nunatak.errors import Mismatch
from nunatak.server.bodies.pick_sets import Comparison, Histogram
from nunatak.server.review.columns import FloatArray, SetColumns
from nunatak.server.review.compare import compared
from nunatak.server.review.histogram import histogram
from nunatak.server.review.known import judged_by_people, radii_px
from nunatak.server.review.loading import LoadedSets, marks_of
from nunatak.server.review.precision import PrecisionEstimate, by_model
from nunatak.server.runs.found_set import SetFacts
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of
from nunatak.workspace.pick_sets import PickSetRecord
from nunatak.workspace.picks import picked_images
from nunatak.workspace.project import settings_of


def histogram_of(
    workspace: Workspace, sets: LoadedSets, pick_set: int, class_name: str | None
) -> Histogram:
    """Return the scores of a set's candidates, of all classes or of one.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    record, columns = sets.get(pick_set)
    rows = np.flatnonzero(columns.of_class(class_name) & ~columns.excluded)
    radius_px = _radii(workspace)
    marks = [one for one in marks_of(workspace) if one.image in radius_px]
    known, is_right = judged_by_people(columns, marks, radius_px)
    here = np.isin(known, rows)
    facts, score = _facts(record), columns.score[rows]
    estimate = PrecisionEstimate(
        score,
        known=np.searchsorted(rows, known[here]),
        is_right=is_right[here],
        guess=by_model(score, columns.class_index[rows], _tables(record, facts), facts.basis),
    )
    return histogram(score, estimate.at, estimate.source)


def comparison_of(workspace: Workspace, sets: LoadedSets, first: int, second: int) -> Comparison:
    """Match the selected picks of two sets.

    Raises
    ------
    NotFound
        If there is no such set.
    Mismatch
        If the diameter is not known.
    """
    radius_px = _radii(workspace)
    if not radius_px:
        raise Mismatch(
            "Two sets are matched within half a particle's radius. Say the particle's diameter in "
            "Å first."
        )
    one, other = (_selected(workspace, *sets.get(number)) for number in (first, second))
    return compared(one, other, radius_px)


def _selected(
    workspace: Workspace, record: PickSetRecord, columns: SetColumns
) -> Mapping[int, FloatArray]:
    """Return the positions of the selected candidates on each image that was picked."""
    selected, positions = columns.selected(record.threshold), columns.positions_px
    # The candidates of an image lie together.
    starts = np.flatnonzero(np.diff(columns.image, prepend=-1))
    parts = [slice(*ends) for ends in pairwise([*starts.tolist(), len(columns)])]
    found = {int(columns.image[part.start]): positions[part][selected[part]] for part in parts}
    nothing = dict.fromkeys(picked_images(workspace, record.id), positions[:0])
    return {**nothing, **found}


def _tables(record: PickSetRecord, facts: SetFacts) -> list[tuple[ThresholdRow, ...]]:
    """Return the table of each class, which tells how likely its candidates are right."""
    if len(record.classes) == 1:
        # The model may call it otherwise.
        return [next(iter(facts.threshold_tables.values()), ())]
    return [facts.threshold_tables.get(name, ()) for name in record.classes]


def _facts(record: PickSetRecord) -> SetFacts:
    """Return what the set's model says of its scores; nothing where no model made it."""
    return SetFacts.model_validate({"model": "", "sha256": "", **record.provenance})


def _radii(workspace: Workspace) -> dict[int, float]:
    known = [kind.diameter_A for kind in settings_of(workspace).classes if kind.diameter_A]
    return radii_px(images_of(workspace), max(known)) if known else {}

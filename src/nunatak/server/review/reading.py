"""Histograms and comparisons of the project's sets."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nunatak.detection.header import ThresholdRow
from nunatak.errors import Mismatch
from nunatak.server.bodies.reviews import Comparison, Histogram
from nunatak.server.review.columns import UNDECIDED, FloatArray, SetColumns
from nunatak.server.review.compare import compared
from nunatak.server.review.histogram import histogram
from nunatak.server.review.kept_precision import Fate, KeptPrecision
from nunatak.server.review.known import (
    judged_by_people,
    lie_in_complete_regions,
    radii_px,
    shares_of_largest,
)
from nunatak.server.review.loading import LoadedSets, marks_of
from nunatak.server.review.precision import PrecisionEstimate, by_model
from nunatak.server.runs.found_set import SetFacts
from nunatak.server.runs.orders import GENERAL
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of
from nunatak.workspace.pick_sets import PickSetRecord
from nunatak.workspace.picks import picked_images
from nunatak.workspace.project import settings_of
from nunatak.workspace.runs import run_of


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
    shares = shares_of_largest(settings_of(workspace).classes)
    known, is_right = judged_by_people(columns, marks, radius_px, shares)
    right = np.full(len(columns), np.nan)
    right[known] = is_right
    fate = Fate(
        score=columns.score[rows],
        rejected=columns.not_kept[rows],
        decided=columns.decided[rows],
        right=right[rows],
        probability=columns.probability[rows],
    )
    facts = _facts(record)
    guess = by_model(fate.score, columns.class_index[rows], _tables(record, facts), facts.basis)
    here = np.flatnonzero(~np.isnan(fate.right))
    # What is decided in this set comes after its model; what is labelled may have taught it.
    labelled = int((fate.decided[here] == UNDECIDED).sum())
    before = PrecisionEstimate(
        fate.score,
        known=here,
        is_right=fate.right[here] == 1.0,
        is_sample=lie_in_complete_regions(columns, marks)[rows][here],
        guess=guess,
        learned=labelled if _is_of_taught_model(workspace, record) else 0,
    )
    return histogram(fate, before, KeptPrecision(fate, before, guess))


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    pick_set : int
    is_kept : bool
        Whether those are left out that people or a pruning rejected.
    """

    pick_set: int
    is_kept: bool = False


def comparison_of(workspace: Workspace, sets: LoadedSets, first: Side, second: Side) -> Comparison:
    """Match the selected or the kept picks of two sets.

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
    one, other = (
        _chosen(workspace, *sets.get(side.pick_set), is_kept=side.is_kept)
        for side in (first, second)
    )
    return compared(one, other, radius_px)


def _chosen(
    workspace: Workspace, record: PickSetRecord, columns: SetColumns, *, is_kept: bool
) -> Mapping[int, FloatArray]:
    """Return the positions of the selected candidates on each image that was picked."""
    chosen = columns.kept(record.threshold) if is_kept else columns.selected(record.threshold)
    positions = columns.positions_px
    # The candidates of an image lie together.
    starts = np.flatnonzero(np.diff(columns.image, prepend=-1))
    parts = [slice(*ends) for ends in pairwise([*starts.tolist(), len(columns)])]
    found = {int(columns.image[part.start]): positions[part][chosen[part]] for part in parts}
    nothing = dict.fromkeys(picked_images(workspace, record.id), positions[:0])
    return {**nothing, **found}


def _is_of_taught_model(workspace: Workspace, record: PickSetRecord) -> bool:
    """Whether a model found the set that was trained in this project."""
    if record.run is None:
        return False
    run = run_of(workspace, record.run)
    return run.kind == "train" or run.asked.get("model", GENERAL) != GENERAL


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

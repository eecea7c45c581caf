"""Judge the candidates of a set, with what people said about some of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from nunatak.errors import BadInput
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import DUPLICATE, JUNK, PARTICLE, class_of
from nunatak.pruning.decide import REVIEW, UNJUDGED
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.prune import prune as prune_picks
from nunatak.pruning.result import PruneResult
from nunatak.pruning.seen_file import SUFFIX
from nunatak.pruning.volumes.class_diameters import Diameter
from nunatak.server.bodies.runs import PruneAsked
from nunatak.server.review.columns import SetColumns
from nunatak.server.review.known import (
    judged_by_people,
    on_particles,
    radii_px,
    shares_of_largest,
    with_points,
)
from nunatak.server.review.loading import load, marks_of
from nunatak.server.runs.pruning_account import pruning_account
from nunatak.server.runs.work import Work, diameters_of
from nunatak.workspace.columns import LEFT_OUT
from nunatak.workspace.images import ImageRecord, listed
from nunatak.workspace.labels import label_counts, labels_of
from nunatak.workspace.marks import Labels
from nunatak.workspace.pick_sets import pick_set_of
from nunatak.workspace.picks import save_judgement
from nunatak.workspace.project import Settings

BELOW_THRESHOLD = 0.5
"""Candidates from so much of the threshold on are judged, so that it can still be lowered."""


def prune(work: Work, order: PruneAsked) -> str:
    """Give candidates a probability, a class and a decision; those of people stay.

    Returns
    -------
    str
        What came of it.

    Raises
    ------
    NunatakError
        If there is nothing to judge, or it fails; the message says what to do.
    """
    record = pick_set_of(work.workspace, order.pick_set)
    settings, images = work.settings(), {one.id: one for one in work.images()}
    columns = load(work.workspace, record, marks_of(work.workspace))
    asked = _asked_rows(columns, images, record.threshold)
    labels = _labels(
        columns,
        asked,
        [labels_of(work.workspace, image) for image in label_counts(work.workspace)],
        radii_px(images.values(), max(diameters_of(settings).values())),
        shares_of_largest(settings.classes),
    )
    n_images = len(np.unique(columns.image[asked]))
    work.progress.begin("judging", n_images)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        work.progress.advance(done)

    inputs = listed(images.values())
    result = prune_picks(
        _picks(columns, asked, images),
        labels=labels,
        diameter_A=_diameter_A(columns, asked, settings),
        keep_fdr=order.keep_fdr,
        # A person who judges, looks and judges again waits for seconds, not for minutes.
        fine_tune="never",
        seen=_seen_file(work, order.pick_set),
        micrographs=inputs if settings.ndim == 2 else (),
        tomograms=inputs if settings.ndim == 3 else (),
        contrast=settings.contrast,
        on_progress=advance,
    )
    _save(work, order, columns, asked, result)
    return pruning_account(result, labels, keep_fdr=order.keep_fdr)


def _asked_rows(
    columns: SetColumns, images: Mapping[int, ImageRecord], threshold: float
) -> NDArray[np.int64]:
    usable = np.isin(columns.image, list(images)) & ~columns.excluded
    rows = np.flatnonzero(usable & (columns.score >= BELOW_THRESHOLD * threshold))
    if not len(rows):
        raise BadInput(
            "This set has no candidate near or above its threshold, so that there is nothing to "
            "judge. Lower the threshold."
        )
    return rows


def _picks(
    columns: SetColumns, rows: NDArray[np.int64], images: Mapping[int, ImageRecord]
) -> PickSet:
    table = {
        "image": [images[int(one)].path for one in columns.image[rows]],
        "x_px": columns.x_px[rows],
        "y_px": columns.y_px[rows],
        "score": columns.score[rows],
    }
    if columns.z_px is not None:
        table["z_px"] = columns.z_px[rows]
        table["class_name"] = np.array(columns.classes, dtype=object)[columns.class_index[rows]]
    return PickSet(pd.DataFrame(table))


def _diameter_A(columns: SetColumns, rows: NDArray[np.int64], settings: Settings) -> Diameter:
    """Return the particle's diameter, ångström; in tomograms, that of each class found."""
    known = diameters_of(settings)
    largest = max(known.values())
    if settings.ndim == 2:
        return largest
    found = [columns.classes[index] for index in np.unique(columns.class_index[rows])]
    # What a picker of sizes found is of the largest class.
    return {name: known.get(name, largest) for name in found}


def _seen_file(work: Work, pick_set: int) -> Path:
    """Return the file of what the models saw of a set, in the cache, which the server bounds.

    A damaged one is removed: like everything in the cache, it is made again.
    """
    path = work.workspace.cache / f"picks-{pick_set}{SUFFIX}"
    try:
        if path.exists():
            with safe_open(path, framework="numpy"):
                pass
    except SafetensorError:
        path.unlink(missing_ok=True)
    return path


def _labels(
    columns: SetColumns,
    asked: NDArray[np.int64],
    labels: Sequence[Labels],
    radius_px: Mapping[int, float],
    size_shares: Mapping[str, float],
) -> MatchedLabels | None:
    """Return what people said of the candidates that are judged; None if it is nothing."""
    said = [one for one in labels if one.image in radius_px]
    judged = judged_by_people(columns, said, radius_px, size_shares)
    rows, is_right = with_points(columns, said, radius_px, size_shares, judged)
    names = np.array(
        [
            PARTICLE if right else _junk(columns.reasons.get(int(columns.number[row])))
            for row, right in zip(rows, is_right, strict=True)
        ],
        dtype=object,
    )
    # What is wrong only since another candidate stands for the same particle, or since that is of
    # another class, looks like one.
    is_second = ~is_right & (columns.decided[rows] == 0)
    names[is_second & on_particles(columns, rows, said, radius_px)] = DUPLICATE
    known, place, chosen = np.intersect1d(asked, rows, return_indices=True)
    if not len(known):
        return None
    # Whoever goes through a gallery presses a wrong key now and then.
    return MatchedLabels(place.astype(np.int64), names[chosen], may_be_careless=True)


def _junk(reason: str | None) -> str:
    """Return the class that a person's reason names, or that of any junk."""
    try:
        kind = JUNK if reason is None else class_of(reason)
    except BadInput:
        return JUNK
    return JUNK if kind == PARTICLE else kind


def _save(
    work: Work,
    order: PruneAsked,
    columns: SetColumns,
    rows: NDArray[np.int64],
    result: PruneResult,
) -> None:
    table = result.picks.table
    probability = np.full(len(columns), np.nan)
    probability[rows] = table["probability"].to_numpy()
    kinds = np.full(len(columns), None, dtype=object)
    decision = np.full(len(columns), UNJUDGED, dtype=object)
    decision[rows] = table["decision"].to_numpy()
    if order.keep_fdr is not None:
        # What is neither kept nor rejected holds more junk than is accepted.
        decision[decision == REVIEW] = LEFT_OUT
    judged = decision[rows] != UNJUDGED
    kinds[rows[judged]] = table["predicted_class"].to_numpy()[judged]
    for image in np.unique(columns.image[rows]):
        here = columns.image == image
        save_judgement(
            work.workspace,
            order.pick_set,
            int(image),
            probability=probability[here],
            judged_class=kinds[here].tolist(),
            decision=decision[here].tolist(),
        )

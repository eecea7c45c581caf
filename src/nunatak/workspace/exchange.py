"""Labels and picks of a project as pick tables, for training, pruning and files."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.learning.labels.words import ONLY_CLASS
from nunatak.picks.table import PickSet, empty_table
from nunatak.pruning.classes import JUNK, PARTICLE, class_of
from nunatak.workspace.columns import JUDGED, LEFT_OUT, PickColumns
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import Decision, decisions_of
from nunatak.workspace.images import ImageRecord, images_of
from nunatak.workspace.labels import labels_of
from nunatak.workspace.marks import Labels, Region
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of
from nunatak.workspace.picks import all_picks
from nunatak.workspace.project import Settings, settings_of
from nunatak.workspace.regions import inside

Which = Literal["selected", "kept", "all"]

Columns = dict[str, NDArray[Any]]
"""Columns of a table, each of shape (n,): far quicker to filter and to join than tables."""

_COORDINATES = ("x_px", "y_px", "z_px")
_MAY_BE_UNKNOWN = (
    *("diameter_A", "pixel_size_A", "probability", "predicted_class", "decision", "label"),
)


def labels_as_picks(
    workspace: Workspace, *, with_negatives: bool = True, with_skipped: bool = False
) -> PickSet:
    """Return what people labelled as a pick table.

    Labels in excluded regions are left out.

    Parameters
    ----------
    workspace
        The project.
    with_negatives
        Whether places that are no particle are rows too: their ``class_name`` is ``junk``, which
        training takes for such.
    with_skipped
        Whether labels on images that a person skips count.

    Returns
    -------
    PickSet
        Images by absolute path, those without a label too where a person reviewed them.
        ``class_name``, ``diameter_A`` and ``pixel_size_A`` where they are known, and ``label``:
        ``particle``, or what a place is instead, in words that `nunatak.prune` knows.
    """
    settings = settings_of(workspace)
    parts, names = [], []
    for image in images_of(workspace):
        if image.state == "skipped" and not with_skipped:
            continue
        labels = labels_of(workspace, image.id)
        if image.state == "new" and not labels.points:
            continue
        names.append(image.path)
        columns = _label_columns(image, labels, settings)
        parts.append(columns if with_negatives else _taken(columns, columns["label"] == PARTICLE))
    return PickSet(_joined(parts, settings.ndim), images=tuple(names))


def picks_as_table(workspace: Workspace, pick_set: int, which: Which = "selected") -> PickSet:
    """Return candidates of a set as a pick table, without those on images that a person skips.

    Parameters
    ----------
    workspace, pick_set
        Which set.
    which
        ``selected``: of at least the threshold and outside excluded regions. ``kept``: of these,
        all but those that a person or, where nobody decided, a pruning rejected or left out; and
        whatever else a person keeps outside excluded regions. ``all``: every candidate.

    Returns
    -------
    PickSet
        With ``score``, ``selected``, sizes where they are known, ``class_name`` where there are
        several or the one has a name of its own, what a pruning says (``probability``,
        ``predicted_class``), ``decision``: a person's, else a pruning's; and ``label``: a person's
        word alone, ``particle`` or what a candidate is instead, in words that `nunatak.prune`
        knows, blank where nobody decided.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    settings, record = settings_of(workspace), pick_set_of(workspace, pick_set)
    decisions = decisions_of(workspace, pick_set)
    picks = all_picks(workspace, pick_set)
    images = [one for one in images_of(workspace) if one.id in picks and one.state != "skipped"]
    parts = []
    for image in images:
        found = picks[image.id]
        columns = _candidate_columns(image, found, record, settings)
        excluded = excluded_in(labels_of(workspace, image.id), found)
        columns["selected"] = (found.score >= record.threshold) & ~excluded
        said = [decisions.get(one) for one in found.number.tolist()]
        words = np.array([None if one is None else one[0] for one in said], dtype=object)
        is_said = words != None  # noqa: E711 - of each element
        columns["label"] = np.array([_label(one) for one in said], dtype=object)
        columns["decision"] = np.where(is_said, words, columns["decision"])
        wanted = _wanted(columns, (words == "keep") & ~excluded, which)
        # To files it is what `nunatak prune` calls it.
        columns["decision"][columns["decision"] == LEFT_OUT] = "review"
        parts.append(_taken(columns, wanted))
    return PickSet(_joined(parts, settings.ndim), images=tuple(image.path for image in images))


def excluded_in(labels: Labels, columns: PickColumns) -> NDArray[np.bool_]:
    """Tell which candidates lie in excluded regions of their image, shape (n,), bool."""
    return inside(_excluded(labels), columns.positions_px)


def _excluded(labels: Labels) -> list[Region]:
    return [region for region in labels.regions if region.kind == "exclude"]


def _wanted(columns: Columns, is_wished: NDArray[np.bool_], which: Which) -> NDArray[np.bool_]:
    selected = columns["selected"]
    if which == "all":
        return np.ones_like(selected)
    if which == "selected":
        return np.asarray(selected)
    is_open = (columns["decision"] != "reject") & (columns["decision"] != LEFT_OUT)
    return np.asarray((selected & is_open) | is_wished)


def _label_columns(image: ImageRecord, labels: Labels, settings: Settings) -> Columns:
    points = labels.points
    places = np.array([[p.x, p.y, math.nan if p.z is None else p.z] for p in points])
    places = places.reshape(-1, 3)[:, : settings.ndim]
    names = [p.class_name if p.kind == "particle" else JUNK for p in points]
    said = [PARTICLE if p.kind == "particle" else _known_junk(p.class_name) for p in points]
    columns = {
        **_place_columns(image, places),
        "class_name": np.array(names, dtype=object),
        "label": np.array(said, dtype=object),
        "diameter_A": np.array([settings.diameter_A(name) for name in names], dtype=float),
    }
    return _taken(columns, ~inside(_excluded(labels), places))


def _candidate_columns(
    image: ImageRecord, found: PickColumns, record: PickSetRecord, settings: Settings
) -> Columns:
    names = record.classes
    if len(record.classes) == len(settings.classes) == 1:
        # A model that knows one kind finds the project's one, whatever the model calls it.
        names = (settings.classes[0].name,)
    sizes_A = [settings.diameter_A(name) for name in names]
    columns = {
        **_place_columns(image, found.positions_px),
        "score": found.score,
        "diameter_A": np.array(sizes_A, dtype=float)[found.class_index],
        "probability": np.full(len(found), math.nan),
        "predicted_class": np.full(len(found), None, dtype=object),
        "decision": np.full(len(found), None, dtype=object),
    }
    if names != (ONLY_CLASS,):
        columns["class_name"] = np.array(names, dtype=object)[found.class_index]
    if found.probability is not None and found.judged_index is not None:
        kinds = np.array([*record.judged_classes, None], dtype=object)
        columns["probability"] = found.probability
        columns["predicted_class"] = kinds[found.judged_index]
        columns["decision"] = np.array(JUDGED, dtype=object)[found.judged]
    return columns


def _place_columns(image: ImageRecord, places: NDArray[np.float64]) -> Columns:
    size_A = image.pixel_size_A or image.stated_pixel_size_A
    return {
        "image": np.full(len(places), image.path, dtype=object),
        **{name: places[:, axis] for axis, name in enumerate(_COORDINATES[: places.shape[1]])},
        "pixel_size_A": np.full(len(places), math.nan if size_A is None else size_A),
    }


def _taken(columns: Columns, mask: NDArray[np.bool_]) -> Columns:
    return {name: values[mask] for name, values in columns.items()}


def _joined(parts: Sequence[Columns], ndim: int) -> pd.DataFrame:
    """Return all rows as one table, without columns of which nothing is known."""
    if not sum(len(part["image"]) for part in parts):
        return empty_table(ndim)
    table = pd.DataFrame(
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    )
    unknown = [name for name in _MAY_BE_UNKNOWN if name in table and table[name].isna().all()]
    return table.drop(columns=unknown)


def _label(said: tuple[Decision, str | None] | None) -> str | None:
    """Return what a person says that a candidate is; None where nobody says anything."""
    if said is None:
        return None
    decision, reason = said
    return PARTICLE if decision == "keep" else _known_junk(reason or JUNK)


def _known_junk(word: str) -> str:
    """Return a word for what a place is instead of a particle, or ``junk`` where none fits."""
    try:
        kind = class_of(word)
    except BadInput:
        return JUNK
    return JUNK if kind == PARTICLE else kind

"""Rows of a pick table, as labels of the images that their names mean."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch
from nunatak.learning.labels.told_apart import class_names, told_apart
from nunatak.learning.labels.words import NEGATIVE_CLASSES, ONLY_CLASS
from nunatak.picks.counted import counted
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import JUNK, PARTICLE
from nunatak.workspace.base import LONGEST_NAME
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of
from nunatak.workspace.marks import Kind
from nunatak.workspace.project import Settings

LABEL = "label"
"""Column that says in words what a place is, where it is no particle."""


@dataclass(frozen=True)
class Place:
    """What a row says: a position ``(x, y[, z])`` in pixels, and what is there."""

    kind: Kind
    class_name: str
    position: tuple[float, ...]


def places_by_image(
    workspace: Workspace, picks: PickSet, settings: Settings
) -> tuple[dict[int, list[Place]], list[str]]:
    """Sort the rows by the images that their names mean.

    Returns
    -------
    places : dict of int to list of Place
        By image.
    notes : list of str
        What was left out, with numbers and reasons.

    Raises
    ------
    Mismatch
        If none of the images is in the project.
    BadInput
        If the table names no class and the project has several.
    """
    notes = []
    number_of = {image.path: image.id for image in images_of(workspace)}
    table = picks.table
    asked = [str(name) for name in table["image"].unique()]
    found = NameIndex(number_of).resolve_all(asked)
    if asked and not found.found:
        reason = next(iter(found.unmatched.values()))
        raise Mismatch(
            f"None of these labels is on an image of this project. {reason} Import labels of these "
            "images, or add the images to the project."
        )
    if found.unmatched:
        count = int(table["image"].isin(list(found.unmatched)).sum())
        notes.append(
            f"Left out: {counted(count, 'label')} on {counted(len(found.unmatched), 'image')} that "
            f"this project does not have, such as {next(iter(found.unmatched))}."
        )
    is_negative, is_left_out = told_apart(table)
    if is_left_out.any():
        notes.append(
            f"Left out: {counted(int(is_left_out.sum()), 'candidate')} not marked as selected."
        )
    kinds = _kinds(table, is_negative, settings)
    images, positions = table["image"].tolist(), picks.positions_px.tolist()
    places: dict[int, list[Place]] = defaultdict(list)
    for row in np.flatnonzero(table["image"].isin(list(found.found)).to_numpy() & ~is_left_out):
        kind: Kind = "not_particle" if is_negative[row] else "particle"
        image = number_of[found.found[images[row]]]
        places[image].append(Place(kind, kinds[row], tuple(positions[row])))
    return places, notes


def _reasons(table: pd.DataFrame, names: "pd.Series[str]") -> "pd.Series[str]":
    """Return what a place is if it is no particle: in words of its own, or by its class."""
    by_class = names.where(names.str.casefold().isin(NEGATIVE_CLASSES), JUNK)
    if LABEL not in table:
        return by_class
    words = table[LABEL].fillna("").astype(str).str.strip().str.slice(0, LONGEST_NAME)
    return words.where(~words.isin(["", PARTICLE]), by_class)


def _kinds(table: pd.DataFrame, is_negative: NDArray[np.bool_], settings: Settings) -> list[str]:
    """Return what each row is of; where nothing is said, the project's only kind."""
    names = class_names(table).str.strip().str.slice(0, LONGEST_NAME).replace("", ONLY_CLASS)
    names = names.where(~is_negative, _reasons(table, names))
    own = [one.name for one in settings.classes]
    spelt = {name.casefold(): name for name in own}
    names = names.map(lambda name: spelt.get(name.casefold(), name))
    unnamed = ~is_negative & (names == ONLY_CLASS).to_numpy()
    if ONLY_CLASS in own or not unnamed.any():
        return [str(name) for name in names]
    if len(own) > 1:
        raise BadInput(
            f"The labels do not say of which kind they are, and this project has several "
            f"({', '.join(own)}). Give them a column with the kind's name."
        )
    return [own[0] if only else str(name) for name, only in zip(names, unnamed, strict=True)]

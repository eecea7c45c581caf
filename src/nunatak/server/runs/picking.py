"""Pick all images of a project into a set, which is on disk image by image."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.detection.finished import Finished
from nunatak.detection.result import Failure
from nunatak.files import write_text
from nunatak.picks.counted import counted
from nunatak.server.runs.image_queue import ImageQueue
from nunatak.server.runs.orders import PickOrder, model_file
from nunatak.server.runs.pickers import Outcome, Picker, PickPlan, open_picker
from nunatak.server.runs.settled import settled
from nunatak.server.runs.work import Work, plan_of
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.doubt import doubt_of
from nunatak.workspace.images import (
    ImageRecord,
    set_doubt,
    set_image_facts,
    set_problem,
    wanted_image,
)
from nunatak.workspace.labels import labels_of
from nunatak.workspace.pick_sets import (
    PickSetRecord,
    add_pick_set,
    change_pick_set,
    pick_set_of,
)
from nunatak.workspace.picks import picked_images, save_image_picks
from nunatak.workspace.project import settings_of

CONTRAST = "contrast.json"
"""File in a run's folder: what its images say about the contrast."""


def pick(work: Work, order: PickOrder) -> str:
    """Pick every image that the run has not come to yet.

    Returns
    -------
    str
        What came of it.

    Raises
    ------
    NunatakError
        If the model cannot be used, or the disk or the memory does not suffice.
    KeyboardInterrupt
        If the run has to end before.
    """
    settings, images = work.settings(), work.images()
    work.progress.begin("reading the model")
    plan = plan_of(model_file(work.workspace, order.model, settings.ndim), images, settings)
    # A run that was interrupted goes on with the set that it began.
    number = order.pick_set or work.run.pick_set
    if number is not None:
        plan = _as_before(plan, pick_set_of(work.workspace, number))
    known = order.contrast or _contrast_found(work.folder)
    picker = open_picker(plan, settings.ndim, contrast=known)
    if number is None:
        if work.settings().version != settings.version:
            return pick(work, order)  # somebody corrected the diameter while the model was read
        number = new_set(work, picker, work.run.name)
    return _Picking(work, picker, number, images).carry_out()


def _as_before(plan: PickPlan, record: PickSetRecord) -> PickPlan:
    """Return a plan for what a set was begun for, which the settings of now may no longer say."""
    diameter_A, contrast = (record.provenance.get(key) for key in ("diameter_A", "contrast"))
    return replace(
        plan,
        diameters_A=plan.diameters_A if diameter_A is None else {record.classes[0]: diameter_A},
        contrast=contrast or plan.contrast,
    )


def new_set(work: Work, picker: Picker, name: str) -> int:
    """Begin a set of picks for a model.

    A model that knows one kind finds the project's one, whatever the model calls it.
    """
    known = tuple(kind.name for kind in work.settings().classes)
    is_one = len(known) == len(picker.classes) == 1
    return add_pick_set(
        work.workspace,
        name=name,
        run=work.run.id,
        threshold=picker.threshold,
        classes=known if is_one else picker.classes,
        provenance=picker.facts.to_json(),
    )


def keep_outcome(workspace: Workspace, pick_set: int, image: ImageRecord, outcome: Outcome) -> None:
    """Save what was found in an image, or why it cannot be used."""
    if isinstance(outcome, Failure):
        set_problem(workspace, image.id, outcome.reason)
        return
    threshold = pick_set_of(workspace, pick_set).threshold
    found = outcome.candidates
    set_image_facts(workspace, image.id, shape=outcome.shape, pixel_size_A=outcome.pixel_size_A)
    is_settled = settled(
        labels_of(workspace, image.id),
        np.column_stack([found.x_px, found.y_px, *([] if found.z_px is None else [found.z_px])]),
        settings_of(workspace).classes,
        outcome.pixel_size_A,
    )
    set_doubt(workspace, image.id, doubt_of(found.score, threshold, is_settled))
    save_image_picks(workspace, pick_set, image.id, _candidates(outcome))


def _candidates(outcome: Finished) -> NewCandidates:
    found = outcome.candidates
    return NewCandidates(
        x_px=found.x_px,
        y_px=found.y_px,
        z_px=found.z_px,
        score=found.score,
        class_index=found.class_index,
    )


class _Picking:
    """One pass over the images that are left."""

    def __init__(
        self, work: Work, picker: Picker, pick_set: int, images: Sequence[ImageRecord]
    ) -> None:
        self._work, self._picker, self._set = work, picker, pick_set
        self._images = {one.path: one for one in images}
        self._paths = {one.id: one.path for one in images}
        done = picked_images(work.workspace, pick_set)
        waiting = {path for path, one in self._images.items() if one.id not in done}
        self._done = len(images) - len(waiting)
        self._failed: list[Failure] = []
        self._queue = ImageQueue(
            list(self._images), waiting, wanted=self._wanted, may_go_on=work.may_go_on
        )

    def carry_out(self) -> str:
        """Pick them, the one that the user looks at first, and say what came of it."""
        self._work.progress.begin("picking", len(self._images))
        self._work.progress.advance(self._done)
        if len(self._queue):
            self._keep(self._picker.first(self._queue.take()))
            _remember_contrast(self._work.folder, self._picker.contrast)
        with closing(self._picker.others(self._queue)) as outcomes:
            for outcome in outcomes:
                self._keep(outcome)
        if len(self._queue):
            raise KeyboardInterrupt
        change_pick_set(self._work.workspace, self._set, is_complete=True)
        return self._account()

    def _keep(self, outcome: Outcome) -> None:
        keep_outcome(self._work.workspace, self._set, self._images[outcome.image], outcome)
        if isinstance(outcome, Failure):
            self._failed.append(outcome)
        self._done += 1
        self._work.progress.advance(self._done)

    def _wanted(self) -> str | None:
        return self._paths.get(wanted_image(self._work.workspace) or 0)

    def _account(self) -> str:
        picked = f"{counted(len(self._images) - len(self._failed), 'image')} picked"
        if not self._failed:
            return f"{picked}."
        return (
            f"{picked}; {counted(len(self._failed), 'image')} could not be used. "
            f"The first: {self._failed[0].reason}"
        )


def _remember_contrast(folder: Path, contrast: Side | None) -> None:
    if contrast is not None:
        write_text(folder / CONTRAST, json.dumps(contrast))


def _contrast_found(folder: Path) -> Side | None:
    """Return what an earlier part of the run found out about the contrast."""
    try:
        found = json.loads((folder / CONTRAST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if found in ("dark", "light") else None

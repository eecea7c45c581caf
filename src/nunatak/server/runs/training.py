"""Train on what people said, then pick the image that they look at with the new model."""

import logging
from pathlib import Path
from typing import Any

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.detection.model import load_model
from nunatak.errors import BadInput, CheckpointError, OtherTraining
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.settings import LearningSettings
from nunatak.learning.train import train as train_on_micrographs
from nunatak.picks.formats import write_picks
from nunatak.sampling import evenly
from nunatak.server.bodies.runs import TrainAsked
from nunatak.server.review.loading import load, marks_of
from nunatak.server.runs.account import account
from nunatak.server.runs.enough import too_few
from nunatak.server.runs.lesson import Lesson, keep_lesson, kept_lesson, tell
from nunatak.server.runs.orders import LESSON, MODEL, SHIPPED, PickOrder, model_file
from nunatak.server.runs.particles_found import particles_found
from nunatak.server.runs.pickers import open_picker
from nunatak.server.runs.picking import keep_outcome, new_set
from nunatak.server.runs.teaching import Teaching, teaching
from nunatak.server.runs.tomogram_training import train_on_tomograms
from nunatak.server.runs.work import Work, plan_of
from nunatak.training.checkpoint import LAST
from nunatak.training.folder import training_folder
from nunatak.workspace.decisions import decisions_of
from nunatak.workspace.images import ImageRecord, listed, wanted_image
from nunatak.workspace.labels import label_counts, labels_of
from nunatak.workspace.marks import Labels
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.project import Settings
from nunatak.workspace.runs import add_run, change_run

_log = logging.getLogger(__name__)

LABELS = "labels.csv"
"""File in a run's folder: what the training learned from."""

MOST_UNLABELLED = 8
"""Images without labels that take part: more of them only take longer to read. The user waits."""

MOST_CERTAIN = 0.999
"""A threshold beyond all scores shows nothing, wherever it lies."""

ENOUGH_TO_JUDGE = 40
"""Labelled particles from which on some images are kept aside. With fewer, all of them teach, and
the new model is used unless it does worse on these very labels."""


def train(work: Work, order: TrainAsked) -> str:
    """Train or go on with it, pick the image looked at, and ask for the others to be picked.

    Returns
    -------
    str
        What came of it.

    Raises
    ------
    NunatakError
        If there are too few labels, or training fails; the message says what to do.
    """
    work.progress.begin("reading labels")
    lesson = kept_lesson(work.folder)
    if lesson is None:
        lesson = _new_lesson(work, order)
        write_picks(lesson.taught.picks, work.folder / LABELS, "csv")
        keep_lesson(work.folder, lesson)
    taught = lesson.taught
    change_run(work.workspace, work.run.id, labels=taught.particles, negatives=taught.negatives)
    start = model_file(work.workspace, lesson.start, lesson.settings.ndim)
    try:
        contrast, message = _learned(work, lesson, start)
    except BadInput:
        # What is wrong with it, such as a setting, is not mended by going on with the same.
        if not (training_folder(work.folder / MODEL) / LAST).exists():
            (work.folder / LESSON).unlink(missing_ok=True)
        raise
    _begin_to_pick(work, work.settings(), work.images(), contrast)
    return message


def _learned(work: Work, lesson: Lesson, start: str) -> tuple[Side, str]:
    on_images = train_on_tomograms if lesson.settings.ndim == 3 else _on_micrographs
    try:
        return on_images(work, lesson, start, redo=False)
    except (OtherTraining, CheckpointError) as error:
        # An image or nunatak itself has changed since the training was stopped.
        _log.warning("starting over: %s", error)
        return on_images(work, lesson, start, redo=True)


def _new_lesson(work: Work, order: TrainAsked) -> Lesson:
    settings, images = work.settings(), work.images()
    return Lesson(
        settings=settings,
        images=images,
        taught=_taught(work, settings, images),
        start=order.start,
        steps=order.steps,
        looked_at=wanted_image(work.workspace),
        shown_from=_shown_from(work) if settings.ndim == 2 else None,
        found=particles_found(work.workspace, images, settings) if settings.ndim == 3 else None,
    )


def _taught(work: Work, settings: Settings, images: list[ImageRecord]) -> Teaching:
    marks = marks_of(work.workspace)
    labelled = label_counts(work.workspace)
    labels = [
        labels_of(work.workspace, one.id)
        if one.id in labelled
        else Labels(image=one.id, version=one.version, points=[], regions=[])
        for one in images
    ]
    # In completely labelled regions, the newest candidates are those to learn from.
    reviewed = [
        load(work.workspace, one, marks)
        for index, one in enumerate(pick_sets_of(work.workspace))
        if index == 0 or decisions_of(work.workspace, one.id)
    ]
    taught = teaching(images, labels, settings, reviewed)
    problem = too_few(taught.particles, len(taught.images))
    if problem is not None:
        raise BadInput(problem)
    return taught


def _shown_from(work: Work) -> float:
    """Return the score from which on the first picks, of the general model, were shown."""
    header = load_model(SHIPPED[2]).header
    shown = [
        one.threshold
        for one in pick_sets_of(work.workspace)
        if one.provenance.get("model") == header.name
    ]
    threshold = shown[-1] if shown else header.default_threshold
    return float(np.clip(threshold, header.score_floor, MOST_CERTAIN))


def _on_micrographs(work: Work, lesson: Lesson, start: str, *, redo: bool) -> tuple[Side, str]:
    settings, taught = lesson.settings, lesson.taught
    work.progress.begin("reading images")
    asked: dict[str, Any] = {"start": start, "steps": lesson.steps}
    if taught.particles < ENOUGH_TO_JUDGE:
        asked["validation_share"] = 0.0
    result = train_on_micrographs(
        _taking_part(lesson, lesson.looked_at),
        taught.picks,
        output=work.folder / MODEL,
        diameter_A=settings.largest_diameter_A or 0.0,
        expected_particles=settings.expected_particles,
        regions=taught.regions,
        shown_from=lesson.shown_from,
        contrast=None if settings.contrast == "auto" else settings.contrast,
        settings=LearningSettings.model_validate(asked),
        redo=redo,
        overwrite=True,
        on_progress=lambda progress: tell(work.progress, progress),
    )
    return result.contrast, account(lesson, result)


def _taking_part(lesson: Lesson, wanted: int | None) -> MicrographList:
    """Return the images to learn from: the labelled, the one looked at, and some others."""
    others = lesson.unlabelled
    looked_at = [one for one in others if one.id == wanted]
    rest = [one for one in others if one.id != wanted]
    chosen = [rest[index] for index in evenly(len(rest), MOST_UNLABELLED)]
    return listed([*lesson.labelled, *looked_at, *chosen])


def _begin_to_pick(
    work: Work, settings: Settings, images: list[ImageRecord], contrast: Side
) -> None:
    """Pick the image that the user looks at in this process, which has everything in memory."""
    work.progress.begin("picking")
    model = str(Path(work.folder / MODEL))
    picker = open_picker(plan_of(model, images, settings), settings.ndim, contrast=contrast)
    # One that was interrupted here has its set already.
    number = work.run.pick_set or new_set(work, picker, work.run.name)
    wanted = wanted_image(work.workspace)
    looked_at = next((one for one in images if one.id == wanted), images[0])
    keep_outcome(work.workspace, number, looked_at, picker.first(looked_at.path))
    follow_up = PickOrder(
        kind="pick", model=f"run-{work.run.id}", pick_set=number, contrast=contrast
    )
    add_run(
        work.workspace,
        kind="pick",
        name=work.run.name,
        asked=follow_up.model_dump(mode="json"),
        user=work.run.asked_by,
    )

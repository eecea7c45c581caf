"""Train on what people said, then pick the image that they look at with the new model."""

from pathlib import Path
from typing import Any

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.settings import LearningSettings
from nunatak.learning.train import train as train_on_micrographs
from nunatak.picks.counted import counted
from nunatak.picks.formats import write_picks
from nunatak.server.bodies.runs import TrainAsked
from nunatak.server.review.loading import load, marks_of
from nunatak.server.runs.enough import too_few
from nunatak.server.runs.lesson import Lesson, tell
from nunatak.server.runs.orders import MODEL, PickOrder, model_file
from nunatak.server.runs.pickers import open_picker
from nunatak.server.runs.picking import keep_outcome, new_set
from nunatak.server.runs.teaching import Teaching, teaching
from nunatak.server.runs.tomogram_training import train_on_tomograms
from nunatak.server.runs.work import Work, plan_of
from nunatak.workspace.decisions import decisions_of
from nunatak.workspace.images import ImageRecord, listed, wanted_image
from nunatak.workspace.labels import label_counts, labels_of
from nunatak.workspace.marks import Labels
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.project import Settings
from nunatak.workspace.runs import add_run, change_run

LABELS = "labels.csv"
"""File in a run's folder: what the training learned from."""

MOST_UNLABELLED = 8
"""Images without labels that take part: more of them only take longer to read. The user waits."""

ENOUGH_TO_JUDGE = 40
"""Labelled particles from which on some images are kept aside. With fewer, all of them teach, and
the new model is used without asking: staying near its start keeps it from getting much worse."""


def train(work: Work, order: TrainAsked) -> str:
    """Train, pick the image looked at, and ask for the others to be picked.

    Returns
    -------
    str
        What came of it.

    Raises
    ------
    NunatakError
        If there are too few labels, or training fails; the message says what to do.
    """
    settings, images = work.settings(), work.images()
    work.progress.begin("reading labels")
    taught = _taught(work, settings, images)
    change_run(work.workspace, work.run.id, labels=taught.particles, negatives=taught.negatives)
    write_picks(taught.picks, work.folder / LABELS, "csv")
    lesson = Lesson(
        settings=settings,
        images=images,
        taught=taught,
        start=model_file(work.workspace, order.start, settings.ndim),
        steps=order.steps,
    )
    on_images = train_on_tomograms if settings.ndim == 3 else _on_micrographs
    contrast, message = on_images(work, lesson)
    _begin_to_pick(work, settings, images, contrast)
    return message


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


def _on_micrographs(work: Work, lesson: Lesson) -> tuple[Side, str]:
    settings, taught = lesson.settings, lesson.taught
    work.progress.begin("reading images")
    asked: dict[str, Any] = {"start": lesson.start, "steps": lesson.steps}
    if taught.particles < ENOUGH_TO_JUDGE:
        asked["validation_share"] = 0.0
    result = train_on_micrographs(
        _taking_part(lesson, wanted_image(work.workspace)),
        taught.picks,
        output=work.folder / MODEL,
        diameter_A=max(kind.diameter_A or 0.0 for kind in settings.classes),
        expected_particles=settings.expected_particles,
        contrast=None if settings.contrast == "auto" else settings.contrast,
        settings=LearningSettings.model_validate(asked),
        redo=True,
        on_progress=lambda progress: tell(work.progress, progress),
    )
    learned = f"Learned from {counted(taught.particles, 'particle')}"
    if taught.negatives:
        learned += f" and {counted(taught.negatives, 'place')} that hold none"
    learned += f" on {counted(len(taught.images), 'image')}."
    if result.best_step == 0 and result.last_step:
        return result.contrast, (
            f"{learned} On the images kept aside the new model was no better than the one it "
            "started from, which therefore stays as it is. Correct picks on a few more images, and "
            "train again."
        )
    return result.contrast, learned


def _taking_part(lesson: Lesson, wanted: int | None) -> MicrographList:
    """Return the images to learn from: the labelled, the one looked at, and some others."""
    others = lesson.unlabelled
    looked_at = [one for one in others if one.id == wanted]
    rest = [one for one in others if one.id != wanted]
    spread = np.linspace(0, len(rest) - 1, min(MOST_UNLABELLED, len(rest)))
    chosen = [rest[index] for index in sorted({round(place) for place in spread.tolist()})]
    return listed([*lesson.labelled, *looked_at, *chosen])


def _begin_to_pick(
    work: Work, settings: Settings, images: list[ImageRecord], contrast: Side
) -> None:
    """Pick the image that the user looks at in this process, which has everything in memory."""
    work.progress.begin("picking")
    model = str(Path(work.folder / MODEL))
    picker = open_picker(plan_of(model, images, settings), settings.ndim, contrast=contrast)
    number = new_set(work, picker, work.run.name)
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

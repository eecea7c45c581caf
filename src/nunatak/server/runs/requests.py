"""What is asked for, checked before it begins: a refusal says what to click."""

from dataclasses import dataclass
from typing import Any

from nunatak.errors import BadInput, Mismatch
from nunatak.server.bodies.runs import PickAsked, RunAsked, TrainAsked
from nunatak.server.runs.enough import too_few
from nunatak.server.runs.orders import GENERAL, PickOrder, model_file
from nunatak.server.runs.renewal import is_to_be_renewed, made_for
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of, skipped_images
from nunatak.workspace.labels import label_counts
from nunatak.workspace.pick_sets import PickSetRecord, pick_set_of, pick_sets_of
from nunatak.workspace.picks import picked_images
from nunatak.workspace.project import Settings, settings_of
from nunatak.workspace.runs import RunKind, runs_of

FIRST_PICKS = "General model"


@dataclass(frozen=True)
class NewRun:
    """A run to be added: see `nunatak.workspace.runs.RunRecord`."""

    kind: RunKind
    name: str
    asked: dict[str, Any]


def asked_run(workspace: Workspace, asked: RunAsked) -> NewRun:
    """Check what somebody asks for.

    Raises
    ------
    Mismatch
        If a diameter or labels are missing, a model does not exist, or one trains already.
    NotFound
        If there is no such set of picks.
    """
    settings = settings_of(workspace)
    if not images_of(workspace):
        raise Mismatch("This project has no images. Start nunatak label with some.")
    if isinstance(asked, PickAsked):
        return _pick(workspace, asked, settings)
    if isinstance(asked, TrainAsked):
        return _train(workspace, asked, settings)
    _require_diameter(settings, all_classes=False)
    record = pick_set_of(workspace, asked.pick_set)
    if not record.candidates:
        raise Mismatch(f"The picks {record.name} are empty, so that there is nothing to prune.")
    return NewRun("prune", f"Pruning of {record.name}"[:80], asked.model_dump(mode="json"))


def first_picks(workspace: Workspace) -> NewRun | None:
    """Return the run that a project needs which nobody asked for: picks to begin with.

    These are picks of the general model where there is no set, and those of images that were
    added since the newest set was complete. Where that set was made for another diameter or
    contrast and nobody worked on it, they are picks for the settings of now.
    """
    settings = settings_of(workspace)
    if not _has_diameter(settings) or not images_of(workspace):
        return None
    if picks_are_under_way(workspace):
        return None
    sets = [one for one in pick_sets_of(workspace) if one.run is not None]
    if sets and not is_to_be_renewed(workspace, sets[0], settings):
        return _new_images(workspace, sets[0], settings)
    if not sets and any(run.kind == "pick" for run in runs_of(workspace)):
        return None  # it was stopped, or failed: somebody knows
    return NewRun("pick", FIRST_PICKS, PickOrder(kind="pick").model_dump(mode="json"))


def picks_are_under_way(workspace: Workspace) -> bool:
    """Whether a run that picks runs or waits, and nobody has stopped it."""
    return any(
        run.kind == "pick" and not run.has_ended and run.state != "stopping"
        for run in runs_of(workspace)
    )


def _new_images(workspace: Workspace, newest: PickSetRecord, settings: Settings) -> NewRun | None:
    if made_for(newest, settings) is not None:
        return None  # one set holds picks for one diameter; the page says how to have others
    images = {one.id for one in images_of(workspace) if one.state != "skipped" and not one.problem}
    if not newest.is_complete or images <= picked_images(workspace, newest.id):
        return None
    maker = next((run for run in runs_of(workspace) if run.id == newest.run), None)
    if maker is None:
        return None
    model = f"run-{maker.id}" if maker.kind == "train" else maker.asked.get("model", GENERAL)
    order = PickOrder(kind="pick", model=model, pick_set=newest.id)
    return NewRun("pick", newest.name, order.model_dump(mode="json"))


def _pick(workspace: Workspace, asked: PickAsked, settings: Settings) -> NewRun:
    if asked.model == GENERAL:
        _require_diameter(settings, all_classes=False)
    _require_model(workspace, asked.model, settings)
    order = PickOrder(kind="pick", model=asked.model)
    return NewRun("pick", _model_name(workspace, asked.model), order.model_dump(mode="json"))


def _train(workspace: Workspace, asked: TrainAsked, settings: Settings) -> NewRun:
    refuse_second_training(workspace)
    _require_diameter(settings, all_classes=settings.ndim == 3)
    _require_model(workspace, asked.start, settings)
    skipped = skipped_images(workspace)
    counts = {one: count for one, count in label_counts(workspace).items() if one not in skipped}
    labelled = [particles for particles, _, _ in counts.values() if particles]
    problem = too_few(sum(labelled), len(labelled))
    if problem is not None and not _has_kept_candidates(workspace):
        raise Mismatch(problem)
    name = asked.name or f"Model {1 + sum(run.kind == 'train' for run in runs_of(workspace))}"
    return NewRun("train", name, asked.model_dump(mode="json"))


def refuse_second_training(workspace: Workspace) -> None:
    """Refuse a training beside another one.

    Raises
    ------
    Mismatch
        If one runs or waits.
    """
    if any(run.kind == "train" and not run.has_ended for run in runs_of(workspace)):
        raise Mismatch("A training is under way. Wait until it is done, or stop it first.")


def _has_kept_candidates(workspace: Workspace) -> bool:
    """Whether people kept candidates in galleries, which count as labels, too.

    On skipped images they do not.
    """
    with workspace.reading() as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM candidates JOIN image ON image.id = candidates.image "
            "JOIN decision ON decision.pick_set = candidates.pick_set "
            "AND decision.number >= first AND decision.number < first + count "
            "WHERE state != 'skipped' AND decision = 'keep')"
        ).fetchone()
    return bool(row[0])


def _model_name(workspace: Workspace, model: str) -> str:
    if model == GENERAL:
        return FIRST_PICKS
    number = int(model.removeprefix("run-"))
    return next((run.name for run in runs_of(workspace) if run.id == number), model)


def _require_model(workspace: Workspace, model: str, settings: Settings) -> None:
    try:
        model_file(workspace, model, settings.ndim)
    except BadInput as error:
        raise Mismatch(str(error)) from error


def _has_diameter(settings: Settings) -> bool:
    return any(kind.diameter_A is not None for kind in settings.classes)


def _require_diameter(settings: Settings, *, all_classes: bool) -> None:
    unknown = [kind.name for kind in settings.classes if kind.diameter_A is None]
    if unknown and (all_classes or not _has_diameter(settings)):
        raise Mismatch(
            f"The diameter of {' and '.join(unknown)} is not known. Say the particle's longest "
            "extent in Å, or measure one on the image."
        )

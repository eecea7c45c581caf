"""Runs: picking, training and pruning, each a process of its own."""

from typing import Annotated, Literal

from pydantic import Field

from nunatak.server.bodies.base import Body, Name
from nunatak.workspace.runs import RunKind, RunState

__all__ = [
    "CurvePoint",
    "PickAsked",
    "Progress",
    "PruneAsked",
    "Run",
    "RunAsked",
    "RunKind",
    "RunState",
    "Runs",
    "TrainAsked",
]


class PickAsked(Body):
    """Pick all images with a model.

    Attributes
    ----------
    model : str
        ``general``, or ``run-N`` for the model that run N trained.
    """

    kind: Literal["pick"]
    model: Annotated[str, Field(pattern=r"^(general|run-[0-9]{1,9})$")] = "general"


class TrainAsked(Body):
    """Train on all labels, then pick all images with the new model.

    Attributes
    ----------
    start : str
        As ``model`` of `PickAsked`.
    steps : int or None
        None for as many as usual.
    name : str or None
        Of the model, for people.
    """

    kind: Literal["train"]
    start: Annotated[str, Field(pattern=r"^(general|run-[0-9]{1,9})$")] = "general"
    steps: Annotated[int, Field(ge=1, le=100_000)] | None = None
    name: Name | None = None


class PruneAsked(Body):
    """Judge the picks of a set; decisions and labelled places teach it.

    Attributes
    ----------
    pick_set : int
    keep_fdr : float or None
        Share of junk among the kept that is accepted; what is unsure is then left out until a
        person keeps it.
    """

    kind: Literal["prune"]
    pick_set: int
    keep_fdr: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None


RunAsked = Annotated[PickAsked | TrainAsked | PruneAsked, Field(discriminator="kind")]


class CurvePoint(Body):
    """A point of a training's curves.

    Attributes
    ----------
    step : int
    loss : float
    validation : float or None
        Average precision on the labels kept aside.
    """

    step: int
    loss: float
    validation: float | None


class Progress(Body):
    """How far a run has come.

    Attributes
    ----------
    phase : str
        In words, such as ``reading images``, ``training``, ``picking``.
    done, total : int
        Of this phase: steps or images. ``total`` 0: unknown.
    seconds_left : float or None
        Of this phase.
    """

    phase: str
    done: int
    total: int
    seconds_left: float | None


class Run(Body):
    """A run.

    Attributes
    ----------
    id : int
    kind, state : str
    name : str
        For people.
    asked_at, started_at, ended_at : str or None
        ISO 8601, UTC.
    progress : Progress or None
    curve : list of CurvePoint
        Of a training.
    message : str or None
        What came of it, or why it failed and what to do.
    pick_set : int or None
        That it makes.
    labels, negatives : int
        That a training learned from.
    can_continue : bool
        Whether it failed or was stopped, and can go on from where it was.
    """

    id: int
    kind: RunKind
    state: RunState
    name: str
    asked_at: str
    started_at: str | None
    ended_at: str | None
    progress: Progress | None
    curve: list[CurvePoint]
    message: str | None
    pick_set: int | None
    labels: int
    negatives: int
    can_continue: bool


class Runs(Body):
    """All runs, the newest first."""

    runs: list[Run]

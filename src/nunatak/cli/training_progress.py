"""Show how a training goes: steps, loss, validation, time left."""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nunatak.cli import console

if TYPE_CHECKING:
    from nunatak.training.progress import Progress

Show = Callable[["Progress"], None]

_RANKS = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
"""Where torchrun, Slurm and lightning-fabric say which of several processes this is."""


@contextmanager
def training_progress() -> Iterator[Show]:
    """Show a bar on a terminal, a line now and then otherwise, nothing under ``--quiet``.

    Yields
    ------
    callable
        Call it after every step.
    """
    if console.is_quiet():
        yield lambda _progress: None
    elif sys.stderr.isatty():
        yield from _bar()
    else:
        yield _lines()


def hush_other_processes(count: int) -> bool:
    """Silence a process that was started to help the first one; tell whether this is the first.

    Parameters
    ----------
    count
        Processes that train together. A single one is the first, whatever a scheduler says.
    """
    ranks = (os.environ.get(name, "0") for name in _RANKS)
    if count == 1 or all(rank == "0" for rank in ranks):
        return True
    console.set_up_logging(logging.ERROR)
    return False


def in_words(progress: "Progress") -> str:
    """Say how far a training has come."""
    parts = [f"step {progress.step} of {progress.steps}", *_figures(progress)]
    if progress.seconds_left is not None:
        parts.append(f"{_duration(progress.seconds_left)} left")
    return ", ".join(parts)


def _figures(progress: "Progress") -> list[str]:
    figures = [] if progress.loss is None else [f"loss {progress.loss:.4g}"]
    if progress.best_value is not None:
        figures.append(f"best validation AP {progress.best_value:.3f} at step {progress.best_step}")
    return figures


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _bar() -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("Training", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps", markup=False),
        TextColumn("{task.description}", markup=False),
    )
    bar = Bar(*columns, console=console.stderr_console(), transient=True)
    task = bar.add_task("", total=None)

    def show(progress: "Progress") -> None:
        bar.start()  # with the first step, not while data are read and reported on
        left = progress.seconds_left
        end = [] if left is None else [f"{_duration(left)} left"]
        bar.update(
            task,
            total=progress.steps,
            completed=progress.step,
            description=", ".join([*_figures(progress), *end]),
        )

    try:
        yield show
    finally:
        bar.stop()


def _lines() -> Show:
    last = time.monotonic()

    def show(progress: "Progress") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= console.SECONDS_BETWEEN_LINES:
            last = now
            console.say(f"Training: {in_words(progress)}")

    return show

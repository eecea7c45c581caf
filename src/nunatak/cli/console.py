"""What a person reads: messages, progress and failures, all on standard error.

Standard output is for data alone (``typer.echo``). How much is said follows the level of the
``nunatak`` logger, which `set_up_logging` sets once from ``--quiet``, ``--verbose`` or
``--debug``.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from nunatak.errors import EXIT_SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

SECONDS_BETWEEN_LINES = 30.0
"""How often progress is reported where standard error is not a terminal."""

Advance = Callable[[int], None]
"""Called with the number of items finished since the last call."""

_log = logging.getLogger("nunatak")


def set_up_logging(level: int) -> None:
    """Send the library's log records to standard error (rich on a terminal, plain otherwise).

    Parameters
    ----------
    level
        Records below this level of `logging` are dropped.
    """
    handler: logging.Handler
    if sys.stderr.isatty():
        from rich.highlighter import NullHighlighter
        from rich.logging import RichHandler

        handler = RichHandler(
            console=stderr_console(),
            show_path=False,
            markup=False,
            highlighter=NullHighlighter(),  # a colour inside a file name would be noise
        )
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_PlainFormatter())
    for old in list(_log.handlers):
        _log.removeHandler(old)
    _log.addHandler(handler)
    _log.setLevel(level)
    logging.captureWarnings(capture=True)
    warnings_log = logging.getLogger("py.warnings")
    warnings_log.handlers[:] = [handler]
    warnings_log.setLevel(level)


class _PlainFormatter(logging.Formatter):
    """Lines like those of errors: who speaks, how serious it is, what there is to say."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return f"nunatak: {record.levelname.lower()}: {record.message}"


def stderr_console() -> "Console":
    """Return a rich console on standard error that prints text as it is (no markup)."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False)


def is_quiet() -> bool:
    """Whether only errors are wanted."""
    return _log.getEffectiveLevel() >= logging.ERROR


def say(text: str) -> None:
    """Tell the user something in passing; silent under ``--quiet``."""
    if not is_quiet():
        typer.echo(text, err=True)


def aligned(labels: Mapping[str, str]) -> str:
    """Lay out labels and texts in two columns, one pair a line."""
    width = max(map(len, labels), default=0)
    return "\n".join(f"{label:{width}}  {text}" for label, text in labels.items())


@contextmanager
def progress(description: str, total: int | None, *, unit: str = "") -> Iterator[Advance]:
    """Show how far a long job has come.

    A bar on a terminal, one line every `SECONDS_BETWEEN_LINES` otherwise, nothing under
    ``--quiet``.

    Parameters
    ----------
    description
        What is being done, such as ``"Picking"``.
    total
        Number of items, or None where it is not known.
    unit
        What is counted, such as ``"micrographs"``.

    Yields
    ------
    callable
        Call it with the number of items just finished.
    """
    if is_quiet():
        yield lambda _count: None
    elif sys.stderr.isatty():
        yield from _bar(description, total, unit)
    else:
        yield _lines(description, total, unit)


def reached(advance: Advance) -> Callable[[int], None]:
    """Return what takes the number of items finished in all, instead of since the last call."""
    done = 0

    def reach(count: int) -> None:
        nonlocal done
        advance(count - done)
        done = count

    return reach


def report_failures(
    failures: Iterable[tuple[object, object]], *, total: int, unit: str = "files"
) -> None:
    """Print a counted table of what failed and end the command with exit code 3.

    Parameters
    ----------
    failures
        Pairs of the input at fault and the problem (text or exception). Nothing happens if
        there are none.
    total
        How many inputs there were.
    unit
        What is counted.

    Raises
    ------
    typer.Exit
        With code 3, if anything failed.
    """
    rows = [(str(subject), str(problem)) for subject, problem in failures]
    if not rows:
        return
    # The problem often begins with the file it is about; the table says it already.
    rows = [(subject, problem.removeprefix(subject).lstrip(":, ")) for subject, problem in rows]
    typer.echo(f"{len(rows)} of {total} {unit} failed:", err=True)
    if sys.stderr.isatty():
        _failure_table(rows)
    else:
        for subject, problem in rows:
            typer.echo(f"  {subject}: {problem}", err=True)
    raise typer.Exit(EXIT_SOME_FAILED)


def _failure_table(rows: list[tuple[str, str]]) -> None:
    from rich.table import Table

    table = Table("input", "problem", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    stderr_console().print(table)


def _bar(description: str, total: int | None, unit: str) -> Iterator[Advance]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit, markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr_console(), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda count: bar.advance(task, count)


def _lines(description: str, total: int | None, unit: str) -> Advance:
    start = last = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal last, done
        done += count
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            of_total = f" of {total}" if total is not None else ""
            say(f"{description}: {done}{of_total} {unit}".rstrip() + f", {now - start:.0f} s")

    return advance

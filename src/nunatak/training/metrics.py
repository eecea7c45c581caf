"""The course of a training: one JSON object a line and step."""

import json
import os
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from nunatak.errors import ResourceError

METRICS = "metrics.jsonl"
"""Name of the file in a training's folder."""


@dataclass(frozen=True)
class StepMetrics:
    """What is known after a step.

    Attributes
    ----------
    step : int
        0 for the state before training.
    loss : float or None
        Mean over the processes; None at step 0.
    learning_rate : float or None
        None at step 0.
    seconds : float
        Time spent on training until now, earlier runs included.
    validation : float or None
        Value of the validation after this step, where there was one.
    """

    step: int
    loss: float | None
    learning_rate: float | None
    seconds: float
    validation: float | None = None


class MetricsFile:
    """Append metrics to a file; use as a context manager.

    Every line reaches the operating system at once and survives the process.

    Parameters
    ----------
    path
        ``metrics.jsonl``; created with its folder where it is missing.
    after_step
        Last step to keep of an earlier run, so that no step appears twice; None keeps nothing.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """

    def __init__(self, path: Path, *, after_step: int | None = None) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
            self._stream.truncate(0 if after_step is None else _end_of(path, after_step))
            self._stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stream.close()

    def append(self, metrics: StepMetrics) -> None:
        """Add a line.

        Raises
        ------
        ResourceError
            If the disk is full or gone.
        """
        line = memoryview(json.dumps(asdict(metrics), allow_nan=False).encode() + b"\n")
        try:
            while line:
                line = line[self._stream.write(line) :]
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def sync(self) -> None:
        """Make sure that what was appended survives a power cut."""
        os.fsync(self._stream.fileno())


def read_metrics(path: Path) -> list[StepMetrics]:
    """Read the metrics of a training; a last line that was cut is left out."""
    with path.open("rb") as lines:
        entries = [_parsed(line) for line in lines]
    return [entry for entry in entries if entry is not None]


def _end_of(path: Path, step: int) -> int:
    """Position behind the line of a step, or behind the last good line before it."""
    end = 0
    with path.open("rb") as lines:
        for line in lines:
            entry = _parsed(line)
            if entry is None or entry.step > step:
                break
            end += len(line)
    return end


def _parsed(line: bytes) -> StepMetrics | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return StepMetrics(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _unwritable(path: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"{path}: cannot write ({error.strerror or error}). Check the folder's permissions and "
        "the free disk space; the last checkpoint is kept."
    )

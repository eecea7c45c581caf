"""The folder in which a training keeps its checkpoints and its course."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lightning_fabric import Fabric

from nunatak.errors import CheckpointError
from nunatak.training.checkpoint import (
    BEST,
    LAST,
    Checkpoint,
    load_checkpoint,
    require_same,
    save_checkpoint,
)
from nunatak.training.metrics import METRICS, MetricsFile, StepMetrics
from nunatak.training.state import TrainingState


def training_folder(output: str | PathLike[str]) -> Path:
    """Where the checkpoints and the course of a training lie, beside its output.

    Examples
    --------
    >>> training_folder("models/general.safetensors").as_posix()
    'models/general.training'
    """
    return Path(output).with_suffix(".training")


class TrainingFolder:
    """Writes checkpoints and metrics, on the first process alone; use as a context manager.

    Parameters
    ----------
    path
        The folder; None keeps nothing.
    fingerprint
        Settings and data that the training depends on, JSON values.
    fabric
        To know which process this is.
    """

    def __init__(self, path: Path | None, fingerprint: Mapping[str, Any], fabric: Fabric) -> None:
        self.path = path
        self._fingerprint = fingerprint
        self._fabric = fabric
        self._metrics: MetricsFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._metrics is not None:
            self._metrics.__exit__()

    def open(self, state: TrainingState[Any], *, resume: bool) -> None:
        """Go on from the last checkpoint, if wanted and there is one, or start over.

        Raises
        ------
        OtherTraining
            If the checkpoint is that of another training.
        CheckpointError
            If it is damaged or not a checkpoint at all.
        """
        if self.path is None:
            return
        last = self.path / LAST
        resumed = resume and last.exists()
        if resumed:
            checkpoint = load_checkpoint(last)
            require_same(last, checkpoint.record, self._fingerprint)
            _restore(state, checkpoint, last)
        # Nothing is removed or written before every process has read.
        self._fabric.barrier()
        if self._fabric.is_global_zero:
            if not resumed:
                for name in (LAST, BEST):
                    (self.path / name).unlink(missing_ok=True)
            after_step = state.step if resumed else None
            self._metrics = MetricsFile(self.path / METRICS, after_step=after_step)

    def record(self, metrics: StepMetrics) -> None:
        """Append a line to the course."""
        if self._metrics is not None:
            self._metrics.append(metrics)

    def save_last(self, state: TrainingState[Any]) -> None:
        """Write the checkpoint from which to go on."""
        if self.path is not None and self._metrics is not None:
            # First the lines: a checkpoint promises that they are there.
            self._metrics.sync()
            save_checkpoint(state.checkpoint(self._fingerprint), self.path / LAST)

    def save_best(self, state: TrainingState[Any]) -> None:
        """Write the averaged weights of the best validation."""
        if self.path is not None and self._metrics is not None:
            checkpoint = state.checkpoint(self._fingerprint)
            best = {
                name: tensor
                for name, tensor in checkpoint.tensors.items()
                if name.startswith("best/")
            }
            save_checkpoint(Checkpoint(checkpoint.record, best), self.path / BEST)


def _restore(state: TrainingState[Any], checkpoint: Checkpoint, path: Path) -> None:
    try:
        state.restore(checkpoint)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            path, f"the tensors are not those of this network ({error})", hint="Remove the file"
        ) from error

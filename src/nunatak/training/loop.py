"""The training loop: steps, validations, checkpoints, and a safe stop."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn

from nunatak.errors import Interrupted
from nunatak.training.checkpoint import checksum
from nunatak.training.config import TrainingConfig
from nunatak.training.devices import mean_over_processes, moved, open_fabric
from nunatak.training.folder import TrainingFolder
from nunatak.training.interruption import StopRequest
from nunatak.training.metrics import StepMetrics
from nunatak.training.progress import Fitted, Progress
from nunatak.training.state import Loss, TrainingState

Batch = TypeVar("Batch")
Network = TypeVar("Network", bound=nn.Module)


def fit(
    network: Network,
    batch_at: Callable[[int], Batch],
    loss: Loss[Batch],
    config: TrainingConfig,
    *,
    fabric: Fabric | None = None,
    seed: int = 0,
    head: Collection[str] = (),
    folder: str | PathLike[str] | None = None,
    resume: bool = True,
    fingerprint: Mapping[str, Any] = MappingProxyType({}),
    validate: Callable[[Network], float] | None = None,
    on_begin: Callable[[], None] = lambda: None,
    on_step: Callable[[Progress], None] = lambda progress: None,
) -> Fitted[Network]:
    """Train a network.

    The same call gives the same weights (on a CPU with as many threads, bit by bit), also when
    it is interrupted or killed at any moment and repeated.

    Parameters
    ----------
    network
        Changed in place.
    batch_at
        Makes the batch of a step (from 1): tensors on the CPU in any dataclass, tuple or
        dictionary. A pure function: its randomness comes from a generator seeded by the step,
        and by the rank where several processes train.
    loss
        ``loss(network, batch, teacher)`` returns a scalar; ``batch`` lies on the device and
        ``teacher`` is the averaged network, which scores without gradients. Only calls of
        ``network(...)`` itself run in the chosen precision and average gradients over processes;
        what else is to be computed with its weights belongs into its ``forward``.
    config
        Optimisation.
    fabric
        Where to train, from `nunatak.training.devices.open_fabric`; by default one process on
        the CPU in the precision of ``config``.
    seed
        Of the network's own randomness, such as dropout.
    head
        Names of the weights that learn first, and at the full rate, where ``config`` holds back
        the others; none stands for all.
    folder
        Keeps ``last.safetensors``, ``best.safetensors`` and ``metrics.jsonl``; None keeps
        nothing.
    resume
        Whether to go on from the folder's last checkpoint, where there is one; otherwise it is
        replaced.
    fingerprint
        Further settings and data on which the training depends, JSON values: a checkpoint made
        with others is refused. The configuration, the seed, the number of processes and the
        first weights are always compared.
    validate
        Judges a copy of the averaged network, in evaluation mode on the device: higher is better.
        Called before the first step, every ``config.validate_every`` steps and after the last;
        on the first process only.
    on_begin
        Called before the first step, once it is clear that the folder holds no other training;
        on the first process only.
    on_step
        Called after every step, and after the validation of the start; on the first process only.

    Returns
    -------
    Fitted
        The averaged network, of the best validation where there is one: never worse in it than
        the start.

    Raises
    ------
    NunatakError
        If the loss stops being a number.
    Interrupted
        On SIGTERM or SIGINT, after the step and a checkpoint.
    Mismatch
        If the folder holds another training.
    FormatError
        If its checkpoint is damaged.
    ResourceError
        If the folder cannot be written.
    """
    fabric = fabric or open_fabric(precision=config.precision)
    cuda = [fabric.device.index or 0] if fabric.device.type == "cuda" else []
    # Dropout draws from torch's global generator; the caller's state of it stays as it was.
    with torch.random.fork_rng(cuda), StopRequest() as stop:
        state = TrainingState(network, config, fabric, seed=seed, head=head)
        # Without a head nothing is held back, and what is said about it changes nothing.
        idle = {"checkpoint_every", *(() if head else ("head_first", "body_rate"))}
        depends_on = {
            **config.model_dump(mode="json", exclude=idle),
            "seed": seed,
            "processes": fabric.world_size,
            "validated": validate is not None,
            "first weights": checksum(state.average.module.state_dict()),
            **fingerprint,
        }
        with TrainingFolder(None if folder is None else Path(folder), depends_on, fabric) as kept:
            kept.open(state, resume=resume)
            if fabric.is_global_zero:
                on_begin()
            loop = _Loop(state, kept, config, fabric, validate, on_step)
            loop.run(batch_at, loss, stop)
    best_value = state.stopping.best_value
    return Fitted(
        network=state.result(),
        step=state.step if best_value is None else state.stopping.best_step,
        validation=best_value,
        last_step=state.step,
        stopped_early=state.step < config.steps,
    )


@dataclass
class _Loop:
    """The order of steps, validations, records and checkpoints."""

    state: TrainingState[Any]
    kept: TrainingFolder
    config: TrainingConfig
    fabric: Fabric
    validate: Callable[[Any], float] | None
    on_step: Callable[[Progress], None]
    first: int = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.state.step

    def run(self, batch_at: Callable[[int], Any], loss: Loss[Any], stop: StopRequest) -> None:
        state = self.state
        if self.validate is not None and state.stopping.best_value is None:
            self._conclude(None)
        while not state.finished:
            batch = self._next_batch(batch_at, stop)
            self._conclude(state.advance(batch, loss))
            if state.step % self.config.checkpoint_every == 0 and not state.finished:
                self.kept.save_last(state)
            if any(mean_over_processes(self.fabric, stop.requested)):
                self._interrupt()
        self._save_for_all()

    def _next_batch(self, batch_at: Callable[[int], Any], stop: StopRequest) -> Any:
        step = self.state.step + 1
        if self.fabric.world_size > 1:  # the others would wait for this one
            return moved(batch_at(step), self.fabric.device)
        try:
            with stop.anywhere():
                return moved(batch_at(step), self.fabric.device)
        except KeyboardInterrupt:
            self._interrupt()

    def _save_for_all(self) -> None:
        self.kept.save_last(self.state)
        # A process that ends while another still writes may take it along.
        self.fabric.barrier()

    def _interrupt(self) -> NoReturn:
        self._save_for_all()
        done = f"Interrupted after {self.state.step} of {self.config.steps} steps"
        if self.kept.path is None:
            raise Interrupted(f"{done}; nothing was kept.")
        raise Interrupted(
            f"{done}, which are kept in {self.kept.path}. Give the same command again to go on "
            "from there."
        )

    def _conclude(self, loss: float | None) -> None:
        """Validate where it is due, write the step down and tell of it."""
        state, config = self.state, self.config
        value: float | None = None
        due = state.step % config.validate_every == 0 or state.step == config.steps
        if self.validate is not None and due:
            value, improved = state.judge(self.validate)
            if improved:
                self.kept.save_best(state)
        seconds, rate = state.seconds, state.learning_rate
        self.kept.record(StepMetrics(state.step, loss, rate, round(seconds, 3), value))
        if self.fabric.is_global_zero:
            done = state.step - self.first
            left = (config.steps - state.step) * state.seconds_now / done if done else None
            self.on_step(
                Progress(
                    step=state.step,
                    steps=config.steps,
                    loss=loss,
                    learning_rate=rate,
                    validation=value,
                    best_value=state.stopping.best_value,
                    best_step=state.stopping.best_step,
                    seconds=seconds,
                    seconds_left=left,
                )
            )

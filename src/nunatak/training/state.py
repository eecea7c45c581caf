"""Everything that a training step changes, and how to save and restore it."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from nunatak.errors import NunatakError
from nunatak.training.averaging import AveragedNetwork
from nunatak.training.checkpoint import Checkpoint, Record, grouped
from nunatak.training.config import TrainingConfig
from nunatak.training.devices import mean_over_processes, share_buffers
from nunatak.training.early_stopping import EarlyStopping
from nunatak.training.schedule import body_share, rates

BatchType_contra = TypeVar("BatchType_contra", contravariant=True)
Network = TypeVar("Network", bound=nn.Module)


class Loss(Protocol[BatchType_contra]):
    """Scores a batch; see `nunatak.training.loop.fit`."""

    def __call__(
        self, network: nn.Module, batch: BatchType_contra, teacher: nn.Module, /
    ) -> Tensor:
        """Return the loss, a scalar."""


class TrainingState(Generic[Network]):
    """Network, optimiser, average and best validation of a training.

    Parameters
    ----------
    network
        Trained in place.
    config
        Optimisation.
    fabric
        Devices; launched.
    seed
        Of the network's own randomness (dropout): each process and step draws anew from it, so
        that there is no random state to save.
    head
        Names of the weights that make up the head; see `nunatak.training.loop.fit`.

    Attributes
    ----------
    step : int
        The last step done.
    average : AveragedNetwork
        The teacher.
    stopping : EarlyStopping
        What the validations showed.
    """

    def __init__(
        self,
        network: Network,
        config: TrainingConfig,
        fabric: Fabric,
        *,
        seed: int,
        head: Collection[str] = (),
    ) -> None:
        self.step = 0
        self.stopping = EarlyStopping(config.patience)
        self._config, self._fabric, self._seed = config, fabric, seed
        # Channels last is the layout in which convolution libraries are fastest.
        is_volumetric = any(weight.dim() == 5 for weight in network.parameters())
        layout = torch.channels_last_3d if is_volumetric else torch.channels_last
        network.train().to(fabric.device, memory_format=layout)  # type: ignore[call-overload]
        self._network = network
        first, self._body = _parts(network, head)
        groups = [{"params": first}, *([{"params": self._body}] if self._body else [])]
        self._adam = torch.optim.AdamW(
            groups, lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._wrapped, self._optimiser = fabric.setup(network, self._adam)
        self.average = AveragedNetwork(
            network, config.averaging, warmup=config.averaging_warmup, autocast=fabric.autocast
        )
        self._best: dict[str, Tensor] = {}
        self._seconds_before = 0.0
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent on training, earlier runs included."""
        return self._seconds_before + self.seconds_now

    @property
    def seconds_now(self) -> float:
        """Time spent on training by this run."""
        return time.monotonic() - self._started

    @property
    def learning_rate(self) -> float | None:
        """Of the last step; None before the first."""
        return rates(self.step, self._config).learning_rate if self.step else None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.step >= self._config.steps or self.stopping.stop

    def advance(self, batch: Any, loss: Loss[Any]) -> float:
        """Do a step.

        Returns
        -------
        float
            The loss, mean over the processes.

        Raises
        ------
        NunatakError
            If it is not a number.
        """
        step = self.step + 1
        body_rate = body_share(step, self._config)
        # Several processes agree at the start on which gradients they exchange, and take them all.
        self._let_body_learn(may=body_rate > 0 or self._fabric.world_size > 1)
        state = np.random.SeedSequence([self._seed, self._fabric.global_rank, step])
        torch.manual_seed(int(state.generate_state(1, np.uint64)[0]))
        value = loss(self._wrapped, batch, self.average)
        (mean,) = mean_over_processes(self._fabric, value.item())
        if not np.isfinite(mean):
            raise NunatakError(
                f"Training diverged: the loss of step {step} is {mean}. Lower the learning rate."
            )
        rate, beta_1 = rates(step, self._config)
        for group, share in zip(self._adam.param_groups, (1.0, body_rate), strict=False):
            group["lr"] = share * rate
            group["betas"] = (beta_1, group["betas"][1])
        self._optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(value)
        self._let_body_learn(may=True)
        if body_rate == 0:
            for weight in self._body:
                weight.grad = None
        if self._config.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._config.gradient_clip)
        self._optimiser.step()
        share_buffers(self._fabric, self._network)
        self.average.update(self._network, step)
        self.step = step
        return mean

    def _let_body_learn(self, *, may: bool) -> None:
        """Give all but the head gradients, or save the time that they take."""
        for weight in self._body:
            weight.requires_grad = may

    def judge(self, validate: Callable[[Network], float]) -> tuple[float, bool]:
        """Validate the average, on the first process alone.

        Returns
        -------
        tuple of float and bool
            The value, and whether it is the best so far.
        """
        value = 0.0
        if self._fabric.is_global_zero:
            value = float(validate(self.average.copied()))
        value = self._fabric.broadcast(value)
        improved = self.stopping.improved(self.step, value)
        if improved:
            self._best = {
                name: tensor.clone() for name, tensor in self.average.module.state_dict().items()
            }
        return value, improved

    def result(self) -> Network:
        """Return the average of the best validation, or of now if there was none."""
        result: Network = self.average.copied()
        result.load_state_dict(self._best or self.average.module.state_dict())
        return result.cpu()

    def checkpoint(self, fingerprint: Mapping[str, Any]) -> Checkpoint:
        """Return everything that `restore` needs."""
        record = Record(
            step=self.step,
            seconds=self.seconds,
            best_value=self.stopping.best_value,
            best_step=self.stopping.best_step,
            without_progress=self.stopping.without_progress,
            fingerprint=dict(fingerprint),
        )
        moments = {
            f"{name}/{key}": tensor
            for name, parameter in self._network.named_parameters()
            for key, tensor in self._adam.state.get(parameter, {}).items()
        }
        return Checkpoint(
            record,
            grouped(
                network=self._network.state_dict(),
                average=self.average.module.state_dict(),
                best=self._best,
                optimiser=moments,
            ),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where a checkpoint was taken, bit by bit.

        Raises
        ------
        KeyError, RuntimeError
            If the tensors are not those of this network.
        """
        record = checkpoint.record
        self._network.load_state_dict(checkpoint.group("network"))
        self.average.module.load_state_dict(checkpoint.group("average"))
        parameters = dict(self._network.named_parameters())
        self._adam.state.clear()
        for name, tensor in checkpoint.group("optimiser").items():
            owner, _, key = name.rpartition("/")
            parameter = parameters[owner]
            # In the memory layout of its weight, as the optimiser made it: the order in which
            # numbers are added up depends on it.
            own = torch.zeros_like(parameter) if tensor.shape == parameter.shape else tensor.clone()
            self._adam.state[parameter][key] = own.copy_(tensor)
        self._best = {
            name: tensor.to(self._fabric.device)
            for name, tensor in checkpoint.group("best").items()
        }
        self.stopping.best_value = record.best_value
        self.stopping.best_step = record.best_step
        self.stopping.without_progress = record.without_progress
        self.step = record.step
        self._seconds_before = record.seconds
        self._started = time.monotonic()


def _parts(
    network: nn.Module, head: Collection[str]
) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the weights that learn at the full rate, and the others; without a head, all do."""
    weights = dict(network.named_parameters())
    unknown = set(head) - set(weights)
    if unknown:
        raise ValueError(f"no weights are called {', '.join(sorted(unknown))}")
    # What is frozen for good stays so.
    learning = {name: weight for name, weight in weights.items() if weight.requires_grad}
    if not head:
        return list(learning.values()), []
    return (
        [weight for name, weight in learning.items() if name in head],
        [weight for name, weight in learning.items() if name not in head],
    )

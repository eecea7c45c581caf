"""Devices, number formats and processes, by lightning-fabric."""

import logging
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from torch import Tensor, nn
from torch import distributed as processes

from nunatak.training.config import TrainingPrecision

Batch = TypeVar("Batch")

# Fabric tells at every start which device and precision it was given; ours to tell, or not.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)


def open_fabric(
    device: torch.device | str = "cpu",
    *,
    precision: TrainingPrecision = "bfloat16",
    process_count: int = 1,
) -> Fabric:
    """Prepare devices for `nunatak.training.loop.fit`.

    With several processes the first starts the others, which run the same command line from its
    beginning and join here; under Slurm (``srun``) or ``torchrun`` all have been started already.
    Every process then goes the same way: only what must be done once is for
    ``fabric.is_global_zero``.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"`` or ``"cuda:N"``. With several processes a kind, of which each takes
        one device.
    precision
        Number format of convolutions.
    process_count
        Number of processes that share the training, each with batches of its own.

    Returns
    -------
    Fabric
        Launched.
    """
    chosen = torch.device(device)
    mixed = "bf16-mixed" if precision == "bfloat16" else "32-true"
    if process_count > 1:
        fabric = Fabric(
            accelerator=chosen.type,
            devices=process_count,
            strategy="ddp",
            precision=cast("Any", mixed),
        )
    else:
        on_cpu = chosen.type == "cpu"
        fabric = Fabric(
            accelerator=chosen.type,
            devices=1 if on_cpu else [chosen.index or 0],
            precision=cast("Any", mixed),
            # One process is one process, also where a scheduler's variables speak of more.
            plugins=[LightningEnvironment()],
        )
    fabric.launch()
    return fabric


def moved(batch: Batch, device: torch.device) -> Batch:
    """Bring every tensor of a batch to a device, images in the layout that convolves fastest.

    Parameters
    ----------
    batch
        A tensor, or dataclasses, tuples, lists and dictionaries of them; everything else stays.
    device
        Where to.
    """
    return cast("Batch", _moved(batch, device))


def _moved(part: Any, device: torch.device) -> Any:
    if isinstance(part, Tensor):
        part = part.to(device)
        images = part.dim() == 4 and part.is_floating_point()
        return part.contiguous(memory_format=torch.channels_last) if images else part
    if is_dataclass(part) and not isinstance(part, type):
        values = {field.name: getattr(part, field.name) for field in fields(part) if field.init}
        return replace(part, **{name: _moved(value, device) for name, value in values.items()})
    if isinstance(part, tuple) and hasattr(part, "_fields"):
        return type(part)(*(_moved(value, device) for value in part))
    if isinstance(part, tuple | list):
        return type(part)(_moved(value, device) for value in part)
    if isinstance(part, dict):
        return {key: _moved(value, device) for key, value in part.items()}
    return part


def mean_over_processes(fabric: Fabric, *values: float) -> tuple[float, ...]:
    """Average numbers over all processes."""
    if fabric.world_size == 1:
        return values
    total = torch.tensor(values, dtype=torch.float64, device=fabric.device)
    processes.all_reduce(total)
    return tuple((total / fabric.world_size).tolist())


@torch.no_grad()
def share_buffers(fabric: Fabric, network: nn.Module) -> None:
    """Average a network's buffers (statistics of batch normalisation) over all processes.

    Gradients are averaged by Fabric, buffers are not: without this each process would end with
    the statistics of its own batches.
    """
    if fabric.world_size == 1:
        return
    for buffer in network.buffers():
        if buffer.is_floating_point():
            processes.all_reduce(buffer)
            buffer.div_(fabric.world_size)

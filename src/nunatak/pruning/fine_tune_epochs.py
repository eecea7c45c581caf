"""The steps of fine-tuning the classifier of picks: rates, weights, batches."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nunatak.detection.precision import choose_device
from nunatak.errors import BadInput
from nunatak.networks.pruning_network import PruningNetwork, freeze_batch_norm
from nunatak.objectives.two_branch import (
    USUAL_WEIGHTS,
    MultiLossKind,
    MultiLossWeights,
    multi_loss,
)
from nunatak.pruning.augmentation import augmented
from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.model import PruningModel

BATCH_SIZE = 32
HEAD_RATE = 1e-3
BACKBONE_RATE = 1e-4
LAYER_DECAY = 0.8
"""Factor on the learning rate of each stage of the backbone, from the last one down."""

WEIGHT_DECAY = 1e-4
FEWEST_FOR_CONTRAST = 5
"""Labels of each class that the contrastive term needs; pairs of fewer are always the same."""

IGNORED = -1

_STAGES: Mapping[str, int] = MappingProxyType(
    {"layer4": 0, "layer3": 1, "layer2": 2, "layer1": 3, "conv1": 4, "bn1": 4}
)
"""Parts of the backbone by their distance from the branches."""


def trained(
    model: PruningModel,
    crops: NDArray[np.float32],
    class_index: NDArray[np.int64],
    *,
    loss: MultiLossKind,
    weights: MultiLossWeights = USUAL_WEIGHTS,
    seed: int,
    epochs: int,
    device: str,
) -> Iterator[PruningNetwork]:
    """Train a copy of a classifier's network, and show it after every epoch.

    Parameters
    ----------
    model
        Whose network to start from.
    crops : ndarray, shape (k, 2, side, side), float32
        Of labelled picks.
    class_index : ndarray, shape (k,), int64
        Into the classes of the model's header; -1 is ignored.
    loss, weights
        Terms of the multi-loss. The contrastive one takes part from a few labels a class on.
    seed
        Of the order and of the augmentation.
    epochs
        How many there are at most.
    device
        See `nunatak.detection.precision.choose_device`.

    Yields
    ------
    PruningNetwork
        Always the same one. The statistics of its batch normalisations stay: a few crops give no
        better ones.

    Raises
    ------
    BadInput
        If crops and classes do not fit together, or no particle or no junk is among them.
    """
    _check(model, crops, class_index)
    place = choose_device(device)
    network = deepcopy(model.network).float().to(place).requires_grad_(requires_grad=True).train()
    freeze_batch_norm(network)
    images = torch.from_numpy(crops[class_index >= 0])
    target = torch.from_numpy(class_index[class_index >= 0])
    class_weight = _class_weight(target, len(model.header.classes)).to(place)
    contrasted = int(target.bincount()[target].min()) >= FEWEST_FOR_CONTRAST
    if not contrasted:
        weights = weights.model_copy(update={"contrastive": 0.0})
    spec = model.header.crop
    ratio = spec.particle_diameters / spec.context_diameters
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(_parameter_groups(network), weight_decay=WEIGHT_DECAY)
    batches = -(-len(target) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    for _ in range(epochs):
        with _second_branch_alone(network, alone=loss == "ce"):
            for rows in torch.randperm(len(target), generator=generator).chunk(batches):
                varied = augmented(images[rows], generator, context_ratio=ratio)
                value = multi_loss(
                    network(varied.to(place)),
                    target[rows].to(place),
                    kind="two-branch" if loss == "ce" else loss,
                    weights=weights,
                    class_weight=class_weight,
                )
                optimizer.zero_grad()
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
        yield network


@contextmanager
def _second_branch_alone(network: PruningNetwork, *, alone: bool) -> Iterator[None]:
    """Keep the second branch's gradients from the backbone.

    A second branch that did not learn at all would fall behind the moving backbone, and both
    branches judge together.
    """
    if not alone:
        yield
        return
    hook = network.compress.register_forward_pre_hook(lambda _, maps: (maps[0].detach(),))
    try:
        yield
    finally:
        hook.remove()


def _parameter_groups(network: nn.Module) -> list[dict[str, object]]:
    """Give each stage its learning rate, and decay none but the weights proper."""
    groups: dict[tuple[float, bool], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        part, _, rest = name.partition(".")
        rate = HEAD_RATE
        if part == "backbone":
            rate = BACKBONE_RATE * LAYER_DECAY ** _STAGES[rest.partition(".")[0]]
        groups.setdefault((rate, parameter.ndim > 1), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, **({} if decays else {"weight_decay": 0.0})}
        for (rate, decays), parameters in groups.items()
    ]


def _class_weight(target: Tensor, classes: int) -> Tensor:
    """Weights ∝ n^(-1/2) of n labels of a class, 1 on average over the labels."""
    count = target.bincount(minlength=classes).float()
    # A class without a label gets no share of the smoothed labels either.
    weight = torch.where(count > 0, count.clamp_min(1).rsqrt(), 0.0)
    return weight / weight[target].mean()


def _check(model: PruningModel, crops: NDArray[np.float32], class_index: NDArray[np.int64]) -> None:
    classes, side = model.header.classes, model.header.crop.side_px
    if crops.shape != (len(class_index), 2, side, side):
        raise BadInput(
            f"Fine-tuning needs crops of shape {(len(class_index), 2, side, side)}, one for each "
            f"of {len(class_index)} labels; these have the shape {crops.shape}."
        )
    wrong = set(class_index.tolist()) - {IGNORED, *range(len(classes))}
    if wrong:
        raise BadInput(f"The model has {len(classes)} classes; none has the number {min(wrong)}.")
    is_particle = class_index[class_index >= 0] == classes.index(PARTICLE)
    if not is_particle.any() or is_particle.all():
        raise BadInput("Fine-tuning needs labels of at least one particle and one piece of junk.")

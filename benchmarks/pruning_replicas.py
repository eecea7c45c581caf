"""PickerOptimizer as it was released and as it was published, with the same network as ours.

Facts from its code and from Li et al., doi 10.1089/cmb.2022.0101: all layers train, by stochastic
gradient descent with momentum and a rate that falls to a tenth every seven epochs, on crops turned
by up to 30 degrees, without weights of classes. Number of epochs and batch size are left open
there. The published network has a second branch with a loss of its own; the pre-training that it
speaks of, on categories of cryo-EM images, is that of our shipped weights.
"""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nunatak.networks.pruning_network import PruningNetwork
from nunatak.objectives.two_branch import MultiLossWeights, multi_loss
from nunatak.pruning.augmentation import turned

AS_TOLD = MultiLossWeights(label_smoothing=0.0)
JUDGED_AT_A_TIME = 256


@dataclass(frozen=True)
class Replica:
    """A way to train.

    Attributes
    ----------
    two_branches : bool
        Whether both branches train and judge, as published; the code has one.
    epochs, batch_size : int
        Left open by the source.
    learning_rate, momentum : float
    step_epochs : int
        After so many epochs the rate falls by `step_factor`.
    step_factor : float
    rotation_deg : float
        Greatest rotation of a crop.
    """

    two_branches: bool
    epochs: int = 20
    batch_size: int = 16
    learning_rate: float = 0.01
    momentum: float = 0.9
    step_epochs: int = 7
    step_factor: float = 0.1
    rotation_deg: float = 30.0

    def trained(
        self,
        network: PruningNetwork,
        crops: NDArray[np.float32],
        class_index: NDArray[np.int64],
        *,
        classes: int,
        seed: int,
        device: str = "cpu",
    ) -> PruningNetwork:
        """Train a copy of a network with new last layers.

        Parameters
        ----------
        network
            Whose weights to start from.
        crops : ndarray, shape (k, 2, side, side), float32
            Labelled.
        class_index : ndarray, shape (k,), int64
            From 0 to ``classes`` - 1.
        classes
            How many there are.
        seed
            Of new weights, order and rotations.
        device
            Where to train.

        Returns
        -------
        PruningNetwork
            In evaluation mode, on the device.
        """
        generator = torch.Generator().manual_seed(seed)
        network = _with_new_last_layers(network, classes, generator).to(device).train()
        optimizer = torch.optim.SGD(network.parameters(), self.learning_rate, self.momentum)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, self.step_epochs, self.step_factor)
        images, target = torch.from_numpy(crops), torch.from_numpy(class_index)
        for _ in range(self.epochs):
            for rows in torch.randperm(len(target), generator=generator).split(self.batch_size):
                if len(rows) == 1:
                    continue  # one crop has no statistics to normalise a batch by
                output = network(self._rotated(images[rows], generator).to(device))
                loss = multi_loss(
                    output,
                    target[rows].to(device),
                    kind="two-branch" if self.two_branches else "ce",
                    weights=AS_TOLD,
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            schedule.step()
        return network.eval()

    @torch.inference_mode()
    def probability(
        self, network: PruningNetwork, crops: NDArray[np.float16], *, rows: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Judge crops: probabilities of the classes, shape (len(rows), classes)."""
        device = next(network.parameters()).device
        parts = []
        for part in np.array_split(rows, -(-len(rows) // JUDGED_AT_A_TIME)):
            output = network(torch.from_numpy(np.asarray(crops[part], np.float32)).to(device))
            share = output.first.softmax(dim=1)
            if self.two_branches:
                share = (share + output.second.softmax(dim=1)) / 2
            parts.append(share.double().cpu().numpy())
        return np.concatenate(parts)

    def _rotated(self, crops: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        reach_rad = np.deg2rad(self.rotation_deg)
        # To the nearest pixel and black beyond the edge, the defaults of the library it uses.
        return turned(
            crops,
            reach_rad * (2 * torch.rand(len(crops), generator=generator) - 1),
            mirrored=torch.zeros(len(crops), dtype=torch.bool),
            shift_px=torch.zeros(len(crops), 2),
            context_ratio=1.0,
            mode="nearest",
            padding="zeros",
        )


def _with_new_last_layers(
    network: PruningNetwork, classes: int, generator: torch.Generator
) -> PruningNetwork:
    copy = deepcopy(network).float().requires_grad_(requires_grad=True)
    for name in ("first", "second"):
        old = getattr(copy, name)
        new = nn.Linear(old.in_features, classes)
        bound = old.in_features**-0.5  # a linear layer's default
        nn.init.uniform_(new.weight, -bound, bound, generator=generator)
        nn.init.uniform_(new.bias, -bound, bound, generator=generator)
        setattr(copy, name, new)
    copy.category = None
    return copy

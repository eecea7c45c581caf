"""Put weights from a file into a network."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from nunatak.detection.model_file import RETRAIN
from nunatak.errors import FormatError
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec


def network_with(
    spec: NetworkSpec, tensors: Mapping[str, Tensor], *, path: Path
) -> DetectorNetwork:
    """Make a network with the weights of a file.

    Parameters
    ----------
    spec
        The network.
    tensors
        Weights and buffers by name.
    path
        Where they come from, for messages.

    Returns
    -------
    DetectorNetwork
        In evaluation mode, float32, on the CPU.

    Raises
    ------
    FormatError
        If the tensors are not those of the network, or not finite.
    """
    # On the meta device nothing is allocated before the shapes have been compared.
    with torch.device("meta"):
        network = build(spec)
    expected = network.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        found = _shape(tensors.get(name))
        wanted = _shape(expected.get(name))
        if found != wanted:
            raise FormatError(
                path,
                f"{found}, while the network in the header needs {wanted}",
                field=f"tensor {name}",
                hint=RETRAIN,
            )
        if not torch.isfinite(tensors[name]).all():
            raise FormatError(path, "NaN or infinity", field=f"tensor {name}", hint=RETRAIN)
    network.load_state_dict(
        {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()},
        assign=True,
    )
    return network.eval().requires_grad_(requires_grad=False)


def _shape(tensor: Tensor | None) -> str:
    if tensor is None:
        return "absent"
    kind = "floating point" if tensor.is_floating_point() else "integer"
    return f"{kind} of shape {tuple(tensor.shape)}"

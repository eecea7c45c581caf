"""Put weights from a file into a network."""

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor

from nunatak.detection.model_file import RETRAIN
from nunatak.errors import FormatError
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec


def network_from(
    content: bytes,
    spec: NetworkSpec,
    *,
    normalisation: str,
    known_normalisations: Collection[str],
    path: Path,
) -> DetectorNetwork:
    """Make the network of a model file, whose header has been checked.

    Parameters
    ----------
    content
        The file.
    spec, normalisation
        From its header.
    known_normalisations
        Those that this version has.
    path
        Of the file, for messages.

    Returns
    -------
    DetectorNetwork
        In evaluation mode, float32, on the CPU.

    Raises
    ------
    FormatError
        If the weights are cut or not those of the network, or it was trained on images of a grey
        scale that this version does not make.
    """
    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise FormatError(
            path, f"the weights cannot be read ({error})", hint="Fetch the file again"
        ) from error
    if normalisation not in known_normalisations:
        raise FormatError(
            path,
            f"trained with {normalisation!r}, this nunatak has "
            + ", ".join(map(repr, known_normalisations)),
            field="normalisation",
            hint="Use the version of nunatak it was trained with, or train it again",
        )
    return network_with(spec, tensors, path=path)


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

"""Put weights from a file into a network."""

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

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
    tensors = read_tensors(content, path=path)
    if normalisation not in known_normalisations:
        raise FormatError(
            path,
            f"trained with {normalisation!r}, this nunatak has "
            + ", ".join(map(repr, known_normalisations)),
            field="normalisation",
            hint="Use the version of nunatak it was trained with, or train it again",
        )
    return network_with(spec, tensors, path=path)


def read_tensors(content: bytes, *, path: Path) -> dict[str, Tensor]:
    """Read all tensors of a safetensors file.

    Raises
    ------
    FormatError
        If it is cut or damaged.
    """
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise FormatError(
            path, f"the weights cannot be read ({error})", hint="Fetch the file again"
        ) from error


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
    fill(network, tensors, path=path)
    return network


def fill(network: nn.Module, tensors: Mapping[str, Tensor], *, path: Path) -> None:
    """Put the weights of a model file into a network that was made on the meta device.

    Parameters
    ----------
    network
        As the file's header has it. Afterwards in evaluation mode, float32, on the CPU.
    tensors
        Weights and buffers by name.
    path
        Where they come from, for messages.

    Raises
    ------
    FormatError
        If the tensors are not those of the network, or not finite.
    """
    check_tensors(network, tensors, path=path, wanted_by="the network in the header")
    network.load_state_dict(
        {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()},
        assign=True,
    )
    network.eval().requires_grad_(requires_grad=False)


def check_tensors(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    *,
    path: Path,
    wanted_by: str,
    hint: str = RETRAIN,
) -> None:
    """Compare a file's tensors with those that a network has.

    Parameters
    ----------
    network
        On any device.
    tensors
        Weights and buffers by name.
    path, wanted_by, hint
        File, network and way out, for messages.

    Raises
    ------
    FormatError
        If one is missing, too many, of another shape or not finite.
    """
    expected = network.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        found = _shape(tensors.get(name))
        wanted = _shape(expected.get(name))
        if found != wanted:
            raise FormatError(
                path,
                f"{found}, while {wanted_by} needs {wanted}",
                field=f"tensor {name}",
                hint=hint,
            )
        if not torch.isfinite(tensors[name]).all():
            raise FormatError(path, "NaN or infinity", field=f"tensor {name}", hint=hint)


def _shape(tensor: Tensor | None) -> str:
    if tensor is None:
        return "absent"
    kind = "floating point" if tensor.is_floating_point() else "integer"
    return f"{kind} of shape {tuple(tensor.shape)}"

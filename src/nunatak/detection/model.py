"""A detector in one file: safetensors weights with a JSON header. Nothing is ever unpickled."""

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from nunatak.detection import threshold_table
from nunatak.detection.header import ModelHeader
from nunatak.detection.model_file import (
    METADATA_KEY,
    VOLUME_NDIM,
    parse_fields,
    parse_header,
    read_content,
)
from nunatak.detection.weights import network_from
from nunatak.errors import BadInput
from nunatak.files import written_whole
from nunatak.images.normalisations import NORMALISATIONS
from nunatak.networks.interface import DetectorNetwork

SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class DetectorModel:
    """A detector ready for use.

    Attributes
    ----------
    header : ModelHeader
        How to apply it.
    network : DetectorNetwork
        Evaluation mode, float32, on the CPU when it comes from `load_model`.
    path : Path or None
        The file it came from.
    sha256 : str
        Of that file, hexadecimal; empty for a model that was never saved.
    """

    header: ModelHeader
    network: DetectorNetwork
    path: Path | None = None
    sha256: str = ""


def save_model(model: DetectorModel, path: str | PathLike[str]) -> None:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    model
        Network and header; tensors are written in their own dtype.
    path
        Ends in ``.safetensors``.

    Raises
    ------
    BadInput
        If the suffix is another one, or a weight is not finite.
    ResourceError
        If the file cannot be written.
    """
    save_tensors(model.network, model.header.model_dump_json(), Path(path))


def save_tensors(network: nn.Module, header: str, path: Path) -> None:
    """Write a network's weights with a header (JSON), whole or not at all; see `save_model`."""
    if path.suffix != SUFFIX:
        raise BadInput(f"{path}: a model file ends in {SUFFIX}.")
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    for name, tensor in tensors.items():
        if not torch.isfinite(tensor).all():
            raise BadInput(f"{path}: weight {name} holds NaN or infinity; nothing was written.")
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata={METADATA_KEY: header})


def load_model(path_or_name: str | PathLike[str]) -> DetectorModel:
    """Read a model file, or one of the models that ship with the package.

    Parameters
    ----------
    path_or_name
        A path, or a shipped model's name such as ``"general-2d"``.

    Returns
    -------
    DetectorModel
        In evaluation mode, float32, on the CPU.

    Raises
    ------
    BadInput
        If there is no such file or shipped model.
    FormatError
        If the file is no model of nunatak: cut, pickled, an unknown schema version, network or
        normalisation, wrong tensors.
    """
    path = resolve(path_or_name)
    content = read_content(path)
    header = parse_header(path, content)
    network = network_from(
        content,
        header.network,
        normalisation=header.normalisation,
        known_normalisations=NORMALISATIONS,
        path=path,
    )
    return DetectorModel(header, network, path, hashlib.sha256(content).hexdigest())


def shipped_models() -> tuple[str, ...]:
    """Names of the models that ship with the package."""
    folder = resources.files("nunatak") / "models"
    if not folder.is_dir():
        return ()
    names = (Path(entry.name) for entry in folder.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == SUFFIX))


def resolve(path_or_name: str | PathLike[str]) -> Path:
    """Path of a model file or of a shipped model.

    Raises
    ------
    BadInput
        If there is neither.
    """
    path = Path(path_or_name)
    if path.is_file():
        return path
    if path.name == str(path) and path.suffix == "":
        shipped = Path(str(resources.files("nunatak") / "models" / f"{path}{SUFFIX}"))
        if shipped.is_file():
            return shipped
    names = ", ".join(shipped_models()) or "none in this installation"
    raise BadInput(f"{path}: no such model file, nor a shipped model (shipped: {names}).")


def describe(path: str | PathLike[str]) -> dict[str, str]:
    """Say in words what a model file holds; the weights are not loaded.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Label to text, in the order in which to show them.

    Raises
    ------
    FormatError
        If the file is no model of nunatak.
    """
    path = Path(path)
    content = read_content(path)
    if parse_fields(path, content).get("ndim") == VOLUME_NDIM:
        # That module needs this one.
        from nunatak.detection.volumes.volume_model import describe_volume_model  # noqa: PLC0415

        return describe_volume_model(path, content)
    header = parse_header(path, content)
    network = ", ".join(f"{k} {v}" for k, v in header.network.parameters.model_dump().items())
    classes = (
        f"{c.name} ({c.diameter_A:g} Å)" if c.diameter_A else f"{c.name} (any diameter)"
        for c in header.classes
    )
    return {
        "kind": f"detector model, {header.ndim}D",
        "name": header.name,
        "classes": ", ".join(classes),
        "network": f"{header.network.name} ({network})",
        "working diameter": f"{header.diameter_px:g} px",
        "normalisation": header.normalisation,
        "contrast": f"{header.contrast} particles",
        "default threshold": f"{header.default_threshold:g}",
        "score floor": f"{header.score_floor:g}",
        "logit lost beyond the edge": f"{header.cut_logit:g}",
        **threshold_table.described(header),
        "sha256": hashlib.sha256(content).hexdigest(),
        "provenance": json.dumps(header.provenance, ensure_ascii=False),
    }

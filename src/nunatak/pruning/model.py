"""A pruning model in one file, as `nunatak.detection.model` has them for detectors."""

import hashlib
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch

from nunatak.detection.model import resolve, save_tensors
from nunatak.detection.model_file import PRUNER, parse_fields, read_content, validated
from nunatak.detection.weights import fill, read_tensors
from nunatak.errors import FormatError
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.pruning.header import PrunerHeader

GENERAL_PRUNER = "general-pruner"
"""The shipped model."""


@dataclass(frozen=True, eq=False)
class PruningModel:
    """A classifier of picks, ready for use.

    Attributes
    ----------
    header : PrunerHeader
        How to apply it.
    network : PruningNetwork
        Evaluation mode, float32, on the CPU when it comes from `load_pruner`.
    path : Path or None
        The file it came from.
    sha256 : str
        Of that file, hexadecimal; empty for a model that was never saved.
    """

    header: PrunerHeader
    network: PruningNetwork
    path: Path | None = None
    sha256: str = ""


def save_pruner(model: PruningModel, path: str | PathLike[str]) -> None:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    model
        Network and header. Weights are rounded to float16; the head of the categories, which is
        of use in training only, is left out.
    path
        Ends in ``.safetensors``.

    Raises
    ------
    BadInput
        If the suffix is another one, or a weight is not finite or beyond float16.
    ResourceError
        If the file cannot be written.
    """
    plain = PruningNetwork(**model.header.network.model_dump())
    weights = model.network.state_dict()
    plain.load_state_dict({name: weights[name] for name in plain.state_dict()})
    save_tensors(plain.half(), model.header.model_dump_json(), Path(path))


def load_pruner(path_or_name: str | PathLike[str] = GENERAL_PRUNER) -> PruningModel:
    """Read a model file, or one of the models that ship with the package.

    Parameters
    ----------
    path_or_name
        A path, or a shipped model's name.

    Returns
    -------
    PruningModel
        In evaluation mode, float32, on the CPU.

    Raises
    ------
    BadInput
        If there is no such file or shipped model.
    FormatError
        If the file is no pruning model of nunatak: a detector, cut, pickled, an unknown schema
        version, wrong tensors.
    """
    path = resolve(path_or_name)
    content = read_content(path)
    header = _header(path, content)
    # On the meta device nothing is allocated before the shapes have been compared.
    with torch.device("meta"):
        network = PruningNetwork(**header.network.model_dump())
    fill(network, read_tensors(content, path=path), path=path)
    return PruningModel(header, network, path, hashlib.sha256(content).hexdigest())


def is_pruner(path_or_name: str | PathLike[str]) -> bool:
    """Tell whether a model judges picks, without loading its weights.

    Raises
    ------
    BadInput, FormatError
        If it is no model at all.
    """
    path = resolve(path_or_name)
    return parse_fields(path, read_content(path)).get("kind") == PRUNER


def describe(path: str | PathLike[str]) -> dict[str, str]:
    """Say in words what a pruning model's file holds; the weights are not loaded.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        As `nunatak.detection.model.describe` returns.

    Raises
    ------
    FormatError
        If the file is no pruning model of nunatak.
    """
    path = Path(path)
    content = read_content(path)
    header = _header(path, content)
    crop, both, alone = header.crop, header.fusion, header.classifier_only
    return {
        "kind": f"pruning model, {header.ndim}D",
        "name": header.name,
        "classes": ", ".join(header.classes),
        "network": f"ResNet-18 with two branches (width {header.network.width})",
        "crops": f"{crop.side_px} px, of {crop.particle_diameters:g} and of "
        f"{crop.context_diameters:g} particle diameters",
        "logit without labels": f"{both.bias:g} + {both.classifier:g} × classifier's "
        f"+ {both.detector:g} × detector's",
        "without a detector": f"{alone.bias:g} + {alone.classifier:g} × classifier's",
        "sha256": hashlib.sha256(content).hexdigest(),
        "provenance": json.dumps(header.provenance, ensure_ascii=False),
    }


def _header(path: Path, content: bytes) -> PrunerHeader:
    fields = parse_fields(path, content)
    if fields.get("kind") != PRUNER:
        raise FormatError(
            path,
            "a model that finds particles where one that judges picks was expected",
            field="kind",
            hint="Give a pruning model, or leave the option out to use the shipped one",
        )
    return validated(PrunerHeader, path, fields)

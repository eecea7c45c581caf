"""A detector for tomograms in one file, as `nunatak.detection.model` has them for micrographs."""

import hashlib
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nunatak.detection.model import resolve, save_tensors
from nunatak.detection.model_file import (
    RETRAIN,
    VOLUME_NDIM,
    detector_fields,
    read_content,
    validated,
)
from nunatak.detection.volumes.volume_header import VolumeModelHeader
from nunatak.detection.weights import network_from
from nunatak.errors import FormatError
from nunatak.images.normalise_volume import VERSION
from nunatak.networks.interface import DetectorNetwork


@dataclass(frozen=True, eq=False)
class VolumeModel:
    """A detector for tomograms, ready for use.

    Attributes
    ----------
    header : VolumeModelHeader
        How to apply it.
    network : DetectorNetwork
        Evaluation mode, float32, on the CPU when it comes from `load_volume_model`.
    path : Path or None
        The file it came from.
    sha256 : str
        Of that file, hexadecimal; empty for a model that was never saved.
    """

    header: VolumeModelHeader
    network: DetectorNetwork
    path: Path | None = None
    sha256: str = ""


def save_volume_model(model: VolumeModel, path: str | PathLike[str]) -> None:
    """Write a model file, whole or not at all.

    Raises
    ------
    BadInput
        If the path does not end in ``.safetensors``, or a weight is not finite.
    ResourceError
        If the file cannot be written.
    """
    save_tensors(model.network, model.header.model_dump_json(), Path(path))


def load_volume_model(path_or_name: str | PathLike[str]) -> VolumeModel:
    """Read a model file for tomograms, or one that ships with the package.

    Raises
    ------
    BadInput
        If there is no such file or shipped model.
    FormatError
        If the file is no model of nunatak for tomograms.
    """
    path = resolve(path_or_name)
    content = read_content(path)
    fields = detector_fields(path, content)
    if fields.get("ndim") != VOLUME_NDIM:
        raise FormatError(
            path,
            "a model for micrographs where one for tomograms was expected",
            field="ndim",
            hint=RETRAIN,
        )
    header = validated(VolumeModelHeader, path, fields)
    network = network_from(
        content,
        header.network,
        normalisation=header.normalisation,
        known_normalisations=(VERSION,),
        path=path,
    )
    return VolumeModel(header, network, path, hashlib.sha256(content).hexdigest())


def describe_volume_model(path: Path, content: bytes) -> dict[str, str]:
    """Say in words what a model file for tomograms holds; the weights are not loaded.

    Parameters
    ----------
    path
        The file, for messages.
    content
        All of it.

    Returns
    -------
    dict
        As `nunatak.detection.model.describe` returns.

    Raises
    ------
    FormatError
        If its header makes no sense.
    """
    header = validated(VolumeModelHeader, path, detector_fields(path, content))
    network = ", ".join(f"{k} {v}" for k, v in header.network.parameters.model_dump().items())
    classes = {
        f"class {kind.name}": f"{kind.diameter_A:g} Å, selected from {kind.threshold:g} on"
        for kind in header.classes
    }
    return {
        "kind": f"detector model, {header.ndim}D",
        "name": header.name,
        **classes,
        "network": f"{header.network.name} ({network})",
        "voxel size": f"{header.voxel_size_A:g} Å",
        "normalisation": header.normalisation,
        "contrast": f"{header.contrast} particles",
        "score floor": f"{header.score_floor:g}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "provenance": json.dumps(header.provenance, ensure_ascii=False),
    }


def is_volume_model(path_or_name: str | PathLike[str]) -> bool:
    """Tell whether a model is for tomograms, without loading its weights.

    Raises
    ------
    BadInput, FormatError
        If it is no model at all.
    """
    path = resolve(path_or_name)
    return detector_fields(path, read_content(path)).get("ndim") == VOLUME_NDIM

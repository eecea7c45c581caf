"""The network with which a training on tomograms begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nunatak.detection.contrast import Side
from nunatak.detection.header import NetworkSpec
from nunatak.detection.volumes.by_diameter import mixed, size_shares
from nunatak.detection.volumes.volume_header import VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel, load_volume_model
from nunatak.errors import UsageError
from nunatak.images.pixel_size import same
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_validation import DEFAULT_THRESHOLD, SCORE_FLOOR
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.registry import build
from nunatak.networks.unet3d import CLASS_TENSORS, PRESETS

DEFAULT_VOXEL_SIZE_A = 10.0


@dataclass(frozen=True)
class VolumeStart:
    """What a training begins with.

    Attributes
    ----------
    network : DetectorNetwork
        To be trained.
    spec : NetworkSpec
        Of it.
    voxel_size_A : float
        At which it works, Å.
    contrast : str
        ``"dark"`` or ``"light"``: particles in what it is given.
    model : VolumeModel or None
        Where its weights come from; None for random ones.
    """

    network: DetectorNetwork
    spec: NetworkSpec
    voxel_size_A: float
    contrast: Side
    model: VolumeModel | None


def volume_start(
    settings: VolumeLearningSettings,
    diameters_A: Mapping[str, float],
    *,
    voxel_size_A: float | None,
) -> VolumeStart:
    """Make a network for some classes, with the weights of a model or with random ones.

    A class that the model has keeps its heatmap's weights. A new one begins with those of its
    diameter where the model is one of sizes, and otherwise with the mean over all classes, which
    is what their particles have in common.

    Parameters
    ----------
    settings
        Start, preset, seed.
    diameters_A
        Of the classes, by name, Å.
    voxel_size_A
        Wanted, Å; None takes that of the model, or `DEFAULT_VOXEL_SIZE_A`.

    Raises
    ------
    UsageError
        If the model works at another voxel size.
    BadInput
        If the model cannot be read.
    """
    if settings.start is None:
        spec = _spec(len(diameters_A), PRESETS[settings.preset])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            network = build(spec)
        return VolumeStart(network, spec, voxel_size_A or DEFAULT_VOXEL_SIZE_A, "dark", None)
    model = load_volume_model(settings.start)
    header = model.header
    if voxel_size_A is not None and not same(voxel_size_A, header.voxel_size_A):
        raise UsageError(
            f"{settings.start} works at voxels of {header.voxel_size_A:g} Å, not of "
            f"{voxel_size_A:g} Å. Leave the voxel size out, or start from another model."
        )
    spec = _spec(len(diameters_A), header.network.parameters.model_dump()["channels"])
    network = build(spec)
    tensors = dict(model.network.state_dict())
    for name in CLASS_TENSORS:
        rows = [_row(tensors[name], header, *kind) for kind in diameters_A.items()]
        tensors[name] = torch.stack(rows)
    network.load_state_dict(tensors)
    return VolumeStart(network, spec, header.voxel_size_A, header.contrast, model)


def start_thresholds(start: VolumeStart, diameters_A: Mapping[str, float]) -> list[float]:
    """Return the thresholds that the start has for some classes, as it has weights for them.

    Parameters
    ----------
    start
        Of a training.
    diameters_A
        Of the classes, by name, Å.

    Returns
    -------
    list of float
        `DEFAULT_THRESHOLD` for a class that the start does not know, but no less than the
        `SCORE_FLOOR` of the models that are written.
    """
    if start.model is None:
        return [DEFAULT_THRESHOLD] * len(diameters_A)
    header = start.model.header
    own = np.array([kind.threshold for kind in header.classes])
    names = {kind.name: kind.threshold for kind in header.classes}
    thresholds = []
    for name, diameter_A in diameters_A.items():
        threshold = names.get(name, DEFAULT_THRESHOLD)
        if header.classes_are == "sizes":
            shares = size_shares([size.diameter_A for size in header.classes], diameter_A)
            threshold = float(shares @ own)
        thresholds.append(max(threshold, SCORE_FLOOR))
    return thresholds


def _spec(classes: int, channels: Sequence[int]) -> NetworkSpec:
    parameters = {"classes": classes, "channels": tuple(channels)}
    return NetworkSpec.model_validate({"name": "UNet3d", "parameters": parameters})


def _row(rows: Tensor, header: VolumeModelHeader, name: str, diameter_A: float) -> Tensor:
    if header.classes_are == "sizes":
        return mixed(rows, size_shares([size.diameter_A for size in header.classes], diameter_A))
    names = [kind.name for kind in header.classes]
    return rows[names.index(name)] if name in names else rows.mean(dim=0)

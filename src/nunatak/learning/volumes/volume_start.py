"""The network with which a training on tomograms begins."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nunatak.detection.contrast import Side
from nunatak.detection.header import NetworkSpec
from nunatak.detection.volumes.volume_model import VolumeModel, load_volume_model
from nunatak.errors import UsageError
from nunatak.images.pixel_size import same
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.registry import build
from nunatak.networks.unet3d import PRESETS

DEFAULT_VOXEL_SIZE_A = 10.0

_CLASS_TENSORS = ("heatmap.weight", "heatmap.bias")


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
    settings: VolumeLearningSettings, classes: Sequence[str], *, voxel_size_A: float | None
) -> VolumeStart:
    """Make a network for some classes, with the weights of a model or with random ones.

    A class that the model has keeps its heatmap's weights; a new one begins with the mean of
    those of all classes, which is what its particles have in common.

    Parameters
    ----------
    settings
        Start, preset, seed.
    classes
        Names of the classes.
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
        spec = _spec(len(classes), PRESETS[settings.preset])
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
    spec = _spec(len(classes), header.network.parameters.model_dump()["channels"])
    network = build(spec)
    tensors = dict(model.network.state_dict())
    names = [kind.name for kind in header.classes]
    for name in _CLASS_TENSORS:
        tensors[name] = _for_classes(tensors[name], names, classes)
    network.load_state_dict(tensors)
    return VolumeStart(network, spec, header.voxel_size_A, header.contrast, model)


def _spec(classes: int, channels: Sequence[int]) -> NetworkSpec:
    parameters = {"classes": classes, "channels": tuple(channels)}
    return NetworkSpec.model_validate({"name": "UNet3d", "parameters": parameters})


def _for_classes(rows: Tensor, before: Sequence[str], wanted: Sequence[str]) -> Tensor:
    common = rows.mean(dim=0)
    return torch.stack([rows[before.index(n)] if n in before else common for n in wanted])

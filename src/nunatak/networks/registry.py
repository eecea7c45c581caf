"""From a network's description to the network."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.plain_classifiers import Conv31, Conv63, Conv127
from nunatak.networks.residual_classifiers import ResNet8, ResNet16
from nunatak.networks.specs import NetworkName, NetworkSpec
from nunatak.networks.unet import UNet
from nunatak.networks.unet3d import UNet3d

NETWORKS: Mapping[NetworkName, Callable[..., DetectorNetwork]] = MappingProxyType(
    {
        "UNet": UNet,
        "ResNet8": ResNet8,
        "ResNet16": ResNet16,
        "Conv31": Conv31,
        "Conv63": Conv63,
        "Conv127": Conv127,
        "UNet3d": UNet3d,
    }
)
"""Every network that a model file can name."""


def build(spec: NetworkSpec) -> DetectorNetwork:
    """Make a network with random weights (from torch's generator).

    Parameters
    ----------
    spec
        Its name and parameters.

    Examples
    --------
    >>> build(NetworkSpec(name="ResNet8")).output_origin_px
    0.0
    """
    return NETWORKS[spec.name](**spec.parameters.model_dump())

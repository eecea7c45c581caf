"""Networks by name, with parameters that are checked and bounded: what a model file states."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

PlanarNetworkName = Literal["UNet", "ResNet8", "ResNet16", "Conv31", "Conv63", "Conv127"]
"""Networks for micrographs."""

NetworkName = Literal[PlanarNetworkName, "UNet3d"]

Classes = Annotated[int, Field(ge=1, le=256)]
Units = Annotated[int, Field(ge=1, le=256)]
Channels = Annotated[int, Field(ge=1, le=512)]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]
PatchStride = Literal[1, 2, 4]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UNetParameters(_Frozen):
    """Arguments of `nunatak.networks.unet.UNet`, bounded so that no header can ask for a giant."""

    ndim: ClassVar[int] = 2
    output_stride: ClassVar[int] = 2

    classes: Classes = 1
    width: int = Field(default=24, ge=1, le=512)
    depth: int = Field(default=4, ge=1, le=7)


class ResidualParameters(_Frozen):
    """Arguments of `nunatak.networks.residual_classifiers.ResNet8` and ``ResNet16``."""

    ndim: ClassVar[int] = 2

    classes: Classes = 1
    units: Units = 32
    batch_norm: bool = True
    dropout: Dropout = 0.0
    pooling: Literal["none", "max"] = "none"
    output_stride: PatchStride = 1


class PlainParameters(_Frozen):
    """Arguments of `nunatak.networks.plain_classifiers.Conv31`, ``Conv63`` and ``Conv127``."""

    ndim: ClassVar[int] = 2

    classes: Classes = 1
    units: Units = 32
    unit_scaling: int = Field(default=2, ge=1, le=4)
    batch_norm: bool = True
    dropout: Dropout = 0.0
    pooling: Literal["none", "max", "avg"] = "none"
    output_stride: PatchStride = 1


class UNet3dParameters(_Frozen):
    """Arguments of `nunatak.networks.unet3d.UNet3d` that its weights depend on."""

    ndim: ClassVar[int] = 3
    output_stride: ClassVar[int] = 2

    classes: Classes = 1
    channels: tuple[Channels, ...] = Field(default=(24, 32, 48), min_length=2, max_length=5)


NetworkParameters = UNetParameters | ResidualParameters | PlainParameters | UNet3dParameters

PARAMETERS: Mapping[str, type[NetworkParameters]] = MappingProxyType(
    {
        "UNet": UNetParameters,
        "ResNet8": ResidualParameters,
        "ResNet16": ResidualParameters,
        "Conv31": PlainParameters,
        "Conv63": PlainParameters,
        "Conv127": PlainParameters,
        "UNet3d": UNet3dParameters,
    }
)


class NetworkSpec(_Frozen):
    """Which network, and with which parameters; the name decides what parameters there are.

    Examples
    --------
    >>> NetworkSpec(name="ResNet8", parameters={"units": 16}).parameters.units
    16
    """

    name: NetworkName = "UNet"
    parameters: NetworkParameters = Field(default_factory=dict, validate_default=True)

    def at_stride(self, output_stride: int) -> "NetworkSpec":
        """Describe the network with the same weights that scores every so many pixels.

        Raises
        ------
        ValidationError
            If the network has no such output: the U-Net's is fixed.
        """
        parameters = self.parameters.model_dump() | {"output_stride": output_stride}
        return NetworkSpec.model_validate({"name": self.name, "parameters": parameters})

    @field_validator("parameters", mode="before")
    @classmethod
    def _of_the_named_network(cls, given: Any, info: ValidationInfo) -> Any:
        # A name that is none has been refused already, and is missing here.
        kind = PARAMETERS.get(info.data.get("name", ""))
        return given if kind is None else kind.model_validate(given)

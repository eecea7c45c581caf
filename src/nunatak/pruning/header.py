"""What the file of a pruning model says about itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.volumes.slab_spec import SlabSpec

Finite = Annotated[float, Field(allow_inf_nan=False)]
ClassName = Annotated[str, Field(min_length=1, max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PruningNetworkParameters(_Frozen):
    """Arguments of `nunatak.networks.pruning_network.PruningNetwork`, within bounds.

    The head of the pre-training's categories is no part of a model file.
    """

    width: int = Field(default=32, ge=1, le=256)
    in_channels: int = Field(default=2, ge=1, le=16)
    classes: int = Field(default=len(SEEN_CLASSES), ge=2, le=256)


class ClassifierOnly(_Frozen):
    """How to judge without labels: ``logit = bias + classifier * c``.

    Attributes
    ----------
    bias, classifier : float
        ``c`` is the classifier's log-odds of a particle.
    """

    bias: Finite = 0.0
    classifier: Finite = 1.0


class Fusion(ClassifierOnly):
    """How to judge without labels: ``logit = bias + classifier * c + detector * d``.

    Attributes
    ----------
    detector : float
        ``d`` is the logit of the shipped detector at the pick's place.
    """

    detector: Finite = 0.0


class PrunerHeader(_Frozen):
    """Everything needed to apply a pruning model, besides its weights.

    Attributes
    ----------
    schema_version : int
        As `nunatak.detection.header.SCHEMA_VERSION`.
    kind : str
        Tells a pruning model from a detector.
    name : str
        For people.
    network : PruningNetworkParameters
        Parameters of the network.
    ndim : int
        2 for picks on micrographs, 3 for picks in tomograms.
    crop : CropSpec
        What the network is given of a pick; a `SlabSpec` in tomograms.
    classes : tuple of str
        In the order of both branches' outputs; the particle is one of them.
    fusion : Fusion
        Judgement without labels, where particles and junk are equally many.
    classifier_only : ClassifierOnly
        The same for picks whose detector logit is not known.
    provenance : dict
        Recipe, seeds, versions, date, training data: free JSON.
    """

    schema_version: Literal[1] = 1
    kind: Literal["pruner"] = "pruner"
    name: str = Field(min_length=1, max_length=200)
    network: PruningNetworkParameters = PruningNetworkParameters()
    ndim: Literal[2, 3] = 2
    crop: SerializeAsAny[CropSpec] = CropSpec()
    classes: tuple[ClassName, ...] = SEEN_CLASSES
    fusion: Fusion = Fusion()
    classifier_only: ClassifierOnly = ClassifierOnly()
    provenance: dict[str, JsonValue] = {}

    @field_validator("crop", mode="before")
    @classmethod
    def _of_its_dimensions(cls, crop: Any, info: ValidationInfo) -> Any:
        """Read the fields of slabs as slabs: `CropSpec` alone would refuse them."""
        if info.data.get("ndim") == 3 and isinstance(crop, Mapping):
            return SlabSpec.model_validate(crop)
        return crop

    @model_validator(mode="after")
    def _consistent(self) -> "PrunerHeader":
        if len(self.classes) != self.network.classes:
            raise ValueError(
                f"{len(self.classes)} classes are named, the network tells {self.network.classes} "
                "apart"
            )
        if len(set(self.classes)) != len(self.classes) or PARTICLE not in self.classes:
            raise ValueError(f"the classes must differ, and one of them be '{PARTICLE}'")
        if isinstance(self.crop, SlabSpec) != (self.ndim == 3):
            raise ValueError(
                f"crop is a {type(self.crop).__name__}, which does not suit picks in {self.ndim} "
                "dimensions"
            )
        if self.network.in_channels != self.crop.channels:
            raise ValueError(
                f"crops have {self.crop.channels} channels, the network takes "
                f"{self.network.in_channels}"
            )
        return self

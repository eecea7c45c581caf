"""What a model file says about itself."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from nunatak.detection.cut_particles import CUT_LOGIT
from nunatak.networks.specs import NetworkSpec, UNetParameters

__all__ = ["ModelClass", "ModelHeader", "NetworkSpec", "ThresholdRow", "UNetParameters"]

SCHEMA_VERSION = 1
"""Raised whenever a reader of the previous version could misunderstand a header."""

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class FrozenModel(BaseModel):
    """A part of a header: nothing unknown in it, and nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelClass(FrozenModel):
    """One kind of particle that a model scores.

    Attributes
    ----------
    name : str
        For people and for the ``class_name`` column.
    diameter_A : float or None
        Longest extent, Å; None for a model that works for any particle.
    """

    name: str = Field(min_length=1, max_length=200)
    diameter_A: Positive | None = None


class ThresholdRow(FrozenModel):
    """What a threshold gave on the data on which the model was calibrated.

    Attributes
    ----------
    threshold : float
        Smallest score of a selected candidate.
    precision, recall, f1 : float
        Of the selected candidates; the precision of none is 1 (see `selects_nothing`).
    probability : float or None
        That a candidate of just this score is right; tables of early models do not have it.
    precision_low, precision_high, recall_low, recall_high : float or None
    probability_low, probability_high : float or None
        95 % intervals; None where they were not estimated.
    """

    threshold: Probability
    precision: Probability
    recall: Probability
    f1: Probability
    probability: Probability | None = None
    precision_low: Probability | None = None
    precision_high: Probability | None = None
    recall_low: Probability | None = None
    recall_high: Probability | None = None
    probability_low: Probability | None = None
    probability_high: Probability | None = None

    @property
    def selects_nothing(self) -> bool:
        """Whether no candidate passed, so that there is no precision to show."""
        return self.recall == 0 and self.precision == 1


class ModelHeader(FrozenModel):
    """Everything needed to apply a detector, besides its weights.

    Attributes
    ----------
    schema_version : int
        See `SCHEMA_VERSION`.
    name : str
        For people.
    network : NetworkSpec
        Network and parameters.
    ndim : int
        2: micrographs.
    classes : tuple of ModelClass
        One a score map, in the order of the network's output.
    diameter_px : float
        Diameter of a particle in the image the network is given, pixels.
    output_stride : int
        Pixels of that image a pixel of the score map; the network's.
    normalisation : str
        One of `nunatak.images.normalisations.NORMALISATIONS`, that of the training.
    contrast : str
        ``"dark"`` or ``"light"``: particles against ice in that image.
    default_threshold, score_floor : float
        Probabilities: picks from the first on are selected, candidates below the second are
        not written at all.
    cut_logit : float
        What the logit of a particle loses that the image's edge cuts, for its whole area (see
        `nunatak.detection.cut_particles`).
    threshold_table : tuple of ThresholdRow
        Precision and recall by threshold.
    provenance : dict
        Recipe, configuration, seeds, versions, date, training data: free JSON.
    """

    schema_version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    network: NetworkSpec = NetworkSpec()
    ndim: Literal[2] = 2
    classes: tuple[ModelClass, ...] = (ModelClass(name="particle"),)
    diameter_px: Positive = 20.0
    output_stride: int = 2
    normalisation: str = Field(min_length=1, max_length=100)
    contrast: Literal["dark", "light"] = "dark"
    default_threshold: Probability = 0.5
    score_floor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    cut_logit: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = CUT_LOGIT
    threshold_table: tuple[ThresholdRow, ...] = ()
    provenance: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _consistent(self) -> "ModelHeader":
        maps = self.network.parameters.classes
        if len(self.classes) != maps:
            raise ValueError(f"{len(self.classes)} classes are named, the network scores {maps}")
        if self.network.parameters.ndim != self.ndim:
            raise ValueError(f"{self.network.name} is no network for micrographs")
        stride = self.network.parameters.output_stride
        if self.output_stride != stride:
            raise ValueError(
                f"output_stride is {self.output_stride}, that of the network is {stride}"
            )
        if self.score_floor > self.default_threshold:
            raise ValueError(
                f"score_floor ({self.score_floor}) is above default_threshold "
                f"({self.default_threshold})"
            )
        return self

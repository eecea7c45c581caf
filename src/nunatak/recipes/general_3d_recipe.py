"""The settings of the general 3D model's training."""

from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

_SIZES_A = tuple(np.geomspace(80.0, 400.0, 7).round(1).tolist())

DECIDED = frozenset(
    {
        *("count", "seed", "format", "mode", "protein", "densities", "complexes", "distractors"),
        "distractor_complexes",
    }
)
"""Fields of a scene that are the recipe's own business."""


class General3dRecipe(BaseModel):
    """Everything that determines the model; recorded in its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(1, ge=0)
    sizes_A: tuple[Annotated[float, Field(gt=0)], ...] = Field(_SIZES_A, min_length=2)
    """Diameters of the heatmaps, rising."""
    shapes: int = Field(1200, gt=0)
    """Procedural complexes to draw from."""
    map_share: float = Field(0.25, ge=0, lt=1)
    """Share of the complexes in a tomogram that come from maps, where maps are given."""
    excluded_maps: tuple[str, ...] = ()
    complexes: int = Field(5, gt=0)
    """Kinds in one tomogram; every tomogram has others."""
    tomograms: int = Field(560, gt=0)
    tilted_share: float = Field(0.3, ge=0, le=1)
    """Of the tomograms that are reconstructed from a tilt series; the others are made directly."""
    validation_tomograms: int = Field(24, gt=0)
    """Of complexes that take no part in training."""
    scene: VolumeDatasetConfig = VolumeDatasetConfig(
        shape=(80, 160, 160),
        smallest_kDa=120.0,
        occupancy=(0.03, 0.2),
        snr=(0.04, 0.5),
    )
    """Of every tomogram, apart from what the recipe decides (`DECIDED`)."""
    training: VolumeLearningSettings = VolumeLearningSettings(
        start=None, steps=5000, validation_share=0, validate_every=1000, averaging=0.995
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.sizes_A) != sorted(set(self.sizes_A)):
            raise ValueError(f"sizes_A must rise, but are {self.sizes_A}")
        taken = sorted(DECIDED & self.scene.model_fields_set)
        if taken:
            raise ValueError(f"scene: {', '.join(taken)} cannot be set, the recipe decides that")
        if self.training.start is not None or self.training.validation_share:
            raise ValueError("training: a start and a validation_share make no sense here")
        if self.training.teacher or self.training.objective_learns_unlabelled:
            raise ValueError(
                "everything is labelled: there is nothing for a teacher, pu or ge to do"
            )
        return self

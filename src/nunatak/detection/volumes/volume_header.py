"""What a model file for tomograms says about itself."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from nunatak.detection.header import (
    FrozenModel,
    NetworkSpec,
    Positive,
    Probability,
    ThresholdRow,
)

__all__ = ["VolumeClass", "VolumeModelHeader"]


class VolumeClass(FrozenModel):
    """One kind of particle that a model finds in tomograms.

    Attributes
    ----------
    name : str
        For people and for the ``class_name`` column.
    diameter_A : float
        Longest extent, Å.
    threshold : float
        Probability from which on its candidates are selected.
    threshold_table : tuple of ThresholdRow
        Precision and recall by threshold; empty where they were not measured.
    """

    name: str = Field(min_length=1, max_length=200)
    diameter_A: Positive
    threshold: Probability = 0.5
    threshold_table: tuple[ThresholdRow, ...] = ()


class VolumeModelHeader(FrozenModel):
    """Everything needed to apply a detector to tomograms, besides its weights.

    Attributes
    ----------
    schema_version : int
        As in `nunatak.detection.header.ModelHeader`.
    name : str
        For people.
    network : NetworkSpec
        Network and parameters.
    ndim : int
        3: tomograms.
    classes : tuple of VolumeClass
        One a heatmap, in the order of the network's output.
    classes_are : str
        ``"kinds"`` of particles, or ``"sizes"``, by rising diameter: heatmaps of particles of any
        kind (see `nunatak.detection.volumes.by_diameter`).
    voxel_size_A : float
        Of the volumes that the network is given, Å.
    normalisation : str
        `nunatak.images.normalise_volume.VERSION` of the training.
    contrast : str
        ``"dark"`` or ``"light"``: particles against ice in those volumes.
    score_floor : float
        Candidates below this probability are not written at all.
    provenance : dict
        Settings, seeds, versions, date, training data: free JSON.
    """

    schema_version: Literal[1] = 1
    name: str = Field(min_length=1, max_length=200)
    network: NetworkSpec
    ndim: Literal[3] = 3
    classes: tuple[VolumeClass, ...] = Field(min_length=1)
    classes_are: Literal["kinds", "sizes"] = "kinds"
    voxel_size_A: Positive = 10.0
    normalisation: str = Field(min_length=1, max_length=100)
    contrast: Literal["dark", "light"] = "dark"
    score_floor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.05
    provenance: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parameters = self.network.parameters
        if parameters.ndim != self.ndim:
            raise ValueError(f"{self.network.name} is no network for tomograms")
        if len(self.classes) != parameters.classes:
            raise ValueError(
                f"{len(self.classes)} classes are named, the network scores {parameters.classes}"
            )
        names = [kind.name for kind in self.classes]
        if len(set(names)) < len(names):
            raise ValueError(f"two classes have one name ({', '.join(names)})")
        sizes_A = [kind.diameter_A for kind in self.classes]
        if self.classes_are == "sizes" and sizes_A != sorted(set(sizes_A)):
            raise ValueError("the diameters of sizes do not rise")
        low = [kind.name for kind in self.classes if kind.threshold < self.score_floor]
        if low:
            raise ValueError(f"the threshold of {low[0]} is below score_floor")
        return self

"""The settings of the general 2D model's training."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nunatak.detection.header import UNetParameters
from nunatak.recipes.hard_negatives import HardNegativeConfig
from nunatak.simulate.crops import CropConfig
from nunatak.training.config import TrainingConfig


class GeneralRecipe(BaseModel):
    """Everything that determines the model; recorded in its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(1, ge=0)
    start: str | None = None
    """Model to go on from, a file or a shipped model; None begins with random weights."""
    hard_negatives: HardNegativeConfig | None = None
    """Empty crops on which the start model errs, if any."""
    shapes: int = Field(800, gt=0)
    """Procedural complexes to train on."""
    scatterers: int = Field(900, gt=0)
    """Most scatterers of one complex."""
    map_share: float = Field(0.3, ge=0, lt=1)
    """Share of crops that show a complex from a map, where maps are given."""
    excluded_maps: tuple[str, ...] = ()
    network: UNetParameters = UNetParameters()
    crops: CropConfig = CropConfig()
    training: TrainingConfig = TrainingConfig()
    round_crops: int = Field(2400, gt=0)
    """Crops that are simulated at a time; training alternates with simulation."""
    passes: int = Field(2, gt=0)
    """How often each crop is seen (turned and mirrored anew)."""
    validation_shapes: int = Field(60, gt=0)
    validation_fields: int = Field(240, gt=0)
    validation_side_px: int = Field(320, gt=0)
    default_threshold: float = Field(0.65, gt=0, lt=1)
    """Gives a precision above 0.98 on simulated fields, and hardly a pick on empty ones."""
    score_floor: float = Field(0.02, gt=0, lt=1)

    @model_validator(mode="after")
    def _consistent(self) -> "GeneralRecipe":
        if self.hard_negatives is not None and self.start is None:
            raise ValueError("hard_negatives are the errors of a start model; none is given")
        if self.round_crops < self.training.batch_size:
            raise ValueError(
                f"round_crops ({self.round_crops}) is less than a batch "
                f"({self.training.batch_size})"
            )
        return self

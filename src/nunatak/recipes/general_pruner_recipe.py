"""The settings of the general pruner's training."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nunatak.objectives.two_branch import MultiLossKind, MultiLossWeights
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.recipes.pruning_picks import PickConfig
from nunatak.recipes.pruning_volume_config import VolumePickConfig
from nunatak.training.config import TrainingConfig

IMAGENET_WIDTH = 64
"""Of the ResNet-18 whose weights from photographs are published."""


class PrunerRecipe(BaseModel):
    """Everything that determines the model; recorded in its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ndim: Literal[2, 3] = 2
    """Picks on micrographs, or in tomograms: ``fields`` are then tomograms, of about 100 picks
    each, and ``slabs`` and ``volume_picks`` stand for ``crop`` and ``picks``."""
    seed: int = Field(1, ge=0)
    shapes: int = Field(600, gt=0)
    """Procedural complexes to train on; each is a category of its own."""
    scatterers: int = Field(900, gt=0)
    """Most scatterers of one complex."""
    map_share: float = Field(0.3, ge=0, lt=1)
    """Share of fields that show a complex from a map, where maps are given."""
    excluded_maps: tuple[str, ...] = ()
    fields: int = Field(10000, gt=0)
    """Simulated fields of view, of about 20 picks each."""
    width: int = Field(32, gt=0)
    """Channels of the network's first stage; the published network has 64."""
    imagenet_weights: str | None = None
    """File of a ResNet-18 trained on photographs to start from, which asks for a width of 64."""
    crop: CropSpec = CropSpec()
    picks: PickConfig = PickConfig()
    slabs: SlabSpec = SlabSpec()
    volume_picks: VolumePickConfig = VolumePickConfig()
    context_dropout: float = Field(0.15, ge=0, lt=1)
    """Share of crops whose surroundings are blanked, as those of extracted particles are."""
    loss: MultiLossKind = "full"
    weights: MultiLossWeights = MultiLossWeights()
    category_weight: float = Field(0.5, ge=0)
    """Of telling complexes and kinds of junk apart, besides telling what a pick is."""
    training: TrainingConfig = TrainingConfig(
        steps=10000, batch_size=128, learning_rate=1e-3, checkpoint_every=500
    )
    validation_shapes: int = Field(60, gt=0)
    validation_fields: int = Field(300, gt=0)

    @property
    def shown(self) -> CropSpec:
        """What the network is given of a pick."""
        return self.slabs if self.ndim == 3 else self.crop

"""How picks in simulated tomograms are drawn."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nunatak.pruning import classes
from nunatak.recipes.general_3d_recipe import General3dRecipe
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_junk import VolumeJunk

CLASS_OF_JUNK: Mapping[VolumeJunk, str] = MappingProxyType(
    {
        VolumeJunk.NONE: classes.EMPTY,
        VolumeJunk.MEMBRANE: classes.OTHER,
        VolumeJunk.MICROTUBULE: classes.OTHER,
        VolumeJunk.ACTIN: classes.OTHER,
        VolumeJunk.CONTAMINATION: classes.ICE,
        VolumeJunk.CARBON: classes.CARBON,
        VolumeJunk.GOLD_BEAD: classes.GOLD,
    }
)
"""What a pick on junk is; what the simulator calls contamination are crumbs of frost."""


class VolumePickConfig(BaseModel):
    """How tomograms are simulated and picked; lengths in particle diameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sizes_A: tuple[Annotated[float, Field(gt=0)], ...] = General3dRecipe().sizes_A
    """All sizes come equally often (see `nunatak.recipes.sized_volumes.Pool`)."""
    complexes: int = Field(5, gt=0)
    """Kinds in one tomogram, each of which is picked for in turn."""
    tilted_share: float = Field(0.15, ge=0, le=1)
    """Of the tomograms that are reconstructed from a tilt series."""
    scene: VolumeDatasetConfig = VolumeDatasetConfig(
        shape=(80, 160, 160),
        smallest_kDa=120.0,
        occupancy=(0.03, 0.2),
        snr=(0.04, 0.5),
        membranes=(0, 2),
        microtubules=(0, 1),
        actin=(0, 2),
        gold_beads=(0, 6),
        contamination=(0, 3),
        carbon=0.4,
    )
    diameter_error: tuple[float, float] = (0.8, 1.25)
    """Diameter that is picked for, divided by the true one."""
    centred: float = Field(0.1, gt=0)
    """Standard error of a good pick; beyond one and a half of it a pick is not called good."""
    off_centre: tuple[float, float] = (0.3, 0.6)
    clear: float = Field(0.3, gt=0)
    """A pick this far from the sphere of every complex shows none of them."""
    other_size: tuple[float, float] = (0.6, 1.6)
    """A complex smaller or larger than this, relative to what is picked for, is something else;
    others between this and ``diameter_error`` are left out."""
    particles: int = Field(8, gt=0)
    shifted: int = Field(3, ge=0)
    other_sized: int = Field(3, ge=0)
    empty: int = Field(4, ge=0)
    junk_of_a_kind: int = Field(3, ge=0)
    """Most picks, for each complex of a tomogram, of whole particles, of shifted ones, on
    complexes of another size, on nothing, and on each kind of junk."""
    least_detectability: float = Field(5.0, ge=0)
    """Below this root of the signal's energy over the noise's variance nobody can tell what is
    there, whatever it is."""

    def drawing(self, *, seed: int, map_share: float = 0.0) -> General3dRecipe:
        """Return what draws complexes and tomograms as for the general 3D model."""
        return General3dRecipe(
            seed=seed,
            sizes_A=self.sizes_A,
            complexes=self.complexes,
            map_share=map_share,
            tilted_share=self.tilted_share,
            scene=self.scene,
        )

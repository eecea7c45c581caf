"""What a simulated data set of tomograms shall be."""

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from nunatak.simulate.dataset_config import Range

_MOST_VOXELS = 2**30  # some fifty gigabytes of memory


def _counts(bounds: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= bounds[0] <= bounds[1]:
        raise ValueError(f"the range {bounds[0]} to {bounds[1]} is none of counts")
    return bounds


Counts = Annotated[tuple[int, int], AfterValidator(_counts)]
"""Smallest and largest number; each tomogram draws one in between."""

Side = Annotated[int, Field(ge=16)]


class VolumeDatasetConfig(BaseModel):
    """A simulated data set of tomograms: specimen, microscope, reconstruction.

    Ranges are drawn anew for each tomogram, uniformly. Shapes are ``(nz, ny, nx)``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    count: int = Field(4, ge=1)
    """Number of tomograms."""
    shape: tuple[Side, Side, Side] = (96, 256, 256)
    voxel_size_A: float = Field(10.0, ge=1, le=40)
    seed: int = Field(0, ge=0)
    format: Literal["mrc", "zarr"] = "mrc"
    """Of the tomograms: MRC volumes, or OME-Zarr folders in a copick project."""
    mode: Literal["direct", "tilts"] = "tilts"
    """A missing wedge put onto the scene, or a tilt series and its reconstruction."""
    protein: Literal["dark", "light"] = "dark"

    densities: tuple[str, ...] = ()
    """Atomic models, maps or folders of them, a class each. Empty: built-in complexes."""
    complexes: int = Field(4, ge=1)
    """Number of built-in classes where no density is given."""
    distractors: tuple[str, ...] = ()
    """The same for complexes that are in the ice but not in the truth."""
    distractor_complexes: int = Field(2, ge=0)
    smallest_kDa: float = Field(150.0, ge=45, le=3000)
    """Of built-in complexes; smaller ones cannot be seen in tomograms."""

    occupancy: Range = (0.03, 0.12)
    """Fraction of the ice within the complexes' spheres that is aimed at; beyond about 0.25 there
    is no room left."""
    distractor_share: Range = (0.1, 0.4)
    """Of the complexes' number."""
    clumping: Range = (0.0, 0.7)
    """Fraction of complexes that touch another one instead of lying anywhere."""
    ice_filling: Range = (0.75, 0.95)
    """Thickness of the ice as a fraction of the volume's depth."""
    ice_slope_deg: Range = (-3.0, 3.0)
    """Along x and along y."""

    membranes: Counts = (0, 2)
    microtubules: Counts = (0, 1)
    actin: Counts = (0, 2)
    gold_beads: Counts = (0, 6)
    contamination: Counts = (0, 2)
    carbon: float = Field(0.15, ge=0, le=1)
    """Chance of a carbon film."""

    voltage_kV: float = Field(300.0, ge=20, le=1000)
    cs_mm: float = Field(2.7, ge=0)
    amplitude_contrast: float = Field(0.08, ge=0, lt=1)
    defocus_A: Range = (20_000.0, 50_000.0)
    """Under-focus."""
    b_factor_A2: Range = (500.0, 2000.0)
    largest_tilt_deg: Range = (54.0, 64.0)
    phase_flipped: float = Field(0.7, ge=0, le=1)
    """Chance that the sign of the contrast transfer is corrected."""
    snr: Range = (0.05, 0.4)
    """Mean square of the complexes' signal within their spheres over the variance of the noise,
    per voxel, before denoising."""

    structure_noise: Range = (0.1, 0.6)
    """In direct mode; see `nunatak.simulate.missing_wedge.DirectImaging`."""
    resolution_A: Range = (20.0, 40.0)
    """In direct mode: low-pass filter."""

    tilt_step_deg: float = Field(3.0, gt=0, le=10)
    dose_e_A2: float = Field(120.0, gt=0)
    dqe: tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(gt=0, le=1)]] = (
        0.85,
        0.3,
    )
    """Detective quantum efficiency at zero and at Nyquist frequency."""
    detector_pixel_A: float = Field(2.0, gt=0)
    """Before binning to the voxel size."""
    shift_error_px: float = Field(0.3, ge=0)
    axis_error_deg: float = Field(0.1, ge=0)
    tilt_error_deg: float = Field(0.1, ge=0)
    defocus_error_A: float = Field(700.0, ge=0)
    cutoff: Range = (0.6, 1.0)
    """Of the weighting, as a fraction of the Nyquist frequency."""
    denoised: float = Field(0.3, ge=0, le=1)
    """Chance of a denoised reconstruction."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        positive = ("defocus_A", "largest_tilt_deg", "snr", "resolution_A", "ice_filling", "cutoff")
        wrong = [name for name in positive if getattr(self, name)[0] <= 0]
        wrong += [
            name
            for name in ("occupancy", "distractor_share", "clumping", "structure_noise")
            if getattr(self, name)[0] < 0 or getattr(self, name)[1] >= 1
        ]
        if self.b_factor_A2[0] < 0:
            wrong.append("b_factor_A2")
        if self.largest_tilt_deg[1] >= 85:
            wrong.append("largest_tilt_deg")
        if max(map(abs, self.ice_slope_deg)) > 30:
            wrong.append("ice_slope_deg")
        if self.occupancy[0] == 0:
            wrong.append("occupancy")
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: beyond what makes sense")
        if math.prod(self.shape) > _MOST_VOXELS:
            raise ValueError(
                f"{math.prod(self.shape):.3g} voxels in shape {self.shape} are more than "
                f"{_MOST_VOXELS:.3g}, the most that can be simulated in one piece"
            )
        return self

"""What a simulated data set shall be."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from nunatak.simulate.random_scene import JUNK_PROBABILITY


def _rising(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"the range {bounds[0]:g} to {bounds[1]:g} runs backwards")
    return bounds


Range = Annotated[tuple[float, float], AfterValidator(_rising)]
"""Lowest and highest value; each micrograph draws one in between, uniformly."""


class DatasetConfig(BaseModel):
    """A simulated data set: specimen, microscope, junk, files.

    Ranges are drawn anew for each micrograph. Angles are in degrees, shapes ``(ny, nx)``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    count: int = Field(20, ge=1)
    """Number of micrographs."""
    shape: tuple[Annotated[int, Field(ge=64)], Annotated[int, Field(ge=64)]] = (2048, 2048)
    pixel_size_A: float = Field(1.5, gt=0, le=20)
    seed: int = Field(0, ge=0)
    dtype: Literal["float32", "int16"] = "float32"
    """Of the MRC files, which hold detected electrons per pixel."""

    densities: tuple[str, ...] = ()
    """Atomic models, maps or folders of them; micrographs take turns. Empty: built-in ones."""
    complexes: int = Field(1, ge=1)
    """Number of built-in complexes to draw where no density is given."""
    diameter_A: float | None = Field(None, ge=30, le=2000)
    """Scale built-in complexes to this diameter."""

    particles: Annotated[tuple[int, int], AfterValidator(_rising)] | None = None
    """Particles per micrograph; None follows `coverage`."""
    coverage: Range = (0.08, 0.35)
    """Fraction of the area that the particles' circles cover."""
    spacing: float = Field(0.9, gt=0)
    """Smallest distance between particles, in diameters; below about 1 they may overlap."""
    clumping: float = Field(0.1, ge=0, lt=1)
    """Fraction of particles beside another one instead of anywhere."""
    preferred: float = Field(0.0, ge=0, le=1)
    """Fraction of particles in one preferred view; the others are oriented uniformly."""
    preferred_spread_deg: float = Field(5.0, ge=0, le=90)
    empty: float = Field(0.0, ge=0, le=1)
    """Fraction of micrographs without particles."""

    voltage_kV: float = Field(300.0, ge=20, le=1000)
    cs_mm: float = Field(2.7, ge=0)
    amplitude_contrast: float = Field(0.1, ge=0, lt=1)
    defocus_A: Range = (8_000.0, 30_000.0)
    """Under-focus."""
    astigmatism_A: Range = (0.0, 400.0)
    """Difference of the two principal defoci."""
    phase_shift_deg: float = 0.0
    """Of a phase plate."""
    b_factor_A2: Range = (80.0, 200.0)
    drift_A: Range = (0.0, 5.0)
    dose_e_A2: float = Field(40.0, gt=0)
    contrast_factor: Range = (0.35, 1.0)
    """What inelastic scattering and charging leave of the ideal contrast."""
    snr: float | None = Field(None, gt=0)
    """Signal-to-noise ratio per pixel within the particles' circles, instead of
    `contrast_factor`; see `nunatak.simulate.signal_to_noise`."""
    dqe: tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(gt=0, le=1)]] = (
        0.85,
        0.3,
    )
    """Detective quantum efficiency at zero and at Nyquist frequency."""
    hot_pixel_fraction: float = Field(0.0, ge=0, lt=0.01)

    ice_thickness_A: Range = (200.0, 800.0)
    ice_gradient: Range = (0.0, 0.3)
    """Relative change of thickness from the centre to the edge."""
    ice_meniscus: Range = (0.0, 0.2)
    """Relative thickening from the centre to the corners."""
    ice_structure: Range = (0.7, 1.4)
    """Factor on the structural noise of the ice."""

    junk: float = Field(1.0, ge=0)
    """Factor on the chance of each kind of junk."""
    junk_kinds: tuple[str, ...] | None = None
    """Restrict junk to these kinds."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.densities and self.diameter_A is not None:
            raise ValueError(
                "a diameter scales built-in complexes; given densities keep their own size"
            )
        unknown = set(self.junk_kinds or ()) - JUNK_PROBABILITY.keys()
        if unknown:
            raise ValueError(
                f"unknown kinds of junk: {', '.join(sorted(unknown))}; "
                f"known are {', '.join(JUNK_PROBABILITY)}"
            )
        lowest = {
            "particles": self.particles or (0, 0),
            "coverage": self.coverage,
            "astigmatism_A": self.astigmatism_A,
            "b_factor_A2": self.b_factor_A2,
            "contrast_factor": self.contrast_factor,
            "ice_structure": self.ice_structure,
        }
        negative = [name for name, bounds in lowest.items() if bounds[0] < 0]
        if negative or self.ice_thickness_A[0] <= 0 or self.defocus_A[0] <= 0:
            raise ValueError(
                f"{', '.join(negative) or 'ice_thickness_A and defocus_A'} must not be negative"
            )
        if self.dtype == "int16" and self.dose_e_A2 * self.pixel_size_A**2 > 16_000:
            raise ValueError("so many electrons per pixel do not fit int16; use float32")
        return self

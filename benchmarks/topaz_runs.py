"""Run topaz-em: its preprocessing, then its pretrained detector, each a process of its own."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nunatak.geometry import Scale
from nunatak.images.reader import read_info
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from processes import Run, run_measured

NOMINAL_DIAMETERS_PX = (50.0, 30.0, 20.0, 12.5, 9.0)
"""Particle diameters in topaz's downscaled image that are tried. The choice is generous: topaz
itself recommends none, and RELION's wrapper aims at 35 pixels."""

LARGEST_MEGAPIXELS = 1.6
"""Of a downscaled image: topaz needs about 8 GB a megapixel, and three minutes for four."""


@dataclass(frozen=True)
class TopazScale:
    """How far topaz shrinks micrographs, and how close two of its picks may be.

    Attributes
    ----------
    title : str
        For people, and for the names of files.
    binning : int
        Topaz's preprocessing takes whole numbers only.
    radius_px : int
        Radius within which topaz suppresses lower scores, pixels of its downscaled image: that
        of the particle, as RELION's wrapper chooses it.
    """

    title: str
    binning: int
    radius_px: int

    @classmethod
    def binned(cls, title: str, diameter_px: float, binning: int) -> "TopazScale":
        """Return a scale with the radius that goes with it."""
        return cls(title, binning, max(1, round(diameter_px / (2 * binning))))

    @classmethod
    def nominal(cls, diameter_px: float, nominal_px: float) -> "TopazScale":
        """Return the scale at which the particle's diameter is nearest to a nominal one.

        Parameters
        ----------
        diameter_px
            In the stored micrograph.
        nominal_px
            In topaz's downscaled image.
        """
        binning = max(1, round(diameter_px / nominal_px))
        return cls.binned(f"{nominal_px:g} px", diameter_px, binning)

    def is_too_large(self, shape: tuple[int, int]) -> bool:
        """Whether images of a size stay too large for topaz at this scale."""
        return shape[0] * shape[1] / self.binning**2 > LARGEST_MEGAPIXELS * 1e6


def nominal_scales(diameter_px: float) -> list[TopazScale]:
    """Return the scales to try for particles of a diameter in the stored micrograph."""
    return [TopazScale.nominal(diameter_px, nominal) for nominal in NOMINAL_DIAMETERS_PX]


@dataclass(frozen=True)
class TopazRun:
    """What one run over some micrographs gave.

    Attributes
    ----------
    preprocess, extract : Run
        Time and memory of the two processes.
    table : DataFrame
        Columns ``image``, ``x_px``, ``y_px`` (pixels of the stored image) and ``score``.
    """

    preprocess: Run
    extract: Run
    table: pd.DataFrame

    @property
    def seconds(self) -> float:
        """Of both processes."""
        return self.preprocess.seconds + self.extract.seconds

    @property
    def peak_bytes(self) -> int:
        """Of the larger process."""
        return max(self.preprocess.peak_bytes, self.extract.peak_bytes)


def run_topaz(
    topaz: Path,
    micrographs: Sequence[Path],
    scale: TopazScale,
    *,
    work: Path,
    cores: int | None = None,
) -> TopazRun:
    """Preprocess micrographs and pick them with the pretrained detector (ResNet16, 64 units).

    All its other options are topaz's defaults.

    Parameters
    ----------
    topaz
        The command that ``topaz_environment.sh`` made.
    micrographs
        Of one size.
    scale
        Where the particle is to appear how large.
    work
        Folder for what is temporary.
    cores
        Processor cores that topaz may use; None for all.
    """
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        small, output = folder / "downscaled", folder / "picks.txt"
        preprocess = run_measured(
            [topaz, "preprocess", "-s", str(scale.binning), "-o", small, *micrographs],
            cores=cores,
        )
        downscaled = [small / f"{path.stem}.mrc" for path in micrographs]
        options = ["-r", str(scale.radius_px), "-d", "-1", "-o", str(output)]
        extract = run_measured([topaz, "extract", *options, *downscaled], cores=cores)
        picks = read_extracted(output, micrographs, downscaled)
    return TopazRun(preprocess, extract, picks.table[["image", "x_px", "y_px", "score"]])


def downscaled_grid(micrographs: Sequence[Path], downscaled: Sequence[Path]) -> FileGrid:
    """Return in what topaz counts: pixels of its images, which it makes by Fourier cropping.

    The exact ratio of the two sizes is known here, and not to topaz.
    """
    return FileGrid.between(Scale(shape_of(micrographs[0]), shape_of(downscaled[0])))


def read_extracted(path: Path, micrographs: Sequence[Path], downscaled: Sequence[Path]) -> PickSet:
    """Read what topaz extracted without -x: whole pixels of the downscaled images."""
    grid = downscaled_grid(micrographs, downscaled)
    return read_picks(path, "topaz", images=micrographs, grid=grid)


def shape_of(path: Path) -> tuple[int, int]:
    """Return the size ``(ny, nx)`` of a micrograph."""
    ny, nx = read_info(path).shape
    return ny, nx

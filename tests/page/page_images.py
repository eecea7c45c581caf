"""Simulated images for the page, with the places of their particles."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nunatak.picks.formats import read_picks
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig
from nunatak.simulate.volume_dataset import simulate_tomograms
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

DIAMETER_A = 180.0
PIXEL_SIZE_A = 2.5
MICROGRAPH_SHAPE = (1024, 1000)
TOMOGRAM_SHAPE = (48, 144, 128)


@dataclass(frozen=True)
class Specimen:
    """Images with a truth.

    Attributes
    ----------
    folder : Path
        Of the images alone.
    truth : DataFrame
        All particles: ``image`` (a file's name), ``x_px``, ``y_px`` and perhaps ``z_px``.
    """

    folder: Path
    truth: pd.DataFrame

    def particles(self, name: str) -> pd.DataFrame:
        """Return the particles of one image."""
        return self.truth[self.truth["image"] == name]

    def clear_of_borders(self, name: str) -> pd.DataFrame:
        """Return the particles that lie whole within a micrograph."""
        table = self.particles(name)
        margin_px = DIAMETER_A / PIXEL_SIZE_A
        within = [
            table[axis].between(margin_px, length - margin_px)
            for axis, length in zip(("y_px", "x_px"), MICROGRAPH_SHAPE, strict=True)
        ]
        return table[within[0] & within[1]]


def simulate_micrographs(root: Path) -> Specimen:
    """Simulate three micrographs of strong particles."""
    config = DatasetConfig(
        count=3,
        shape=MICROGRAPH_SHAPE,
        pixel_size_A=PIXEL_SIZE_A,
        diameter_A=DIAMETER_A,
        particles=(36, 44),
        clumping=0.0,
        contrast_factor=(0.9, 1.0),
        defocus_A=(15_000.0, 25_000.0),
        seed=3,
    )
    simulate_dataset(config, root, threads=1)
    return Specimen(root / "micrographs", _truth(root / "particles.star"))


def simulate_tomogram(root: Path) -> Specimen:
    """Simulate a tomogram with two classes."""
    config = VolumeDatasetConfig(
        count=1,
        shape=TOMOGRAM_SHAPE,
        complexes=2,
        distractor_complexes=0,
        mode="direct",
        snr=(0.9, 1.0),
        occupancy=(0.1, 0.12),
        seed=1,
    )
    simulate_tomograms(config, root)
    return Specimen(root / "tomograms", _truth(root / "particles.csv"))


def _truth(path: Path) -> pd.DataFrame:
    table = read_picks(path).table
    return table.assign(image=table["image"].map(lambda name: Path(name).name))

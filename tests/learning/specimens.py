"""Simulated specimens for tests of learning."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd

from nunatak.geometry import Scale
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig

DIAMETER_A = 150.0
N_MICROGRAPHS = 4


@dataclass(frozen=True)
class Specimen:
    """Micrographs with a truth.

    Attributes
    ----------
    folder : Path
        Of the micrographs alone.
    truth : PickSet
        All particles, named by paths in that folder.
    """

    folder: Path
    truth: PickSet

    def labels(self, *, micrographs: int = 2, each: int = 8) -> PickSet:
        """Return the first labels of the first micrographs."""
        names = self.truth.table["image"].unique()[:micrographs]
        table = self.truth.table
        few = table[table["image"].isin(names)].groupby("image", sort=False).head(each)
        return PickSet(few.reset_index(drop=True))

    def inverted(self, folder: Path) -> "Specimen":
        """Copy the micrographs with light particles."""
        folder.mkdir()
        for path in sorted(self.folder.glob("*.mrc")):
            shutil.copy(path, folder / path.name)
            with mrcfile.open(folder / path.name, "r+") as file:
                file.set_data(-file.data)
        moved = self.truth.table["image"].map(lambda name: str(folder / Path(name).name))
        return Specimen(folder, PickSet(self.truth.table.assign(image=moved)))


def simulate_specimen(root: Path) -> Specimen:
    """Simulate four small micrographs of some thirty strong particles each."""
    config = DatasetConfig(
        count=N_MICROGRAPHS,
        shape=(400, 432),
        pixel_size_A=6.0,
        diameter_A=DIAMETER_A,
        particles=(22, 28),
        clumping=0.0,
        junk=0.0,
        contrast_factor=(0.9, 1.0),
        defocus_A=(20_000.0, 30_000.0),
        seed=3,
    )
    simulate_dataset(config, root, threads=1)
    table = read_picks(root / "particles.star").table
    folder = root / "micrographs"
    named = table["image"].map(lambda name: str(folder / Path(name).name))
    columns = pd.DataFrame({"image": named, "x_px": table["x_px"], "y_px": table["y_px"]})
    return Specimen(folder, PickSet(columns))


def noise_image(
    name: str,
    positives: int,
    *,
    negatives: int = 0,
    shape: tuple[int, int] = (120, 140),
    seed: int = 0,
) -> WorkingImage:
    """Return noise with dark spots of 20 pixels at labelled places."""
    rng = np.random.default_rng([seed, positives])
    ny, nx = shape
    points = rng.uniform(12, np.array([nx, ny]) - 12, (positives + negatives, 2))
    rows, columns = np.indices(shape)
    image = rng.standard_normal(shape)
    for x, y in points[:positives]:
        image -= 4 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 50)
    places = points.astype(np.float32)
    return WorkingImage(
        name, image.astype(np.float32), Scale(shape, shape), places[:positives], places[positives:]
    )

"""What detectors are trained on and judged by: micrographs parted in two, and labels drawn.

Three sets are real, one is simulated: small particles of low contrast among much junk. Of each
set every third micrograph, in the order of the file names, is kept for testing. Training sees
the others alone, and whoever tunes anything does so on the others alone.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datasets import MATCHING_RADIUS, REAL_SETS, RealSet, restricted
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig

Count = int | None
"""How many labels; None for all there are."""

TEST_EVERY = 3
FEWEST_MICROGRAPHS = 3
LABELS_A_MICROGRAPH = 10
"""A user who labels little looks at three micrographs, and clicks ten particles on each before
going on to further ones."""

HARD = DatasetConfig(
    count=12,
    shape=(1536, 1536),
    pixel_size_A=1.5,
    seed=44,
    diameter_A=90.0,
    snr=0.006,
    coverage=(0.08, 0.2),
    junk=3.0,
    junk_kinds=(
        "carbon_edge",
        "gold_beads",
        "ice_crystal",
        "contamination",
        "specks",
        "vesicle",
        "filament",
        "aggregate",
        "fragment",
    ),
)
"""The simulated set: one built-in complex, so that it can be made anywhere. Left out is junk
that hides particles altogether (mottled ice, foil, empty holes): nobody could learn from it."""


@dataclass(frozen=True)
class TrainingSet:
    """Micrographs of one specimen with all their labels.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    diameter_A, pixel_size_A : float
    micrographs : tuple of Path
        In the order of their names.
    labels : PickSet
        Of all micrographs, with the paths of ``micrographs`` as images.
    simulation : DatasetConfig or None
        How they were made, if they were.
    """

    name: str
    title: str
    diameter_A: float
    pixel_size_A: float
    micrographs: tuple[Path, ...]
    labels: PickSet
    simulation: DatasetConfig | None = None

    @property
    def test(self) -> tuple[Path, ...]:
        """The micrographs to judge by."""
        return self.micrographs[TEST_EVERY - 1 :: TEST_EVERY]

    @property
    def training(self) -> tuple[Path, ...]:
        """The micrographs to train on."""
        return tuple(path for path in self.micrographs if path not in self.test)

    @property
    def matching_radius_A(self) -> float:
        """Greatest distance between a pick and the label it stands for."""
        return MATCHING_RADIUS * self.diameter_A / 2

    @property
    def expected_particles(self) -> float:
        """Labels a training micrograph holds on average."""
        return len(restricted(self.labels, self.training)) / len(self.training)

    def truth(self) -> PickSet:
        """Return all labels of the test micrographs."""
        return restricted(self.labels, self.test)

    def drawn(self, count: Count, seed: int) -> PickSet:
        """Draw labels of the training micrographs as a user would click them.

        Micrographs and particles are chosen at random, the particles evenly over
        `labelled_micrographs` of them. With one seed fewer labels are a part of more labels.

        Parameters
        ----------
        count
            How many; None for all.
        seed
            Of the draw.

        Raises
        ------
        SystemExit
            If there are not so many.
        """
        everything = restricted(self.labels, self.training)
        if count is None:
            return everything
        if count > len(everything):
            raise SystemExit(f"{self.name} has {len(everything)} labels to train on, not {count}.")
        order = _order_of_clicks(everything.table, list(map(str, self.training)), seed)
        wanted = labelled_micrographs(count, len(self.training))
        while (order["turn"] < wanted).sum() < count:
            wanted += 1
        chosen = order[order["turn"] < wanted].head(count).index
        table = everything.table.loc[chosen].sort_index()
        return replace(everything, table=table, images=tuple(table["image"].unique()))

    def described(self) -> dict[str, Any]:
        """Say which data these are: JSON values."""
        positions = self.labels.table[["x_px", "y_px"]].to_numpy()
        return {
            "title": self.title,
            "diameter_A": self.diameter_A,
            "pixel_size_A": self.pixel_size_A,
            "matching_radius_A": self.matching_radius_A,
            "training": [path.name for path in self.training],
            "test": [path.name for path in self.test],
            "labels_for_training": len(restricted(self.labels, self.training)),
            "labels_for_test": len(self.truth()),
            "labels_sha256": hashlib.sha256(np.round(positions, 3).tobytes()).hexdigest(),
            "simulation": self.simulation and self.simulation.model_dump(mode="json"),
        }

    @property
    def checksum(self) -> str:
        """Tells these data from any others."""
        return hashlib.sha256(json.dumps(self.described()).encode()).hexdigest()


def labelled_micrographs(count: int, available: int) -> int:
    """Return on how many micrographs so many labels lie."""
    return min(available, max(FEWEST_MICROGRAPHS, -(-count // LABELS_A_MICROGRAPH)))


def training_sets(data: Path, work: Path, names: Sequence[str] = ()) -> list[TrainingSet]:
    """Return the sets to train on.

    Parameters
    ----------
    data
        Folder with the real micrographs.
    work
        Folder in which the simulated set is made, once.
    names
        Which sets; all by default.
    """
    wanted = names or [*(real.name for real in REAL_SETS), "simulated"]
    sets = [real_set(real, data) for real in REAL_SETS if real.name in wanted]
    if "simulated" in wanted:
        sets.append(simulated_set(work / "training-simulated", HARD))
    unknown = set(wanted) - {one.name for one in sets}
    if unknown:
        raise SystemExit(f"There is no set {', '.join(sorted(unknown))}.")
    return sets


def real_set(real: RealSet, data: Path) -> TrainingSet:
    """Return a real set as one to train on."""
    micrographs = real.micrographs(data)
    return TrainingSet(
        real.name,
        real.title,
        real.diameter_A,
        real.pixel_size_A,
        tuple(micrographs),
        _with_paths(real.labels(data, micrographs), micrographs),
    )


def simulated_set(folder: Path, config: DatasetConfig) -> TrainingSet:
    """Simulate a set, or read what was simulated before.

    Parameters
    ----------
    folder
        Where it lies.
    config
        What it is; with a diameter.
    """
    if config.diameter_A is None:
        raise SystemExit("The diameter of the simulated particles must be stated.")
    simulate_dataset(config, folder)
    micrographs = sorted((folder / "micrographs").glob("*.mrc"))[: config.count]
    labels = restricted(read_picks(folder / "particles.star"), micrographs)
    return TrainingSet(
        "simulated",
        "simulated: small, low contrast, junk",
        config.diameter_A,
        config.pixel_size_A,
        tuple(micrographs),
        _with_paths(labels, micrographs),
        config,
    )


def _with_paths(labels: PickSet, micrographs: Sequence[Path]) -> PickSet:
    paths = {path.name: str(path) for path in micrographs}
    table = labels.table.assign(image=[paths[Path(name).name] for name in labels.table["image"]])
    return PickSet(table, optics=labels.optics, images=tuple(paths.values()))


def _order_of_clicks(table: pd.DataFrame, images: list[str], seed: int) -> pd.DataFrame:
    """Order all labels: one on each micrograph in turn, then a second one on each, and so on."""
    rng = np.random.default_rng([seed, 0])
    turns = {images[index]: turn for turn, index in enumerate(rng.permutation(len(images)))}
    round_ = pd.Series(0, index=table.index)
    for number, image in enumerate(images):
        own = table.index[table["image"] == image]
        shuffled = np.random.default_rng([seed, 1, number]).permutation(len(own))
        round_.loc[own] = shuffled
    order = pd.DataFrame({"round": round_, "turn": table["image"].map(turns)})
    return order.sort_values(["round", "turn"])

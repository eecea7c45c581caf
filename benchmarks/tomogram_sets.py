"""Tomograms to learn from and to be judged by: simulated, six classes, three parts.

They resemble the CZII's data in their classes, in the voxel size and in the number of labelled
tomograms, and not in their size. The domain differs from the one that general models learn in,
which are mostly made with a missing wedge put onto the scene: here are tilt series of a narrower
range and a stronger defocus, reconstructed with a low cutoff, in ice that is crowded and dirty.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from common import rounded
from datasets import restricted
from nunatak.picks.czii_score import CziiParticle
from nunatak.picks.table import PickSet
from nunatak.simulate.volume_dataset import simulate_tomograms
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

WEIGHTS: Mapping[str, float] = {
    "6pxm": 1.0,
    "3j9i": 0.0,
    "1f4a": 2.0,
    "6qzp": 1.0,
    "7n4y": 2.0,
    "8tux": 1.0,
}
"""The classes, by the names of their maps, with the CZII's weights: apoferritin, the proteasome in
place of beta-amylase, beta-galactosidase, the ribosome, thyroglobulin, and a phage's capsid as the
virus-like particle."""

CZII_LIKE = VolumeDatasetConfig(
    count=21,
    shape=(64, 320, 320),
    seed=4104,
    distractor_complexes=5,
    occupancy=(0.14, 0.22),
    distractor_share=(0.2, 0.45),
    clumping=(0.4, 0.9),
    ice_slope_deg=(-5.0, 5.0),
    membranes=(1, 3),
    microtubules=(0, 2),
    actin=(1, 3),
    gold_beads=(2, 8),
    contamination=(1, 3),
    carbon=0.3,
    defocus_A=(50_000.0, 70_000.0),
    largest_tilt_deg=(48.0, 54.0),
    phase_flipped=0.3,
    snr=(0.08, 0.2),
    cutoff=(0.5, 0.7),
    denoised=0.5,
)
"""Most ranges lie outside of the simulator's defaults, the others at their harder end."""

TRIAL = CZII_LIKE.model_copy(
    update={
        "count": 4,
        "shape": (32, 64, 64),
        "voxel_size_A": 20.0,
        "mode": "direct",
        "distractor_complexes": 1,
        "snr": (0.3, 0.4),
    }
)
"""Says nothing; to see whether everything runs."""


@dataclass(frozen=True)
class Parts:
    """Numbers of tomograms: with labels to draw from, without any, and to judge by."""

    labelled: int
    unlabelled: int
    test: int


CZII_LIKE_PARTS = Parts(labelled=7, unlabelled=8, test=6)
TRIAL_PARTS = Parts(labelled=2, unlabelled=1, test=1)


@dataclass(frozen=True)
class TomogramSet:
    """Simulated tomograms with all their particles.

    Attributes
    ----------
    name : str
        For programs.
    config : VolumeDatasetConfig
        How they were made.
    parts : Parts
    tomograms : tuple of Path
        The labelled ones, then those without labels, then those to judge by.
    particles : PickSet
        Of all of them, with the paths of ``tomograms`` as images.
    diameters_A : mapping of str to float
        Of each class.
    """

    name: str
    config: VolumeDatasetConfig
    parts: Parts
    tomograms: tuple[Path, ...]
    particles: PickSet
    diameters_A: Mapping[str, float]

    @property
    def labelled(self) -> tuple[Path, ...]:
        """Tomograms whose particles labels are drawn from."""
        return self.tomograms[: self.parts.labelled]

    @property
    def training(self) -> tuple[Path, ...]:
        """All tomograms that a training is given: those and the ones without labels."""
        return self.tomograms[: self.parts.labelled + self.parts.unlabelled]

    @property
    def test(self) -> tuple[Path, ...]:
        """The tomograms to judge by, which no training sees."""
        return self.tomograms[self.parts.labelled + self.parts.unlabelled :]

    @property
    def expected_particles(self) -> dict[str, float]:
        """Particles of each class that a tomogram for training truly holds on average."""
        table = restricted(self.particles, self.training).table
        counts = table["class_name"].value_counts()
        return {name: int(counts.get(name, 0)) / len(self.training) for name in self.diameters_A}

    @property
    def scored_classes(self) -> dict[str, CziiParticle]:
        """What the CZII score needs to know of each class."""
        return {
            name: CziiParticle(diameter_A / 2, WEIGHTS[name])
            for name, diameter_A in self.diameters_A.items()
        }

    def truth(self) -> PickSet:
        """Return all particles of the test tomograms."""
        return restricted(self.particles, self.test)

    def drawn(self, fraction: float, seed: int) -> PickSet:
        """Draw labels among the particles of the labelled tomograms.

        One of each class comes first, then particles at random, so that with one seed fewer
        labels are a part of more.

        Parameters
        ----------
        fraction
            Of the particles, above 0 to 1.
        seed
            Of the draw.

        Returns
        -------
        PickSet
            Its images are the tomograms that hold a label; with all labels, all of them.
        """
        table = restricted(self.particles, self.labelled).table
        if fraction == 1.0:
            return PickSet(table, images=tuple(map(str, self.labelled)))
        shuffled = table.iloc[np.random.default_rng([seed, 2]).permutation(len(table))]
        again = shuffled.duplicated("class_name").to_numpy()
        order = shuffled.iloc[np.argsort(again, kind="stable")]
        number = max(int((~again).sum()), round(fraction * len(table)))
        return PickSet(order.head(number).sort_index())

    def described(self) -> dict[str, Any]:
        """Return what these data are: JSON values, without folders."""
        config = self.config.model_dump(mode="json")
        counts = restricted(self.particles, self.labelled).table["class_name"].value_counts()
        return {
            "simulated": True,
            "config": {**config, "densities": [Path(one).name for one in config["densities"]]},
            "parts": vars(self.parts),
            "classes": {
                name: {
                    "diameter_A": float(diameter_A),
                    "weight": WEIGHTS[name],
                    "labelled": int(counts.get(name, 0)),
                    "expected_in_a_tomogram": self.expected_particles[name],
                }
                for name, diameter_A in self.diameters_A.items()
            },
            "test_particles": len(self.truth()),
        }

    @cached_property
    def checksum(self) -> str:
        """Tells these data from any others, and is the same on every processor.

        The last digits of a diameter are not.
        """
        places = self.particles.table[["x_px", "y_px", "z_px"]].round(3).to_csv(index=False)
        content = json.dumps(rounded(self.described())) + places
        return hashlib.sha256(content.encode()).hexdigest()


def tomogram_set(
    name: str,
    config: VolumeDatasetConfig,
    parts: Parts,
    *,
    maps: Path,
    folder: Path,
    classes: Sequence[str] = tuple(WEIGHTS),
) -> TomogramSet:
    """Simulate a set, or read what was simulated before.

    Parameters
    ----------
    name
        For programs.
    config
        What it is, but for its classes.
    parts
        As many tomograms as the configuration has.
    maps
        Folder with the density maps.
    folder
        Where the tomograms lie.
    classes
        Names of the maps.
    """
    if parts.labelled + parts.unlabelled + parts.test != config.count:
        raise SystemExit(f"{name}: {parts} are not the {config.count} tomograms of the set.")
    paths = [maps / f"{one}.mrc.gz" for one in classes]
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        raise SystemExit(f"{maps} lacks {', '.join(absent)}: name the folder with --data.")
    whole = config.model_copy(update={"densities": tuple(map(str, paths))})
    made = simulate_tomograms(whole, folder, threads=1)
    table = made.truth.assign(image=[str(folder / image) for image in made.truth["image"]])
    images = tuple(folder / image for image in made.images)
    particles = PickSet(table, images=tuple(map(str, images)))
    return TomogramSet(name, whole, parts, images, particles, made.diameters_A)

"""Trainings on tomograms, each a process of its own, judged on the test tomograms."""

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kept_runs import KeptRun
from nunatak.detection.volumes.volume_model import load_volume_model
from nunatak.files import write_text
from nunatak.picks.formats import write_picks
from processes import GB, run_measured
from tomogram_arms import Arm, percent
from tomogram_sets import TomogramSet

WORKER = Path(__file__).with_name("tomogram_process.py")


@dataclass(frozen=True)
class TomogramRun(KeptRun):
    """One training on one draw of labels.

    Attributes
    ----------
    data : TomogramSet
    arm : Arm
        How to train.
    fraction : float
        Of the labels.
    seed : int
        Of the draw and of the training.
    steps : int
    """

    data: TomogramSet
    arm: Arm
    fraction: float
    seed: int
    steps: int

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"{self.arm.title}, {percent(self.fraction)} of the labels, seed {self.seed}"

    @property
    def folder(self) -> str:
        """Where its results lie within the work folder."""
        return f"tomograms-{self.data.name}"

    @property
    def settings(self) -> dict[str, Any]:
        """How to learn: JSON values."""
        settings = self.arm.settings(self.seed, steps=self.steps, fraction=self.fraction)
        return settings.model_dump(mode="json")

    @property
    def determined_by(self) -> dict[str, Any]:
        """All that determines the result; arms of equal settings are one run."""
        start = self.settings["start"]
        return {
            "data": self.data.checksum,
            "fraction": self.fraction,
            "seed": self.seed,
            "labels_are": self.arm.labels_are(self.fraction),
            "settings": self.settings,
            "start": None if start is None else _checksum(start),
        }

    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Train and judge in a process of its own; the model is kept."""
        job, judged = folder / "job.json", folder / "judged.json"
        write_text(job, json.dumps(self.job(folder, cores)))
        run = run_measured([sys.executable, WORKER, job, judged], cores=cores)
        return {
            "seed": self.seed,
            "fraction": self.fraction,
            "labels_are": self.arm.labels_are(self.fraction),
            "settings": self.settings,
            "process_seconds": run.seconds,
            "peak_GB": run.peak_bytes / GB,
            **json.loads(judged.read_text(encoding="utf-8")),
        }

    def job(self, folder: Path, cores: int) -> dict[str, Any]:
        """Write what the process reads, and return what else it is told: JSON values."""
        labels, truth = folder / "labels.csv", folder / "truth.csv"
        drawn = self.data.drawn(self.fraction, self.seed)
        write_picks(drawn, labels)
        write_picks(self.data.truth(), truth)
        return {
            "tomograms": [str(path) for path in self.data.training],
            "labels": str(labels),
            "labelled": list(drawn.images),
            "labels_are": self.arm.labels_are(self.fraction),
            "expected_particles": self.data.expected_particles,
            "settings": self.settings,
            "model": str(folder / f"{self.arm.name}.safetensors"),
            "test": [str(path) for path in self.data.test],
            "truth": str(truth),
            "classes": {
                name: {"radius_A": one.radius_A, "weight": one.weight}
                for name, one in self.data.scored_classes.items()
            },
            "threads": cores,
        }


@cache
def _checksum(model: str) -> str:
    return load_volume_model(model).sha256

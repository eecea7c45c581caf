"""A MONAI U-Net on the same tomograms, trained on all labels: a process in its own environment."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kept_runs import KeptRun
from nunatak.files import write_text
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from processes import GB, run_measured
from tomogram_accuracy import rate_tomograms
from tomogram_sets import TomogramSet

SCRIPT = Path(__file__).with_name("monai_baseline.py")


@dataclass(frozen=True)
class MonaiRun(KeptRun):
    """One training on all labels.

    Attributes
    ----------
    data : TomogramSet
    seed : int
        Of the training.
    steps : int
        Of the training.
    python : Path or None
        Of the environment with MONAI; None makes nothing and shows what is finished.
    """

    data: TomogramSet
    seed: int
    steps: int
    python: Path | None

    @property
    def title(self) -> str:
        """What it is, for people."""
        return f"MONAI U-Net, 100 % of the labels, seed {self.seed}"

    @property
    def folder(self) -> str:
        """Where its results lie within the work folder."""
        return f"tomograms-{self.data.name}-monai"

    @property
    def settings(self) -> dict[str, Any]:
        """How to train: JSON values."""
        return {
            "seed": self.seed,
            "steps": self.steps,
            "batch_size": 4,
            "crop_px": 64,
            "learning_rate": 1e-3,
        }

    @property
    def determined_by(self) -> dict[str, Any]:
        """All that determines the result."""
        return {"data": self.data.checksum, "settings": self.settings}

    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Train and pick in a process of its own, and judge here."""
        job, report = folder / "job.json", folder / "report.json"
        picks = folder / "picks.csv"
        write_text(job, json.dumps(self.job(picks, cores)))
        run = run_measured([str(self.python), SCRIPT, job, report], cores=cores)
        images = tuple(str(path) for path in self.data.test)
        candidates = PickSet(read_picks(picks).table, images=images)
        return {
            "seed": self.seed,
            "settings": self.settings,
            "process_seconds": run.seconds,
            "peak_GB": run.peak_bytes / GB,
            **json.loads(report.read_text(encoding="utf-8")),
            **rate_tomograms(candidates, self.data.truth(), self.data.scored_classes),
        }

    def job(self, picks: Path, cores: int) -> dict[str, Any]:
        """Return what the process is told: JSON values."""
        names = list(self.data.diameters_A)
        table = self.data.drawn(1.0, self.seed).table
        particles: dict[str, list[tuple[int, float, float, float]]] = {
            str(path): [] for path in self.data.labelled
        }
        columns = (table[name] for name in ("image", "class_name", "x_px", "y_px", "z_px"))
        for image, name, x, y, z in zip(*columns, strict=True):
            particles[image].append((names.index(name), x, y, z))
        return {
            "training": [{"path": path, "particles": rows} for path, rows in particles.items()],
            "test": [str(path) for path in self.data.test],
            "classes": [
                {"name": name, "radius_A": self.data.diameters_A[name] / 2} for name in names
            ],
            "voxel_size_A": self.data.config.voxel_size_A,
            "settings": self.settings,
            "threads": cores,
            "picks": str(picks),
        }

"""Trainings on micrographs, each a process of its own, judged on the test micrographs."""

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import common
from kept_runs import KeptRun
from nunatak.files import write_text
from nunatak.learning.settings import LearningSettings
from nunatak.picks.formats import write_picks
from processes import GB, run_measured
from training_sets import Count, TrainingSet

WORKER = Path(__file__).with_name("training_process.py")
MODEL = "model.safetensors"


@dataclass(frozen=True)
class StudyRun(KeptRun):
    """One training on one draw of labels, judged on the test micrographs.

    Attributes
    ----------
    data : TrainingSet
    count : int or None
        Number of labels; None for all.
    seed : int
        Of the draw; the settings hold their own.
    settings : LearningSettings or None
        None judges a model as it is, without any label.
    judged_model : str
        Which model, where nothing is trained.
    """

    data: TrainingSet
    count: Count = None
    seed: int = 0
    settings: LearningSettings | None = None
    judged_model: str = common.GENERAL_MODEL

    @property
    def folder(self) -> str:
        """Where its results lie within the work folder."""
        return f"training/{self.data.name}"

    @property
    def determined_by(self) -> dict[str, Any]:
        """All that determines the result: data, labels, settings, and the model to start from."""
        start = self.judged_model if self.settings is None else self.settings.start
        return {
            "data": self.data.checksum,
            "count": self.count,
            "seed": self.seed,
            "settings": None if self.settings is None else self.settings.model_dump(mode="json"),
            "start": None if start is None else _checksum(start),
        }

    def model(self, work: Path) -> Path | str:
        """Return the model of a finished run."""
        return self.judged_model if self.settings is None else self.path(work, ".safetensors")

    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Train and judge in a process of its own; the model stays in the folder."""
        job, judged = folder / "job.json", folder / "judged.json"
        write_text(job, json.dumps(self._job(folder, cores)))
        run = run_measured([sys.executable, WORKER, job, judged], cores=cores)
        return {
            "set": self.data.name,
            "count": self.count,
            "seed": self.seed,
            "settings": None if self.settings is None else self.settings.model_dump(mode="json"),
            "process_seconds": run.seconds,
            "peak_GB": run.peak_bytes / GB,
            **json.loads(judged.read_text(encoding="utf-8")),
        }

    def _job(self, folder: Path, cores: int) -> dict[str, Any]:
        labels, truth = folder / "labels.star", folder / "truth.star"
        write_picks(self.data.truth(), truth)
        if self.settings is not None:
            write_picks(self.data.drawn(self.count, self.seed), labels)
        return {
            "micrographs": [str(path) for path in self.data.training],
            "labels": str(labels),
            "settings": None if self.settings is None else self.settings.model_dump(mode="json"),
            "model": self.judged_model if self.settings is None else str(folder / MODEL),
            "test": [str(path) for path in self.data.test],
            "truth": str(truth),
            "diameter_A": self.data.diameter_A,
            "radius_A": self.data.matching_radius_A,
            "threads": cores,
        }


@cache
def _checksum(model: str) -> str:
    loaded, _ = common.loaded_model(model)
    return str(loaded.sha256)

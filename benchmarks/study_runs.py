"""Trainings, each a process of its own, and a file a finished one: nothing is trained twice.

A run is known by a hash of all that determines it: data and split, number and draw of the
labels, every setting, the model it starts from. The source code is no part of the hash, since
most changes to it change no result; each run states which source made it instead.
"""

import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import common
from nunatak.files import write_text
from nunatak.learning.settings import LearningSettings
from nunatak.picks.formats import write_picks
from processes import GB, run_measured
from training_sets import Count, TrainingSet

WORKER = Path(__file__).with_name("training_process.py")
MODEL = "model.safetensors"


@dataclass(frozen=True)
class StudyRun:
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
    def key(self) -> str:
        """Hash of everything that determines the result."""
        start = self.judged_model if self.settings is None else self.settings.start
        content = {
            "data": self.data.checksum,
            "count": self.count,
            "seed": self.seed,
            "settings": None if self.settings is None else self.settings.model_dump(mode="json"),
            "start": None if start is None else _checksum(start),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def path(self, work: Path, suffix: str = ".json") -> Path:
        """Return where the result lies, or a file that belongs to it."""
        return work / "training" / self.data.name / f"{self.key}{suffix}"

    def finished(self, work: Path) -> dict[str, Any] | None:
        """Return the result of an earlier run, if there is one."""
        path = self.path(work)
        if not path.exists():
            return None
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return result

    def result(self, work: Path, *, cores: int = 2) -> dict[str, Any]:
        """Return the result, and train first where there is none.

        Parameters
        ----------
        work
            Folder that keeps results and models.
        cores
            Processor cores and threads of the process.

        Raises
        ------
        SystemExit
            If the process fails; the end of its output is shown.
        """
        return self.finished(work) or self._made(work, cores)

    def model(self, work: Path) -> Path | str:
        """Return the model of a finished run."""
        return self.judged_model if self.settings is None else self.path(work, ".safetensors")

    def carried_out(self, folder: Path, *, cores: int) -> dict[str, Any]:
        """Train and judge in a process of its own; the model stays in the folder."""
        job, judged = folder / "job.json", folder / "judged.json"
        write_text(job, json.dumps(self._job(folder, cores)))
        run = run_measured([sys.executable, WORKER, job, judged], cores=cores)
        return {
            "process_seconds": run.seconds,
            "peak_GB": run.peak_bytes / GB,
            **json.loads(judged.read_text(encoding="utf-8")),
        }

    def _made(self, work: Path, cores: int) -> dict[str, Any]:
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as name:
            folder = Path(name)
            judged = self.carried_out(folder, cores=cores)
            if self.settings is not None:
                target = self.path(work, ".safetensors")
                target.parent.mkdir(parents=True, exist_ok=True)
                (folder / MODEL).replace(target)
        result = {
            "set": self.data.name,
            "count": self.count,
            "seed": self.seed,
            "settings": None if self.settings is None else self.settings.model_dump(mode="json"),
            "versions": common.versions(),
            **judged,
        }
        # Written last: a run with a result is complete.
        write_text(self.path(work), json.dumps(result, indent=1))
        return result

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

"""Train one detector and judge it, in a process of its own: used by ``study_runs.py``.

Usage: ``python training_process.py JOB RESULT``, two JSON files.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import nunatak
from accuracy import rate
from nunatak.files import write_text
from nunatak.learning.settings import LearningSettings
from nunatak.picks.formats import read_picks


def main() -> int:
    """Do the job that the command line names."""
    job_path, result_path = map(Path, sys.argv[1:])
    job = json.loads(job_path.read_text(encoding="utf-8"))
    write_text(result_path, json.dumps(carried_out(job), allow_nan=False))
    return 0


def carried_out(job: dict[str, Any]) -> dict[str, Any]:
    """Train, unless the job has no settings, then pick and rate the test micrographs.

    Parameters
    ----------
    job
        ``micrographs``, ``labels`` (file), ``settings``, ``model`` (file to write, or to judge
        where nothing is trained), ``test``, ``truth`` (file), ``diameter_A``, ``radius_A``,
        ``threads``.

    Returns
    -------
    dict
        JSON values.
    """
    seconds = _trained(job) if job["settings"] is not None else None
    result = nunatak.pick(
        job["test"], diameter_A=job["diameter_A"], model=job["model"], threads=job["threads"]
    )
    if result.failures:
        raise SystemExit("\n".join(failure.reason for failure in result.failures))
    rated = rate(
        result.picks,
        read_picks(job["truth"]),
        radius_A=job["radius_A"],
        threshold=result.options.threshold,
        resamples=0,
    )
    at_default = rated["at_default_threshold"]
    return {
        "average_precision": rated["average_precision"]["micro"]["value"],
        "best_f1": rated["best_f1"]["value"],
        "best_f1_threshold": rated["at_best_f1"]["threshold"],
        "default_threshold": result.options.threshold,
        "at_default_threshold": {
            name: at_default[name]["micro"]["value"] for name in ("precision", "recall", "f1")
        },
        "candidates": rated["candidates"],
        "training_seconds": seconds,
    }


def _trained(job: dict[str, Any]) -> float:
    start = time.perf_counter()
    nunatak.train(
        job["micrographs"],
        job["labels"],
        output=job["model"],
        diameter_A=job["diameter_A"],
        settings=LearningSettings.model_validate(job["settings"]),
        threads=job["threads"],
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())

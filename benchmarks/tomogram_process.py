"""Train one detector for tomograms and judge it, in a process of its own.

Usage: ``python tomogram_process.py JOB RESULT``, two JSON files; used by ``tomogram_runs.py``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import nunatak
from nunatak.files import write_text
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.picks.czii_score import CziiParticle
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from tomogram_accuracy import rate_tomograms


def main() -> int:
    """Do the job that the command line names."""
    job_path, result_path = map(Path, sys.argv[1:])
    job = json.loads(job_path.read_text(encoding="utf-8"))
    write_text(result_path, json.dumps(carried_out(job), allow_nan=False))
    return 0


def carried_out(job: dict[str, Any]) -> dict[str, Any]:
    """Train, then pick and rate the test tomograms.

    Parameters
    ----------
    job
        As `tomogram_runs.TomogramRun.job` returns it.

    Returns
    -------
    dict
        JSON values.
    """
    particles = {name: CziiParticle(**one) for name, one in job["classes"].items()}
    labels = PickSet(read_picks(job["labels"]).table, images=tuple(job["labelled"]))
    start = time.perf_counter()
    trained = nunatak.train_tomograms(
        job["tomograms"],
        labels,
        output=job["model"],
        diameters_A={name: 2 * one.radius_A for name, one in particles.items()},
        labels_are=job["labels_are"],
        expected_particles=job["expected_particles"],
        settings=VolumeLearningSettings.model_validate(job["settings"]),
        threads=job["threads"],
    )
    training_seconds = time.perf_counter() - start
    result = nunatak.pick_tomograms(job["test"], model=job["model"], threads=job["threads"])
    if result.failures:
        raise SystemExit("\n".join(failure.reason for failure in result.failures))
    truth = PickSet(read_picks(job["truth"]).table, images=tuple(job["test"]))
    return {
        **rate_tomograms(result.picks, truth, particles),
        "labels": len(labels),
        "best_step": trained.best_step,
        "thresholds": dict(result.options.thresholds),
        "training_seconds": training_seconds,
        "picking_seconds": result.seconds["total"],
    }


if __name__ == "__main__":
    sys.exit(main())

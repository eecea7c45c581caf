"""Time of large micrographs through topaz-em and through nunatak, in steady state."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from large_files import DIAMETER_A, read_once
from nunatak.files import write_text
from processes import GB
from speed import pick_process
from topaz_cache import estimated_seconds
from topaz_runs import TopazScale, nominal_scales, run_topaz


def estimated_speed_seconds(files: list[Path], arguments: argparse.Namespace) -> float:
    """Estimate how long topaz will take over what is still to be timed."""
    return sum(
        estimated_seconds(files[:count], scale, runs=1)
        for scale in nominal_scales(DIAMETER_A)
        for count in (1, arguments.files)
        if not _path(scale, count, arguments).exists()
    )


def compare_speed(files: list[Path], arguments: argparse.Namespace) -> dict[str, Any]:
    """Time both programs on large micrographs.

    Of nunatak a short and a long run are compared; of topaz, for want of time, a run over one
    micrograph and a run over ``arguments.files``, once for each scale.

    Returns
    -------
    dict
        JSON values: seconds a micrograph, start-up and peak memory of both.
    """
    read_once(files)  # their pixels are of 1 Å: the diameter is the same in pixels
    repeats = []
    for _ in range(arguments.repeats):
        few, _ = pick_process(files[: arguments.few], DIAMETER_A, arguments)
        many, _ = pick_process(files, DIAMETER_A, arguments)
        repeats.append(_steady(few.seconds, arguments.few, many.seconds, len(files)))
        repeats[-1]["peak_GB"] = many.peak_bytes / GB
    return {
        "topaz_files": arguments.files,
        "nunatak": {name: float(np.median([one[name] for one in repeats])) for name in repeats[0]},
        "topaz": {
            scale.title: _topaz_speed(files[: arguments.files], scale, arguments)
            for scale in nominal_scales(DIAMETER_A)
        },
    }


def _topaz_speed(
    files: list[Path], scale: TopazScale, arguments: argparse.Namespace
) -> dict[str, Any]:
    def timed(count: int) -> dict[str, Any]:
        run = run_topaz(
            arguments.topaz, files[:count], scale, work=arguments.work, cores=arguments.cores
        )
        return {"seconds": run.seconds, "peak_GB": run.peak_bytes / GB, "picks": len(run.table)}

    one = _remembered(_path(scale, 1, arguments), lambda: timed(1))
    all_ = _remembered(_path(scale, len(files), arguments), lambda: timed(len(files)))
    result = _steady(one["seconds"], 1, all_["seconds"], len(files))
    print(
        f"topaz, {scale.title}: {result['seconds_per_micrograph']:.1f} s a micrograph", flush=True
    )
    return {**result, "binning": scale.binning, "peak_GB": all_["peak_GB"], "runs": [one, all_]}


def _steady(few_s: float, few: int, many_s: float, many: int) -> dict[str, float]:
    """Part the time of two runs into start-up and steady state."""
    each = (many_s - few_s) / (many - few)
    return {"seconds_per_micrograph": each, "start_up_seconds": few_s - few * each}


def _path(scale: TopazScale, count: int, arguments: argparse.Namespace) -> Path:
    setting = f"binning-{scale.binning}-radius-{scale.radius_px}"
    folder: Path = arguments.work / "topaz" / f"speed-{arguments.seed}"
    return folder / f"{setting}-files-{count}.json"


def _remembered(path: Path, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what an earlier run has measured, or measure it now and keep it."""
    if not path.exists():
        write_text(path, json.dumps(measure()))
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content

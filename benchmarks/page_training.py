"""Ten clicks in the page, *Train*, better picks: how long that takes, and how much better they are.

The labels of one draw are saved as the page saves clicks, on training micrographs; the time runs
from *Train* until the new model's picks of the micrograph that is looked at can be asked for. The
picks of test micrographs, which have no label, are judged before and after.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import common
from accuracy import rate
from common import spread
from nunatak.picks.table import PickSet
from page_server import PageServer
from training_sets import TrainingSet, training_sets

LABELS = 10
SET = "empiar10017"


def main() -> None:
    """Train, judge and write ``results/page_training.json``."""
    arguments = _arguments()
    load = common.machine_load()
    arguments.work.mkdir(parents=True, exist_ok=True)
    (data,) = training_sets(arguments.data, arguments.work, [SET])
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    runs = [_run(data, seed, arguments) for seed in seeds]
    figures = [key for key in runs[0] if key != "seed"]
    summary = {key: spread([run[key] for run in runs]) for key in figures}
    common.write_result(
        "page_training",
        arguments.results,
        measured={
            "seconds": summary["seconds"]["greatest"],
            "gain": summary["best_f1_after"]["mean"] - summary["best_f1_before"]["mean"],
        },
        seeds={"first": arguments.seed, "number": arguments.seeds},
        content={
            "labels": LABELS,
            "cores_used": arguments.cores,
            "set": data.described(),
            "summary": common.rounded(summary),
            "runs": common.rounded(runs),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    common.add_draws(parser)
    return parser.parse_args()


def _run(data: TrainingSet, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    drawn = data.drawn(LABELS, seed).table
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        words = [*data.micrographs, "--diameter", f"{data.diameter_A:g}", "--project", name]
        server = PageServer(words, cores=arguments.cores)
        try:
            number_of = {
                str(Path(one["folder"]) / one["name"]): one["id"]
                for one in server.value("/images")["images"]
            }
            before = _complete_set(server)
            for image, clicks in drawn.groupby("image"):
                _click(server, number_of[str(Path(str(image)).resolve())], clicks)
            looked_at = number_of[str(Path(str(drawn["image"].iloc[0])).resolve())]
            server.value(f"/images/{looked_at}/wanted", {})
            began = time.monotonic()
            run = server.value("/runs", {"kind": "train"})["id"]
            after = _pick_set_of(server, run)
            path = f"/pick-sets/{after}/images/{looked_at}"
            server.wait_until(path, lambda content: b'"is_picked":true' in content)
            seconds = time.monotonic() - began
            _complete_set(server)
            judged = {
                moment: _judged(server, data, number, number_of)
                for moment, number in (("before", before), ("after", after))
            }
        finally:
            server.end()
    result = {
        "seed": seed,
        "seconds": seconds,
        **{f"{key}_{moment}": one[key] for moment, one in judged.items() for key in one},
    }
    print(
        f"seed {seed}: {seconds:.1f} s, best F1 on test micrographs "
        f"{result['best_f1_before']:.4f} before, {result['best_f1_after']:.4f} after",
        flush=True,
    )
    return result


def _click(server: PageServer, image: int, clicks: pd.DataFrame) -> None:
    """Save one label after the other, as a person clicks them."""
    version = server.value(f"/images/{image}/labels")["version"]
    for row, (x, y) in zip(clicks.index, clicks[["x_px", "y_px"]].to_numpy(), strict=True):
        point = {"id": f"point-{row:08d}", "kind": "particle", "class_name": "particle"}
        edit = {
            "id": f"click-{row:08d}",
            "base_version": version,
            "operations": [
                {"operation": "put_point", "point": {**point, "x": float(x), "y": float(y)}}
            ],
        }
        version = server.value(f"/images/{image}/edits", edit)["version"]


def _complete_set(server: PageServer) -> int:
    """Wait until the newest set has all images, and return its number."""
    server.wait_until(
        "/pick-sets",
        lambda content: b'"is_complete":' in content and b'"is_complete":false' not in content,
    )
    return int(server.value("/pick-sets")["pick_sets"][0]["id"])


def _pick_set_of(server: PageServer, run: int) -> int:
    server.wait_until(
        f"/runs/{run}",
        lambda content: b'"pick_set":null' not in content or b'"state":"failed"' in content,
    )
    told = server.value(f"/runs/{run}")
    if told["pick_set"] is None:
        raise SystemExit(f"the training failed: {told['message']}")
    return int(told["pick_set"])


def _judged(
    server: PageServer, data: TrainingSet, pick_set: int, number_of: Mapping[str, int]
) -> dict[str, float]:
    """Rate the picks of the test micrographs."""
    parts = []
    for path in data.test:
        found = server.value(f"/pick-sets/{pick_set}/images/{number_of[str(path.resolve())]}")
        part = pd.DataFrame({"x_px": found["x"], "y_px": found["y"], "score": found["score"]})
        parts.append(part.assign(image=str(path)))
    table = pd.concat(parts, ignore_index=True).astype({"x_px": np.float64, "y_px": np.float64})
    rated = rate(
        PickSet(table, images=tuple(map(str, data.test))),
        data.truth(),
        radius_A=data.matching_radius_A,
        resamples=0,
    )
    return {
        "average_precision": rated["average_precision"]["micro"]["value"],
        "best_f1": rated["best_f1"]["value"],
    }


if __name__ == "__main__":
    main()

"""Ten corrections in the page, *Train*, better picks: how long it takes, and how much better.

Somebody looks at a few training micrographs with the general model's picks and corrects ten: a
particle without a circle, a circle without a particle, in turn. The clicks are saved as the page
saves them; the time runs from *Train* until the new model's picks of the micrograph that is looked
at can be asked for. Picks of test micrographs, which have no label, are judged before and after:
those that are shown, at the threshold of their set, and all candidates.
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
from page_clicks import Screen, corrections
from page_server import PATIENCE_S, PageServer
from training_sets import FEWEST_MICROGRAPHS, TrainingSet, training_sets

LABELS = 10
SETS = ("empiar10146", "empiar10028", "empiar10017", "simulated")


def main() -> None:
    """Train, judge and write ``results/page_training.json``."""
    arguments = _arguments()
    load = common.machine_load()
    arguments.work.mkdir(parents=True, exist_ok=True)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    sets = []
    for data in training_sets(arguments.data, arguments.work, arguments.sets):
        runs = [_run(data, seed, arguments) for seed in seeds]
        figures = [key for key in runs[0] if key != "seed"]
        summary = {key: spread([run[key] for run in runs]) for key in figures}
        sets.append({"set": data.described(), "summary": summary, "runs": runs})
    common.write_result(
        "page_training",
        arguments.results,
        measured={
            "seconds": max(one["summary"]["seconds"]["greatest"] for one in sets),
            "gain": min(_gain(one["summary"]) for one in sets),
        },
        seeds={"first": arguments.seed, "number": arguments.seeds},
        content={
            "labels": LABELS,
            "cores_used": arguments.cores,
            "sets": common.rounded(sets),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    common.add_draws(parser)
    parser.add_argument("--sets", nargs="+", default=SETS, help="which sets of micrographs")
    return parser.parse_args()


def _gain(summary: Mapping[str, Any]) -> float:
    return float(summary["shown_f1_after"]["mean"] - summary["shown_f1_before"]["mean"])


def _run(data: TrainingSet, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        words = [*data.micrographs, "--diameter", f"{data.diameter_A:g}", "--project", name]
        server = PageServer(words, cores=arguments.cores)
        try:
            number_of = {
                str(Path(one["folder"]) / one["name"]): one["id"]
                for one in server.value("/images")["images"]
            }
            before = _complete_set(server)
            clicks = _clicks(server, data, before, number_of, seed)
            for image, here in clicks.groupby("image", sort=False):
                _save(server, number_of[str(image)], here)
            looked_at = number_of[str(clicks["image"].iloc[0])]
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
        "particles": int((clicks["kind"] == "particle").sum()),
        "places_that_are_none": int((clicks["kind"] != "particle").sum()),
        "seconds": seconds,
        **{f"{key}_{moment}": one[key] for moment, one in judged.items() for key in one},
    }
    print(
        f"{data.name}, seed {seed}: {seconds:.1f} s, F1 of the picks shown on test micrographs "
        f"{result['shown_f1_before']:.4f} before, {result['shown_f1_after']:.4f} after "
        f"(best {result['best_f1_before']:.4f} and {result['best_f1_after']:.4f})",
        flush=True,
    )
    return result


def _clicks(
    server: PageServer, data: TrainingSet, pick_set: int, number_of: Mapping[str, int], seed: int
) -> pd.DataFrame:
    """Correct the picks of a few training micrographs."""
    paths = [path.resolve() for path in data.training]
    chosen = np.random.default_rng([seed, 0]).permutation(len(paths))
    number = min(FEWEST_MICROGRAPHS, len(paths) - 1)
    threshold = _threshold(server, pick_set)
    particles = data.labels.table
    screens = []
    for path in (paths[index] for index in sorted(chosen[:number].tolist())):
        found = server.value(f"/pick-sets/{pick_set}/images/{number_of[str(path)]}")
        is_shown = np.array(found["score"]) >= threshold
        shown = np.column_stack([found["x"], found["y"]])[is_shown]
        here = particles[particles["image"].map(lambda one: Path(one).resolve()) == path]
        screens.append(Screen(str(path), shown, here[["x_px", "y_px"]].to_numpy(np.float64)))
    radius_px = data.matching_radius_A / data.pixel_size_A
    return corrections(screens, LABELS, radius_px=radius_px, seed=seed)


def _save(server: PageServer, image: int, clicks: pd.DataFrame) -> None:
    """Save one label after the other, as a person clicks them."""
    version = server.value(f"/images/{image}/labels")["version"]
    for row, (x, y, kind) in zip(
        clicks.index, clicks[["x", "y", "kind"]].itertuples(index=False), strict=True
    ):
        class_name = "particle" if kind == "particle" else "junk"
        point = {"id": f"point-{row:08d}", "kind": kind, "class_name": class_name}
        edit = {
            "id": f"click-{row:08d}",
            "base_version": version,
            "operations": [{"operation": "put_point", "point": {**point, "x": x, "y": y}}],
        }
        version = server.value(f"/images/{image}/edits", edit)["version"]


def _complete_set(server: PageServer) -> int:
    """Wait until the newest set has all images, and return its number."""
    server.wait_until(
        "/pick-sets",
        lambda content: b'"is_complete":' in content and b'"is_complete":false' not in content,
    )
    return int(server.value("/pick-sets")["pick_sets"][0]["id"])


def _threshold(server: PageServer, pick_set: int) -> float:
    sets = server.value("/pick-sets")["pick_sets"]
    return float(next(one["threshold"] for one in sets if one["id"] == pick_set))


def _pick_set_of(server: PageServer, run: int) -> int:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told = next(one for one in server.value("/runs")["runs"] if one["id"] == run)
        if told["pick_set"] is not None:
            return int(told["pick_set"])
        if told["state"] == "failed":
            raise SystemExit(f"the training failed: {told['message']}")
        time.sleep(0.05)
    raise SystemExit("the training never came to its picks")


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
        threshold=_threshold(server, pick_set),
        resamples=0,
    )
    return {
        "shown_f1": rated["at_default_threshold"]["f1"]["micro"]["value"] or 0.0,
        "average_precision": rated["average_precision"]["micro"]["value"],
        "best_f1": rated["best_f1"]["value"],
    }


if __name__ == "__main__":
    main()

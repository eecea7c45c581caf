"""Time and memory of ``nunatak prune`` on 100 000 picks, the whole process, on two cores.

The picks are the general model's best candidates on simulated micrographs of 4096 × 4096 pixels,
250 of each; so many micrographs are links to a few different ones. The process reads them, cuts
and judges every pick and writes the table, interpreter, imports and models included. It runs
without labels, and again with 20 labels of each kind, of which fine-tuning is tried as well.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import common
from large_files import DIAMETER_A, micrographs_of_4096, read_once
from nunatak.detection.pick import pick
from nunatak.files import write_text
from nunatak.pruning.model import GENERAL_PRUNER, load_pruner
from processes import GB, nunatak_command, run_measured

PICKS = 100_000
TARGET_CORES = 2
PICKS_A_MICROGRAPH = 250
DIFFERENT_MICROGRAPHS = 12
LABELS_A_KIND = 20


def main() -> None:
    """Measure it and write ``results/pruning_speed.json``."""
    arguments = _arguments()
    load = common.machine_load()
    files = micrographs_of_4096(arguments.work, DIFFERENT_MICROGRAPHS, seed=arguments.seed)
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        folder = Path(name)
        picks = linked_picks(folder, files, arguments.limit or PICKS)
        read_once(files)
        runs = [_measured(picks, None, arguments)]
        if runs[0]["counts"]["keep"] and runs[0]["counts"]["reject"]:
            labels = labels_of(folder / "pruned-0.csv", seed=arguments.seed)
            runs.append(_measured(picks, labels, arguments))
        count, micrographs = _size(picks)
    model = load_pruner(arguments.model)
    common.write_result(
        "pruning_speed",
        arguments.results,
        measured=_judged(runs[0], count, arguments),
        seeds={"simulation": arguments.seed},
        content={
            "model": {"name": model.header.name, "sha256": model.sha256},
            "simulated": True,
            "cores_used": arguments.cores,
            "picks": count,
            "micrographs": {
                "number": micrographs,
                "different": min(len(files), micrographs),
                "side_px": 4096,
            },
            "runs": common.rounded(runs),
        },
        load=load,
    )


def linked_picks(folder: Path, files: list[Path], count: int) -> Path:
    """Write a pick table of links to micrographs, and return its path.

    Parameters
    ----------
    folder
        Gets the links and the table.
    files
        The micrographs.
    count
        Picks in all, 250 a micrograph where it has so many candidates; the last has fewer.
    """
    candidates = pick(files, diameter_A=DIAMETER_A).picks.table.sort_values(
        "score", ascending=False
    )
    of_file = {
        image: rows.head(PICKS_A_MICROGRAPH)[["x_px", "y_px", "score"]]
        for image, rows in candidates.groupby("image", sort=False)
    }
    parts, missing = [], count
    while missing:
        path = files[len(parts) % len(files)]
        link = folder / f"micrograph_{len(parts) + 1:04d}.mrc"
        link.symlink_to(path.resolve())
        rows = of_file[str(path)].head(missing)
        parts.append(rows.assign(image=link.name))
        missing -= len(rows)
    table = pd.concat(parts)[["image", "x_px", "y_px", "score"]]
    write_text(folder / "picks.csv", table.to_csv(index=False, lineterminator="\n"))
    return folder / "picks.csv"


def labels_of(pruned: Path, *, seed: int) -> Path:
    """Write labels that agree with a pruning: 20 of the kept picks, and 20 of the rejected."""
    table = pd.read_csv(pruned)
    drawn = [
        table[table["decision"] == decision]
        .sample(LABELS_A_KIND, random_state=seed, replace=False)
        .assign(label=label)
        for decision, label in (("keep", "particle"), ("reject", "junk"))
    ]
    labels = pd.concat(drawn)[["image", "x_px", "y_px", "label"]]
    path = pruned.with_name("labels.csv")
    write_text(path, labels.to_csv(index=False, lineterminator="\n"))
    return path


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_work(parser)
    parser.add_argument("--model", default=GENERAL_PRUNER, help="model file or shipped model")
    parser.add_argument("--cores", type=int, default=TARGET_CORES, help="processor cores to use")
    parser.add_argument("--repeats", type=int, default=1, help="of each run; the median counts")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="a trial with only so many picks, judged by nothing"
    )
    return parser.parse_args()


def _judged(run: dict[str, Any], count: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Return the figures that the targets are about: none for fewer picks or other cores."""
    if count != PICKS or arguments.cores != TARGET_CORES:
        return {}
    return {name: run[name] for name in ("seconds", "peak_GB")}


def _measured(picks: Path, labels: Path | None, arguments: argparse.Namespace) -> dict[str, Any]:
    count = 0 if labels is None else 2 * LABELS_A_KIND
    output = picks.with_name(f"pruned-{count}.csv")
    options: list[str | Path] = ["--diameter", f"{DIAMETER_A:g}", "--model", arguments.model]
    options += [] if labels is None else ["--labels", labels]
    command = [nunatak_command(), "prune", picks, *options, "-o", output, "--overwrite"]
    repeats = [run_measured(command, cores=arguments.cores) for _ in range(arguments.repeats)]
    record = json.loads(output.with_name(f"{output.name}.run.json").read_text(encoding="utf-8"))
    made = {
        "labels": count,
        "method": record["method"],
        "counts": record["counts"],
        "seconds": float(np.median([run.seconds for run in repeats])),
        "peak_GB": float(np.median([run.peak_bytes for run in repeats])) / GB,
        "repeats": [{"seconds": run.seconds, "peak_GB": run.peak_bytes / GB} for run in repeats],
    }
    print(
        f"{count} labels: {made['seconds']:.1f} s, {made['peak_GB']:.2f} GB, {made['method']}",
        flush=True,
    )
    return made


def _size(picks: Path) -> tuple[int, int]:
    table = pd.read_csv(picks)
    return len(table), table["image"].nunique()


if __name__ == "__main__":
    main()

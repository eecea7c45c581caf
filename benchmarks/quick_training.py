"""Ten labels and a minute: the command `nunatak train` as a user gives it.

The whole command is timed, start-up, reading and validation included. Its model is judged on
test micrographs that the training never saw.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import common
from common import spread
from nunatak.picks.formats import write_picks
from processes import GB, nunatak_command, run_measured
from study_runs import StudyRun
from training_sets import TrainingSet, training_sets

LABELS = 10
SETS = ("empiar10146", "empiar10017")


def main() -> None:
    """Train, judge and write ``results/quick_training.json``."""
    arguments = _arguments()
    load = common.machine_load()
    arguments.work.mkdir(parents=True, exist_ok=True)
    sets = training_sets(arguments.data, arguments.work, SETS)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    runs = {data.name: [_run(data, seed, arguments) for seed in seeds] for data in sets}
    summary = {
        name: {
            key: spread([run[key] for run in own])
            for key in ("average_precision", "best_f1", "seconds", "peak_GB")
        }
        for name, own in runs.items()
    }
    common.write_result(
        "quick_training",
        arguments.results,
        measured={
            "empiar10017_best_f1": summary["empiar10017"]["best_f1"]["mean"],
            "empiar10017_seconds": summary["empiar10017"]["seconds"]["greatest"],
            "empiar10146_average_precision": summary["empiar10146"]["average_precision"]["mean"],
        },
        seeds={"first": arguments.seed, "number": arguments.seeds},
        content={
            "labels": LABELS,
            "cores_used": arguments.cores,
            "sets": {data.name: data.described() for data in sets},
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
    with tempfile.TemporaryDirectory(dir=arguments.work) as name:
        folder = Path(name)
        labels, model = folder / "clicked.star", folder / "quick.safetensors"
        write_picks(data.drawn(LABELS, seed), labels)
        options = ["--labels", labels, "--diameter", f"{data.diameter_A:g}", "-o", model]
        run = run_measured(
            [nunatak_command(), "train", *data.training, *map(str, options)],
            cores=arguments.cores,
        )
        judging = StudyRun(data, judged_model=str(model))
        judged = judging.carried_out(folder, cores=arguments.cores)
    result = {
        "seed": seed,
        "seconds": run.seconds,
        "peak_GB": run.peak_bytes / GB,
        **{key: judged[key] for key in ("average_precision", "best_f1", "at_default_threshold")},
    }
    print(
        f"{data.name}, seed {seed}: {run.seconds:.1f} s, average precision "
        f"{result['average_precision']:.4f}, best F1 {result['best_f1']:.4f}",
        flush=True,
    )
    return result


if __name__ == "__main__":
    main()

"""The same labels through topaz-em's training and through nunatak's: accuracy and time.

Topaz's models are judged every 250 updates, so that its curve shows whether it has flattened
when it is cut. Both programs are rated by the same evaluator on the same test micrographs. What
is finished is kept in the work folder: the comparison may be stopped at any time, and --hours 0
only aggregates.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import common
from label_variants import DEFAULT
from nunatak.learning.settings import training_steps
from study_runs import StudyRun
from topaz_training import DEFAULT_UPDATES, TopazTraining
from training_sets import TrainingSet, training_sets

FEW = 10
COUNTS = (FEW, 100)
SHARES = (0.125, 0.25, 0.5, 1.0)
"""Parts of the default number of steps that are tried, shortest first, for the time that it
takes to reach topaz's average precision."""


@dataclass(frozen=True)
class Pair:
    """Both programs on one draw of labels.

    Attributes
    ----------
    topaz : TopazTraining
    nunatak : tuple of StudyRun
        With ever more steps; the last with the default's.
    """

    topaz: TopazTraining
    nunatak: tuple[StudyRun, ...]

    @classmethod
    def of(cls, data: TrainingSet, count: int, seed: int, arguments: argparse.Namespace) -> "Pair":
        """Return the pair on a draw of labels."""
        settings = DEFAULT.settings(seed)
        most = training_steps(count)
        steps = dict.fromkeys(max(1, round(share * most)) for share in SHARES)
        runs = tuple(
            StudyRun(data, count, seed, settings.model_copy(update={"steps": number}))
            for number in steps
        )
        epochs = arguments.updates // arguments.epoch_size
        sizes = {"epoch_size": arguments.epoch_size, "epochs": epochs, "cores": arguments.cores}
        return cls(TopazTraining(arguments.topaz, data, count, seed, **sizes), runs)

    def is_finished(self, work: Path) -> bool:
        """Whether both programs have been trained."""
        return self.topaz.is_finished(work) and all(run.finished(work) for run in self.nunatak)

    def result(self, work: Path, cores: int) -> dict[str, Any]:
        """Train what is missing, and compare: JSON values."""
        trained = [run.result(work, cores=cores) for run in self.nunatak]
        theirs = self.topaz.result(work)
        mine, end, best = trained[-1], theirs["end"], theirs["best"]
        return {
            "seed": self.topaz.seed,
            "nunatak": {
                name: mine[name] for name in ("average_precision", "best_f1", "training_seconds")
            },
            "topaz": theirs,
            "lead_over_end": mine["average_precision"] - end["average_precision"],
            "lead_over_best": mine["average_precision"] - best["average_precision"],
            "to_end": time_to(end["average_precision"], trained, theirs),
            "to_best": time_to(best["average_precision"], trained, theirs),
        }


def time_to(
    level: float, trained: Sequence[dict[str, Any]], theirs: dict[str, Any]
) -> dict[str, Any]:
    """Find the shortest training that reaches an average precision.

    Parameters
    ----------
    level
        The average precision.
    trained
        Results of nunatak, by rising number of steps.
    theirs
        Topaz's result, with the time of its default number of updates.

    Returns
    -------
    dict
        Steps, seconds and their share of topaz's time: JSON values, None where none reaches it.
    """
    for one in trained:
        if one["average_precision"] >= level:
            seconds = one["training_seconds"]
            share = seconds / theirs["seconds_for_default"]
            steps = one["settings"]["steps"]
            return {"level": level, "steps": steps, "seconds": seconds, "share": share}
    return {"level": level, "steps": None, "seconds": None, "share": None}


def main() -> None:
    """Compare both programs and write ``results/compare_topaz_training.json``."""
    arguments = _arguments()
    load = common.machine_load()
    sets = training_sets(arguments.data, arguments.work, arguments.sets or ())
    pairs = [
        Pair.of(data, count, seed, arguments)
        for seed in range(arguments.seed, arguments.seed + arguments.seeds)
        for count in arguments.counts
        for data in sets
    ]
    carry_out(pairs, arguments)
    content = aggregated(pairs, arguments)
    common.write_result(
        "compare_topaz_training",
        arguments.results,
        measured=measured(content["cells"]),
        seeds={"first": arguments.seed, "number": arguments.seeds},
        content={
            "topaz": {
                "version": "0.3.20",
                "training": "its defaults: resnet8 from its pretrained weights, GE-binomial",
                "default_updates": DEFAULT_UPDATES,
                "preprocessed": "by topaz, beforehand; not part of its time",
            },
            "cores_used": arguments.cores,
            "sets": {data.name: data.described() for data in sets},
            **common.rounded(content),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    parser.add_argument(
        "--topaz",
        type=Path,
        required=True,
        metavar="FILE",
        help="the command topaz-cpu, as made by topaz_environment.sh",
    )
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets")
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS, help="numbers of labels")
    parser.add_argument("--seeds", type=int, default=2, help="how many")
    parser.add_argument("--updates", type=int, default=1000, help="of topaz")
    parser.add_argument("--epoch-size", type=int, default=250, help="updates between two models")
    parser.add_argument("--hours", type=float, help="start no further training after so long")
    parser.add_argument("--cores", type=int, default=2, help="processor cores for both")
    return parser.parse_args()


def carry_out(pairs: Sequence[Pair], arguments: argparse.Namespace) -> None:
    """Train what is missing while there is time."""
    start = time.monotonic()
    for number, pair in enumerate(pairs, start=1):
        if pair.is_finished(arguments.work):
            continue
        if arguments.hours is not None and time.monotonic() - start >= 3600 * arguments.hours:
            return
        result = pair.result(arguments.work, arguments.cores)
        curve = " ".join(f"{one['average_precision']:.3f}" for one in result["topaz"]["curve"])
        print(
            f"[{number}/{len(pairs)}] {pair.topaz.data.name}, {pair.topaz.title}: nunatak "
            f"{result['nunatak']['average_precision']:.4f}, topaz by updates: {curve}",
            flush=True,
        )


def aggregated(pairs: Sequence[Pair], arguments: argparse.Namespace) -> dict[str, Any]:
    """Bring together the pairs that are finished: JSON values."""
    cells: dict[tuple[str, int], list[Pair]] = {}
    for pair in pairs:
        cells.setdefault((pair.topaz.data.name, pair.topaz.count or 0), []).append(pair)
    rows = []
    for (name, count), own in cells.items():
        finished = [one for one in own if one.is_finished(arguments.work)]
        runs = [one.result(arguments.work, arguments.cores) for one in finished]
        rows.append({"set": name, "labels": count, "missing": len(own) - len(runs), "runs": runs})
    return {
        "runs": {"planned": len(pairs), "missing": sum(row["missing"] for row in rows)},
        "cells": rows,
    }


def measured(cells: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the figures to be judged; NaN where runs are missing or a level is not reached."""
    leads = {}
    for cell in cells:
        runs = [run["lead_over_end"] for run in cell["runs"]]
        leads[cell["set"], cell["labels"]] = float(np.mean(runs)) if runs else np.nan
    shares = [run["to_end"]["share"] for cell in cells for run in cell["runs"]]
    is_complete = bool(shares) and not any(cell["missing"] for cell in cells)
    few = [lead for (_, count), lead in leads.items() if count == FEW]
    return {
        **{f"{name}_{count}_lead": lead for (name, count), lead in leads.items()},
        "lead_at_10": float(np.mean(few)) if few else np.nan,
        "training_time_share": max(shares) if is_complete and None not in shares else np.nan,
    }


if __name__ == "__main__":
    main()

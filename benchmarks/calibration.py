"""Whether a wanted precision is the precision that one gets: `pick --precision p`.

Models trained on drawn labels, and the general model beside them, pick test micrographs that no
training saw; the picks that they select are compared with all labels.

Less precision than all candidates together have cannot be had: where even the lowest threshold
promises more than was wanted, what it promises is what it is judged by.
"""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import common
import nunatak
from common import spread
from label_variants import DEFAULT, count_title
from nunatak.errors import NunatakError
from nunatak.picks.evaluate import evaluate
from nunatak.picks.table import PickSet
from study_runs import StudyRun
from training_sets import Count, TrainingSet, training_sets

WANTED = (0.7, 0.8, 0.9)
COUNTS: tuple[Count, ...] = (10, 100, None)
SETS = ("empiar10146", "simulated")
GENERAL = "general"


@dataclass(frozen=True)
class Case:
    """A model and the precision that is wanted of it.

    Attributes
    ----------
    run : StudyRun
        Which made the model, or names it.
    wanted : float
    """

    run: StudyRun
    wanted: float

    @property
    def labels(self) -> str:
        """Number of labels as a word, or that there were none."""
        return GENERAL if self.run.settings is None else count_title(self.run.count)

    def result(self, work: Path, cores: int) -> dict[str, Any]:
        """Pick with the wanted precision and count what is right: JSON values."""
        data = self.run.data
        self.run.result(work, cores=cores)
        described = {
            "set": data.name,
            "labels": self.labels,
            "seed": self.run.seed,
            "wanted": self.wanted,
        }
        try:
            result = nunatak.pick(
                data.test,
                diameter_A=data.diameter_A,
                model=self.run.model(work),
                wanted_precision=self.wanted,
                threads=cores,
            )
        except NunatakError as error:
            # A model may say that it cannot promise a precision: that is an answer, and listed.
            return {**described, "aimed": self.wanted, "realised": None, "refused": str(error)}
        chosen = result.picks.table[result.picks.table["selected"]]
        realised = realised_precision(PickSet(chosen, images=result.picks.images), data)
        choice = result.threshold_choice
        promised = None if choice is None else choice.precision
        is_everything = len(chosen) == len(result.picks)
        return {
            **described,
            "threshold": result.options.threshold,
            "promised": None if promised is None else asdict(promised),
            "selected": len(chosen),
            "is_everything": is_everything,
            "aimed": promised.value if promised and is_everything else self.wanted,
            "realised": realised,
        }


def realised_precision(picks: PickSet, data: TrainingSet) -> float | None:
    """Return the share of picks that are right; None where there are none."""
    if not len(picks):
        return None
    rated = evaluate(picks, data.truth(), radius_A=data.matching_radius_A, n_resamples=0)
    return float(rated.curve.precision[-1])


def main() -> None:
    """Pick, count and write ``results/calibration.json``."""
    arguments = _arguments()
    load = common.machine_load()
    sets = training_sets(arguments.data, arguments.work, SETS)
    cases = planned(sets, range(arguments.seed, arguments.seed + arguments.seeds))
    results = []
    for case in cases:
        results.append(case.result(arguments.work, arguments.cores))
        print("  ".join(str(value) for value in results[-1].values()), flush=True)
    cells = aggregated(results)
    common.write_result(
        "calibration",
        arguments.results,
        measured=measured(cells),
        seeds={"first": arguments.seed, "number": arguments.seeds},
        content={
            "sets": {data.name: data.described() for data in sets},
            "cells": common.rounded(cells),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    common.add_draws(parser)
    return parser.parse_args()


def planned(sets: list[TrainingSet], seeds: range) -> list[Case]:
    """List the models and what is wanted of them."""
    runs = [StudyRun(data) for data in sets] + [
        StudyRun(data, count, seed, DEFAULT.settings(seed))
        for data in sets
        for count in COUNTS
        for seed in seeds
    ]
    return [Case(run, wanted) for run in runs for wanted in WANTED]


def aggregated(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bring the seeds together: one entry for each set, number of labels and wanted precision."""
    cells: dict[tuple[str, str, float], list[dict[str, Any]]] = {}
    for one in results:
        cells.setdefault((one["set"], one["labels"], one["wanted"]), []).append(one)
    rows = []
    for (name, labels, wanted), runs in cells.items():
        realised = [run["realised"] for run in runs if run["realised"] is not None]
        off = [abs(run["realised"] - run["aimed"]) for run in runs if run["realised"] is not None]
        rows.append(
            {
                "set": name,
                "labels": labels,
                "wanted": wanted,
                "without_a_value": len(runs) - len(realised),
                "aimed": float(np.mean([run["aimed"] for run in runs])),
                **({"realised": spread(realised), "furthest": max(off)} if realised else {}),
                "runs": runs,
            }
        )
    return rows


def measured(cells: list[dict[str, Any]]) -> dict[str, float]:
    """Return the figures to be judged: of trained models, the general one is only listed."""
    deviations: dict[str, list[float]] = {}
    for cell in cells:
        if cell["labels"] != GENERAL:
            mean = np.nan if cell["without_a_value"] else cell["realised"]["mean"]
            name = f"{cell['set']}_deviation_{cell['labels']}"
            deviations.setdefault(name, []).append(abs(mean - cell["aimed"]))
    # A seed without a value leaves no figure: what was promised was not shown.
    return {name: float(np.max(values)) for name, values in deviations.items()}


if __name__ == "__main__":
    main()

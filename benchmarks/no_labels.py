"""Accuracy of the general model on real micrographs, without any label.

Every model given with --model is judged in the same way; the first one by the targets. A model
trained without the maps of the proteins that it is judged on belongs beside the shipped one.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common
import nunatak
from accuracy import rate
from datasets import REAL_SETS, RealSet
from nunatak.detection.result import PickResult

DIAMETER_ERRORS = (-0.25, -0.12, 0.12, 0.25)
"""By which share of the true diameter a user may be wrong."""


def main() -> None:
    """Judge the models and write ``results/no_labels.json``."""
    arguments = _arguments()
    load = common.machine_load()
    blocks = [_block(name, arguments) for name in arguments.model or [common.GENERAL_MODEL]]
    common.write_result(
        "no_labels",
        arguments.results,
        measured=_measured(blocks[0]["sets"]),
        seeds={"bootstrap": arguments.seed},
        content={"models": common.rounded(blocks)},
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    parser.add_argument(
        "--model",
        action="append",
        help=f"model file or shipped model; may be repeated (default: {common.GENERAL_MODEL})",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many micrographs a set")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    return parser.parse_args()


@dataclass(frozen=True)
class Trial:
    """One model on one set of micrographs.

    Attributes
    ----------
    real : RealSet
    micrographs : list of Path
    model : str
        Model file or shipped model.
    data : Path
        Folder with the sets.
    seed, resamples : int
        Of the bootstrap.
    """

    real: RealSet
    micrographs: list[Path]
    model: str
    data: Path
    seed: int
    resamples: int

    def picked(self, diameter_error: float = 0.0) -> PickResult:
        """Pick as a user would who is wrong about the diameter by some share of it."""
        diameter_A = (1 + diameter_error) * self.real.diameter_A
        result = nunatak.pick(self.micrographs, diameter_A=diameter_A, model=self.model)
        if result.failures:
            raise SystemExit("\n".join(failure.reason for failure in result.failures))
        return result

    def rated(self, result: PickResult) -> dict[str, Any]:
        """Rate picks by the main labels, with intervals."""
        return self._rated(result, self.real.truth, self.resamples)

    def summary(self, result: PickResult, labels: str | None = None) -> dict[str, Any]:
        """Rate picks by any label set, in a few figures.

        The matching radius is that of the true diameter in any case.
        """
        return _summary(self._rated(result, labels or self.real.truth, 0))

    def _rated(self, result: PickResult, labels: str, resamples: int) -> dict[str, Any]:
        return rate(
            result.picks,
            self.real.labels(self.data, self.micrographs, labels),
            radius_A=self.real.matching_radius_A,
            threshold=result.options.threshold,
            resamples=resamples,
            seed=self.seed,
        )


def _block(model: str, arguments: argparse.Namespace) -> dict[str, Any]:
    _, description = common.loaded_model(model)
    sets = {}
    for real in REAL_SETS:
        micrographs = real.micrographs(arguments.data, arguments.limit)
        trial = Trial(real, micrographs, model, arguments.data, arguments.seed, arguments.resamples)
        sets[real.name] = _judged(trial)
    return {"model": description, "sets": sets}


def _judged(trial: Trial) -> dict[str, Any]:
    real = trial.real
    result = trial.picked()
    rated = trial.rated(result)
    print(
        f"{Path(trial.model).stem}, {real.name}: average precision "
        f"{rated['average_precision']['micro']['value']:.4f}, best F1 "
        f"{rated['best_f1']['value']:.4f}, recall among 1.6 picks per label "
        f"{rated['recall_among_1.6_picks_per_label']:.4f}",
        flush=True,
    )
    return {
        "specimen": real.title,
        "diameter_A": real.diameter_A,
        "pixel_size_A": real.pixel_size_A,
        "truth": real.truth,
        "contrast": result.contrast,
        **rated,
        "other_labels": {
            name: trial.summary(result, name)
            for name in real.others
            if real.labels(trial.data, trial.micrographs, name).images
        },
        "diameter_misjudged": {
            f"{error:+.0%}": trial.summary(trial.picked(error)) for error in DIAMETER_ERRORS
        },
    }


def _summary(rated: dict[str, Any]) -> dict[str, Any]:
    at_default = rated["at_default_threshold"]
    return {
        "labels": rated["labels"],
        "average_precision": rated["average_precision"]["micro"]["value"],
        "best_f1": rated["best_f1"]["value"],
        "best_f1_threshold": rated["at_best_f1"]["threshold"],
        "recall_among_1.6_picks_per_label": rated["recall_among_1.6_picks_per_label"],
        "at_default_threshold": {
            name: at_default[name]["micro"]["value"] for name in ("precision", "recall", "f1")
        },
    }


def _measured(sets: dict[str, Any]) -> dict[str, float]:
    return {
        "empiar10146_average_precision": sets["empiar10146"]["average_precision"]["micro"]["value"],
        "empiar10146_best_f1": sets["empiar10146"]["best_f1"]["value"],
        "empiar10028_recall": sets["empiar10028"]["recall_among_1.6_picks_per_label"],
        "empiar10017_best_f1": sets["empiar10017"]["best_f1"]["value"],
    }


if __name__ == "__main__":
    main()

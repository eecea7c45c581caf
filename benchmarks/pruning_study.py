"""Pruning with few labels: nunatak beside replicas of PickerOptimizer, on real and simulated picks.

Every run draws labels of each class, learns from them and judges other picks; what the shipped
models see of the picks is computed once. Finished runs lie in the work folder: stop the study and
go on at any time, or aggregate what there is with --hours 0.
"""

import argparse
from typing import Any

import common
import kept_runs
from nunatak.pruning.model import GENERAL_PRUNER, load_pruner
from pruning_arms import ARMS, DRAWS_OF_MANY
from pruning_draws import draws_path, read_draws, write_draws
from pruning_features import Eyes
from pruning_sets import pruning_sets
from pruning_tables import aggregated, measured, planned
from pruning_targets import STUDY
from pruning_tasks import tasks_of


def main() -> int:
    """Judge what is missing and write ``results/pruning.json``."""
    arguments = _arguments()
    load = common.machine_load()
    model = load_pruner(arguments.model)
    eyes = Eyes(model, arguments.work, arguments.device)
    tasks = tasks_of(pruning_sets(arguments.data, arguments.work, arguments.sets or ()))
    arms = [one for one in ARMS if not arguments.only or one.name in arguments.only]
    study = planned(tasks, arms, eyes, first_seed=arguments.seed, most_draws=arguments.draws)
    draws = draws_path(arguments.results)
    kept_runs.recall(study, read_draws(draws), arguments.work)
    failed = kept_runs.carry_out(
        [(run.title, run) for run in study],
        arguments.work,
        cores=arguments.cores,
        hours=arguments.hours,
        figures=_figures,
    )
    write_draws(study, arguments.work, draws)
    content = aggregated(study, arguments.work)
    content["model"] = {
        "name": model.header.name,
        "file": "" if model.path is None else model.path.name,
        "sha256": model.sha256,
        "excluded_maps": _excluded(model.header.provenance),
    }
    common.write_result(
        STUDY,
        arguments.results,
        measured=measured(content),
        seeds={"first": arguments.seed, "draws": arguments.draws},
        content=common.rounded(content),
        load=load,
    )
    for line in failed:
        print(f"FAILED: {line}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    parser.add_argument("--model", default=GENERAL_PRUNER, help="pruning model, file or shipped")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets")
    names = [arm.name for arm in ARMS]
    parser.add_argument("--only", nargs="+", choices=names, help="only these arms")
    parser.add_argument("--draws", type=int, default=DRAWS_OF_MANY, help="of labels, at most")
    parser.add_argument("--hours", type=float, help="start no further run after so long")
    parser.add_argument("--cores", type=int, default=2, help="processor cores")
    parser.add_argument("--device", default="cpu", help="where networks compute: cpu or cuda")
    return parser.parse_args()


def _figures(result: dict[str, Any]) -> str:
    return (
        f"accuracy {result['accuracy']:.3f}, AUPRC {result['auprc']:.3f}, "
        f"calibration error {result['ece']:.3f}"
    )


def _excluded(provenance: Any) -> list[str]:
    recipe = provenance.get("recipe")
    return list(recipe.get("excluded_maps", [])) if isinstance(recipe, dict) else []


if __name__ == "__main__":
    raise SystemExit(main())

"""What so many labels are worth: average precision by number of labels, one factor at a time.

Every run trains on labels drawn from the training micrographs and is judged on the test
micrographs, in a process of its own. Finished runs lie in the work folder: stop the study and go
on at any time, or aggregate what there is with --hours 0.
"""

import argparse
from collections.abc import Sequence

import common
import kept_runs
from label_study import Planned, aggregated, measured, planned
from label_variants import VARIANTS
from study_runs import StudyRun
from training_sets import training_sets


def main() -> int:
    """Train what is missing and write ``results/label_efficiency.json``."""
    arguments = _arguments()
    load = common.machine_load()
    sets = training_sets(arguments.data, arguments.work, arguments.sets or ())
    variants = [one for one in VARIANTS if not arguments.only or one.name in arguments.only]
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    study = planned(sets, variants, seeds)
    general = {one.name: StudyRun(one) for one in sets}
    held = kept_runs.runs_in(arguments.results / "label_efficiency.json")
    kept_runs.recall([one.run for one in study], held, arguments.work)
    failed = carry_out([*general.values()], [*study], arguments)
    content = aggregated(study, general, arguments.work)
    common.write_result(
        "label_efficiency",
        arguments.results,
        measured=measured(content),
        seeds={"first": arguments.seed, "number": arguments.seeds},
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
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="only these sets")
    names = [variant.name for variant in VARIANTS]
    parser.add_argument("--only", nargs="+", choices=names, help="only these variants")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--hours", type=float, help="start no further run after so long")
    parser.add_argument("--cores", type=int, default=2, help="processor cores of each run")
    return parser.parse_args()


def carry_out(
    general: Sequence[StudyRun], study: Sequence[Planned], arguments: argparse.Namespace
) -> list[str]:
    """Make the runs that are missing while there is time; return those that failed."""
    todo = [(f"{run.data.name}, general model", run) for run in general]
    todo += [(one.title, one.run) for one in study]
    return kept_runs.carry_out(
        todo,
        arguments.work,
        cores=arguments.cores,
        hours=arguments.hours,
        figures=lambda result: (
            f"average precision {result['average_precision']:.4f}, best F1 {result['best_f1']:.4f}"
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())

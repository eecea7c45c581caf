"""What labels in tomograms are worth: arms of training by fraction of the labels, simulated data.

Every run trains on labels drawn from seven simulated tomograms, is given eight more without
labels, and is judged on six others, in a process of its own. Finished runs lie in the work
folder: stop the study and go on at any time, or aggregate what there is with --hours 0. A second
study, --long, has more steps, few labels, and only training with and without a teacher.
"""

import argparse
from pathlib import Path

import common
import kept_runs
from monai_runs import MonaiRun
from tomogram_arms import ARMS, FEW_LABELS, FRACTIONS, LONG_ARMS
from tomogram_sets import (
    CZII_LIKE,
    CZII_LIKE_PARTS,
    TRIAL,
    TRIAL_PARTS,
    TomogramSet,
    tomogram_set,
)
from tomogram_tables import Study, aggregated, measured, planned
from tomogram_targets import STEPS

MONAI_STEPS = 1000
"""In both studies: it begins with random weights and is to be no straw man."""
TRIAL_STEPS = 2


def main() -> int:
    """Train what is missing and write ``results/tomograms.json``, or ``tomograms_long.json``."""
    arguments = _arguments()
    load = common.machine_load()
    data = _data(arguments)
    name, arms, fractions = (
        ("tomograms_long", LONG_ARMS, FEW_LABELS)
        if arguments.long
        else ("tomograms", ARMS, FRACTIONS)
    )
    study = planned(
        data,
        [one for one in arms if not arguments.only or one.name in arguments.only],
        range(arguments.seed, arguments.seed + arguments.seeds),
        fractions=fractions,
        steps=TRIAL_STEPS if arguments.trial else STEPS[name],
        monai_steps=TRIAL_STEPS if arguments.trial else MONAI_STEPS,
        monai=arguments.monai,
    )
    results = arguments.work if arguments.trial else arguments.results
    kept_runs.recall(study, kept_runs.runs_in(results / f"{name}.json"), arguments.work)
    failed = carry_out(study, arguments)
    content = aggregated(data, study, arguments.work)
    common.write_result(
        name,
        results,
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
    names = [arm.name for arm in ARMS]
    parser.add_argument("--only", nargs="+", choices=names, help="only these arms")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument(
        "--long",
        action="store_true",
        help=f"{STEPS['tomograms_long']} steps a training in place of {STEPS['tomograms']}, "
        "with few labels, and only with and without a teacher",
    )
    parser.add_argument("--hours", type=float, help="start no further run after so long")
    parser.add_argument("--cores", type=int, default=2, help="processor cores of each run")
    parser.add_argument(
        "--monai",
        type=Path,
        metavar="PYTHON",
        help="that of monai_environment.sh; without it finished runs of MONAI are shown only",
    )
    parser.add_argument(
        "--trial", action="store_true", help="tiny data and two steps; the result goes to --work"
    )
    arguments = parser.parse_args()
    short_only = set(arguments.only or ()) - {arm.name for arm in LONG_ARMS}
    if arguments.long and short_only:
        parser.error(f"{', '.join(sorted(short_only))}: not in the study with --long")
    return arguments


def _data(arguments: argparse.Namespace) -> TomogramSet:
    name, config, parts = (
        ("trial", TRIAL, TRIAL_PARTS) if arguments.trial else ("czii", CZII_LIKE, CZII_LIKE_PARTS)
    )
    folder = arguments.work / f"tomograms-{name}-data"
    return tomogram_set(name, config, parts, maps=arguments.data / "maps", folder=folder)


def carry_out(study: Study, arguments: argparse.Namespace) -> list[str]:
    """Make the runs that are missing while there is time; return those that failed."""
    makeable = [run for run in study if not isinstance(run, MonaiRun) or run.python is not None]
    return kept_runs.carry_out(
        [(run.title, run) for run in makeable],
        arguments.work,
        cores=arguments.cores,
        hours=arguments.hours,
        figures=lambda result: (
            f"best F1 {result['best_f1']:.4f}, average precision "
            f"{result['average_precision']:.4f}, F1 as selected "
            f"{result['f1_as_selected']:.4f}, CZII score {result['czii_score']:.4f}"
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main())

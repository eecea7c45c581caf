"""Time of the whole process from 4096 × 4096 float32 MRC files to picks, on two cores.

``nunatak pick`` runs over a few files and over many; the difference, divided by the number of
files more, is the time of one micrograph in steady state, and what is left of the short run is
the start-up. Both include the interpreter, imports, reading, the network, peaks and writing.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import common
from large_files import DIAMETER_A, micrographs_of_4096, read_once
from processes import GB, Run, nunatak_command, run_measured

FEW, MANY = 4, 24


def main() -> None:
    """Time it and write ``results/speed.json``."""
    arguments = _arguments()
    load = common.machine_load()
    _, description = common.loaded_model(arguments.model)
    files = micrographs_of_4096(arguments.work, arguments.many, seed=arguments.seed)
    read_once(files)
    measured = [_measured(diameter, files, arguments) for diameter in arguments.diameter]
    common.write_result(
        "speed",
        arguments.results,
        measured={"seconds_per_micrograph": measured[0]["seconds_per_micrograph"]},
        seeds={"simulation": arguments.seed},
        content={
            "model": description,
            "cores_used": arguments.cores,
            "files": {"few": arguments.few, "many": arguments.many, "state": "in memory"},
            "by_diameter": common.rounded(measured),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_work(parser)
    common.add_model(parser)
    parser.add_argument("--cores", type=int, default=2, help="processor cores to use")
    parser.add_argument("--few", type=int, default=FEW, help="files of the short run")
    parser.add_argument("--many", type=int, default=MANY, help="files of the long run")
    parser.add_argument("--repeats", type=int, default=3, help="of both runs, alternating")
    parser.add_argument(
        "--diameter",
        type=float,
        nargs="+",
        default=[DIAMETER_A, 120.0, 300.0],
        metavar="Å",
        help="of the particles, in pixels of 1 Å; the first is judged by the target",
    )
    return parser.parse_args()


def _measured(
    diameter_A: float, files: list[Path], arguments: argparse.Namespace
) -> dict[str, Any]:
    repeats = []
    for _ in range(arguments.repeats):
        few, _ = pick_process(files[: arguments.few], diameter_A, arguments)
        many, stages = pick_process(files, diameter_A, arguments)
        each = (many.seconds - few.seconds) / (len(files) - arguments.few)
        repeats.append(
            {
                "few_seconds": few.seconds,
                "many_seconds": many.seconds,
                "seconds_per_micrograph": each,
                "start_up_seconds": few.seconds - arguments.few * each,
                "peak_GB": many.peak_bytes / GB,
                "stages_of_many_seconds": stages,
            }
        )
        print(f"{diameter_A:g} Å: {each:.3f} s a micrograph", flush=True)
    return {
        "diameter_A": diameter_A,
        **{
            name: float(np.median([one[name] for one in repeats]))
            for name in ("seconds_per_micrograph", "start_up_seconds", "peak_GB")
        },
        "repeats": repeats,
    }


def pick_process(
    files: list[Path], diameter_A: float, arguments: argparse.Namespace
) -> tuple[Run, dict[str, float]]:
    """Run ``nunatak pick`` once; return the measurement, and the time of its stages."""
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        output = Path(folder) / "picks.star"
        options = ["--diameter", f"{diameter_A:g}", "--model", arguments.model, "-o", output]
        run = run_measured([nunatak_command(), "pick", *files, *options], cores=arguments.cores)
        record = json.loads(output.with_name(f"{output.name}.run.json").read_text(encoding="utf-8"))
        return run, record["seconds"]


if __name__ == "__main__":
    main()

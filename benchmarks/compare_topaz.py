"""The same micrographs through topaz-em and through nunatak: accuracy, time and memory.

Both work without labels: topaz with its pretrained detector (ResNet16) after its own
preprocessing, nunatak with its general model. Topaz is tried at several scales, at which the
particle is 30, 20, 12.5 and 9 pixels across (as nearly as its whole-number downscaling allows),
and the best of them is reported for each set; nunatak gets one setting for all. Both are rated
by the same evaluator. Time and memory are those of whole processes on the same machine.

What topaz has finished is kept in the work folder, so that the comparison may be interrupted.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import common
from accuracy import rate
from datasets import REAL_SETS, RealSet
from large_files import micrographs_of_4096
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet
from processes import GB, Run, nunatak_command, run_measured
from speed import FEW, MANY
from topaz_cache import CHUNK, TopazCache, estimated_seconds
from topaz_runs import LARGEST_MEGAPIXELS, TopazScale, nominal_scales, shape_of
from topaz_speed import compare_speed, estimated_speed_seconds

TOPAZ = {"version": "0.3.20", "detector": "resnet16 with 64 units, pretrained, topaz's default"}


def main() -> None:
    """Compare both programs and write ``results/compare_topaz.json``."""
    arguments = _arguments()
    load = common.machine_load()
    _, description = common.loaded_model(arguments.model)
    cache = TopazCache(arguments.topaz, arguments.work, arguments.cores)
    arguments.work.mkdir(parents=True, exist_ok=True)
    files = micrographs_of_4096(arguments.work, arguments.many, seed=arguments.seed)
    _print_estimate(cache, files, arguments)
    accuracy = {real.name: _accuracy(real, cache, arguments) for real in REAL_SETS}
    judged = _best_over_all(accuracy)
    speed = compare_speed(files, arguments)
    mine, theirs = speed["nunatak"], speed["topaz"][judged]
    common.write_result(
        "compare_topaz",
        arguments.results,
        measured={
            "times_faster": theirs["seconds_per_micrograph"] / mine["seconds_per_micrograph"],
            "memory_ratio": mine["peak_GB"] / theirs["peak_GB"],
            **{
                f"{name}_average_precision_lead": _average_precision(one["nunatak"])
                - _average_precision(one["topaz"][one["topaz_best"]])
                for name, one in accuracy.items()
            },
        },
        seeds={"simulation": arguments.seed, "bootstrap": arguments.seed},
        content={
            "model": description,
            "topaz": TOPAZ,
            "cores_used": arguments.cores,
            "judged_scale": judged,
            "largest_megapixels_for_topaz": LARGEST_MEGAPIXELS,
            "speed": common.rounded(speed),
            "accuracy": common.rounded(accuracy),
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    common.add_model(parser)
    parser.add_argument(
        "--topaz",
        type=Path,
        required=True,
        metavar="FILE",
        help="the command topaz-cpu, as made by topaz_environment.sh",
    )
    parser.add_argument("--cores", type=int, default=2, help="processor cores for both")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many micrographs a set")
    parser.add_argument("--files", type=int, default=3, help="large files for topaz's speed")
    parser.add_argument("--few", type=int, default=FEW, help="large files, nunatak's short run")
    parser.add_argument("--many", type=int, default=MANY, help="large files, nunatak's long run")
    parser.add_argument("--repeats", type=int, default=3, help="of nunatak's speed")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    return parser.parse_args()


def _print_estimate(cache: TopazCache, files: list[Path], arguments: argparse.Namespace) -> None:
    seconds = estimated_speed_seconds(files, arguments)
    for real in REAL_SETS:
        micrographs = real.micrographs(arguments.data, arguments.limit)
        for scale in _feasible_scales(real, micrographs):
            missing = cache.missing(real.name, micrographs, scale)
            runs = -(-len(missing) // CHUNK)
            seconds += estimated_seconds(missing, scale, runs=runs)
    print(f"topaz will take about {seconds / 60:.0f} minutes", flush=True)


def _feasible_scales(real: RealSet, micrographs: list[Path]) -> list[TopazScale]:
    shape = shape_of(micrographs[0])
    scales = nominal_scales(real.diameter_px)
    return [scale for scale in scales if not scale.is_too_large(shape)]


def _accuracy(real: RealSet, cache: TopazCache, arguments: argparse.Namespace) -> dict[str, Any]:
    micrographs = real.micrographs(arguments.data, arguments.limit)
    labels = real.labels(arguments.data, micrographs)

    def rated(name: str, picks: PickSet) -> dict[str, Any]:
        result = rate(
            picks,
            labels,
            radius_A=real.matching_radius_A,
            resamples=arguments.resamples,
            seed=arguments.seed,
        )
        value = _average_precision(result)
        print(f"{real.name}, {name}: average precision {value:.4f}", flush=True)
        return result

    picks, run = _nunatak_picks(real, micrographs, arguments)
    mine = {
        "seconds_per_micrograph": run.seconds / len(micrographs),
        "peak_GB": run.peak_bytes / GB,
        **rated("nunatak", picks),
    }
    theirs = {}
    for scale in _feasible_scales(real, micrographs):
        found = cache.pick(real.name, micrographs, scale)
        theirs[scale.title] = {
            "binning": scale.binning,
            "radius_px": scale.radius_px,
            "diameter_px": real.diameter_px / scale.binning,
            "seconds_per_micrograph": found.seconds_per_micrograph,
            "peak_GB": found.peak_GB,
            **rated(f"topaz at {scale.title}", found.picks),
        }
    best = max(theirs, key=lambda title: _average_precision(theirs[title]))
    return {"nunatak": mine, "topaz": theirs, "topaz_best": best}


def _nunatak_picks(
    real: RealSet, micrographs: list[Path], arguments: argparse.Namespace
) -> tuple[PickSet, Run]:
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        output = Path(folder) / "picks.star"
        options = ["--diameter", f"{real.diameter_A:g}", "--model", arguments.model, "-o", output]
        run = run_measured(
            [nunatak_command(), "pick", *micrographs, *options], cores=arguments.cores
        )
        return read_picks(output), run


def _average_precision(rated: dict[str, Any]) -> float:
    return float(rated["average_precision"]["micro"]["value"])


def _best_over_all(accuracy: dict[str, Any]) -> str:
    """Return the scale at which topaz scores best on average, of those tried on every set."""
    sets: list[dict[str, Any]] = [one["topaz"] for one in accuracy.values()]
    common_to_all = [title for title in sets[0] if all(title in one for one in sets)]
    return max(common_to_all, key=lambda title: sum(_average_precision(one[title]) for one in sets))


if __name__ == "__main__":
    main()

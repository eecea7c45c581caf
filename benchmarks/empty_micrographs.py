"""False picks on empty and on bad micrographs, at the default threshold.

Real micrographs come in six classes of quality. Those of the two empty classes and simulated
ones without any particle are judged by the target; the other classes may hold particles and are
listed for comparison. The real ones are pictures of about 512 pixels whose pixel size nobody
knows, so that several particle diameters are tried, in pixels.
"""

import argparse
from typing import Any

import numpy as np

import common
import nunatak
from datasets import quality_micrographs
from nunatak.detection.result import PickResult
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig

DIAMETERS_PX = (12, 16, 20, 28)
EMPTY_CLASSES = ("3Empty_no_ice", "5Empty_ice_no_particles_but_vitreous_ice")

JUNK: dict[str, tuple[str, ...]] = {
    "ice": (),
    "carbon": ("carbon_edge",),
    "crystals": ("ice_crystal",),
    "mottled": ("mottled_ice",),
    "beads": ("gold_beads",),
}
ALWAYS = 100.0
"""Factor on the chance of junk that makes it certain."""

SIMULATED_DIAMETERS_A = (100.0, 180.0, 300.0)
SIMULATED_PIXEL_SIZE_A = 1.5


def main() -> None:
    """Count the picks and write ``results/empty_micrographs.json``."""
    arguments = _arguments()
    load = common.machine_load()
    _, description = common.loaded_model(arguments.model)
    real = [_real(diameter, arguments) for diameter in DIAMETERS_PX]
    simulated = [
        _simulated(kind, diameter, arguments) for kind in JUNK for diameter in SIMULATED_DIAMETERS_A
    ]
    counts = [
        count
        for one in [*real, *simulated]
        for group, picks in one["picks"].items()
        if group in (*EMPTY_CLASSES, *JUNK)
        for count in picks.values()
    ]
    common.write_result(
        "empty_micrographs",
        arguments.results,
        measured={"most_picks": max(counts)},
        seeds={"simulation": arguments.seed},
        content={
            "model": description,
            "judged": {
                "picks_on_empty_micrographs": _spread(counts),
                "share_with_at_most_3": float(np.mean(np.array(counts) <= 3)),
            },
            "real": real,
            "simulated": simulated,
        },
        load=load,
    )


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_data(parser)
    common.add_work(parser)
    common.add_model(parser)
    parser.add_argument("--count", type=int, default=10, help="simulated micrographs of each kind")
    parser.add_argument("--side", type=int, default=2048, help="of simulated micrographs, pixels")
    return parser.parse_args()


def _real(diameter_px: float, arguments: argparse.Namespace) -> dict[str, Any]:
    classes = quality_micrographs(arguments.data)
    # The pixel is the unit of length: a pixel size of 1 Å makes the diameter one in pixels.
    result = nunatak.pick(
        [path for paths in classes.values() for path in paths],
        diameter_A=diameter_px,
        pixel_size_A=1.0,
        model=arguments.model,
    )
    counts = _selected(result)
    picks = {
        name: {path.name: counts[str(path)] for path in paths} for name, paths in classes.items()
    }
    return _described({"diameter_px": diameter_px, "contrast": result.contrast}, picks)


def _simulated(kind: str, diameter_A: float, arguments: argparse.Namespace) -> dict[str, Any]:
    config = DatasetConfig(
        count=arguments.count,
        shape=(arguments.side, arguments.side),
        pixel_size_A=SIMULATED_PIXEL_SIZE_A,
        seed=arguments.seed,
        empty=1.0,
        junk=ALWAYS if JUNK[kind] else 0.0,
        junk_kinds=JUNK[kind] or None,
    )
    folder = arguments.work / f"empty-{kind}"
    simulate_dataset(config, folder)
    micrographs = sorted((folder / "micrographs").glob("*.mrc"))[: arguments.count]
    result = nunatak.pick(micrographs, diameter_A=diameter_A, model=arguments.model)
    counts = _selected(result)
    picks = {kind: {path.name: counts[str(path)] for path in micrographs}}
    return _described({"diameter_A": diameter_A, "contrast": result.contrast}, picks)


def _selected(result: PickResult) -> dict[str, int]:
    if result.failures:
        raise SystemExit("\n".join(failure.reason for failure in result.failures))
    chosen = result.picks.table[result.picks.table["selected"]]
    counts = chosen["image"].value_counts()
    return {image: int(counts.get(image, 0)) for image in result.picks.images}


def _described(conditions: dict[str, Any], picks: dict[str, dict[str, int]]) -> dict[str, Any]:
    summary = {name: _spread(list(counts.values())) for name, counts in picks.items()}
    where = ", ".join(f"{name} {value}" for name, value in conditions.items())
    for name, spread in summary.items():
        print(f"{where}: {name}: {spread['median']:g} picks (most {spread['most']})", flush=True)
    return {**conditions, "summary": summary, "picks": picks}


def _spread(counts: list[int]) -> dict[str, float]:
    return {
        "micrographs": len(counts),
        "median": float(np.median(counts)),
        "mean": round(float(np.mean(counts)), 2),
        "most": max(counts),
    }


if __name__ == "__main__":
    main()

"""Time and memory of ``nunatak pick`` on a tomogram of the CZII's size, the whole process.

A simulated tomogram of 184 × 630 × 630 voxels of 10 Å is read from MRC, searched and its picks
are written; interpreter, imports and model included. On the processor it runs with two cores and
with one; ``--device cuda`` measures a GPU instead, as a result of its own.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import common
from large_files import read_once
from nunatak.detection.volumes.volume_model import load_volume_model
from nunatak.simulate.volume_dataset import simulate_tomograms
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from processes import GB, nunatak_command, run_measured
from tomogram_arms import GENERAL_3D

SHAPE = (184, 630, 630)
TARGET_CORES = 2
DIAMETER_A = 180.0
"""For the general model, which is asked for a size; others know theirs."""


def main() -> None:
    """Measure it and write ``results/tomogram_speed.json``, or that of the GPU."""
    arguments = _arguments()
    load = common.machine_load()
    tomogram = tomogram_of(arguments.work, tuple(arguments.shape), seed=arguments.seed)
    read_once([tomogram])
    on_gpu = arguments.device != "cpu"
    runs = [
        _measured(tomogram, cores, arguments) for cores in ([None] if on_gpu else arguments.cores)
    ]
    model = load_volume_model(arguments.model)
    common.write_result(
        "tomogram_speed_gpu" if on_gpu else "tomogram_speed",
        arguments.results,
        measured=_judged(runs[0], arguments),
        seeds={"simulation": arguments.seed},
        content={
            "model": {
                "name": model.header.name,
                "sha256": model.sha256,
                "classes": len(model.header.classes),
                "network": model.header.network.parameters.model_dump(mode="json"),
            },
            "simulated": True,
            "shape": list(arguments.shape),
            "device": arguments.device,
            "runs": common.rounded(runs),
        },
        load=load,
    )


def tomogram_of(work: Path, shape: tuple[int, int, int], *, seed: int) -> Path:
    """Return a simulated tomogram of a shape ``(nz, ny, nx)``; made once."""
    config = VolumeDatasetConfig(count=1, shape=shape, mode="direct", seed=seed, denoised=0.0)
    folder = work / f"tomogram-{'x'.join(map(str, shape))}-{seed}"
    made = simulate_tomograms(config, folder)
    return folder / made.images[0]


def _arguments() -> argparse.Namespace:
    parser = common.parser(__doc__ or "")
    common.add_work(parser)
    parser.add_argument("--model", default=GENERAL_3D, help="model file or shipped model")
    parser.add_argument(
        "--cores",
        type=int,
        nargs="+",
        default=[TARGET_CORES, 1],
        help="processor cores to use; the first number is judged, if it is that of the target",
    )
    parser.add_argument("--device", default="cpu", help="cpu, or that of a GPU")
    parser.add_argument("--repeats", type=int, default=3, help="of each run; the median counts")
    parser.add_argument(
        "--shape", type=int, nargs=3, default=list(SHAPE), metavar="N", help="nz ny nx, voxels"
    )
    return parser.parse_args()


def _judged(run: dict[str, Any], arguments: argparse.Namespace) -> dict[str, float]:
    """Return the figures that the targets are about: none for another size or number of cores."""
    if tuple(arguments.shape) != SHAPE or run["cores"] not in (None, TARGET_CORES):
        return {}
    return {name: run[name] for name in ("seconds", "peak_GB")}


def _measured(tomogram: Path, cores: int | None, arguments: argparse.Namespace) -> dict[str, Any]:
    repeats = [_pick_process(tomogram, cores, arguments) for _ in range(arguments.repeats)]
    made = {
        "cores": cores,
        **{
            name: float(np.median([one[name] for one in repeats]))
            for name in ("seconds", "peak_GB")
        },
        "repeats": repeats,
    }
    print(f"{cores or 'all'} cores: {made['seconds']:.1f} s, {made['peak_GB']:.2f} GB", flush=True)
    return made


def _pick_process(
    tomogram: Path, cores: int | None, arguments: argparse.Namespace
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        output = Path(folder) / "picks.csv"
        options: list[str | Path] = ["--model", arguments.model, "--device", arguments.device]
        if arguments.model == GENERAL_3D:
            options += ["--diameter", f"{DIAMETER_A:g}"]
        run = run_measured(
            [nunatak_command(), "pick", tomogram, *options, "-o", output], cores=cores
        )
        record = json.loads(output.with_name(f"{output.name}.run.json").read_text(encoding="utf-8"))
    return {
        "seconds": run.seconds,
        "peak_GB": run.peak_bytes / GB,
        "stages_seconds": record["seconds"],
    }


if __name__ == "__main__":
    main()

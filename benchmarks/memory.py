"""Peak memory of ``nunatak pick`` on one micrograph of 11 520 × 8 184 pixels, float32."""

import common
from large_files import DIAMETER_A, micrograph_of, read_once
from processes import GB
from speed import pick_process

SHAPE = (8184, 11520)
PIXEL_SIZES_A = (0.5, 1.0)
"""Super-resolution, and a harder case: more particles, and a larger image for the network."""


def main() -> None:
    """Measure it and write ``results/memory.json``."""
    parser = common.parser(__doc__ or "")
    common.add_work(parser)
    common.add_model(parser)
    parser.add_argument("--cores", type=int, default=2, help="processor cores to use")
    arguments = parser.parse_args()
    load = common.machine_load()
    _, description = common.loaded_model(arguments.model)
    runs = []
    for pixel_size_A in PIXEL_SIZES_A:
        path = micrograph_of(arguments.work, SHAPE, pixel_size_A=pixel_size_A, seed=arguments.seed)
        read_once([path])
        run, _ = pick_process([path], DIAMETER_A, arguments)
        runs.append(
            {
                "pixel_size_A": pixel_size_A,
                "diameter_A": DIAMETER_A,
                "file_GB": path.stat().st_size / GB,
                "peak_GB": run.peak_bytes / GB,
                "seconds": run.seconds,
            }
        )
        print(f"{pixel_size_A:g} Å/px: {run.peak_bytes / GB:.2f} GB", flush=True)
    common.write_result(
        "memory",
        arguments.results,
        measured={"peak_GB": max(run["peak_GB"] for run in runs)},
        seeds={"simulation": arguments.seed},
        content={"model": description, "shape": SHAPE, "runs": common.rounded(runs)},
        load=load,
    )


if __name__ == "__main__":
    main()

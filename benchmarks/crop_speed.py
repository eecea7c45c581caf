"""How many simulated training crops of 128 x 128 pixels one processor core makes a second.

Run with: ``OMP_NUM_THREADS=1 python benchmarks/crop_speed.py``. The target is 40 or more. The
process pins itself to one core and times batches. The median batch is reported by the clock and
by the processor time spent; the latter is what an otherwise idle core would reach.
"""

import argparse
import json
import os
import time

import numpy as np

from nunatak.simulate.crops import CropConfig, make_crop
from nunatak.simulate.procedural import procedural_complex

BATCH = 20


def main() -> None:
    """Time crops of procedural complexes and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=400, help="how many to make")
    parser.add_argument("--side", type=int, default=128, help="pixels")
    parser.add_argument("--complexes", type=int, default=24, help="how many to choose from")
    parser.add_argument("--scatterers", type=int, default=1000, help="most in one complex")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rng = np.random.default_rng(1)
    start = time.process_time()
    densities = [
        procedural_complex(rng).thinned(arguments.scatterers, rng)
        for _ in range(arguments.complexes)
    ]
    per_complex_s = (time.process_time() - start) / arguments.complexes
    config = CropConfig(side_px=arguments.side)
    make_crop(densities, config, rng)  # the first call pays for imports and look-up tables
    by_clock, by_processor = [], []
    for _ in range(max(1, arguments.crops // BATCH)):
        start, spent = time.perf_counter(), time.process_time()
        for _ in range(BATCH):
            make_crop(densities, config, rng)
        by_clock.append(BATCH / (time.perf_counter() - start))
        by_processor.append(BATCH / (time.process_time() - spent))
    result = {
        "side_px": arguments.side,
        "crops": BATCH * len(by_clock),
        "crops_per_second": round(float(np.median(by_clock)), 1),
        "crops_per_processor_second": round(float(np.median(by_processor)), 1),
        "processor_seconds_per_complex": round(per_complex_s, 4),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

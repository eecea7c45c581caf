"""Train on a simulated specimen; run as a program by tests of signals and of several processes.

``python training_program.py FOLDER LABELS OUTPUT [--processes N] [--slow SECONDS]``
"""

import argparse
import sys
import time
from pathlib import Path

from specimens import DIAMETER_A

from nunatak.errors import Interrupted
from nunatak.learning.settings import LearningSettings
from nunatak.learning.train import train
from nunatak.training.progress import Progress

SETTINGS = LearningSettings(steps=6, batch_size=2, validate_every=3, learning_rate=1e-3)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--slow", type=float, default=0.0)
    asked = parser.parse_args()

    def tell(progress: Progress) -> None:
        sys.stdout.write(f"{progress.step}\n")
        sys.stdout.flush()
        time.sleep(asked.slow)

    try:
        train(
            [asked.folder],
            asked.labels,
            output=asked.output,
            diameter_A=DIAMETER_A,
            settings=SETTINGS,
            device="cpu",
            threads=1,
            processes=asked.processes,
            on_progress=tell,
        )
    except Interrupted as interruption:
        sys.stderr.write(f"{interruption}\n")
        return interruption.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

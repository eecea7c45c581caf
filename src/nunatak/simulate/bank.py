"""Many training crops at once, on several processes."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch

from nunatak.simulate.crops import CropConfig, TrainingCrop, make_crop
from nunatak.simulate.density import Density

_CHUNK = 32
_worker: dict[str, tuple[tuple[Density, ...], CropConfig, int]] = {}


class CropFactory:
    """Make crops by number: crop ``i`` of a seed is the same however many processes work.

    Use `crop_factory`, which starts and stops the processes.
    """

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def make(self, start: int, count: int) -> list[TrainingCrop]:
        """Return crops ``start`` to ``start + count - 1``."""
        stop = start + count
        ranges = [(first, min(first + _CHUNK, stop)) for first in range(start, stop, _CHUNK)]
        return [crop for crops in self._executor.map(_make_range, ranges) for crop in crops]


@contextmanager
def crop_factory(
    densities: Sequence[Density], config: CropConfig, *, seed: int, workers: int
) -> Iterator[CropFactory]:
    """Run a factory of training crops.

    Parameters
    ----------
    densities
        Complexes to choose from, thinned.
    config
        How the crops vary.
    seed
        Of the whole series.
    workers
        Number of processes.
    """
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(tuple(densities), config, seed),
    ) as executor:
        yield CropFactory(executor)


def _start_worker(densities: tuple[Density, ...], config: CropConfig, seed: int) -> None:
    # Ctrl-C and schedulers address every process; the one that asked decides when these end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    _worker["state"] = (densities, config, seed)


def _make_range(bounds: tuple[int, int]) -> list[TrainingCrop]:
    densities, config, seed = _worker["state"]
    return [
        make_crop(densities, config, np.random.default_rng([seed, index]))
        for index in range(*bounds)
    ]

"""Crops of simulated picks, many at once, on several processes."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES
from nunatak.pruning.crops import CropSpec, cut_crops
from nunatak.recipes.pruning_picks import PickConfig, SimulatedPicks, picks_of
from nunatak.simulate.crops import DrawnField, draw_field
from nunatak.simulate.density import Density
from nunatak.simulate.field import JunkClass

GREY_STEP = 0.04
"""Grey values are kept in a byte: ±5 standard deviations in steps that noise hides."""

NO_CATEGORY = -1


@dataclass(frozen=True)
class PickBank:
    """Crops of simulated picks, and what each shows.

    Attributes
    ----------
    crops : ndarray, shape (n, 2, side, side), int8
        Multiples of `GREY_STEP`.
    class_index : ndarray, shape (n,), int64
        Into `nunatak.pruning.classes.SEEN_CLASSES`.
    category : ndarray, shape (n,), int64
        Finer than the class: which complex, or which `JunkClass` (counted on from the number of
        complexes); `NO_CATEGORY` for a particle off centre, which is neither.
    field : ndarray, shape (n,), int64
        The simulated field that the pick is from.
    """

    crops: NDArray[np.int8]
    class_index: NDArray[np.int64]
    category: NDArray[np.int64]
    field: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.class_index)

    def pixels(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return some crops in standard deviations, shape (k, 2, side, side)."""
        return np.asarray(self.crops[rows] * np.float32(GREY_STEP), dtype=np.float32)


def simulated_picks(
    densities: Sequence[Density],
    config: PickConfig,
    spec: CropSpec,
    *,
    seed: int,
    fields: int,
    workers: int,
) -> PickBank:
    """Simulate fields of view and pick them; the same whatever the number of processes.

    Parameters
    ----------
    densities
        Complexes, thinned; field *i* shows the complex *i* modulo their number.
    config, spec
        How to pick, and what to cut.
    seed
        Of the whole series.
    fields
        How many.
    workers
        Processes.
    """
    state = (tuple(densities), config, spec, seed)
    if workers == 1:
        _worker["job"] = state
        parts = list(map(_of_field, range(fields)))
    else:
        with ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(state,),
        ) as executor:
            parts = list(executor.map(_of_field, range(fields), chunksize=8))
    crops, class_index, category = zip(*parts, strict=True)
    return PickBank(
        np.concatenate(crops),
        np.concatenate(class_index),
        np.concatenate(category),
        field=np.repeat(np.arange(fields), list(map(len, class_index))),
    )


_Job = tuple[tuple[Density, ...], PickConfig, CropSpec, int]
_worker: dict[str, _Job] = {}


def _start_worker(job: _Job) -> None:
    torch.set_num_threads(1)
    _worker["job"] = job


def picked_field(
    densities: Sequence[Density],
    config: PickConfig,
    *,
    seed: int,
    index: int,
) -> tuple[DrawnField, SimulatedPicks]:
    """Simulate one field of the series, and pick it."""
    rng = np.random.default_rng([seed, index])
    while True:
        drawn = draw_field(densities[index % len(densities)], config.fields, rng)
        picks = picks_of(drawn, config, rng)
        if len(picks.class_name) and drawn.image.std() > 0:
            return drawn, picks


def _of_field(index: int) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]]:
    densities, config, spec, seed = _worker["job"]
    drawn, picks = picked_field(densities, config, seed=seed, index=index)
    crops = cut_crops(drawn.image, picks.centres_px, spec)
    class_index = np.array([SEEN_CLASSES.index(name) for name in picks.class_name], np.int64)
    category = np.full(len(class_index), NO_CATEGORY, np.int64)
    category[picks.class_name == PARTICLE] = index % len(densities)
    on_junk = picks.junk > JunkClass.NONE
    category[on_junk] = len(densities) + picks.junk[on_junk].astype(np.int64)
    return np.rint(crops / GREY_STEP).astype(np.int8), class_index, category

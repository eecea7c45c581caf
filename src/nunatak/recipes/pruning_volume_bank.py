"""Slabs of simulated picks in tomograms, many at once, on several processes."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.pruning.volumes.slabs import cut_slabs
from nunatak.recipes.pruning_bank import GREY_STEP, NO_CATEGORY, PickBank
from nunatak.recipes.pruning_volume_config import VolumePickConfig
from nunatak.recipes.pruning_volume_picks import VolumePicks, volume_picks_of
from nunatak.recipes.sized_volumes import Pool
from nunatak.simulate.density import Density
from nunatak.simulate.volume_imaging import SimulatedTomogram, simulate_tomogram
from nunatak.simulate.volume_junk import VolumeJunk

_MOST_DRAWS = 8
"""Where junk leaves no room for any complex, another tomogram is drawn, so many times."""


def complexes_in(pool: Pool) -> list[Density]:
    """Return all complexes that may be picked for; their order numbers the categories."""
    return [one for cell in (*pool.cells, *pool.map_cells) for one in cell]


def simulated_volume_picks(
    pool: Pool,
    config: VolumePickConfig,
    spec: SlabSpec,
    *,
    seed: int,
    tomograms: int,
    workers: int,
    map_share: float = 0.0,
) -> PickBank:
    """Simulate tomograms and pick them; the same whatever the number of processes.

    Parameters
    ----------
    pool
        Complexes to draw from, of ``config.drawing``.
    config, spec
        How to pick, and what to cut.
    seed
        Of the whole series.
    tomograms
        How many.
    workers
        Processes.
    map_share
        Share of the complexes in a tomogram that come from maps, where the pool has some.

    Returns
    -------
    PickBank
        The crops have six channels, ``field`` is the tomogram, and junk's categories are those
        of `VolumeJunk`.
    """
    state = (pool, config, spec, seed, map_share)
    if workers == 1:
        _worker["job"] = state
        parts = list(map(_of_tomogram, range(tomograms)))
    else:
        with ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(state,),
        ) as executor:
            parts = list(executor.map(_of_tomogram, range(tomograms), chunksize=4))
    crops, class_index, category = zip(*parts, strict=True)
    return PickBank(
        crops=np.concatenate(crops),
        class_index=np.concatenate(class_index),
        category=np.concatenate(category),
        field=np.repeat(np.arange(tomograms), [len(part[1]) for part in parts]),
    )


def picked_tomogram(
    pool: Pool, config: VolumePickConfig, *, seed: int, index: int, map_share: float = 0.0
) -> tuple[SimulatedTomogram, VolumePicks, tuple[Density, ...]]:
    """Simulate one tomogram of the series, and pick it.

    Returns
    -------
    made : SimulatedTomogram
    picks : VolumePicks
    kinds : tuple of Density
        The complexes that were picked for.

    Raises
    ------
    BadInput
        If junk leaves no room for complexes, however often it is drawn.
    """
    recipe = config.drawing(seed=seed, map_share=map_share)
    rng = np.random.default_rng([seed, index])
    mode = "tilts" if rng.random() < recipe.tilted_share else "direct"
    scene = recipe.scene.model_copy(update={"seed": seed, "mode": mode})
    for draw in range(_MOST_DRAWS):
        complexes = pool.drawn(recipe, rng)
        try:
            number = index * _MOST_DRAWS + draw
            made = simulate_tomogram(scene, complexes, number, image=f"simulated-{index}")
        except BadInput:
            continue
        kinds = tuple({id(one): one for one in complexes.classes}.values())
        return made, volume_picks_of(made, kinds, config, rng), kinds
    raise BadInput(
        f"In {_MOST_DRAWS} tomograms of {scene.shape} voxels junk left no room for any complex. "
        "Ask for larger tomograms or for less junk."
    )


_Job = tuple[Pool, VolumePickConfig, SlabSpec, int, float]
_worker: dict[str, _Job] = {}


def _start_worker(job: _Job) -> None:
    torch.set_num_threads(1)
    _worker["job"] = job


def _of_tomogram(index: int) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]]:
    pool, config, spec, seed, map_share = _worker["job"]
    made, picks, kinds = picked_tomogram(pool, config, seed=seed, index=index, map_share=map_share)
    crops = cut_slabs(made.tomogram, picks.centres_px, picks.diameter_px, spec)
    class_index = np.array([SEEN_CLASSES.index(name) for name in picks.class_name], np.int64)
    numbers = {id(one): number for number, one in enumerate(complexes_in(pool))}
    of_kind = np.array([numbers[id(one)] for one in kinds], np.int64)
    category = np.full(len(class_index), NO_CATEGORY, np.int64)
    particle = picks.class_name == PARTICLE
    category[particle] = of_kind[picks.complex_index[particle]]
    on_junk = picks.junk > VolumeJunk.NONE
    category[on_junk] = len(numbers) + picks.junk[on_junk].astype(np.int64)
    return np.rint(crops / GREY_STEP).astype(np.int8), class_index, category

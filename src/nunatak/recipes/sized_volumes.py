"""Simulated tomograms whose particles are labelled by size, for the general 3D model."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from nunatak.detection.volumes.by_diameter import size_shares
from nunatak.errors import BadInput
from nunatak.images.normalise_volume import VolumeScale
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.recipes.general_3d_recipe import General3dRecipe
from nunatak.simulate.density import Density
from nunatak.simulate.volume_densities import suited_to_voxels
from nunatak.simulate.volume_drawing import Complexes
from nunatak.simulate.volume_imaging import simulate_tomogram

LEAST_SHARE = 0.2
"""Of a size in a diameter (`size_shares`) from which on a particle counts as one of that size."""

SMALL_KINDS = 3
"""Complexes in a tomogram that are smaller than the smallest size, and that nobody asks for."""

Cells = tuple[tuple[Density, ...], ...]


@dataclass(frozen=True)
class Pool:
    """Complexes to draw from.

    Attributes
    ----------
    cells, map_cells : tuple of tuple of Density
        Procedural ones and those from maps. A cell holds those nearest to one size, and none is
        empty: rare sizes come as often as common ones.
    small : tuple of Density
        Smaller than the smallest size.
    """

    cells: Cells
    map_cells: Cells
    small: tuple[Density, ...]

    @classmethod
    def of(
        cls, recipe: General3dRecipe, procedural: Sequence[Density], maps: Sequence[Density]
    ) -> "Pool":
        """Sort complexes by size.

        Raises
        ------
        BadInput
            If none is of a size that is asked for.
        """
        rng = np.random.default_rng([recipe.seed, 0])
        voxel_size_A = recipe.scene.voxel_size_A
        shapes = [suited_to_voxels(one, voxel_size_A, rng) for one in procedural]
        from_maps = [suited_to_voxels(one, voxel_size_A, rng) for one in maps]
        cells = _by_size(shapes, recipe)
        if not cells:
            raise BadInput(
                f"None of {len(shapes)} complexes is large enough ({recipe.scene.smallest_kDa:g} "
                f"kDa, {recipe.sizes_A[0]:g} Å) and fits into the ice. Ask for more shapes."
            )
        small = tuple(one for one in shapes if one.diameter_A < recipe.sizes_A[0])
        return cls(cells, _by_size(from_maps, recipe), small)

    def drawn(self, recipe: General3dRecipe, rng: np.random.Generator) -> Complexes:
        """Draw the complexes of one tomogram."""

        def one() -> Density:
            from_map = self.map_cells and rng.random() < recipe.map_share
            cells = self.map_cells if from_map else self.cells
            cell = cells[int(rng.integers(len(cells)))]
            return cell[int(rng.integers(len(cell)))]

        few = min(SMALL_KINDS, len(self.small))
        small = rng.choice(len(self.small), few, replace=False).tolist() if few else []
        return Complexes(
            classes=tuple(one() for _ in range(recipe.complexes)),
            distractors=tuple(self.small[number] for number in small),
        )


def simulated_volumes(
    recipe: General3dRecipe, pool: Pool, *, seed: int, count: int, workers: int
) -> list[WorkingVolume]:
    """Simulate tomograms, as a network sees them, with the sizes of their particles for classes.

    A particle between two sizes counts for both. Tomogram *i* of a seed is the same whatever the
    number of processes.

    Parameters
    ----------
    recipe
        What to simulate.
    pool
        Complexes to draw from.
    seed
        Of the series.
    count
        How many.
    workers
        Processes.
    """
    if workers == 1:
        _start_worker(recipe, pool, seed)
        return list(map(_simulated, range(count)))
    with ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(recipe, pool, seed, 1),
    ) as executor:
        return list(executor.map(_simulated, range(count), chunksize=4))


def _by_size(complexes: Sequence[Density], recipe: General3dRecipe) -> Cells:
    """Sort those that can be found and that fit into the ice in all orientations."""
    scene = recipe.scene
    widest_A = 0.6 * scene.shape[0] * scene.voxel_size_A
    cells: list[list[Density]] = [[] for _ in recipe.sizes_A]
    for one in complexes:
        fits = recipe.sizes_A[0] <= one.diameter_A <= widest_A
        if fits and one.mass_kDa >= scene.smallest_kDa:
            cells[int(np.argmax(size_shares(recipe.sizes_A, one.diameter_A)))].append(one)
    return tuple(tuple(cell) for cell in cells if cell)


_worker: dict[str, tuple[General3dRecipe, Pool, int]] = {}


def _start_worker(
    recipe: General3dRecipe, pool: Pool, seed: int, threads: int | None = None
) -> None:
    if threads is not None:
        torch.set_num_threads(threads)
    _worker["job"] = recipe, pool, seed


def _simulated(index: int) -> WorkingVolume:
    recipe, pool, seed = _worker["job"]
    rng = np.random.default_rng([seed, 2, index])
    tilted = rng.random() < recipe.tilted_share
    config = recipe.scene.model_copy(update={"seed": seed, "mode": "tilts" if tilted else "direct"})
    name = f"simulated-{seed}-{index}"
    made = simulate_tomogram(config, pool.drawn(recipe, rng), index, image=name)
    voxels = VolumeScale.of_sample(made.tomogram).applied(made.tomogram)
    truth = made.truth
    shares = [size_shares(recipe.sizes_A, size_A) for size_A in truth["diameter_A"]]
    rows, sizes = np.nonzero(np.array(shares).reshape(-1, len(recipe.sizes_A)) >= LEAST_SHARE)
    return WorkingVolume(
        name=name,
        voxels=voxels.astype(np.float16),
        centres_px=truth[["x_px", "y_px", "z_px"]].to_numpy(dtype=np.float64)[rows],
        class_index=sizes.astype(np.int64),
        is_complete=True,
    )

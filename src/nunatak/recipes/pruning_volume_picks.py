"""Picks in simulated tomograms, good and bad, as a picker might make them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.recipes.pruning_volume_config import VolumePickConfig
from nunatak.recipes.pruning_volume_picker import Place, VolumePicker
from nunatak.simulate.density import Density
from nunatak.simulate.volume_imaging import SimulatedTomogram


@dataclass(frozen=True)
class VolumePicks:
    """Places in a tomogram, and what is there.

    Attributes
    ----------
    centres_px : ndarray, shape (n, 3), float64
        Columns x, y, z.
    diameter_px : ndarray, shape (n,), float64
        What is picked for, voxels.
    class_name : ndarray, shape (n,), str
        Of `nunatak.pruning.classes.SEEN_CLASSES`.
    junk : ndarray, shape (n,), uint8
        `VolumeJunk` under the pick; `VolumeJunk.NONE` for complexes.
    complex_index : ndarray, shape (n,), int64
        Of a particle, which of the densities picked for; `NO_COMPLEX` for all others.
    """

    centres_px: NDArray[np.float64]
    diameter_px: NDArray[np.float64]
    class_name: NDArray[np.str_]
    junk: NDArray[np.uint8]
    complex_index: NDArray[np.int64]


def volume_picks_of(
    made: SimulatedTomogram,
    kinds: Sequence[Density],
    config: VolumePickConfig,
    rng: np.random.Generator,
) -> VolumePicks:
    """Pick a simulated tomogram for each of its complexes in turn.

    Half of the junk picks lie anywhere on it, the other half where a picker would be drawn to:
    on a dark spot of about a particle's size.

    Parameters
    ----------
    made
        The tomogram.
    kinds
        Its complexes.
    config
        How to pick.
    rng
        Source of randomness.

    Returns
    -------
    VolumePicks
        In random order; complexes too faint to be seen are left out.
    """
    picker = VolumePicker(made, config, rng)
    places: list[Place] = []
    for index, kind in enumerate(kinds):
        stated_A = kind.diameter_A * float(np.exp(rng.uniform(*np.log(config.diameter_error))))
        stated_px = stated_A / made.scene.voxel_size_A
        places += picker.particles(kind, index, stated_px)
        places += picker.of_other_size(stated_px)
        places += picker.junk(stated_px)
    upper = np.array(made.tomogram.shape[::-1]) - 1
    inside = [one for one in places if ((one.xyz_px >= 0) & (one.xyz_px <= upper)).all()]
    order = [inside[i] for i in rng.permutation(len(inside))]
    return VolumePicks(
        centres_px=np.array([one.xyz_px for one in order], dtype=np.float64).reshape(-1, 3),
        diameter_px=np.array([one.diameter_px for one in order], dtype=np.float64),
        class_name=np.array([one.class_name for one in order], dtype=np.str_),
        junk=np.array([one.junk for one in order], dtype=np.uint8),
        complex_index=np.array([one.complex_index for one in order], dtype=np.int64),
    )

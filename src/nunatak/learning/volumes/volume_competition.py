"""Candidates as picking would leave them, and thresholds that are chosen by them.

Where picks are made, classes compete for a place by how far they lie above their thresholds
(`nunatak.detection.volumes.volume_candidates.one_a_place`). So thresholds depend on which
candidates keep their place, and these on the thresholds.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from nunatak.detection.volumes.volume_candidates import one_a_place
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.detection.volumes.volume_suppression import suppress_by_class

ROUNDS = 3
"""Thresholds settle in two or three; what still changes then hardly matters."""

Choice = TypeVar("Choice")


def settled(
    found: Sequence[VolumeCandidates],
    radius_px: Sequence[float],
    *,
    choose: Callable[[Sequence[VolumeCandidates]], Choice],
    thresholds_of: Callable[[Choice], Sequence[float]],
) -> Choice:
    """Choose by the candidates that keep their place under the thresholds that are chosen.

    Parameters
    ----------
    found
        All peaks, one set a tomogram, best first.
    radius_px
        Of the particles, one a class, working voxels.
    choose
        Chooses by candidates, one set a tomogram. First it is shown those that every class has
        by itself.
    thresholds_of
        Says which thresholds a choice means, one a class.
    """
    chosen = choose([suppress_by_class(one, radius_px, voxel_size_A=1.0) for one in found])
    for _ in range(ROUNDS):
        before = list(thresholds_of(chosen))
        chosen = choose([placed(one, before, radius_px) for one in found])
        if list(thresholds_of(chosen)) == before:
            break
    return chosen


def placed(
    found: VolumeCandidates, thresholds: Sequence[float], radius_px: Sequence[float]
) -> VolumeCandidates:
    """Return the candidates that keep their place, best score first.

    Parameters
    ----------
    found
        All peaks, best first.
    thresholds, radius_px
        One a class; radii in working voxels.
    """
    rows = one_a_place(found, thresholds, radius_px, voxel_size_A=1.0)
    return found.taken(np.sort(rows))

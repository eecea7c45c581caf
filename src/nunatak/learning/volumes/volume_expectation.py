"""How many particles of each class a tomogram is expected to hold."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import UsageError
from nunatak.learning.volumes.volume_settings import (
    LabelsAre,
    VolumeLearningSettings,
)
from nunatak.learning.volumes.working_volumes import WorkingVolume


def checked_expectation(
    expected: Mapping[str, float] | None,
    classes: Sequence[str],
    *,
    labels_are: LabelsAre,
    settings: VolumeLearningSettings,
) -> NDArray[np.float64] | None:
    """Check the numbers that the user gave, before anything is read.

    Parameters
    ----------
    expected
        Particles in a tomogram by class; None leaves it to the labels where they are complete.
    classes
        Names of the classes.
    labels_are, settings
        What the numbers are needed for.

    Returns
    -------
    ndarray, shape (classes,), or None

    Raises
    ------
    UsageError
        If classes are missing or unknown, a number is impossible, or numbers are needed.
    """
    if labels_are == "sparse" and settings.objective == "focal" and not settings.teacher:
        raise UsageError(
            "objective: from sparse labels alone, focal learns nothing about empty places. Take "
            "pu, or a teacher."
        )
    if expected is None:
        if labels_are == "sparse":
            raise UsageError(
                "With sparse labels, give the number of particles of each class that a tomogram "
                f"holds, roughly (of {', '.join(classes)}): it says how much of what has no label "
                "is a particle."
            )
        return None
    differing = sorted(set(expected) ^ set(classes))
    if differing:
        raise UsageError(
            f"Numbers of particles are given of {', '.join(expected) or 'no class'}, diameters of "
            f"{', '.join(classes)}. Give both for the same classes ({', '.join(differing)})."
        )
    numbers = np.array([expected[name] for name in classes], dtype=np.float64)
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise UsageError(f"Numbers of particles {dict(expected)}: give them from 0 on.")
    return numbers


def expected_numbers(
    given: NDArray[np.float64] | None, volumes: Sequence[WorkingVolume], classes: int
) -> NDArray[np.float64]:
    """Return the particles of each class in a tomogram of mean size.

    Parameters
    ----------
    given
        Of `checked_expectation`; None counts them in the completely labelled tomograms.
    volumes
        All that are learned from.
    classes
        Number of classes.
    """
    if given is not None:
        return given
    complete = [volume for volume in volumes if volume.is_complete]
    counts = np.sum([volume.counts(classes) for volume in complete], axis=0)
    mean_size = np.mean([volume.voxels.size for volume in volumes])
    numbers: NDArray[np.float64] = counts / sum(v.voxels.size for v in complete) * mean_size
    return numbers

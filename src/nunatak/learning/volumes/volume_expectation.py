"""How many particles of each class a tomogram is expected to hold."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import UsageError
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.volumes.volume_label_set import TomogramLabels, VolumeLabelSet
from nunatak.learning.volumes.volume_settings import (
    LabelsAre,
    VolumeLearningSettings,
)
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.picks.counted import counted
from nunatak.picks.image_catalogue import ImageCatalogue

DENSEST = math.sqrt(2.0)
"""Points in a cubic length, at most, of which no two are closer than that length."""

DOUBTED = 2.0
"""A tomogram in which so many times more are labelled than expected is doubted, where at least
`LEAST_DOUBTED` are labelled in all: of few, chance brings as many together."""
LEAST_DOUBTED = 5


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
    if labels_are == "sparse" and settings.objective == "focal" and settings.teacher is False:
        raise UsageError(
            "objective: from sparse labels alone, focal learns nothing about empty places. Take "
            "pu, ge-kl or ge-binomial, or a teacher."
        )
    if expected is None:
        if labels_are == "sparse":
            raise UsageError(
                "With sparse labels, give the number of particles of each class that a tomogram "
                f"holds, roughly (of {', '.join(classes)}; nunatak train: --expected-particles): "
                "it says how much of what has no label is a particle. If all particles of the "
                "labelled tomograms have a label, say that they are complete instead "
                "(--labels-are complete)."
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


def check_possible(
    given: NDArray[np.float64],
    labels: VolumeLabelSet,
    images: ImageCatalogue,
    diameters_A: Sequence[float],
    *,
    tomograms: int,
) -> tuple[Finding, ...]:
    """Compare the numbers that the user gave with the labels and the room there is.

    Parameters
    ----------
    given : ndarray, shape (classes,)
        Of `checked_expectation`.
    labels
        That are used.
    images
        The tomograms.
    diameters_A
        Of the classes.
    tomograms
        How many are given, labelled or not.

    Returns
    -------
    tuple of Finding
        Numbers that are possible and hard to believe.

    Raises
    ------
    UsageError
        If fewer particles of a class are expected in all tomograms together than are labelled,
        or more in one than have room there.
    """
    labelled = [np.bincount(one.class_index, minlength=len(given)) for one in _used(labels)]
    total, mean = np.sum(labelled, axis=0), np.mean(labelled, axis=0)
    room_A3 = _mean_volume_A3(labels, images)
    for name, number, n_labels, each, size_A in zip(
        labels.classes, given.tolist(), total.tolist(), mean.tolist(), diameters_A, strict=True
    ):
        # The half guards against a number that was rounded.
        if number * tomograms < n_labels - 0.5:
            raise UsageError(
                f"Expected particles of {name}: {number:g} in a tomogram are fewer than the "
                f"{counted(n_labels, 'label')} in {counted(tomograms, 'tomogram')}. Give the "
                f"number that one holds, labelled or not; those with labels have {each:.3g} labels "
                "on average."
            )
        # Of two candidates closer than a radius one is kept.
        most = math.inf if room_A3 is None else DENSEST * room_A3 / (size_A / 2) ** 3
        if number > most:
            raise UsageError(
                f"Expected particles of {name}: {number:g} in a tomogram do not fit there. At a "
                f"diameter of {size_A:g} Å a labelled tomogram has room for {most:.0f} picks at "
                "most. Count them in one, and check the diameter."
            )
    return tuple(
        _few_expected(name, number, labelled_in_one, n_labels)
        for name, number, labelled_in_one, n_labels in zip(
            labels.classes, given.tolist(), mean.tolist(), total.tolist(), strict=True
        )
        if labelled_in_one > DOUBTED * number and n_labels >= LEAST_DOUBTED
    )


def _used(labels: VolumeLabelSet) -> list[TomogramLabels]:
    return [one for one in labels.tomograms.values() if len(one.centres_px)]


def _mean_volume_A3(labels: VolumeLabelSet, images: ImageCatalogue) -> float | None:
    """Return the mean volume of the labelled tomograms whose voxel size is known, Å³."""
    sizes_A = {name: images.pixel_size_A(name) for name in labels.tomograms}
    volumes_A3 = [
        math.prod(images.volume_shape(name)) * size_A**3
        for name, size_A in sizes_A.items()
        if size_A
    ]
    return float(np.mean(volumes_A3)) if volumes_A3 else None


def _few_expected(name: str, number: float, labelled: float, count: int) -> Finding:
    return Finding(
        kind="few expected",
        severity=Severity.WARNING,
        count=count,
        text=f"{number:g} of {name} are expected in a tomogram, but {labelled:.3g} on average are "
        "labelled in those with labels",
        remedy="Unless these hold more than others, give the number that a tomogram holds, "
        "labelled or not (nunatak train: --expected-particles)",
    )


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

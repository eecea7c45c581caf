"""Whether labelled particles are as dark as they are taken to be."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.picks.counted import counted
from nunatak.sampling import evenly

SHELL_RADII = 1.5
"""A particle's sphere is compared with a shell around it, from one radius to so many."""

MOST_LABELS = 200
"""Labels that are looked at, spread evenly."""

LEAST_LABELS = 5
DOUBTED_SIGMA = 4.0
"""The spheres are lighter than their shells by so many standard errors before anything is said. In
simulated tomograms each of ten complexes, hollow ones among them, is darker by 7 and more."""


def contrast_finding(
    volumes: Sequence[WorkingVolume],
    radius_px: Sequence[float],
    *,
    stored: Side,
    shown: Side = "dark",
) -> Finding | None:
    """Doubt the contrast of tomograms whose labelled particles have the opposite one.

    Parameters
    ----------
    volumes
        At the working size, some of them with labels.
    radius_px
        Of the particles, one a class, working voxels.
    stored
        What the particles are taken for, as stored.
    shown
        What they should be in the volumes, as the network takes them.

    Returns
    -------
    Finding or None
        None where they are so, or nothing is clear.
    """
    excess = np.array([_excess(*one, radius_px) for one in _looked_at(volumes)])
    if shown == "light":
        excess = -excess
    if len(excess) < LEAST_LABELS:
        return None
    error = float(excess.std(ddof=1)) / np.sqrt(len(excess))
    if excess.mean() <= DOUBTED_SIGMA * error:
        return None
    other = "light" if stored == "dark" else "dark"
    return Finding(
        kind="contrast",
        severity=Severity.WARNING,
        count=len(excess),
        text=f"Particles are taken to be {stored}, but the {counted(len(excess), 'label')} that "
        f"were looked at lie on places that are {other}er than what is around them",
        remedy=f"If particles are {other} as stored, stop this training and start it over with "
        f"that contrast (nunatak train: --contrast {other})",
    )


def _looked_at(
    volumes: Sequence[WorkingVolume],
) -> Iterator[tuple[WorkingVolume, int]]:
    """Choose labels over all tomograms."""
    labels = [(volume, row) for volume in volumes for row in range(len(volume.centres_px))]
    return (labels[index] for index in evenly(len(labels), MOST_LABELS))


def _excess(volume: WorkingVolume, row: int, radius_px: Sequence[float]) -> float:
    """Return by how much a labelled sphere is lighter than its shell, mean grey."""
    centre_zyx = volume.centres_px[row][::-1]
    radius = radius_px[int(volume.class_index[row])]
    reach = SHELL_RADII * radius
    low = np.maximum(np.floor(centre_zyx - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre_zyx + reach) + 1, volume.voxels.shape).astype(int)
    box = volume.voxels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    axes = (np.arange(a, b) - c for a, b, c in zip(low, high, centre_zyx, strict=True))
    squared = sum(np.square(axis) for axis in np.ix_(*axes))
    within = squared <= radius**2
    around = (squared <= reach**2) & ~within
    return _mean(box[within]) - _mean(box[around])


def _mean(greys: NDArray[np.float16]) -> float:
    return float(greys.mean(dtype=np.float64)) if greys.size else 0.0

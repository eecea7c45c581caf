"""Small tomograms of two kinds of blobs in noise, and what is known about them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.learning.volumes.working_volumes import WorkingVolume

SHAPE = (24, 40, 48)
RADIUS_PX = (4.0, 6.0)

MakeVolume = Callable[..., WorkingVolume]


def blobs(
    shape: tuple[int, ...], centres_px: NDArray[np.float64], widths_px: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Dark Gaussian blobs at exact places (x, y, z)."""
    z, y, x = np.indices(shape)
    volume = np.zeros(shape)
    for (cx, cy, cz), width in zip(centres_px, widths_px, strict=True):
        squared = (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2
        volume -= 5.0 * np.exp(-squared / (2 * width**2))
    return volume


def make(
    name: str = "a.mrc",
    *,
    particles: int = 6,
    seed: int = 0,
    is_complete: bool = True,
    noise: float = 0.5,
    shape: tuple[int, int, int] = SHAPE,
) -> WorkingVolume:
    rng = np.random.default_rng(seed)
    kinds = np.arange(particles) % 2
    high = np.array(shape[::-1]) - 1 - 4
    centres: list[NDArray[np.float64]] = []
    while len(centres) < particles:
        centre = rng.uniform(4, high)
        if all(np.linalg.norm(centre - other) > 10 for other in centres):
            centres.append(centre)
    centres_px = np.array(centres).reshape(-1, 3)
    volume = blobs(shape, centres_px, np.array(RADIUS_PX)[kinds] / 2)
    volume += noise * rng.standard_normal(shape)
    return WorkingVolume(
        name, volume.astype(np.float16), centres_px, kinds.astype(np.int64), is_complete
    )


@pytest.fixture
def make_volume() -> MakeVolume:
    """Make a tomogram; particles are of the classes 0 and 1 in turn."""
    return make

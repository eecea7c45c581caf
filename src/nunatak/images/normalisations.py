"""The normalisations that a model can ask for, by the name in its header."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nunatak.images import mixture, normalise


class Normalise(Protocol):
    """Gives a micrograph at the working size the grey scale that a network was trained with."""

    def __call__(
        self, image: NDArray[np.float32], *, bad: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Return the image with ice at mean 0 and standard deviation 1, bad pixels 0."""


DEFAULT = normalise.VERSION
"""Of the general model."""


def _mixture(
    image: NDArray[np.float32], *, bad: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    # The same pixels are drawn whenever an image is normalised: one image, one result.
    return mixture.mixture_normalise(image, rng=np.random.default_rng(0), bad=bad)


NORMALISATIONS: Mapping[str, Normalise] = MappingProxyType(
    {normalise.VERSION: normalise.normalise, mixture.VERSION: _mixture}
)
"""Version, as written into model files, to function."""

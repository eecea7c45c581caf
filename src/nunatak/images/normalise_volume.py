"""One grey scale for all tomograms, whatever program reconstructed them.

Values are cut at their 0.1 % and 99.9 % quantiles, so that gold beads and artefacts at the border
do not decide the scale, and brought to mean 0 and standard deviation 1. The scale of a tomogram
comes from about a million of its voxels, spread evenly, so that it can be known before all of it
is read, and is the same for every part.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.tomogram import Tomogram

VERSION = "clipped-z-score-1"
"""Part of every model: a model reads volumes as they were in its training."""

QUANTILES = (0.001, 0.999)
SAMPLED_VOXELS = 1_000_000
_SLABS = 16


@dataclass(frozen=True)
class VolumeScale:
    """How the values of one tomogram become those that a network sees.

    Attributes
    ----------
    lowest, highest : float
        Beyond which values are cut.
    mean, deviation : float
        Of the cut values.
    """

    lowest: float
    highest: float
    mean: float
    deviation: float

    @classmethod
    def of_sample(cls, values: NDArray[np.generic]) -> "VolumeScale":
        """Return the scale of a sample of values.

        Raises
        ------
        BadInput
            If they are all the same.
        """
        sample = np.asarray(values, dtype=np.float64).ravel()
        lowest, highest = np.quantile(sample, QUANTILES)
        cut = np.clip(sample, lowest, highest)
        deviation = float(cut.std())
        if not deviation > 0:
            raise BadInput(f"All values of the volume are {float(lowest):g}: nothing is in it.")
        return cls(float(lowest), float(highest), float(cut.mean()), deviation)

    def applied(
        self, voxels: NDArray[np.generic], *, inverted: bool = False
    ) -> NDArray[np.float32]:
        """Bring voxels to the common scale.

        Parameters
        ----------
        voxels : ndarray, any shape, real
        inverted
            Exchange dark and light.

        Returns
        -------
        ndarray, same shape, float32
        """
        cut = voxels.astype(np.float32)
        np.clip(cut, self.lowest, self.highest, out=cut)
        sign = -1.0 if inverted else 1.0
        cut -= np.float32(self.mean)
        cut *= np.float32(sign / self.deviation)
        return cut


def volume_scale(tomogram: Tomogram) -> VolumeScale:
    """Return the scale of a tomogram from an even sample of its voxels.

    Raises
    ------
    BadInput
        If the tomogram is blank or damaged.
    """
    nz, ny, nx = tomogram.shape
    n_slabs = min(_SLABS, nz)
    step = max(1, int((n_slabs * ny * nx / SAMPLED_VOXELS) ** 0.5))
    # From the middles of equal parts: the first and last sections often hold no specimen.
    sections = ((np.arange(n_slabs) + 0.5) * nz / n_slabs).astype(int)
    parts = [tomogram.slab(z, z + 1)[0, ::step, ::step].ravel() for z in sections.tolist()]
    try:
        return VolumeScale.of_sample(np.concatenate(parts))
    except BadInput as error:
        raise BadInput(f"{tomogram.info.path}: {error}") from error

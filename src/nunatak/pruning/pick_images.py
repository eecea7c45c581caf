"""Where the images of picks are, and how large the particles are on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.picks.table import PickSet
from nunatak.pruning.image_files import Micrographs, micrograph_files
from nunatak.pruning.prunable import diameter_of
from nunatak.pruning.radii import radii_px
from nunatak.pruning.volumes.class_diameters import Diameter, diameters_A
from nunatak.pruning.volumes.tomogram_files import tomogram_files


@dataclass(frozen=True, eq=False)
class PickImages:
    """The images of picks.

    Attributes
    ----------
    files : dict of str to ListedMicrograph
        Those that were found, by the name in the picks.
    typical_A : float
        Diameter of a particle, ångström; where there are several sizes, the median over the picks.
    diameter_px : ndarray, shape (n,), float64
        Of the particle of each pick, pixels; NaN where nobody knows the size of a pixel.
    """

    files: dict[str, ListedMicrograph]
    typical_A: float
    diameter_px: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        picks: PickSet,
        diameter_A: Diameter | None = None,
        images: Micrographs = (),
        pixel_size_A: float | None = None,
    ) -> "PickImages":
        """Find them.

        Parameters
        ----------
        picks
            On micrographs or in tomograms.
        diameter_A
            See `nunatak.pruning.prunable.diameter_of` and
            `nunatak.pruning.volumes.class_diameters.diameters_A`.
        images
            See `nunatak.pruning.image_files.micrograph_files` and
            `nunatak.pruning.volumes.tomogram_files.tomogram_files`.
        pixel_size_A
            Of all images, ångström; None takes what is known of each.

        Raises
        ------
        UsageError, BadInput
            If a diameter is not known, or there are no ``images``.
        """
        if picks.ndim == 3:
            files, _ = tomogram_files(picks, images)
            sizes_A = diameters_A(picks, diameter_A)
            return cls(
                files, float(np.median(sizes_A)), radii_px(picks, sizes_A, files, pixel_size_A)
            )
        files, _ = micrograph_files(picks, images)
        size_A = diameter_of(picks, diameter_A)
        return cls(files, size_A, radii_px(picks, size_A, files, pixel_size_A))

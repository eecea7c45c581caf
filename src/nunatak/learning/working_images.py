"""Micrographs at the size at which a network sees particles, with the labels on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.preparation import Prepared
from nunatak.geometry import Scale, source_to_resampled
from nunatak.learning.regions import RegionMasks, Regions


@dataclass(frozen=True)
class WorkingImage:
    """One micrograph to learn from.

    Attributes
    ----------
    name : str
        Identity of the micrograph.
    image : ndarray, shape (my, mx), float32
        Normalised, particles as the network wants them, which is nearly always dark.
    scale : Scale
        Its size and that of the source image.
    positives_px : ndarray, shape (k, 2), float32
        Columns x, y: labelled particles, pixels of ``image``.
    negatives_px : ndarray, shape (j, 2), float32
        Places that the user has marked as no particle.
    regions : RegionMasks or None
        Parts that are left out, or completely labelled; None where there are none. No label lies
        in an excluded part.
    """

    name: str
    image: NDArray[np.float32]
    scale: Scale
    positives_px: NDArray[np.float32]
    negatives_px: NDArray[np.float32]
    regions: RegionMasks | None = None

    @property
    def usable_px(self) -> int:
        """Number of pixels that are not excluded."""
        return self.image.size - (0 if self.regions is None else int(self.regions.excluded.sum()))

    def open_px(self, disc_px: float) -> int:
        """Count the pixels where a particle without a label may be.

        Parameters
        ----------
        disc_px
            How far a particle reaches.
        """
        if self.regions is None:
            return self.usable_px
        return self.usable_px - int(self.regions.empty_but_for_labels(disc_px).sum())

    def open_labels(self, disc_px: float) -> int:
        """Return how many labelled particles lie there.

        Parameters
        ----------
        disc_px
            As of `open_px`.
        """
        if self.regions is None:
            return len(self.positives_px)
        return int((~self.regions.are_far_inside(self.positives_px, disc_px)).sum())


def working_image(
    name: str,
    prepared: Prepared,
    *,
    inverted: bool,
    positives: NDArray[np.float64],
    negatives: NDArray[np.float64],
    regions: Regions | None = None,
) -> WorkingImage:
    """Bring labels into the frame of a prepared micrograph.

    Parameters
    ----------
    name
        Identity of the micrograph.
    prepared
        See `nunatak.detection.preparation.prepare`.
    inverted
        Whether the contrast as stored is not the one wanted.
    positives, negatives : ndarray, shape (k, 2), float64
        Columns x, y, pixels of the source image.
    regions
        Parts that are left out, whose labels are dropped, or completely labelled.
    """
    image = -prepared.image if inverted else prepared.image
    positives_px = _to_working(positives, prepared.scale)
    negatives_px = _to_working(negatives, prepared.scale)
    masks = None if regions is None else RegionMasks.of(regions, prepared.scale)
    if masks is not None:
        positives_px, negatives_px = (
            places[~masks.are_excluded(places)] for places in (positives_px, negatives_px)
        )
    return WorkingImage(
        name=name,
        image=np.ascontiguousarray(image),
        scale=prepared.scale,
        positives_px=positives_px,
        negatives_px=negatives_px,
        regions=masks,
    )


def _to_working(positions: NDArray[np.float64], scale: Scale) -> NDArray[np.float32]:
    x = source_to_resampled(positions[:, 0], scale.ratio_x)
    y = source_to_resampled(positions[:, 1], scale.ratio_y)
    return np.column_stack([x, y]).astype(np.float32)

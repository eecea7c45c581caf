"""Match two sets of picks, image by image."""

from collections.abc import Mapping

from nunatak.picks.matching import match
from nunatak.server.bodies.reviews import Comparison, ImageComparison
from nunatak.server.review.columns import FloatArray

WITHIN_RADII = 0.5
"""Two picks are of one particle if they lie within so much of its radius."""


def compared(
    first: Mapping[int, FloatArray],
    second: Mapping[int, FloatArray],
    radius_px: Mapping[int, float],
) -> Comparison:
    """Match the selected picks of two sets one to one.

    Parameters
    ----------
    first, second
        Positions by image, shape (n, ndim), pixels; only images that both have are compared.
    radius_px
        Of the particle on each image.
    """
    images = [
        _image(image, first[image], second[image], WITHIN_RADII * radius_px[image])
        for image in first
        if image in second and image in radius_px
    ]
    return Comparison(
        both=sum(one.both for one in images),
        only_first=sum(one.only_first for one in images),
        only_second=sum(one.only_second for one in images),
        images=images,
    )


def _image(image: int, first: FloatArray, second: FloatArray, within_px: float) -> ImageComparison:
    both = len(match(first, second, within_px))
    return ImageComparison(
        image=image, both=both, only_first=len(first) - both, only_second=len(second) - both
    )

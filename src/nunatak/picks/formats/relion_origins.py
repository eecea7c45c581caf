"""RELION's refined origins: how far a particle lies from where it was extracted.

A refined position is the coordinate minus the origin. Since RELION 3.1 origins are in ångström.
Before, they count pixels of the particle image, which extraction may have rescaled: its pixel
size is ``rlnDetectorPixelSize`` (micrometre) / ``rlnMagnification``, and that of the micrograph
stands elsewhere.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.star import StarTable

IN_ANGSTROM = ("rlnOriginXAngst", "rlnOriginYAngst")
IN_PIXELS = ("rlnOriginX", "rlnOriginY")


def labels_among(columns: Collection[str]) -> tuple[str, str] | None:
    """Return the two labels of the origins, those in ångström first; None where there are none."""
    for labels in (IN_ANGSTROM, IN_PIXELS):
        if set(labels) <= set(columns):
            return labels
    return None


def any_shift(star: StarTable) -> bool:
    """Tell whether an origin differs from zero."""
    return any(
        bool(np.any(star.numbers(label, missing_allowed=True) != 0))
        for label in (*IN_ANGSTROM, *IN_PIXELS)
        if label in star.columns
    )


def refined(
    picks: pd.DataFrame, star: StarTable, optics: StarTable | None, context: FormatContext
) -> pd.DataFrame:
    """Subtract the origins from coordinates, and set them to zero.

    Parameters
    ----------
    picks
        The rows of ``star``, with coordinates in the file's pixels and ``pixel_size_A`` of the
        stored images, where it is known.
    star, optics
        The file's tables.
    context
        Says the grid of the coordinates, and may know the pixel size of the images.

    Returns
    -------
    DataFrame
        A copy.

    Raises
    ------
    FormatError
        If there are no origins, or no pixel size to convert them by.
    """
    labels = labels_among(star.columns) or IN_ANGSTROM
    star.require(*labels)
    shifts = [star.numbers(label) for label in labels]
    ratios = (context.grid.ratio_x, context.grid.ratio_y)
    if labels == IN_ANGSTROM:
        stored_A = _stored_sizes_A(picks, star, context, "in ångström")
        steps = [1 / (stored_A * ratio) for ratio in ratios]
    elif relion.PARTICLE_IMAGE in star.columns:
        image_A = _image_sizes_A(star, optics)
        stored_A = _stored_sizes_A(picks, star, context, "in pixels of the particle images")
        steps = [image_A / (stored_A * ratio) for ratio in ratios]
    else:
        # Without particle images, the coordinates' own pixels are all that can be meant.
        steps = [np.asarray(1.0 if context.grid.in_pixels else 1 / ratio) for ratio in ratios]
    zeros = {label: "0.000000" for label in (*IN_ANGSTROM, *IN_PIXELS) if label in picks.columns}
    return picks.assign(
        x_px=picks["x_px"] - shifts[0] * steps[0],
        y_px=picks["y_px"] - shifts[1] * steps[1],
        **zeros,
    )


def _image_sizes_A(star: StarTable, optics: StarTable | None) -> FloatArray:
    """Return the pixel size of each particle image."""
    sizes_A = relion.sizes_of_groups(star, optics, "rlnImagePixelSize")
    if sizes_A is None:
        sizes_A = relion.sizes_by_magnification(star)
    if sizes_A is None or not np.isfinite(sizes_A).all():
        raise FormatError(
            star.path,
            f"origins in pixels of the particle images ({IN_PIXELS[0]}), whose size is not stated",
            field=f"block data_{star.block}",
            hint=f"Add {relion.DETECTOR} and {relion.MAGNIFICATION}",
        )
    return sizes_A


def _stored_sizes_A(
    picks: pd.DataFrame, star: StarTable, context: FormatContext, unit: str
) -> FloatArray:
    """Return the pixel size of each row's micrograph: the file's, or else that of the image."""
    sizes_A = np.full(len(picks), np.nan)
    if "pixel_size_A" in picks.columns:
        sizes_A = picks["pixel_size_A"].to_numpy(dtype=np.float64, copy=True)
    unknown = ~np.isfinite(sizes_A)
    if unknown.any():
        images = picks["image"][unknown]
        known = {image: _size_of_image_A(image, context) for image in images.unique()}
        sizes_A[unknown] = images.map(known).to_numpy(dtype=np.float64)
    if not np.isfinite(sizes_A).all():
        raise FormatError(
            star.path,
            f"origins {unit}, but no pixel size of the micrographs to convert them by",
            field=f"block data_{star.block}",
            hint=f"Give --pixel-size or the micrographs, or add {relion.PIXEL_SIZE} to the file",
        )
    return sizes_A


def _size_of_image_A(image: str, context: FormatContext) -> float:
    try:
        size_A = context.images.pixel_size_A(image)
    except BadInput:
        return np.nan
    return np.nan if size_A is None else size_A

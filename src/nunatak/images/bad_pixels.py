"""Pixels that are no numbers, and images that hold no information."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.images.source import Pixels

MOST_BAD = 0.01
"""Fraction of NaN or infinite pixels above which an image is refused."""


def replace_bad(pixels: Pixels, path: Path) -> tuple[Pixels, NDArray[np.bool_] | None]:
    """Replace NaN and infinite pixels by the median of the others.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx), real
        The image; never changed in place.
    path
        The file, for the message.

    Returns
    -------
    pixels : ndarray, shape (ny, nx)
        The same array where every pixel is finite, a repaired copy otherwise.
    bad : ndarray of bool, shape (ny, nx), or None
        True where a pixel was replaced; None where every pixel is finite.

    Raises
    ------
    BadInput
        If more than 1 % of the pixels are not finite.
    """
    if pixels.dtype.kind != "f" or _surely_finite(pixels):
        return pixels, None
    bad = ~np.isfinite(pixels)
    count = int(np.count_nonzero(bad))
    if count == 0:
        return pixels, None
    if count > MOST_BAD * pixels.size:
        raise BadInput(
            f"{path}: {count} of {pixels.size} pixels ({count / pixels.size:.1%}) are NaN or "
            f"infinite, more than {MOST_BAD:.0%}. Export the micrograph again; the program "
            "that made it failed on this one."
        )
    repaired = pixels.copy()
    repaired[bad] = np.median(pixels[~bad].astype(np.float64))
    return repaired, bad


def refuse_blank(pixels: Pixels, path: Path) -> None:
    """Refuse an image whose pixels are all the same.

    Raises
    ------
    BadInput
        If the image has no variance, so that nothing can be normalised or found.
    """
    first = pixels[0, 0]
    # A coarse grid settles all but blank images without touching most of the file.
    if np.any(pixels[::61, ::61] != first) or np.any(pixels != first):
        return
    raise BadInput(
        f"{path}: every pixel is {first}, so there is nothing to find. "
        "The exposure or its export failed: leave this micrograph out."
    )


def _surely_finite(pixels: Pixels) -> bool:
    """One pass without a temporary: a sum is finite only if all its terms are.

    Huge finite pixels may overflow it; the exact test then follows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.sum(pixels)))

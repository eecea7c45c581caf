"""The size of a pixel or voxel that lists state for an image."""

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import Mismatch
from nunatak.images.pixel_size import same


def listed_size_A(
    image: str,
    listed_A: float | None,
    stated_A: NDArray[np.float64],
    *,
    override: bool,
    what: str,
) -> float | None:
    """Return the size that the list of images and the pick table agree on.

    Parameters
    ----------
    image
        Its name, for messages.
    listed_A
        By the list of images.
    stated_A : ndarray, shape (n,), float64
        By the image's picks; NaN where they do not say.
    override
        Whether a size that is given elsewhere wins in any case, so that no contradiction matters.
    what
        ``"pixel"`` or ``"voxel"``.

    Returns
    -------
    float or None
        Å; None where neither says.

    Raises
    ------
    Mismatch
        If they disagree.
    """
    sizes_A = [] if listed_A is None else [listed_A]
    sizes_A += stated_A[np.isfinite(stated_A) & (stated_A > 0)].tolist()
    if not sizes_A:
        return None
    if not override and not same(min(sizes_A), max(sizes_A)):
        raise Mismatch(
            f"{image}: two {what} sizes in the lists: {min(sizes_A):.5g} Å and "
            f"{max(sizes_A):.5g} Å. Check which is right, and give it with --pixel-size and "
            "--override-pixel-size."
        )
    return float(sizes_A[0])

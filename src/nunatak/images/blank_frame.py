"""Rows and columns of one value at the edges of a micrograph, as motion correction leaves them."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nunatak.images.source import Pixels


class BlankFrame(NamedTuple):
    """Number of blank rows or columns at each edge, pixels."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def mask(
        self, source_shape: tuple[int, int], shape: tuple[int, int]
    ) -> NDArray[np.bool_] | None:
        """Return which pixels of the resampled image the frame affects; None without a frame.

        Parameters
        ----------
        source_shape
            ``(ny, nx)`` of the image whose frame this is.
        shape
            ``(my, mx)`` of the resampled image.

        Returns
        -------
        ndarray of bool, shape (my, mx), or None
            True in pixels that are blank in part, and in the next one, into which resampling
            carries the step at the frame.
        """
        if not any(self):
            return None
        ratio_y, ratio_x = shape[0] / source_shape[0], shape[1] / source_shape[1]
        top, bottom = _reach(self.top, ratio_y), _reach(self.bottom, ratio_y)
        left, right = _reach(self.left, ratio_x), _reach(self.right, ratio_x)
        mask = np.ones(shape, dtype=bool)
        mask[top : shape[0] - bottom, left : shape[1] - right] = False
        return mask


def blank_frame(pixels: Pixels) -> BlankFrame:
    """Find the rows and columns at the edges that hold one value each.

    Parameters
    ----------
    pixels : ndarray, shape (ny, nx)
        A micrograph that is not blank altogether, without hot pixels.

    Examples
    --------
    >>> image = np.zeros((5, 6))
    >>> image[2:, 1:5] = np.arange(12).reshape(3, 4)
    >>> blank_frame(image)
    BlankFrame(top=2, bottom=0, left=1, right=1)
    """
    top, bottom = _blank_rows(pixels), _blank_rows(pixels[::-1])
    inside = pixels[top : len(pixels) - bottom].T
    return BlankFrame(top, bottom, _blank_rows(inside), _blank_rows(inside[::-1]))


def _reach(width_px: int, ratio: float) -> int:
    """How far a frame of so many stored pixels reaches into the resampled image."""
    return math.ceil(width_px * ratio) + 1 if width_px else 0


def _blank_rows(pixels: Pixels) -> int:
    """Count the rows of one value before the first other one."""
    for index, row in enumerate(pixels):
        if np.any(row != row[0]):
            return index
    return 0

"""What the classifier sees of a pick: the particle, and its surroundings."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nunatak.errors import BadInput
from nunatak.images.normalise import normalise
from nunatak.images.resample import resample

_RING = 0.45
"""Beyond this share of the box's side from its centre, a crop is taken for background."""

_CLIP = 5.0
"""Standard deviations of the background beyond which a pixel says nothing more."""


class CropSpec(BaseModel):
    """Size of the crops, in particle diameters and in pixels.

    Attributes
    ----------
    side_px : int
        Of the square crops of both channels.
    particle_diameters, context_diameters : float
        What the first and the second channel span, in particle diameters. Carbon and aggregates
        show in the surroundings, the particle itself in the close-up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    side_px: int = Field(64, ge=16, le=512)
    particle_diameters: float = Field(1.6, ge=1.0, le=4.0)
    context_diameters: float = Field(4.0, ge=1.0, le=16.0)

    @property
    def diameter_px(self) -> float:
        """Diameter of a particle in the image that crops are cut from, pixels."""
        return self.side_px / self.particle_diameters

    @property
    def channels(self) -> int:
        """Channels of a crop: close-up and surroundings."""
        return 2


def cut_crops(
    image: NDArray[np.float32], centres_px: NDArray[np.float64], spec: CropSpec
) -> NDArray[np.float32]:
    """Cut both channels around positions.

    The close-up loses a plane fitted to its rim and is divided by the rim's standard deviation,
    which makes it independent of the ice around. The surroundings keep the micrograph's own
    normalisation: carbon is what differs from the rest of the micrograph.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        A micrograph in which a particle spans ``spec.diameter_px`` pixels, particles dark; the
        grey scale does not matter.
    centres_px : ndarray, shape (n, 2), float64
        Columns x, y in pixels of ``image``; cut at the nearest whole pixel.
    spec
        Sizes.

    Returns
    -------
    ndarray, shape (n, 2, side_px, side_px), float32
        Beyond the edge of the image the close-up is mirrored, so that its rim stays background,
        and the surroundings are 0, which shows the edge.

    Raises
    ------
    BadInput
        If the image has no contrast.
    """
    if image.min() == image.max():
        raise BadInput("The image has no contrast: all pixels hold the same value.")
    close_up = levelled(_squares(np.pad(image, spec.side_px, mode="symmetric"), centres_px, spec))
    ratio = spec.particle_diameters / spec.context_diameters
    ny, nx = (max(round(side * ratio), 1) for side in image.shape)
    wide = normalise(resample(image, (ny, nx)))
    scale = np.array([nx / image.shape[1], ny / image.shape[0]])
    around = _squares(np.pad(wide, spec.side_px), (centres_px + 0.5) * scale - 0.5, spec)
    return np.stack([close_up, np.clip(around, -_CLIP, _CLIP)], axis=1)


def levelled(crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Subtract a plane fitted to each crop's rim, and divide by the rim's standard deviation.

    Parameters
    ----------
    crops : ndarray, shape (n, side, side), float32

    Returns
    -------
    ndarray, shape (n, side, side), float32
        Clipped at five standard deviations; a crop with a flat rim is 0 throughout.
    """
    side = crops.shape[-1]
    y, x = (np.mgrid[:side, :side] - (side - 1) / 2) / side
    rim = np.hypot(x, y) > _RING
    plane = np.stack([np.ones_like(x), x, y], axis=-1).astype(np.float32)
    inverse = np.linalg.pinv(plane[rim])
    coefficients = crops[:, rim] @ inverse.T.astype(np.float32)
    flat = crops - np.einsum("yxk,nk->nyx", plane, coefficients)
    spread = flat[:, rim].std(axis=1)
    flat[spread < 1e-6] = 0.0
    flat /= np.maximum(spread, 1e-6)[:, None, None]
    clipped: NDArray[np.float32] = np.clip(flat, -_CLIP, _CLIP)
    return clipped


def _squares(
    padded: NDArray[np.float32], centres_px: NDArray[np.float64], spec: CropSpec
) -> NDArray[np.float32]:
    """Cut squares of an image that was padded by a side; centres in pixels before padding."""
    side = spec.side_px
    corners = np.rint(centres_px).astype(np.int64) - side // 2 + side
    left, top = np.clip(corners, 0, np.array(padded.shape[::-1]) - side).T
    return np.ascontiguousarray(sliding_window_view(padded, (side, side))[top, left])

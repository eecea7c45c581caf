"""What other programs may have done to a micrograph before a picker sees it."""

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nunatak.images.resample import resample
from nunatak.simulate.field import smooth_noise


def random_processing(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Denoise, shade or frame an image, each now and then.

    Parameters
    ----------
    image : ndarray, shape (ny, nx), float32
        Counts.
    rng
        Source of randomness.

    Returns
    -------
    ndarray, shape (ny, nx), float32
    """
    if rng.random() < 0.4:
        image = _shaded(image, rng)
    if rng.random() < 0.3:
        image = _low_passed(image, rng)
    if rng.random() < 0.06:
        image = _streaked(image, rng)
    if rng.random() < 0.1:
        image = _enlarged(image, rng)
    if rng.random() < 0.08:
        image = _clipped(image, rng)
    if rng.random() < 0.04:
        image = _framed(image, rng)
    return image


def _shaded(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add uneven illumination: a smooth field as strong as the noise or less."""
    shading = smooth_noise((image.shape[0], image.shape[1]), rng.uniform(60, 300), rng)
    return image + np.float32(rng.uniform(0.1, 1.5) * image.std()) * shading


def _low_passed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Denoise by a low-pass filter, gently or down to a tenth of the particle's diameter."""
    if rng.random() < 0.5:
        return scipy.ndimage.gaussian_filter(image, rng.uniform(0.4, 2.0))
    frequency = np.hypot(
        np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None, :]
    )
    cutoff = rng.uniform(0.1, 0.4)
    response = 1 / (1 + np.exp((frequency - cutoff) / rng.uniform(0.005, 0.04)))
    filtered = np.fft.irfft2(np.fft.rfft2(image) * response, s=image.shape)
    return np.asarray(filtered, dtype=np.float32)


def _enlarged(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bin and enlarge again, as for micrographs whose pixels are coarser than the working size."""
    ny, nx = image.shape
    factor = rng.uniform(1.1, 2.2)
    small = resample(image, (round(ny / factor), round(nx / factor)))
    return resample(small, (ny, nx))


def _clipped(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Clip to few grey levels around the median, as pictures for the screen are."""
    low, high = np.quantile(image, [rng.uniform(0.001, 0.03), 1 - rng.uniform(0.001, 0.03)])
    levels = np.float32((high - low) / 255)
    clipped = np.clip(image, low, high)
    return np.asarray(np.round((clipped - low) / levels), dtype=np.float32)


def _streaked(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Fill borders with the last good row or column, as motion correction leaves them."""
    before_y, after_y, before_x, after_x = (
        int(rng.integers(3, 26)) if rng.random() < 0.5 else 0 for _ in range(4)
    )
    core = image[before_y : image.shape[0] - after_y, before_x : image.shape[1] - after_x]
    return np.pad(core, ((before_y, after_y), (before_x, after_x)), mode="edge")


def _framed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint a border of one value, such as 0 or the mean."""
    value = float(rng.choice([0.0, float(image.mean()), float(image.max())]))
    width = int(rng.integers(1, 20))
    result = image.copy()
    side = int(rng.integers(4))
    if side % 2:
        result = result.T
    result[slice(0, width) if side < 2 else slice(-width, None)] = value
    return result.T.copy() if side % 2 else result

"""What the beam meets besides the particles: one map for each effect on the electron wave."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

Window = tuple[slice, slice]
"""Rows and columns of a part of the field."""

EVERYWHERE: Window = (slice(None), slice(None))


class JunkClass(IntEnum):
    """Labels of the junk mask."""

    NONE = 0
    CARBON = 1
    GOLD_FOIL = 2
    GOLD_BEAD = 3
    ICE_CRYSTAL = 4
    CONTAMINATION = 5
    AGGREGATE = 6
    FRAGMENT = 7
    FILAMENT = 8
    VESICLE = 9
    EMPTY_HOLE = 10
    MOTTLED_ICE = 11


@dataclass
class Field:
    """Maps of one field of view; junk changes them in place.

    Attributes
    ----------
    pixel_size_A : float
        Å.
    phase_rad : ndarray, shape (ny, nx), float32
        Phase shift of everything but ice structure and particles.
    transmission : ndarray, shape (ny, nx), float32
        Fraction of electrons that stay in the image.
    roughness : ndarray, shape (ny, nx), float32
        Factor on the structural noise (1 = ice).
    label : ndarray, shape (ny, nx), uint8
        `JunkClass` of each pixel.
    """

    pixel_size_A: float
    phase_rad: NDArray[np.float32]
    transmission: NDArray[np.float32]
    roughness: NDArray[np.float32]
    label: NDArray[np.uint8]

    @classmethod
    def clean(cls, shape: tuple[int, int], pixel_size_A: float) -> "Field":
        """Return a field without junk."""
        return cls(
            pixel_size_A=pixel_size_A,
            phase_rad=np.zeros(shape, np.float32),
            transmission=np.ones(shape, np.float32),
            roughness=np.ones(shape, np.float32),
            label=np.zeros(shape, np.uint8),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` in pixels."""
        ny, nx = self.phase_rad.shape
        return ny, nx

    @property
    def size_A(self) -> tuple[float, float]:
        """``(height, width)`` in Å."""
        return self.shape[0] * self.pixel_size_A, self.shape[1] * self.pixel_size_A

    def window(self, x_A: float, y_A: float, reach_A: float) -> Window:
        """Pixels within ``reach_A`` of a point, cut at the field's border (may be empty)."""
        rows, columns = (
            slice(
                int(np.clip((centre - reach_A) / self.pixel_size_A, 0, size)),
                int(np.clip((centre + reach_A) / self.pixel_size_A + 1, 0, size)),
            )
            for centre, size in zip((y_A, x_A), self.shape, strict=True)
        )
        return rows, columns

    def offsets_A(
        self, x_A: float, y_A: float, window: Window = EVERYWHERE
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Offsets ``(x, y)`` from a point to the pixels of a window, Å, broadcastable."""
        ny, nx = self.shape
        y = np.arange(ny, dtype=np.float32)[window[0], None] * np.float32(self.pixel_size_A)
        x = np.arange(nx, dtype=np.float32)[None, window[1]] * np.float32(self.pixel_size_A)
        return x - np.float32(x_A), y - np.float32(y_A)

    def distance_A(
        self, x_A: float, y_A: float, window: Window = EVERYWHERE
    ) -> NDArray[np.float32]:
        """Distance from a point to the pixels of a window, Å."""
        return np.asarray(np.hypot(*self.offsets_A(x_A, y_A, window)), dtype=np.float32)

    def add_matter(
        self,
        height_A: NDArray[np.float32],
        junk: JunkClass,
        *,
        phase_rad_per_A: float,
        mean_free_path_A: float,
        window: Window = EVERYWHERE,
    ) -> None:
        """Add matter of a given height: it shifts the phase, absorbs electrons and is labelled."""
        self.phase_rad[window] += np.float32(phase_rad_per_A) * height_A
        self.transmission[window] *= np.exp(-height_A / np.float32(mean_free_path_A))
        self.label[window][height_A > 0] = junk


def smooth_noise(
    shape: tuple[int, int], scale_px: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Gaussian random field of unit standard deviation with features of about ``scale_px``."""
    # Drawn coarse and interpolated: the cost does not grow with the scale.
    step = max(1, int(scale_px / 2))
    coarse_shape = (shape[0] // step + 4, shape[1] // step + 4)
    noise = scipy.ndimage.gaussian_filter(
        rng.standard_normal(coarse_shape, dtype=np.float32), scale_px / (2 * step), mode="wrap"
    )
    noise /= noise.std() + 1e-6
    if step > 1:
        shift = rng.uniform(0, step, 2).astype(np.float32)
        rows = (np.arange(shape[0], dtype=np.float32) + shift[0]) / np.float32(step) + 0.5
        columns = (np.arange(shape[1], dtype=np.float32) + shift[1]) / np.float32(step) + 0.5
        noise = _bilinear(noise, rows, columns)
    return np.asarray(noise[: shape[0], : shape[1]], dtype=np.float32)


def _bilinear(
    image: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Sample an image on a grid of fractional rows and columns."""
    top = np.floor(rows).astype(np.int64)
    left = np.floor(columns).astype(np.int64)
    fy = (rows - top)[:, None]
    fx = (columns - left)[None, :]
    upper = image[top] * (1 - fy) + image[top + 1] * fy
    return np.asarray(upper[:, left] * (1 - fx) + upper[:, left + 1] * fx, dtype=np.float32)


def convolve(image: NDArray[np.float32], transfer: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply the image's real Fourier transform by a transfer function."""
    shape = (image.shape[0], image.shape[1])
    return np.asarray(
        scipy.fft.irfft2(scipy.fft.rfft2(image) * transfer, s=shape), dtype=np.float32
    )

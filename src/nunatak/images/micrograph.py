"""What an image file says about itself, and a micrograph in memory."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ImageInfo:
    """What the header says; nothing of the pixels has been read.

    Attributes
    ----------
    path : Path
        The file as the user named it.
    format : str
        ``"MRC"``, ``"TIFF"``, ``"PNG"`` or ``"JPEG"``.
    shape : tuple of int
        ``(ny, nx)`` for a micrograph, ``(nz, ny, nx)`` for a stack or a volume, pixels, in the
        order in which a reader returns the array.
    dtype : dtype
        As stored.
    pixel_size_A : float or None
        From the header; None where the header has none (or 0).
    kind : str
        ``"micrograph"``, ``"stack"`` or ``"volume"``.
    notes : tuple of str
        Irregularities that were tolerated, in words for the user.
    detail : dict of str to str
        Facts worth showing: label to text.
    unequal_sizes_A : dict of str to float
        Axis to pixel size, ångström, where axes differ by more than 1 %; otherwise empty.
        ``pixel_size_A`` is None then, but for a stack, whose z is not looked at unless it turns
        out to be a tomogram.
    """

    path: Path
    format: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    pixel_size_A: float | None
    kind: str
    notes: tuple[str, ...] = ()
    detail: dict[str, str] = field(default_factory=dict)
    unequal_sizes_A: dict[str, float] = field(default_factory=dict)

    @property
    def unequal_sizes(self) -> str:
        """The unequal pixel sizes in words, such as ``10 Å in x, 12 Å in z``."""
        sizes = self.unequal_sizes_A.items()
        return ", ".join(f"{size_A:.4g} Å in {axis}" for axis, size_A in sizes)


@dataclass
class Micrograph:
    """A micrograph in memory.

    Attributes
    ----------
    info : ImageInfo
        Its header.
    pixels : ndarray, shape (ny, nx), real
        Arbitrary units, rows as stored, dtype as stored (float16 widened to float32).
    bad : ndarray of bool, shape (ny, nx), or None
        True where the pixel was NaN or infinite; those pixels hold the median of the others.
        None where every pixel is finite.
    pixel_size_A : float or None
        The one to use, after header, STAR and option were compared.
    """

    info: ImageInfo
    pixels: NDArray[np.generic]
    bad: NDArray[np.bool_] | None
    pixel_size_A: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """``(ny, nx)`` in pixels."""
        ny, nx = self.pixels.shape
        return ny, nx

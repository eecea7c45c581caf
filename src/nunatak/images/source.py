"""What every image format hands to the reader: a header now, pixels on demand."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.images.micrograph import ImageInfo

Pixels = NDArray[np.generic]


@dataclass(frozen=True)
class ImageSource:
    """An image file whose header was read and checked against the file's size.

    Attributes
    ----------
    info : ImageInfo
        What the header says.
    pixel_size_xy_A : tuple of (float or None)
        Pixel size along x and along y, each None where the header has none.
    load : callable
        Reads (or maps) the pixels, shape ``info.shape``, in any byte order, and returns them
        with the notes that only reading them could bring.
    pixel_size_z_A : float or None
        Pixel size along z, of a volume whose header has one.
    read_part : callable or None
        Reads a part, a slice for each axis of ``info.shape``, without mapping the file; raises
        `BadInput` if the file ends before it. None where loading maps nothing.
    """

    info: ImageInfo
    pixel_size_xy_A: tuple[float | None, float | None]
    load: Callable[[], tuple[Pixels, tuple[str, ...]]]
    pixel_size_z_A: float | None = None
    read_part: Callable[[tuple[slice, ...]], Pixels] | None = None

    def load_unmapped(self) -> tuple[Pixels, tuple[str, ...]]:
        """Read the pixels into memory; for the rest see ``load``."""
        if self.read_part is None:
            return self.load()
        return self.read_part(tuple(slice(0, side) for side in self.info.shape)), ()

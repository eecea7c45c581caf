"""PNG and JPEG pictures of micrographs, through Pillow."""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import FileIO
from pathlib import Path

import numpy as np
from PIL import ImageFile, JpegImagePlugin, PngImagePlugin

from nunatak.errors import FormatError
from nunatak.images.micrograph import ImageInfo
from nunatak.images.source import ImageSource, Pixels

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
_DTYPES = {"L": "u1", "1": "u1", "I;16": "<u2", "I;16B": ">u2", "I": "i4"}
# deflate's bound for PNG; baseline JPEG spends at least two bits on 64 pixels.
_COMPRESSION_RATIO = 1032
# What Pillow raises on damaged files: it reports a broken PNG as a SyntaxError.
_DECODER_ERRORS = (
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    EOFError,
    struct.error,
    zlib.error,
)


def open_raster(path: Path, head: bytes, file_bytes: int) -> ImageSource:
    """Open a PNG or JPEG file.

    The resolution in such files describes screens and printers, so the pixel size is never
    taken from it. Colours become luminance, with a note.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes, which tell PNG from JPEG.
    file_bytes
        Its length.

    Returns
    -------
    ImageSource
        Loading decodes the picture into memory, 8 or 16 bits a pixel.

    Raises
    ------
    FormatError
        If the file is damaged, cut short, or declares more pixels than it can hold.
    """
    png = head.startswith(PNG_MAGIC)
    name = "PNG" if png else "JPEG"
    with _opened(path, png=png) as image:
        width, height = image.size
        frames = int(getattr(image, "n_frames", 1))
        mode = image.mode
    if width * height > _COMPRESSION_RATIO * file_bytes:
        raise FormatError(
            path,
            f"declares {width} × {height} pixels, more than {file_bytes} bytes can hold",
            hint="The file is damaged: copy or export it again.",
        )
    notes: tuple[str, ...] = (f"no pixel size: {name} files do not hold one",)
    if mode not in _DTYPES:
        notes += (f"colours ({mode}) are read as luminance",)
    info = ImageInfo(
        path=path,
        format=name,
        shape=(height, width) if frames == 1 else (frames, height, width),
        dtype=np.dtype(_DTYPES.get(mode, "u1")),
        pixel_size_A=None,
        kind="micrograph" if frames == 1 else "stack",
        notes=notes,
    )
    return ImageSource(info, (None, None), partial(_load, path, png))


def _load(path: Path, png: bool) -> tuple[Pixels, tuple[str, ...]]:
    with _opened(path, png=png) as image:
        grey = image if image.mode in _DTYPES and image.mode != "1" else image.convert("L")
        pixels: Pixels = np.asarray(grey)
    return pixels, ()


class _WithinFile(FileIO):
    """A file that reads no further than it goes.

    A damaged length would otherwise make Python allocate as much, before it notices that so much
    is not there. A map would do as well, but the system ends whoever touches one after its file
    was cut shorter.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, os.fstat(self.fileno()).st_size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""


@contextmanager
def _opened(path: Path, *, png: bool) -> Iterator[ImageFile.ImageFile]:
    """Read the header, and turn what the decoder raises inside the block into our error.

    The plugins are called directly because `PIL.Image.open` warns of any image above 89
    million pixels, which a super-resolution camera exceeds, through a process-wide setting.
    """
    plugin = PngImagePlugin.PngImageFile if png else JpegImagePlugin.JpegImageFile
    try:
        with _WithinFile(path) as stream:
            yield plugin(stream, str(path))
    except _DECODER_ERRORS as error:
        raise _damaged(path, error) from error
    except OSError as error:
        # Pillow reports cut pixels as an OSError without a number.
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FormatError:
    return FormatError(
        path,
        f"the picture is damaged or cut short ({error or type(error).__name__})",
        hint="Copy or export it again.",
    )

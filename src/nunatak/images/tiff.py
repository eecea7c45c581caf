"""TIFF micrographs: strips, tiles, BigTIFF and the usual compressions, through `tifffile`.

Rows stay as stored: the first row of the file is y = 0. EMAN2 and IMOD turn TIFF images upside
down when they read them, so that coordinates made there on a TIFF need ``flip-y``.
"""

import logging
import math
from functools import partial
from pathlib import Path

import numpy as np
import tifffile

from nunatak.errors import FormatError
from nunatak.images.micrograph import ImageInfo
from nunatak.images.source import ImageSource, Pixels
from nunatak.images.tiff_pages import count_images
from nunatak.images.tiff_pixel_size import tiff_pixel_size

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# No byte of deflate stands for more than 1032; LZW goes beyond that for blank images only.
_COMPRESSION_RATIO = 1032
# tifffile reports damage to its own log, too; without a handler Python prints that on stderr.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
_ORIENTATIONS = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "stored bottom-up",
    5: "transposed",
    6: "turned by 90°",
    7: "transposed and turned by 180°",
    8: "turned by 270°",
}
"""TIFF 6.0, Orientation; 1 is top-left, the order in which rows are taken here."""
_EER_COMPRESSIONS = range(65000, 65003)


def open_tiff(path: Path, head: bytes, file_bytes: int) -> ImageSource:
    """Open a TIFF file of grey pixels.

    Parameters
    ----------
    path
        The file.
    head
        Its first bytes; unused, as `tifffile` reads the file itself.
    file_bytes
        Its length.

    Returns
    -------
    ImageSource
        Several full-size pages, or an ImageJ hyperstack, make a stack.

    Raises
    ------
    FormatError
        If the file is damaged, cut short, or holds no real grey pixels.
    """
    del head
    pages = count_images(path, file_bytes)
    try:
        with tifffile.TiffFile(path) as tiff:
            return _describe(tiff, path, file_bytes, pages)
    except FormatError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error
    except Exception as error:
        # On damaged files tifffile raises whatever its arithmetic runs into.
        raise _damaged(path, error) from error


def _describe(tiff: tifffile.TiffFile, path: Path, file_bytes: int, pages: int) -> ImageSource:
    page = tiff.pages.first
    _refuse_other_than_grey(page, path)
    _check_segments(page, path, file_bytes)
    sizes_A, size_note = tiff_pixel_size(page, (tiff.imagej_metadata or {}).get("unit"))
    notes: tuple[str, ...] = (size_note,)
    if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
        notes += ("marked as 'white is zero'; values are kept as stored",)
    orientation = int(page.tags.valueof("Orientation", default=1))
    if orientation != 1:
        stored = _ORIENTATIONS.get(orientation, "stored in an unknown order")
        notes += (f"marked as {stored} (orientation {orientation}): rows are kept as stored",)
    # ImageJ writes all images of a large stack behind one page.
    images = max(pages, int((tiff.imagej_metadata or {}).get("images", 1)))
    side_px = (page.imagelength, page.imagewidth)
    info = ImageInfo(
        path=path,
        format="TIFF",
        shape=side_px if images == 1 else (images, *side_px),
        dtype=np.dtype(page.dtype).newbyteorder(tiff.byteorder),
        pixel_size_A=None,
        kind="micrograph" if images == 1 else "stack",
        notes=notes,
        detail={
            "layout": "tiles" if page.is_tiled else "strips",
            "compression": tifffile.COMPRESSION(page.compression).name.lower(),
            "variant": "BigTIFF" if tiff.is_bigtiff else "classic TIFF",
        },
    )
    return ImageSource(info, sizes_A, partial(_load, path, side_px))


def _refuse_other_than_grey(page: tifffile.TiffPage, path: Path) -> None:
    if int(page.compression) in _EER_COMPRESSIONS:
        raise FormatError(
            path,
            "an EER movie of single electrons",
            hint="Correct its motion first and pick on the sum.",
        )
    if page.samplesperpixel != 1 or page.photometric == tifffile.PHOTOMETRIC.PALETTE:
        raise FormatError(
            path,
            f"colours ({page.samplesperpixel} samples a pixel)",
            hint="This is a picture of a micrograph. Give the grey original.",
        )
    if page.dtype is None or page.dtype.kind not in "uif":
        raise FormatError(
            path,
            f"pixels of {page.bitspersample} bits that are no real numbers",
            field="BitsPerSample, SampleFormat",
            hint="Save the image with 8- or 16-bit integers or 32-bit floats.",
        )


def _check_segments(page: tifffile.TiffPage, path: Path, file_bytes: int) -> None:
    """Make sure that every strip or tile lies inside the file, before any is decoded."""
    if min(page.imagewidth, page.imagelength) < 1:
        raise FormatError(
            path,
            f"{page.imagewidth} × {page.imagelength} pixels",
            field="ImageWidth, ImageLength",
            hint="The file is damaged: copy or export it again.",
        )
    expected = math.prod(page.chunked)
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    present = [
        length for offset, length in segments if offset > 0 and 0 < length <= file_bytes - offset
    ]
    layout = "tiles" if page.is_tiled else "strips"
    if len(present) != expected or len(segments) != expected:
        raise FormatError(
            path,
            f"only {len(present)} of {expected} {layout} lie inside the file",
            hint="It was cut short or is still being written: copy or export it again.",
        )
    compressed = page.compression != tifffile.COMPRESSION.NONE
    decoded = math.prod(page.chunks) * expected * page.bitspersample // 8
    # Strips may be cut off at the lower edge, tiles may not.
    needed = decoded if page.is_tiled else page.size * page.bitspersample // 8
    if decoded > _COMPRESSION_RATIO * sum(present) or (not compressed and needed > sum(present)):
        raise FormatError(
            path,
            f"declares {page.imagewidth} × {page.imagelength} pixels, more than its "
            f"{sum(present)} bytes of {layout} can hold",
            hint="The file is damaged: copy or export it again.",
        )


def _load(path: Path, side_px: tuple[int, int]) -> tuple[Pixels, tuple[str, ...]]:
    try:
        with tifffile.TiffFile(path) as tiff:
            # Sides of one pixel come back squeezed; any other deviation is damage.
            pixels: Pixels = np.asarray(tiff.pages.first.asarray(maxworkers=1)).reshape(side_px)
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error
    except Exception as error:
        raise _damaged(path, error) from error
    return pixels, ()


def _damaged(path: Path, error: Exception) -> FormatError:
    return FormatError(
        path,
        f"the TIFF structure is damaged ({error or type(error).__name__})",
        hint="It was cut short or altered: copy or export it again.",
    )

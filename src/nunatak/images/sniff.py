"""Which format a file is, by its content and never by its name."""

from pathlib import Path
from typing import Literal

from nunatak.errors import FormatError
from nunatak.images import compressed, mrc_header, raster, tiff
from nunatak.images.mrc_byte_order import plausible_mrc

Format = Literal["mrc", "compressed", "tiff", "raster"]

_OF_IMAGES = frozenset(
    {".mrc", ".mrcs", ".rec", ".map", ".st", ".ali", ".tif", ".tiff", ".png", ".jpg", ".jpeg"}
)
_UNREAD = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (EMAN2, BigDataViewer)", "Convert it to MRC."),
    (b"PK\x03\x04", "a zip archive", "Unpack it first."),
    (b"\xfd7zXZ\x00", "xz-compressed", "Unpack it first, or compress it with gzip."),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "Unpack it first, or compress it with gzip."),
    (b"\x93NUMPY", "a NumPy array", "Write it as MRC, with its pixel size."),
    (b"\x00\x00\x00\x03\x00\x00\x00", "a Digital Micrograph file", "Convert it to MRC."),
    (b"\x00\x00\x00\x04\x00\x00\x00", "a Digital Micrograph file", "Convert it to MRC."),
    (b"\ndata_", "a STAR file", "Give it the suffix .star, so that it is read as a list."),
    (b"data_", "a STAR file", "Give it the suffix .star, so that it is read as a list."),
)


def sniff(head: bytes, path: Path) -> Format:
    """Name the format that the first bytes of a file show.

    Parameters
    ----------
    head
        The first 1024 bytes, or the whole file where it is shorter.
    path
        The file, for messages only.

    Returns
    -------
    str
        ``"mrc"``, ``"compressed"``, ``"tiff"`` or ``"raster"``.

    Raises
    ------
    FormatError
        If the file is empty or in no format that nunatak reads.
    """
    if not head:
        raise FormatError(path, "0 bytes", hint="The file is empty: copy or export it again.")
    if head.startswith((compressed.GZIP_MAGIC, compressed.BZIP2_MAGIC)):
        return "compressed"
    if head.startswith(tiff.MAGICS):
        return "tiff"
    if head.startswith((raster.PNG_MAGIC, raster.JPEG_MAGIC)):
        return "raster"
    whole = len(head) >= mrc_header.HEADER_BYTES
    if head[mrc_header.MAP_OFFSET :][:3] == b"MAP" or (whole and plausible_mrc(head)):
        return "mrc"
    for magic, what, hint in _UNREAD:
        if head.startswith(magic):
            raise FormatError(path, f"{what}, which nunatak does not read", hint=hint)
    if not whole:
        problem = f"{len(head)} bytes, too few for any image (an MRC header alone has 1024)"
        raise FormatError(path, problem, hint="It was cut short: copy or export it again.")
    # A list may name any file; what is in one that is called no image is nobody's business here.
    is_image = path.suffix.casefold() in _OF_IMAGES
    start = f" (it starts with the bytes {head[:8].hex(' ')})" if is_image else ""
    raise FormatError(
        path, f"neither MRC, TIFF, PNG nor JPEG{start}", hint="Convert it to MRC or TIFF."
    )

"""The grid of a file's coordinates, from what the user says of it."""

import re

from nunatak.errors import Mismatch, UsageError
from nunatak.geometry import Scale
from nunatak.images.shapes import Shape
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.image_catalogue import ImageCatalogue

_SIZE = re.compile(r"(\d+)\s*[x×]\s*(\d+)", re.IGNORECASE)


def stated_grid(
    *,
    binning: float | None = None,
    image_size: str | None = None,
    in_angstrom: bool = False,
    rule: GridRule = GridRule.FOURIER,
    images: ImageCatalogue | None = None,
) -> FileGrid | None:
    """Return the grid that one of three statements describes.

    Parameters
    ----------
    binning
        Pixels of the stored image per pixel of the file.
    image_size
        Size of the image that the coordinates count on, ``"1440x1023"`` (x, y); the binning
        then follows exactly, one an axis. All images must be micrographs of one size.
    in_angstrom
        Coordinates are in ångström; all images must have one pixel size.
    rule
        How the binned image was made.
    images
        The images, for their sizes.

    Returns
    -------
    FileGrid or None
        None if nothing is stated.

    Raises
    ------
    UsageError
        If statements contradict each other, a size is unreadable or needed and unknown, or an
        image's size is stated of picks in tomograms.
    Mismatch
        If the images have several sizes or pixel sizes.

    Examples
    --------
    >>> print(stated_grid(binning=4))
    units of 4 stored pixels (fourier rule)
    """
    if sum((binning is not None, image_size is not None, in_angstrom)) > 1:
        raise UsageError("State the unit once: a binning, an image size, or ångström.")
    if binning is not None:
        return FileGrid.binned(binning, rule)
    catalogue = images if images is not None else ImageCatalogue()
    if image_size is not None:
        return FileGrid.between(Scale(_common_shape(catalogue), _parsed(image_size)), rule)
    return FileGrid.in_angstrom(_common_pixel_size_A(catalogue)) if in_angstrom else None


def _parsed(image_size: str) -> Shape:
    found = _SIZE.fullmatch(image_size.strip())
    if found is None or "0" in {found[1].lstrip("0") or "0", found[2].lstrip("0") or "0"}:
        raise UsageError(f"{image_size!r} is not a size such as 1440x1023 (x, then y, in pixels).")
    return int(found[2]), int(found[1])


def _common_shape(images: ImageCatalogue) -> Shape:
    if images.holds_tomograms:
        raise UsageError(
            "The size of binned images (--input-image-size, --output-image-size) is for "
            "micrographs. Of picks in tomograms, give the binning (--input-binning, "
            "--output-binning): voxels of the stored tomogram per voxel of the file, such as 4."
        )
    if not len(images):
        raise UsageError(
            "A size of binned images says nothing without the images (--micrographs). Of picks in "
            "tomograms, give the binning instead (--input-binning, --output-binning)."
        )
    shapes = {images.shape(name) for name in images.names}
    if len(shapes) > 1:
        sizes = ", ".join(f"{nx} x {ny}" for ny, nx in sorted(shapes)[:4])
        raise Mismatch(f"The images have several sizes ({sizes}). State the binning instead.")
    return shapes.pop()


def _common_pixel_size_A(images: ImageCatalogue) -> float:
    sizes_A = {images.pixel_size_A(name) for name in images.names or ("",)}
    if len(sizes_A) > 1:
        known = ", ".join(str(size) for size in list(sizes_A)[:4])
        raise Mismatch(f"The images have several pixel sizes ({known} Å). Give --pixel-size.")
    size_A = sizes_A.pop()
    if size_A is None:
        raise UsageError("Coordinates in ångström need the pixel size (--pixel-size).")
    return size_A

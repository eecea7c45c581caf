"""The images that picks belong to: their names, their sizes and their pixel sizes."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

from nunatak.errors import BadInput, Mismatch
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.image_headers import ImageHeaders
from nunatak.picks.names import NameIndex

if TYPE_CHECKING:
    from nunatak.images.axis_order import AxisOrder


_ONE_VOXEL_SIZE = 1e-4
"""Relative difference up to which two tomograms count as one grid: a tenth of a voxel in 1000."""


class ImageCatalogue:
    """Sizes and pixel sizes of images, by any name that a file may give them.

    Parameters
    ----------
    shapes
        Image name to ``(ny, nx)`` in pixels, or ``(nz, ny, nx)`` in voxels, where they are known.
    paths
        Image files, by name where their names are not their paths; their headers are read when
        a size is asked for, and not before.
    pixel_size_A
        Pixel size of all images, ångström; None takes it from each header.
    pixel_sizes_A
        Image name to pixel size in ångström, where they are known; goes before the headers.
    axis_order
        What the stored axes of all tomograms among the image files are; None asks where a shape
        leaves a doubt.

    Examples
    --------
    >>> catalogue = ImageCatalogue({"grid1/mic_001.mrc": (4092, 5760)})
    >>> catalogue.image_for("mic_001"), catalogue.shape("mic_001")
    ('grid1/mic_001.mrc', (4092, 5760))
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape | VolumeShape] | None = None,
        *,
        paths: Mapping[str, Path] | Iterable[str | Path] = (),
        pixel_size_A: float | None = None,
        pixel_sizes_A: Mapping[str, float] | None = None,
        axis_order: "AxisOrder | None" = None,
    ) -> None:
        self._shapes = dict(shapes or {})
        named = paths if isinstance(paths, Mapping) else {str(path): path for path in paths}
        paths_of = {name: Path(path) for name, path in named.items()}
        self._headers = ImageHeaders(paths_of, axis_order)
        self._stated_pixel_size_A = pixel_size_A
        self._listed_sizes_A = dict(pixel_sizes_A or {})
        self._are_tomograms = False
        self._checks_sizes = False
        self._resolved: dict[str, str] = {}

    @classmethod
    def listed(
        cls,
        images: MicrographList,
        pixel_size_A: float | None = None,
        *,
        axis_order: "AxisOrder | None" = None,
        shapes: Mapping[str, Shape | VolumeShape] | None = None,
    ) -> "ImageCatalogue":
        """Return the catalogue of listed images, with the pixel sizes of their list.

        Of images in `shapes` no header is read.
        """
        known = shapes or {}
        paths = {one.name: one.path for one in images if one.name not in known}
        sizes_A = {one.name: one.pixel_size_A for one in images if one.pixel_size_A is not None}
        return cls(
            known,
            paths=paths,
            pixel_size_A=pixel_size_A,
            pixel_sizes_A=sizes_A,
            axis_order=axis_order,
        )

    @classmethod
    def of_tomograms(
        cls,
        images: MicrographList,
        pixel_size_A: float | None = None,
        *,
        override: bool = False,
        axis_order: "AxisOrder | None" = None,
        shapes: Mapping[str, VolumeShape] | None = None,
    ) -> "ImageCatalogue":
        """Return the catalogue of listed tomograms.

        Parameters
        ----------
        images
            The tomograms.
        pixel_size_A
            Voxel size of all of them, ångström; None takes it from each header.
        override
            Let the stated size win over headers that contradict it, which is an error otherwise.
        axis_order, shapes
            As of the catalogue; of images in `shapes` no header is read.
        """
        catalogue = cls.listed(images, pixel_size_A, axis_order=axis_order, shapes=shapes)
        catalogue._are_tomograms = True
        catalogue._checks_sizes = not override
        return catalogue

    @cached_property
    def index(self) -> NameIndex:
        """All images by their names."""
        return NameIndex([*self._shapes, *self._headers])

    @property
    def names(self) -> tuple[str, ...]:
        """The images, as they were named."""
        return self.index.names

    def __len__(self) -> int:
        return len(self._shapes) + len(self._headers)

    @property
    def is_silent(self) -> bool:
        """Whether nothing is known of any image."""
        return not len(self) and self._stated_pixel_size_A is None

    def image_for(self, name: str) -> str:
        """Return the image that a name means; the name itself where no images are known.

        Raises
        ------
        Mismatch
            If none or several images fit.
        """
        if not len(self):
            return name
        if name not in self._resolved:
            self._resolved[name] = self.index.resolve(name)
        return self._resolved[name]

    def shape(self, name: str) -> Shape:
        """Return ``(ny, nx)`` of an image in pixels.

        Raises
        ------
        Mismatch
            If the image is unknown or is not a micrograph.
        """
        image, kind, shape = self._kind_and_shape(name)
        if len(shape) != 2:
            raise Mismatch(f"{image}: a {kind} where a micrograph was expected.")
        ny, nx = shape
        return ny, nx

    def volume_shape(self, name: str) -> VolumeShape:
        """Return ``(nz, ny, nx)`` of a tomogram in voxels.

        Raises
        ------
        Mismatch
            If the tomogram is unknown or is no volume.
        BadInput
            If its shape leaves a doubt about the order of its axes, and none was stated.
        UsageError
            If the order that was stated cannot be that of the file.
        """
        image, kind, shape = self._kind_and_shape(name)
        if len(shape) != 3:
            raise Mismatch(f"{image}: a {kind} where a tomogram was expected.")
        if image not in self._shapes:
            return self._headers.volume_shape(image)
        nz, ny, nx = shape
        return nz, ny, nx

    @property
    def holds_tomograms(self) -> bool:
        """Whether the images were listed as tomograms, or have sizes in voxels."""
        return self._are_tomograms or any(len(shape) == 3 for shape in self._shapes.values())

    def shapes(self, names: Iterable[str]) -> dict[str, Shape]:
        """Return ``(ny, nx)`` of several images, no two of which are taken for one.

        Raises
        ------
        Mismatch
            As in `shape`, or if images in two folders would become one.
        """
        wanted = list(dict.fromkeys(names))
        unmatched = self.index.resolve_all(wanted).unmatched if len(self) else {}
        if unmatched:
            raise Mismatch(next(iter(unmatched.values())))
        return {name: self.shape(name) for name in wanted}

    @property
    def imposes_pixel_size(self) -> bool:
        """Whether the user states a pixel size that is to win over all others."""
        return self._stated_pixel_size_A is not None and not self._checks_sizes

    def pixel_size_A(self, name: str) -> float | None:
        """Return the pixel size of an image in ångström, or None if it is not known.

        What the user states goes before a list, and a list before the image's header.

        Raises
        ------
        Mismatch
            If a tomogram's header contradicts what the user states by more than 1 %, or itself
            where the user states nothing.
        """
        stated_A = self._stated_pixel_size_A
        if not len(self) or self.imposes_pixel_size:
            return stated_A
        image = self.image_for(name)
        if stated_A is not None:
            self._headers.refuse_other_size(image, stated_A)
            return stated_A
        if image in self._listed_sizes_A:
            return self._listed_sizes_A[image]
        return None if image in self._shapes else self._headers.pixel_size_A(image)

    def share_a_grid(self, names: Iterable[str]) -> bool:
        """Tell whether a position is the same one, in voxels, in each of several tomograms.

        They have one shape and one voxel size, or none states any. A tomogram that cannot be read
        shares its grid with no other.
        """
        try:
            grids = [(self.volume_shape(name), self.pixel_size_A(name) or 0.0) for name in names]
        except BadInput:
            return False
        return all(
            shape == grids[0][0] and isclose(size_A, grids[0][1], rel_tol=_ONE_VOXEL_SIZE)
            for shape, size_A in grids
        )

    def _kind_and_shape(self, name: str) -> tuple[str, str, tuple[int, ...]]:
        """Return an image, what it is, and its size."""
        if not len(self):
            raise Mismatch(
                f"The size of {name} is needed but unknown. Give the images (--micrographs, "
                "--tomograms)."
            )
        image = self.image_for(name)
        if image in self._shapes:
            shape = self._shapes[image]
            return image, "micrograph" if len(shape) == 2 else "volume", shape
        info = self._headers.info(image)
        return image, info.kind, info.shape

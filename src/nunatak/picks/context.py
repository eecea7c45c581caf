"""What a pick file does not say about itself and its reader or writer must be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from nunatak import geometry
from nunatak.errors import Mismatch, UsageError
from nunatak.geometry import FloatArray, Orientation
from nunatak.images.micrograph import ImageInfo
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.pixel_size import same
from nunatak.picks.names import NameIndex
from nunatak.picks.tomogram_facts import TomogramFacts

Shape = tuple[int, int]
"""``(ny, nx)`` in pixels."""

VolumeShape = tuple[int, int, int]
"""``(nz, ny, nx)`` in voxels."""


class GridRule(StrEnum):
    """How a binned image was made, which decides what its pixel 0 is the centre of."""

    FOURIER = "fourier"
    """Fourier cropping or striding (Topaz, RELION, MotionCor): ``x = x_binned ratio``."""

    MEAN = "mean"
    """Averaging or interpolating (IMOD, crYOLO): ``x = (x_binned + 1/2) ratio - 1/2``."""


_TO_SOURCE = {
    GridRule.FOURIER: geometry.decimated_to_source,
    GridRule.MEAN: geometry.resampled_to_source,
}
_FROM_SOURCE = {
    GridRule.FOURIER: geometry.source_to_decimated,
    GridRule.MEAN: geometry.source_to_resampled,
}


@dataclass(frozen=True)
class FileGrid:
    """The grid in which a file counts its coordinates, beside the stored image's pixels.

    Attributes
    ----------
    ratio_x, ratio_y, ratio_z : float
        Pixels of the stored image per unit of the file, exact, one an axis; z counts in
        tomograms only.
    rule : GridRule
        How the grid came about.
    in_pixels : bool
        Whether the unit is a pixel, whose size the file may state, and not the ångström.
    """

    ratio_x: float = 1.0
    ratio_y: float = 1.0
    rule: GridRule = GridRule.FOURIER
    in_pixels: bool = True
    ratio_z: float = 1.0

    def __post_init__(self) -> None:
        for ratio in (self.ratio_x, self.ratio_y, self.ratio_z):
            if not 0 < ratio < float("inf"):
                raise UsageError(f"A binning must be a positive number, but is {ratio}.")

    @classmethod
    def binned(cls, binning: float, rule: GridRule = GridRule.FOURIER) -> "FileGrid":
        """Return the grid of images binned by one factor along all axes."""
        return cls(binning, binning, rule, ratio_z=binning)

    @classmethod
    def between(cls, scale: geometry.Scale, rule: GridRule = GridRule.FOURIER) -> "FileGrid":
        """Return the grid of resampled images, by the exact ratio of the two sizes."""
        return cls(scale.ratio_x, scale.ratio_y, rule)

    @classmethod
    def in_angstrom(cls, pixel_size_A: float) -> "FileGrid":
        """Return the grid of coordinates in ångström from the centre of the first pixel."""
        if not pixel_size_A > 0:
            raise UsageError(f"A pixel size must be a positive number, but is {pixel_size_A}.")
        ratio = 1 / pixel_size_A
        return cls(ratio, ratio, GridRule.FOURIER, in_pixels=False, ratio_z=ratio)

    @property
    def is_stored(self) -> bool:
        """Whether the file counts in pixels of the stored image."""
        return self.ratio_x == self.ratio_y == self.ratio_z == 1.0

    @property
    def pixel_ratio(self) -> float:
        """Pixel size that the file states, over that of the stored image.

        Where the two axes differ by a rounded image size, their mean; 1 where coordinates are in
        ångström, so that a stated size can only be that of the image.
        """
        return (self.ratio_x + self.ratio_y) / 2 if self.in_pixels else 1.0

    def to_source(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Map positions in the file's grid to pixels of the stored image."""
        convert = _TO_SOURCE[self.rule]
        return convert(x, self.ratio_x), convert(y, self.ratio_y)

    def from_source(self, x_px: FloatArray, y_px: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Map pixels of the stored image to positions in the file's grid."""
        convert = _FROM_SOURCE[self.rule]
        return convert(x_px, self.ratio_x), convert(y_px, self.ratio_y)

    def z_to_source(self, z: FloatArray) -> FloatArray:
        """Map positions along the third axis of a tomogram as `to_source` does."""
        return _TO_SOURCE[self.rule](z, self.ratio_z)

    def z_from_source(self, z_px: FloatArray) -> FloatArray:
        """Map positions along the third axis of a tomogram as `from_source` does."""
        return _FROM_SOURCE[self.rule](z_px, self.ratio_z)

    def __str__(self) -> str:
        return self.in_words()

    def in_words(self, ndim: int = 2) -> str:
        """Return what the file counts in, of a micrograph (2) or of a tomogram (3)."""
        pixels, image = ("pixels", "image") if ndim == 2 else ("voxels", "tomogram")
        if self.is_stored:
            return f"{pixels} of the stored {image}"
        ratios = (self.ratio_x, self.ratio_y, self.ratio_z)[:ndim]
        ratio = f"{self.ratio_x:.6g}"
        if len(set(ratios)) > 1:
            ratio = " and ".join(
                f"{one:.6g} ({axis})" for one, axis in zip(ratios, "xyz", strict=False)
            )
        return f"units of {ratio} stored {pixels} ({self.rule} rule)"


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
    ) -> None:
        self._shapes = dict(shapes or {})
        named = paths if isinstance(paths, Mapping) else {str(path): path for path in paths}
        self._paths = {name: Path(path) for name, path in named.items()}
        self._stated_pixel_size_A = pixel_size_A
        self._listed_sizes_A: dict[str, float] = {}
        self._checks_sizes = False
        self._infos: dict[str, ImageInfo] = {}
        self._resolved: dict[str, str] = {}

    @classmethod
    def listed(cls, images: MicrographList, pixel_size_A: float | None = None) -> "ImageCatalogue":
        """Return the catalogue of listed micrographs, with the pixel sizes of their list."""
        catalogue = cls(paths={one.name: one.path for one in images}, pixel_size_A=pixel_size_A)
        catalogue._listed_sizes_A = {
            one.name: one.pixel_size_A for one in images if one.pixel_size_A is not None
        }
        return catalogue

    @classmethod
    def of_tomograms(
        cls, images: MicrographList, pixel_size_A: float | None = None
    ) -> "ImageCatalogue":
        """Return the catalogue of listed tomograms, whose headers may not contradict the size."""
        catalogue = cls.listed(images, pixel_size_A)
        catalogue._checks_sizes = True
        return catalogue

    @cached_property
    def index(self) -> NameIndex:
        """All images by their names."""
        return NameIndex([*self._shapes, *self._paths])

    @property
    def names(self) -> tuple[str, ...]:
        """The images, as they were named."""
        return self.index.names

    def __len__(self) -> int:
        return len(self._shapes) + len(self._paths)

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
        """
        image, kind, shape = self._kind_and_shape(name)
        if len(shape) != 3:
            raise Mismatch(f"{image}: a {kind} where a tomogram was expected.")
        nz, ny, nx = shape
        return nz, ny, nx

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

    def pixel_size_A(self, name: str) -> float | None:
        """Return the pixel size of an image in ångström, or None if it is not known.

        What the user states goes before a list, and a list before the image's header.

        Raises
        ------
        Mismatch
            If a tomogram's header contradicts what the user states by more than 1 %.
        """
        stated_A = self._stated_pixel_size_A
        if not len(self) or (stated_A is not None and not self._checks_sizes):
            return stated_A
        image = self.image_for(name)
        if stated_A is not None:
            own_A = self._info(image).pixel_size_A
            if own_A is not None and not same(own_A, stated_A):
                raise Mismatch(
                    f"{image}: voxels of {own_A:.5g} Å by its header, and of {stated_A:.5g} Å by "
                    "--pixel-size. Leave the option out, or correct the header."
                )
            return stated_A
        if image in self._listed_sizes_A:
            return self._listed_sizes_A[image]
        return None if image in self._shapes else self._info(image).pixel_size_A

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
        info = self._info(image)
        return image, info.kind, info.shape

    def _info(self, image: str) -> ImageInfo:
        # Image readers are not needed to convert most files.
        from nunatak.images.reader import read_info  # noqa: PLC0415

        if image not in self._infos:
            self._infos[image] = read_info(self._paths[image])
        return self._infos[image]


@dataclass(frozen=True, kw_only=True)
class FormatContext:
    """What the reader or writer of a pick file is told from outside.

    Attributes
    ----------
    images : ImageCatalogue
        The images: needed by formats that flip y, count in fractions, or name stems.
    image : str or None
        The image of a file that belongs to one image and does not name it.
    box_px : int or None
        Box side in the file's own pixels, for formats that hold boxes.
    grid : FileGrid
        In what the file counts. Applied before ``orientation`` on reading: programs load an
        image, mirror it, then bin it.
    orientation : Orientation or None
        How the file's axes relate to the stored image; None takes the format's own convention.
    round_coordinates : bool or None
        Write whole numbers (RELION's extraction cuts decimals off, which shifts particles by
        half a pixel on average); None takes the format's own habit.
    refined : bool
        Subtract RELION's refined origins from the coordinates on reading.
    overwrite : bool
        Replace files that exist.
    tomograms : TomogramFacts
        What files of picks in tomograms leave unsaid.
    """

    images: ImageCatalogue = field(default_factory=ImageCatalogue)
    image: str | None = None
    box_px: int | None = None
    grid: FileGrid = field(default_factory=FileGrid)
    orientation: Orientation | None = None
    round_coordinates: bool | None = None
    refined: bool = False
    overwrite: bool = True
    tomograms: TomogramFacts = field(default_factory=TomogramFacts)

    def __post_init__(self) -> None:
        if self.box_px is not None and self.box_px < 1:
            raise UsageError(f"The box must be at least 1 pixel wide, but is {self.box_px}.")

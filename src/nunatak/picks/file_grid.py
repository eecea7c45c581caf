"""The grid in which a pick file counts its coordinates: binned pixels, or ångström."""

from dataclasses import dataclass
from enum import StrEnum

from nunatak import geometry
from nunatak.errors import UsageError
from nunatak.geometry import FloatArray


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

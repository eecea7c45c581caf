"""What the headers of image files say of sizes and pixel sizes, each read when it is asked for."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nunatak.errors import Mismatch
from nunatak.images.micrograph import ImageInfo
from nunatak.images.pixel_size import same
from nunatak.images.shapes import VolumeShape

if TYPE_CHECKING:
    from nunatak.images.axis_order import AxisOrder


class ImageHeaders:
    """Headers of image files, each read once, when it is first asked for.

    Parameters
    ----------
    paths
        Image files by name.
    axis_order
        What the stored axes of all tomograms among them are; None asks where a shape leaves a
        doubt.
    """

    def __init__(self, paths: Mapping[str, Path], axis_order: "AxisOrder | None" = None) -> None:
        self._paths = dict(paths)
        self._axis_order = axis_order
        self._infos: dict[str, ImageInfo] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def info(self, name: str) -> ImageInfo:
        """Return what the header of an image says.

        Raises
        ------
        BadInput
            If it cannot be read.
        """
        # Image readers are not needed to convert most files.
        from nunatak.images.reader import read_info  # noqa: PLC0415

        if name not in self._infos:
            self._infos[name] = read_info(self._paths[name])
        return self._infos[name]

    def volume_shape(self, name: str) -> VolumeShape:
        """Return ``(nz, ny, nx)`` of a tomogram in voxels.

        Raises
        ------
        BadInput
            If its shape leaves a doubt about the order of its axes, and none was stated.
        UsageError
            If the order that was stated cannot be that of the file.
        """
        # For the same reason as in `info`.
        from nunatak.images.axis_order import shape_in_order  # noqa: PLC0415

        return shape_in_order(self.info(name), self._axis_order)

    def pixel_size_A(self, name: str) -> float | None:
        """Return the pixel size of an image in ångström, or None if its header has none.

        Raises
        ------
        Mismatch
            If the voxels of a tomogram are not cubic to 1 %.
        """
        info = self.info(name)
        if len(info.shape) == 3 and info.unequal_sizes_A:
            raise Mismatch(
                f"{name}: voxels are not cubic: the header says {info.unequal_sizes}. Resample "
                "the tomogram to cubic voxels; if the header is wrong, correct it, or give "
                "--pixel-size."
            )
        return info.pixel_size_A

    def refuse_other_size(self, name: str, stated_A: float) -> None:
        """Refuse a stated voxel size that a tomogram's header contradicts.

        Raises
        ------
        Mismatch
            If they differ by more than 1 %.
        """
        own_A = self.info(name).pixel_size_A
        if own_A is not None and not same(own_A, stated_A):
            raise Mismatch(
                f"{name}: voxels of {own_A:.5g} Å by its header, and of {stated_A:.5g} Å by "
                "--pixel-size. Leave the option out; or, if the header is wrong, correct it or add "
                "--override-pixel-size."
            )

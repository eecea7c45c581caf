"""From a tomogram's voxels to the pixels of its tilt series, in which RELION counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, Mismatch
from nunatak.geometry import FloatArray
from nunatak.images.pixel_size import TOLERANCE, same
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame
from nunatak.picks.formats.tomograms.relion_tomo_names import matched
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tilt_series import TiltSeries, TomogramCentre

SHAPE_TOLERANCE_PX = 2.0
"""By so many voxels a tomogram may be larger or smaller than its unbinned size says: programs
round it, some to even numbers."""


@dataclass(frozen=True)
class PickScale:
    """Size and scale of each pick's tomogram.

    Attributes
    ----------
    size_px : ndarray, shape (n, 3), float64
        ``(x, y, z)`` of the unbinned tomogram, pixels of the tilt series.
    pixel_size_A : ndarray, shape (n, 1), float64
        Of the tilt series.
    binning : ndarray, shape (n, 1), float64
        Side of a voxel in pixels of the tilt series.
    """

    size_px: FloatArray
    pixel_size_A: FloatArray
    binning: FloatArray

    @property
    def voxel_A(self) -> FloatArray:
        """Side of a voxel, shape (n,), ångström."""
        return (self.pixel_size_A * self.binning)[:, 0]

    def centre_px(self, rule: TomogramCentre) -> FloatArray:
        """Where the centred coordinates are zero, shape (n, 3), unbinned pixels.

        Half the unbinned size, never that of the binned tomogram times its binning: 4092 pixels
        binned by 8 are 511.5 voxels, and the tomogram has 511 or 512.
        """
        half = self.size_px / 2
        return half - 1 if rule is TomogramCentre.HALF_MINUS_ONE else half


def voxel_size_A(image: str, images: ImageCatalogue) -> float | None:
    """Return the voxel size of a tomogram in ångström, or None if it is not known."""
    try:
        return images.pixel_size_A(image)
    except BadInput:
        return None  # Whoever needs the tomogram says what is wrong with it.


def shape_px(image: str, images: ImageCatalogue) -> tuple[int, int, int] | None:
    """Return ``(x, y, z)`` of a tomogram in voxels, or None if it is not known."""
    try:
        nz, ny, nx = images.volume_shape(image)
    except BadInput:
        return None  # As in `voxel_size_A`.
    return nx, ny, nz


def series_names(images: Iterable[str], context: FormatContext) -> dict[str, str]:
    """Return the name of the tilt series of each tomogram, where the context knows it."""
    return matched(dict.fromkeys(images), context.tomograms.tilt_series)


def scale_of(table: pd.DataFrame, path: Path, context: FormatContext) -> PickScale:
    """Return the scale of each pick's tomogram.

    Parameters
    ----------
    table
        With the column ``image``, and ``pixel_size_A`` where voxels are known.
    path
        The file that is read or written, named in an error.
    context
        Knows the tilt series, and perhaps the tomograms.

    Raises
    ------
    Mismatch
        If a tomogram has no tilt series, or another voxel size or shape than follows from it.
    """
    images = list(table["image"].unique())
    names = series_names(images, context)
    missing = [image for image in images if image not in names]
    if missing:
        known = ", ".join(list(context.tomograms.tilt_series)[:5]) or "none"
        raise Mismatch(
            f"{path}: size and binning of {len(missing)} of {len(images)} tomograms are not known "
            f"(first: {missing[0]}). Give RELION's tomograms.star that lists them; tomograms "
            f"known from it: {known}."
        )
    series = {image: context.tomograms.tilt_series[names[image]] for image in images}
    _refuse_other_voxels(series, table, path, context)
    _refuse_other_shapes(series, path, context)
    codes, distinct = pd.factorize(table["image"])
    rows = [series[image] for image in distinct]
    return PickScale(
        np.array([one.size_px for one in rows], dtype=np.float64).reshape(-1, 3)[codes],
        np.array([one.pixel_size_A for one in rows], dtype=np.float64).reshape(-1, 1)[codes],
        np.array([one.binning for one in rows], dtype=np.float64).reshape(-1, 1)[codes],
    )


def unbinned(table: pd.DataFrame, of: PickScale | None, context: FormatContext) -> FloatArray:
    """Return positions in pixels of the tilt series, shape (n, 3), 0 = centre of the first one.

    Parameters
    ----------
    table
        Picks in tomograms.
    of
        Scale of their tomograms; None leaves it to the context's grid.
    context
        Says the grid, and whether whole numbers are asked for.

    Raises
    ------
    UsageError
        If an orientation is asked for.
    """
    position_px = np.stack(frame.volume_from_source(table, context), axis=1)
    if of is not None:
        position_px = position_px * of.binning
    return frame.whole(position_px) if context.round_coordinates else position_px


def refuse_other_pixels(stated_A: FloatArray | None, of: PickScale, path: Path) -> None:
    """Refuse a file that states another pixel size of the tilt series than tomograms.star.

    Parameters
    ----------
    stated_A
        Of each pick's tilt series, shape (n,), NaN where unknown; None where none is stated.
    of
        By tomograms.star.
    path
        The file.

    Raises
    ------
    Mismatch
        If two differ by more than 1 %.
    """
    if stated_A is None:
        return
    known_A = of.pixel_size_A[:, 0]
    differ = np.abs(stated_A - known_A) > TOLERANCE * np.maximum(stated_A, known_A)
    if differ.any():
        row = int(np.flatnonzero(differ)[0])
        raise Mismatch(
            f"{path}: states tilt series of {stated_A[row]:.5g} Å a pixel, tomograms.star "
            f"{known_A[row]:.5g} Å. Give the tomograms.star that belongs to these particles."
        )


def _refuse_other_voxels(
    series: dict[str, TiltSeries], table: pd.DataFrame, path: Path, context: FormatContext
) -> None:
    stated: dict[str, float] = {}
    if "pixel_size_A" in table.columns:
        sizes = table.dropna(subset="pixel_size_A").drop_duplicates("image")
        stated = dict(zip(sizes["image"], sizes["pixel_size_A"].astype(float), strict=True))
    for image, one in series.items():
        voxel_A = one.pixel_size_A * one.binning
        for known_A in (stated.get(image), voxel_size_A(image, context.images)):
            if known_A is not None and not same(known_A, voxel_A):
                raise Mismatch(
                    f"{path}: {image} has voxels of {known_A:.5g} Å, but by tomograms.star they "
                    f"are {one.pixel_size_A:.5g} Å binned by {one.binning:.6g}, {voxel_A:.5g} Å. "
                    "Give the tomograms.star of this reconstruction, or the tomograms that it "
                    "describes."
                )


def _refuse_other_shapes(series: dict[str, TiltSeries], path: Path, context: FormatContext) -> None:
    """Refuse tomograms that were cut, or whose axes were exchanged: their centre is elsewhere."""
    for image, one in series.items():
        shape = shape_px(image, context.images)
        if shape is None:
            continue
        binned = np.array(one.size_px) / one.binning
        if np.abs(binned - shape).max() > SHAPE_TOLERANCE_PX:
            x, y, z = (f"{side:.6g}" for side in binned)
            raise Mismatch(
                f"{path}: {image} has {shape[0]} x {shape[1]} x {shape[2]} voxels (x, y, z), but "
                f"by tomograms.star it has {x} x {y} x {z}, whose middle is where RELION counts "
                "from. Give the tomograms.star of this reconstruction, or the tomograms that it "
                "describes."
            )

"""The pixel size that a file states is that of the pixels in which its coordinates count.

A file of binned coordinates states the size of the binned pixels; nunatak's table holds that of
the stored image. Only the sizes that belong to coordinates change: the column itself, RELION's
``rlnMicrographPixelSize`` of an optics group, and RELION 3.0's ``rlnMagnification``, unless it
describes extracted particles.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, Mismatch
from nunatak.geometry import FloatArray
from nunatak.images.pixel_size import same, stated
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.numbers import written
from nunatak.picks.table import PickSet

_COLUMN = "pixel_size_A"

Rule = Callable[[FloatArray], FloatArray]


def of_stored_images(picks: PickSet, context: FormatContext) -> PickSet:
    """Turn the pixel sizes that a file states into those of the stored images.

    Some programs bin coordinates and leave the pixel size alone. Where the images are known and
    have the stated size themselves, it is theirs, and stays.

    Parameters
    ----------
    picks
        As the file has them.
    context
        Says the grid, and may know the images.

    Returns
    -------
    PickSet
        With a note where the stated size stays. Picks in tomograms get the size that these have.

    Raises
    ------
    Mismatch
        If picks in tomograms state another voxel size than these have, by more than 1 %.
    """
    return _in_own_voxels(_of_stored_images(picks, context), context)


def _of_stored_images(picks: PickSet, context: FormatContext) -> PickSet:
    ratio = context.grid.pixel_ratio
    if ratio == 1:
        return picks
    own_A = _agreeing_size_A(picks.table, context)
    if own_A is not None:
        note = (
            f"{picks.source}: states a pixel size of {own_A:.5g} Å, which the images themselves "
            f"have; it was not taken for that of pixels binned by {ratio:.6g}."
        )
        return replace(picks, notes=[*picks.notes, note])
    return _scaled(picks, lambda sizes: sizes / ratio, lambda values: values * ratio)


def of_file(picks: PickSet, grid: FileGrid) -> PickSet:
    """Turn the pixel sizes of the stored images into those that a file shall state.

    Inverse of `of_stored_images`.
    """
    ratio = grid.pixel_ratio
    if ratio == 1:
        return picks
    return _scaled(picks, lambda sizes: sizes * ratio, lambda values: values / ratio)


def _agreeing_size_A(table: pd.DataFrame, context: FormatContext) -> float | None:
    """Return the stated size if the first image of known size has it as it stands."""
    first = next(_both_sizes(table, context), None)
    if first is None:
        return None
    _, stated_A, own_A = first
    fits_as_it_stands = same(stated_A, own_A)
    fits_by_the_rule = same(stated_A / context.grid.pixel_ratio, own_A)
    return stated_A if fits_as_it_stands and not fits_by_the_rule else None


def _in_own_voxels(picks: PickSet, context: FormatContext) -> PickSet:
    """Refuse picks in tomograms that belong to other voxels; of a rounded size take the exact one.

    Headers of micrographs are wrong too often for this, and lists correct them.
    """
    if picks.ndim != 3:
        return picks
    images = context.images
    exact_A: dict[str, float] = {}
    for image, stated_A, own_A in _both_sizes(picks.table, context):
        if not same(stated_A, own_A) and not images.imposes_pixel_size:
            raise Mismatch(
                f"{picks.source}: its picks in {image} are in voxels of {stated_A:.5g} Å, and the "
                f"tomogram's voxels have {own_A:.5g} Å. If they were picked in this tomogram "
                f"binned by {stated_A / own_A:.4g}, nunatak convert takes that as "
                "--input-binning; otherwise give the tomogram that they were picked in. If its "
                "header is wrong, give --pixel-size with --override-pixel-size."
            )
        exact_A[image] = own_A
    # A size stated without the tomograms is for those of which nothing else is known.
    if not exact_A or not images.holds_tomograms:
        return picks
    sizes_A = picks.table["image"].map(exact_A).fillna(picks.table[_COLUMN])
    return replace(picks, table=picks.table.assign(**{_COLUMN: sizes_A}))


def _both_sizes(table: pd.DataFrame, context: FormatContext) -> Iterator[tuple[str, float, float]]:
    """Yield each size that is stated of an image, and its own, where both are known."""
    if _COLUMN not in table.columns:
        return
    rows = table[["image", _COLUMN]].dropna().drop_duplicates()
    for image, value_A in zip(rows["image"], rows[_COLUMN].tolist(), strict=True):
        try:
            own_A = context.images.pixel_size_A(image)
        except BadInput:
            continue  # Whoever needs the image says what is wrong with it.
        stated_A = stated(value_A)
        if stated_A is not None and own_A is not None:
            yield image, stated_A, own_A


def _scaled(picks: PickSet, size_rule: Rule, magnification_rule: Rule) -> PickSet:
    table, optics = picks.table, picks.optics
    if _COLUMN in table.columns:
        table = table.assign(**{_COLUMN: size_rule(table[_COLUMN].to_numpy(dtype=np.float64))})
    if relion.magnification_is_of_micrographs(table.columns):
        cells = _rewritten(table[relion.MAGNIFICATION], magnification_rule)
        table = table.assign(**{relion.MAGNIFICATION: cells})
    if optics is not None and relion.PIXEL_SIZE in optics.columns:
        cells = _rewritten(optics[relion.PIXEL_SIZE], size_rule)
        optics = optics.assign(**{relion.PIXEL_SIZE: cells})
    return replace(picks, table=table, optics=optics)


def _rewritten(cells: pd.Series, rule: Rule) -> pd.Series:
    """Apply a rule to numbers that are kept as text; what is no number stays as it is."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    texts = pd.Series(written(rule(numbers)).to_pylist(), index=cells.index, dtype=str)
    return texts.where(np.isfinite(numbers), cells.astype(str))

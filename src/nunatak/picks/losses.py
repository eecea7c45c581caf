"""What of a pick set a file format cannot hold."""

from collections.abc import Iterator

import pandas as pd

from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import ANGLE_COLUMNS, REQUIRED_COLUMNS, Z_COLUMN, PickSet


def losses(picks: PickSet, fmt: PickFormat, context: FormatContext) -> list[str]:
    """Say in which unit coordinates are written, and what is lost.

    Parameters
    ----------
    picks
        What is written.
    fmt, context
        In which format, and how.

    Returns
    -------
    list of str
        Sentences.
    """
    can = fmt.capabilities
    notes = [f"Coordinates are written in {can.unit or context.grid.in_words(picks.ndim)}."]
    rounds = context.round_coordinates
    if can.integer or (can.whole_by_default if rounds is None else rounds):
        notes.append("Positions are rounded to whole pixels.")
    zeros = {
        name: unknown
        for name in can.zero_for_unknown
        if name in picks.table and (unknown := int(picks.table[name].isna().sum()))
    }
    if zeros:
        counts = ", ".join(f"{count} of {name}" for name, count in zeros.items())
        notes.append(f"{fmt.title} cannot say that a value is unknown; written as 0: {counts}.")
    lost = [*_lost_columns(picks.table, can, context), *_lost_beside(picks, can)]
    if lost:
        notes.append(f"{fmt.title} does not hold {', '.join(lost)}.")
    return notes


def _lost_columns(table: pd.DataFrame, can: Capabilities, context: FormatContext) -> Iterator[str]:
    if can.preserves_columns:
        return
    held = {*REQUIRED_COLUMNS, Z_COLUMN, *can.columns}
    if context.box_px is not None:
        held -= set(can.columns_under_box)
    for column, is_held in (
        ("score", can.score),
        ("class_name", can.class_name),
        ("pixel_size_A", can.pixel_size),
    ):
        if is_held:
            held.add(column)
    if can.angles:
        held |= set(ANGLE_COLUMNS)
    for name in table.columns:
        # Where nothing is known, nothing is lost.
        if name not in held and table[name].notna().any():
            yield str(name)


def _lost_beside(picks: PickSet, can: Capabilities) -> Iterator[str]:
    if picks.optics is not None and not can.optics:
        yield "optics groups"
    empty = len(picks.images) - sum(1 for _ in by_image(picks.table))
    if empty and not can.empty_images:
        yield counted(empty, "image without picks", "images without picks")

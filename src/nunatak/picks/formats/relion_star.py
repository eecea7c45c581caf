"""RELION 2D STAR files: coordinates, particles, with and without optics groups.

``rlnCoordinateX/Y`` are centres in pixels of the micrograph, 0 = centre of the first pixel,
rows as stored: nunatak's own frame. Coordinates are written in full, so that what is read back
is what was written. RELION's particle extraction cuts decimals off, which shifts particles by
half a pixel on average; a file made for extraction alone should be written with
``round_coordinates`` (the AutoPick job layout is, by default).
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from nunatak.errors import FormatError
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image, pixel_size, relion_origins
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.relion_optics import with_optics
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.table import PickSet

PER_IMAGE_ENDINGS = ("_autopick.star", "_manualpick.star", "_pick.star", "_picks.star")
"""Endings of RELION's coordinate files of one micrograph, which do not name it."""

EMPTY_IMAGES = "nunatak_empty_images"
"""Block with the images that were looked at and have no pick; RELION ignores it."""

_SUBTABLES = frozenset({"optics", EMPTY_IMAGES, "general"})


def sniff(head: bytes) -> bool:
    """Whether this is a STAR file with coordinates (and no tomogram)."""
    return b"data_" in head and b"_rlnCoordinateX" in head and b"_rlnCoordinateZ" not in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read picks, optics groups and every other column.

    Raises
    ------
    FormatError
        If the file is damaged, holds no picks, or holds picks in three dimensions; or if refined
        origins are asked for and cannot be had.
    Mismatch
        If the context's orientation needs the size of an unknown image.
    """
    tables = read_star(path)
    table = pick_table(path, tables)
    optics = next((t for t in tables if t.block == "optics"), None)
    frame_ = relion.columns_of(table)
    frame_.insert(0, "image", _images(table, context))
    pixel_size_A = relion.pixel_sizes(table, optics)
    if pixel_size_A is not None:
        frame_["pixel_size_A"] = pixel_size_A
    empty = next((t for t in tables if t.block == EMPTY_IMAGES), None)
    picks = PickSet(
        frame_,
        optics=None if optics is None else pd.DataFrame(optics.columns, dtype=str),
        images=tuple(empty.columns[relion.IMAGE]) if empty is not None else (),
        source=path,
        notes=_notes(tables, table, context),
    )
    picks = pixel_size.of_stored_images(picks, context)
    if context.refined:
        picks.table = relion_origins.refined(picks.table, table, optics, context)
    return replace(picks, table=frame.to_source(picks.table, context))


def pick_table(path: Path, tables: list[StarTable]) -> StarTable:
    """Return the one table of a STAR file that holds coordinates.

    Raises
    ------
    FormatError
        If no table or several do, or if they are three-dimensional.
    """
    with_picks = [t for t in tables if relion.X in t.columns and relion.Y in t.columns]
    if not with_picks:
        candidates = [t for t in tables if t.block not in _SUBTABLES] or tables
        if not candidates:
            raise FormatError(path, "a STAR file without any table")
        candidates[-1].require(relion.X, relion.Y)
    if len(with_picks) > 1:
        blocks = ", ".join(f"data_{t.block}" for t in with_picks)
        raise FormatError(path, f"{len(with_picks)} tables of coordinates ({blocks}); expected one")
    table = with_picks[0]
    if "rlnCoordinateZ" in table.columns or "rlnTomoName" in table.columns:
        raise FormatError(
            path,
            "picks in three dimensions where picks on micrographs were expected",
            line=table.line,
            field="rlnCoordinateZ" if "rlnCoordinateZ" in table.columns else "rlnTomoName",
        )
    return table


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write picks, optics groups and every other column into one file.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file.
    ResourceError
        If the file cannot be written.
    """
    per_image.refuse_existing([path], context)
    table, optics = with_optics(pixel_size.of_file(picks, context.grid))
    table = relion.with_scores(table)
    x, y = frame.from_source(table, context)
    if context.round_coordinates:
        x, y = frame.whole(x), frame.whole(y)
    columns = {relion.IMAGE: table["image"], relion.X: pd.Series(x), relion.Y: pd.Series(y)}
    renamed = {"score": relion.SCORE, "pixel_size_A": relion.PIXEL_SIZE, **relion.OWN}
    for name in table.columns:
        if name not in ("image", "x_px", "y_px"):
            columns[renamed.get(name, str(name))] = table[name]
    blocks = ["# version 30001", ""] if optics is not None else []
    if optics is not None:
        blocks.append(star_block("optics", {str(name): optics[name] for name in optics}))
    blocks.append(star_block("particles" if optics is not None else "", columns))
    with_picks = frozenset(table["image"])
    empty = [image for image in picks.images if image not in with_picks]
    if empty:
        blocks.append(star_block(EMPTY_IMAGES, {relion.IMAGE: pd.Series(empty, dtype=str)}))
    write_text(path, "\n".join(blocks))
    return [path]


def _images(table: StarTable, context: FormatContext) -> "pd.Series[str] | str":
    if relion.IMAGE in table.columns:
        return pd.Series(table.columns[relion.IMAGE], dtype=str)
    if context.image is not None:
        return context.image
    stem = per_image.stem_before(table.path, PER_IMAGE_ENDINGS)
    if stem is None:
        try:
            table.require(relion.IMAGE)
        except FormatError as error:
            raise FormatError(
                table.path,
                error.problem,
                line=error.line,
                field=error.field,
                hint=f"{error.hint}. If the picks belong to one image, name it in "
                "'nunatak convert' (--image)",
            ) from None
        return ""
    return per_image.images_named([stem], table.path, context)[stem]


def _notes(tables: list[StarTable], table: StarTable, context: FormatContext) -> list[str]:
    notes = []
    others = [t for t in tables if t is not table and t.block not in _SUBTABLES]
    if others:
        blocks = ", ".join(f"data_{t.block}" for t in others)
        notes.append(f"{table.path}: tables without coordinates are not kept: {blocks}.")
    origins = relion_origins.labels_among(table.columns)
    if not context.refined and origins is not None and relion_origins.any_shift(table):
        notes.append(
            f"{table.path}: holds refined origins ({origins[0]}), which were not applied; "
            "coordinates are where the particles were extracted. --refined applies them."
        )
    return notes


FORMAT = PickFormat(
    name="relion-star",
    title="RELION STAR",
    suffixes=(".star",),
    capabilities=Capabilities(
        score=True,
        zero_for_unknown=("score",),
        class_name=True,
        pixel_size=True,
        optics=True,
        multi_image=True,
        preserves_columns=True,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=relion.refuse_images,
)

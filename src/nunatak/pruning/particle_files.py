"""The files that tables of particle images lie in: STAR of RELION, and CryoSPARC's ``.cs``."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.files import write_text, written_whole
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import cryosparc_cs, per_image
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.cryosparc_uids import UID
from nunatak.picks.formats.star import read_star
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.formats.structured import MAGIC, read_structured
from nunatak.picks.table import PickSet
from nunatak.pruning.particle_names import BLOB_INDEX, BLOB_PATH, stacks_of

_PLACES = (b"_rlnCoordinateX", b"_rlnCenteredCoordinateXAngst", b"_rlnTomoName")
"""What is on micrographs or in tomograms has a place."""

_NOWHERE = {"x_px": 0.0, "y_px": 0.0}
"""Until somebody looks into the stacks: see `nunatak.pruning.particle_tables`."""


def _sniff_star(head: bytes) -> bool:
    is_table = b"data_" in head and b"_rlnImageName" in head
    return is_table and not any(place in head for place in _PLACES)


def _sniff_cs(head: bytes) -> bool:
    is_table = head.startswith(MAGIC) and BLOB_PATH.encode() in head
    return is_table and b"location/center_x_frac" not in head


def _read_star(path: Path, _context: FormatContext) -> PickSet:
    tables = read_star(path)
    table = next((one for one in tables if relion.PARTICLE_IMAGE in one.columns), None)
    if table is None:
        raise FormatError(path, f"no column {relion.PARTICLE_IMAGE}")
    columns = relion.columns_of(table)
    for name in (relion.IMAGE, relion.PIXEL_SIZE):
        if name in table.columns:
            columns[name] = pd.Series(table.columns[name], dtype=str)
    optics = next((one for one in tables if one.block == "optics"), None)
    return PickSet(
        columns.assign(image=stacks_of(columns), **_NOWHERE),
        optics=None if optics is None else pd.DataFrame(optics.columns, dtype=str),
        source=path,
    )


def _read_cs(path: Path, _context: FormatContext) -> PickSet:
    records = read_structured(path)
    names = records.dtype.names or ()
    missing = [name for name in (UID, BLOB_PATH, BLOB_INDEX) if name not in names]
    if missing:
        raise FormatError(
            path, f"no field {' and '.join(missing)}", hint=f"Fields found: {', '.join(names)}"
        )
    single = [name for name in names if records[name].ndim == 1]
    columns = pd.DataFrame({name: cryosparc_cs.plain(path, records[name]) for name in single})
    return PickSet(columns.assign(image=stacks_of(columns), **_NOWHERE), source=path)


def _write_star(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    per_image.refuse_existing([path], context)
    table = picks.table.drop(columns=["image", "x_px", "y_px"])
    if relion.PARTICLE_IMAGE not in table.columns:
        numbers = table[BLOB_INDEX].astype(np.int64) + 1
        names = [
            f"{number:06d}@{stack}"
            for number, stack in zip(numbers, picks.table["image"], strict=True)
        ]
        table.insert(0, relion.PARTICLE_IMAGE, names)
    renamed = {"score": relion.SCORE, **relion.OWN}
    columns = {renamed.get(name, str(name)): table[name] for name in table.columns}
    optics = picks.optics
    blocks = ["# version 30001", ""] if optics is not None else []
    if optics is not None:
        blocks.append(star_block("optics", {str(name): optics[name] for name in optics}))
    blocks.append(star_block("particles" if optics is not None else "", columns))
    write_text(path, "\n".join(blocks))
    return [path]


def _write_rows(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write the records of a ``.cs`` file that the picks are, every field as it is.

    Raises
    ------
    FormatError
        If the file has changed since it was read.
    """
    per_image.refuse_existing([path], context)
    source = Path(picks.source or path)
    records = read_structured(source)
    is_chosen = np.isin(records[UID], picks.table[UID].to_numpy())
    if is_chosen.sum() != len(picks):
        raise FormatError(source, f"has other records ({UID}) than when it was read")
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, records[is_chosen], allow_pickle=False)
    return [path]


RELION_PARTICLES = PickFormat(
    name="relion-particles",
    title="RELION STAR of particle images",
    suffixes=(".star",),
    capabilities=Capabilities(
        class_name=True, pixel_size=True, optics=True, preserves_columns=True
    ),
    sniff=_sniff_star,
    read=_read_star,
    write=_write_star,
)

CRYOSPARC_ROWS = replace(
    cryosparc_cs.FORMAT, name="cryosparc-rows", sniff=_sniff_cs, read=_read_cs, write=_write_rows
)
"""Written, it is some of the records of the file that the picks came from."""

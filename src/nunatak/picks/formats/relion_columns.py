"""Between RELION's labels and nunatak's columns."""

from typing import Final

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats.star import StarTable

IMAGE: Final = "rlnMicrographName"
X: Final = "rlnCoordinateX"
Y: Final = "rlnCoordinateY"
SCORE: Final = "rlnAutopickFigureOfMerit"
PIXEL_SIZE: Final = "rlnMicrographPixelSize"
OPTICS_GROUP: Final = "rlnOpticsGroup"
OPTICS_GROUP_NAME: Final = "rlnOpticsGroupName"
ORIGINS: Final = ("rlnOriginXAngst", "rlnOriginYAngst")

OWN: Final = {
    "class_name": "nunatakClassName",
    "diameter_A": "nunatakDiameterAngst",
    "selected": "nunatakSelected",
}
"""What RELION has no label for. RELION keeps labels that it does not know, with a warning."""

_READ_HERE = frozenset({IMAGE, X, Y, SCORE, PIXEL_SIZE, *OWN.values()})


def columns_of(table: StarTable) -> pd.DataFrame:
    """Return nunatak's columns of a RELION table, but neither image nor pixel size.

    Labels that nunatak does not use are kept as text, exactly as they stand in the file.
    """
    columns: dict[str, object] = {"x_px": table.numbers(X), "y_px": table.numbers(Y)}
    if SCORE in table.columns:
        columns["score"] = table.numbers(SCORE, missing_allowed=True)
    for ours, label in OWN.items():
        if label in table.columns:
            columns[ours] = _own_column(table, ours, label)
    for name, cells in table.columns.items():
        if name not in _READ_HERE:
            columns[name] = pd.Series(cells, dtype=str)
    return pd.DataFrame(columns)


def _own_column(table: StarTable, ours: str, label: str) -> object:
    if ours == "diameter_A":
        return table.numbers(label, missing_allowed=True)
    if ours == "selected":
        return table.numbers(label) != 0
    return pd.Series(table.columns[label], dtype=str)


def pixel_sizes(table: StarTable, optics: StarTable | None) -> FloatArray | None:
    """Return the micrograph pixel size of each row in ångström, or None where none is stated.

    It stands in the optics group (RELION 3.1 and later), in the row itself, or follows from
    detector pixel size and magnification (RELION 3.0, unless particles were extracted: then
    the two describe the particle images).

    Raises
    ------
    FormatError
        If a row belongs to an optics group that the file does not describe.
    """
    if PIXEL_SIZE in table.columns:
        return table.numbers(PIXEL_SIZE, missing_allowed=True)
    if optics is not None and PIXEL_SIZE in optics.columns and OPTICS_GROUP in optics.columns:
        sizes = optics.numbers(PIXEL_SIZE, missing_allowed=True)
        if OPTICS_GROUP not in table.columns:
            return np.full(len(table), sizes[0]) if len(sizes) == 1 else None
        of_group = dict(zip(optics.columns[OPTICS_GROUP], sizes.tolist(), strict=True))
        _refuse_unknown_groups(table, of_group)
        groups = pd.Series(table.columns[OPTICS_GROUP], dtype=str)
        return groups.map(of_group).to_numpy(dtype=np.float64)
    detector, magnification = "rlnDetectorPixelSize", "rlnMagnification"
    if {detector, magnification} <= table.columns.keys() and "rlnImageName" not in table.columns:
        with np.errstate(divide="ignore", invalid="ignore"):
            size_A = table.numbers(detector) * 1e4 / table.numbers(magnification)
        return np.where(np.isfinite(size_A), size_A, np.nan)
    return None


def _refuse_unknown_groups(table: StarTable, known: dict[str, float]) -> None:
    unknown = set(table.columns[OPTICS_GROUP]) - known.keys()
    if unknown:
        row = next(r for r, group in enumerate(table.columns[OPTICS_GROUP]) if group in unknown)
        raise FormatError(
            table.path,
            f"optics group {table.columns[OPTICS_GROUP][row]!r} is not in data_optics",
            line=int(table.row_lines[row]),
            field=OPTICS_GROUP,
            hint=f"Groups described: {', '.join(known) or 'none'}",
        )


def origins_px(table: StarTable, pixel_size_A: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return the refined shift of each row in pixels of the micrograph.

    RELION's refined position is the coordinate minus this shift. RELION 3.0 counts shifts in
    pixels of the extracted particle, whose size nobody states, so that only ångström will do.

    Raises
    ------
    FormatError
        If there are no origins in ångström, or no pixel size to convert them by.
    """
    table.require(*ORIGINS)
    if pixel_size_A is None or not np.isfinite(pixel_size_A).all():
        raise FormatError(
            table.path,
            f"origins in ångström but no {PIXEL_SIZE} to convert them by",
            field=f"block data_{table.block}",
            hint="Add it to the optics table",
        )
    x_A, y_A = (table.numbers(origin) for origin in ORIGINS)
    return x_A / pixel_size_A, y_A / pixel_size_A

"""Between RELION's labels and nunatak's columns."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats.star import StarTable
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.formats.unknown_as_zero import or_zero

IMAGE: Final = "rlnMicrographName"
X: Final = "rlnCoordinateX"
Y: Final = "rlnCoordinateY"
SCORE: Final = "rlnAutopickFigureOfMerit"
PIXEL_SIZE: Final = "rlnMicrographPixelSize"
OPTICS_GROUP: Final = "rlnOpticsGroup"
OPTICS_GROUP_NAME: Final = "rlnOpticsGroupName"
DETECTOR: Final = "rlnDetectorPixelSize"
MAGNIFICATION: Final = "rlnMagnification"
PARTICLE_IMAGE: Final = "rlnImageName"

OWN: Final = {
    "class_name": "nunatakClassName",
    "diameter_A": "nunatakDiameterAngst",
    "selected": "nunatakSelected",
    "probability": "nunatakProbability",
    "predicted_class": "nunatakPredictedClass",
    "decision": "nunatakDecision",
    "agreement": "nunatakAgreement",
    "looked": "nunatakLooked",
    "seen_by": "nunatakSeenBy",
}
"""What RELION has no label for. RELION keeps labels that it does not know, with a warning."""

_READ_HERE = frozenset({IMAGE, X, Y, SCORE, PIXEL_SIZE, *OWN.values()})


def columns_of(table: StarTable) -> pd.DataFrame:
    """Return nunatak's columns of a RELION table, but neither image nor pixel size.

    A table of particle images may lack the coordinates, and so does what is returned then.

    Labels that nunatak does not use are kept as text, exactly as they stand in the file.
    """
    coordinates = {"x_px": X, "y_px": Y}
    columns: dict[str, object] = {
        ours: table.numbers(label) for ours, label in coordinates.items() if label in table.columns
    }
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
    if ours in ("diameter_A", "probability", "agreement", "looked"):
        return table.numbers(label, missing_allowed=True)
    if ours == "selected":
        return table.numbers(label) != 0
    return pd.Series(table.columns[label], dtype=str)


def with_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pick table whose scores, if it has any, are 0 where they are unknown."""
    if "score" not in table.columns:
        return table
    return table.assign(score=or_zero(table["score"]))


def refuse_images(images: Sequence[str]) -> None:
    """Refuse names of images that no STAR file can hold.

    Raises
    ------
    BadInput
        If a name holds a line break, or both kinds of quotes.
    """
    star_block("", {IMAGE: pd.Series(list(images), dtype=str)})


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
    sizes_A = sizes_of_groups(table, optics, PIXEL_SIZE)
    if sizes_A is None and magnification_is_of_micrographs(table.columns):
        sizes_A = sizes_by_magnification(table)
    return sizes_A


def sizes_of_groups(table: StarTable, optics: StarTable | None, label: str) -> FloatArray | None:
    """Return a pixel size of each row's optics group in ångström, or None where none is stated.

    Raises
    ------
    FormatError
        If a row belongs to an optics group that the file does not describe.
    """
    if optics is None or not {label, OPTICS_GROUP} <= optics.columns.keys():
        return None
    sizes_A = optics.numbers(label, missing_allowed=True)
    if OPTICS_GROUP not in table.columns:
        return np.full(len(table), sizes_A[0]) if len(sizes_A) == 1 else None
    of_group = dict(zip(optics.columns[OPTICS_GROUP], sizes_A.tolist(), strict=True))
    _refuse_unknown_groups(table, of_group)
    groups = pd.Series(table.columns[OPTICS_GROUP], dtype=str)
    return groups.map(of_group).to_numpy(dtype=np.float64)


def sizes_by_magnification(table: StarTable) -> FloatArray | None:
    """Return detector pixel size (micrometre) / magnification in ångström; None without them."""
    if not {DETECTOR, MAGNIFICATION} <= table.columns.keys():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        size_A = table.numbers(DETECTOR) * 1e4 / table.numbers(MAGNIFICATION)
    return np.where(np.isfinite(size_A), size_A, np.nan)


def magnification_is_of_micrographs(columns: Collection[str]) -> bool:
    """Tell whether magnification and detector describe micrographs, not extracted particles."""
    return {DETECTOR, MAGNIFICATION} <= set(columns) and PARTICLE_IMAGE not in columns


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

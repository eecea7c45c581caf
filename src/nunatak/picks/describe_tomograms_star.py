"""RELION's ``tomograms.star`` in words: it lists tomograms, and no picks."""

from pathlib import Path

import numpy as np

from nunatak.geometry import FloatArray
from nunatak.picks.evaluation import listed
from nunatak.picks.formats.registry import HEAD_BYTES
from nunatak.picks.formats.star import StarTable
from nunatak.picks.formats.tomograms import relion_tomo_columns as tomo
from nunatak.picks.formats.tomograms.tomograms_star import BINNING, SIZES, naming_table

_MOST_NAMES = 5


def lists_tomograms(file: Path) -> bool:
    """Tell whether this is a STAR file that names tomograms and has no coordinates."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False  # Whoever reads it next says what is wrong.
    coordinates = (tomo.COORDINATES[0], tomo.CENTRED_A[0])
    names = b"data_" in head and f"_{tomo.TOMOGRAM}".encode() in head
    return names and not any(f"_{label}".encode() in head for label in coordinates)


def describe_tomograms_star(file: Path) -> dict[str, str]:
    r"""Describe it by label and text, in the order in which to show them.

    Raises
    ------
    FormatError
        If the file is damaged.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tomograms.star"
    >>> labels = [tomo.TOMOGRAM, *SIZES, tomo.TILT_SERIES_PIXEL_SIZE, BINNING]
    >>> header = "".join(f"_{label}\n" for label in labels)
    >>> _ = path.write_text(f"data_global\nloop_\n{header}TS_01 4092 5760 2000 1.35 8")
    >>> for label, text in describe_tomograms_star(path).items():
    ...     print(f"{label}: {text}") if label not in ("file", "columns") else None
    kind: RELION's list of tomograms
    tomograms: 1 (TS_01)
    unbinned size: 4092 × 5760 × 2000 px (x × y × z)
    tilt series' pixel size: 1.35 Å
    binning: 8
    voxel size: 10.8 Å
    """
    table = naming_table(file)
    names = tuple(table.columns[tomo.TOMOGRAM])
    sizes_px = [_distinct(_numbers(table, label)) for label in SIZES]
    pixel_sizes_A = _numbers(table, tomo.TILT_SERIES_PIXEL_SIZE)
    binnings = _numbers(table, BINNING)
    values = {
        "unbinned size": " × ".join(sizes_px) + " px (x × y × z)" if all(sizes_px) else "",
        "tilt series' pixel size": _distinct(pixel_sizes_A, "Å"),
        "binning": _distinct(binnings),
        "voxel size": _distinct(pixel_sizes_A * binnings, "Å"),
    }
    return {
        "file": str(file),
        "kind": "RELION's list of tomograms",
        "tomograms": f"{len(names)} ({listed(names, _MOST_NAMES)})",
        **{label: text or "not stated" for label, text in values.items()},
        "columns": ", ".join(table.columns),
    }


def _numbers(table: StarTable, label: str) -> FloatArray:
    """Return a column, NaN where it states nothing."""
    if label not in table.columns:
        return np.full(len(table), np.nan)
    return table.numbers(label, missing_allowed=True)


def _distinct(values: FloatArray, unit: str = "") -> str:
    """Return the one value or the range of several; nothing where none is known."""
    known = np.unique(values[~np.isnan(values)])
    if not len(known):
        return ""
    first, last = f"{known[0]:.6g}", f"{known[-1]:.6g}"
    return f"{first if first == last else f'{first} to {last}'} {unit}".strip()

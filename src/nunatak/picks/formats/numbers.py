"""Text to numbers and back, fast, exact, and with errors that name the line."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray

MISSING = frozenset({"", "nan", "na", "none", "null", "<na>", "?", "."})
"""How programs write that a value is not known, in lower case."""


def parsed(
    values: Sequence[str],
    *,
    path: Path,
    column: str,
    line_of: Callable[[int], int],
    missing_allowed: bool = False,
) -> FloatArray:
    """Parse a column of numbers.

    Parameters
    ----------
    values
        The column's cells as text.
    path, column
        Named in an error.
    line_of
        Row number (from 0) to line number in the file (from 1), for an error.
    missing_allowed
        Read `MISSING` and infinities as NaN; otherwise every cell must be a finite number.

    Returns
    -------
    ndarray, shape (n,), float64
        The numbers.

    Raises
    ------
    FormatError
        If a cell is not a number, with its line.

    Examples
    --------
    >>> parsed(["1e3", "2.5"], path=Path("a.csv"), column="x_px", line_of=lambda row: row + 2)
    array([1000. ,    2.5])
    """
    try:
        numbers: FloatArray = pa.array(values, pa.string()).cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, UnicodeEncodeError):
        numbers = _parsed_one_by_one(values, path, column, line_of, missing_allowed)
    finite = np.isfinite(numbers)
    if finite.all():
        return numbers
    if missing_allowed:
        return np.where(finite, numbers, np.nan)
    row = int(np.flatnonzero(~finite)[0])
    raise FormatError(
        path,
        f"{values[row]!r} where a finite number was expected",
        line=line_of(row),
        field=column,
        hint="Remove or repair this row",
    )


def _parsed_one_by_one(
    values: Sequence[str],
    path: Path,
    column: str,
    line_of: Callable[[int], int],
    missing_allowed: bool,
) -> FloatArray:
    numbers = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        text = value.strip()
        if missing_allowed and text.lower() in MISSING:
            continue
        try:
            if "_" in text:  # Python reads "1_000" as a number; no other program does.
                raise ValueError
            numbers[row] = float(text)
        except ValueError:
            hint = "Write decimals with a point" if "," in text else None
            raise FormatError(
                path,
                f"{value!r} where a number was expected",
                line=line_of(row),
                field=column,
                hint=hint,
            ) from None
    return numbers


def written(numbers: FloatArray) -> "pa.Array":
    """Write numbers as the shortest text that reads back as the same float64.

    Returns
    -------
    pyarrow.Array of string, shape (n,)
        NaN as ``nan``.
    """
    return pc.cast(pa.array(np.asarray(numbers, dtype=np.float64)), pa.string())

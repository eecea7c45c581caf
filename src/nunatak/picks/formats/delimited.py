"""Read text tables whose cells are parted by commas, tabs or blanks."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats.columns import require_columns
from nunatak.picks.formats.numbers import parsed
from nunatak.picks.formats.text import read_text


@dataclass(frozen=True)
class TextTable:
    """A table as text.

    Attributes
    ----------
    path : Path
        The file.
    columns : dict of str to tuple of str
        Cells by column name.
    lines : tuple of int
        Line of each row, from 1.
    """

    path: Path
    columns: dict[str, tuple[str, ...]]
    lines: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def require(self, *names: str) -> None:
        """Check that columns are present.

        Raises
        ------
        FormatError
            If one is missing; the message lists those that are there.
        """
        require_columns(self.path, self.columns, names, line=1)

    def numbers(self, name: str, *, missing_allowed: bool = False) -> FloatArray:
        """Return a column as numbers (see `numbers.parsed`)."""
        return parsed(
            self.columns[name],
            path=self.path,
            column=name,
            line_of=self.lines.__getitem__,
            missing_allowed=missing_allowed,
        )


def read_delimited(
    path: Path, delimiter: str | None, *, strip: bool = True
) -> list[tuple[int, list[str]]]:
    """Split a text file into rows of cells.

    Parameters
    ----------
    path
        The file: UTF-8, any line ends; blank lines are skipped.
    delimiter
        ``","`` or a tab (cells may be quoted), or None for runs of blanks.
    strip
        Remove blanks around each cell.

    Returns
    -------
    list of (int, list of str)
        Line number from 1, and the cells.

    Raises
    ------
    FormatError
        If the file is not text or its quotes do not close.
    """
    text = read_text(path)
    if delimiter is None:
        rows = [(number, line.split()) for number, line in enumerate(text.split("\n"), 1)]
        return [(number, cells) for number, cells in rows if cells]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [
            (reader.line_num, [cell.strip() for cell in cells] if strip else cells)
            for cells in reader
            if cells and cells != [""]
        ]
    except csv.Error as error:
        raise FormatError(
            path, f"not readable as a table ({error})", line=reader.line_num
        ) from error


def as_table(
    path: Path, rows: list[tuple[int, list[str]]], header: list[str] | None = None
) -> TextTable:
    """Arrange rows in columns.

    Parameters
    ----------
    path
        Named in an error.
    rows
        As `read_delimited` returns them.
    header
        Column names; None takes the first row.

    Raises
    ------
    FormatError
        If there is no header, a column name is repeated, or a row has not one cell a column.
    """
    if header is None:
        if not rows:
            raise FormatError(path, "an empty file where a table was expected")
        header, rows = [name.strip() for name in rows[0][1]], rows[1:]
    repeated = {name for name in header if header.count(name) > 1}
    if repeated:
        raise FormatError(path, f"column {', '.join(sorted(repeated))} occurs twice", line=1)
    for number, cells in rows:
        if len(cells) != len(header):
            raise FormatError(
                path,
                f"a row of {len(cells)} cells in a table of {len(header)} columns",
                line=number,
                hint=f"Columns: {', '.join(header)}",
            )
    lines, cells_of = zip(*rows, strict=True) if rows else ((), ())
    columns = list(zip(*cells_of, strict=True)) if rows else [()] * len(header)
    return TextTable(path, dict(zip(header, columns, strict=True)), tuple(lines))


def are_numbers(cells: Iterable[str | bytes]) -> bool:
    """Tell whether every cell is a finite number, as in a row below no header."""
    try:
        return all(math.isfinite(float(cell)) for cell in cells)
    except ValueError:
        return False


def delimited_text(header: list[str], columns: Sequence[Sequence[str]], delimiter: str) -> str:
    r"""Return a table as text; cells that hold the delimiter or a line break are quoted.

    Examples
    --------
    >>> delimited_text(["image", "x_px"], [["a,b.mrc"], ["12"]], ",")
    'image,x_px\n"a,b.mrc",12\n'
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return stream.getvalue()

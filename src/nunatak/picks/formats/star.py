"""Read STAR files as the field writes them: tables of one line a row.

gemmi parses; this module adds what a general CIF parser cannot know: that every row stands on
its own line (a short row followed by a long one is damage, not a table), where a bad row is,
and that names may hold letters beyond ASCII.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
from gemmi import cif

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.formats import star_rows
from nunatak.picks.formats.columns import require_columns
from nunatak.picks.formats.numbers import parsed
from nunatak.picks.formats.text import read_text

_PRINTABLE = "".join(chr(code) for code in range(128) if chr(code) != "%")


@dataclass(frozen=True)
class StarTable:
    """One table of a STAR file: a loop, or the pairs of a block as a table of one row.

    Attributes
    ----------
    path : Path
        The file.
    block : str
        Name of the data block, without ``data_``.
    columns : dict of str to list of str
        Cells as text, by column name without the leading underscore.
    line : int
        Line on which the table begins, from 1.
    row_lines : ndarray, shape (n_rows,), int64
        Line of each row, from 1.
    """

    path: Path
    block: str
    columns: dict[str, list[str]]
    line: int
    row_lines: np.ndarray

    def __len__(self) -> int:
        return len(self.row_lines)

    def require(self, *names: str) -> None:
        """Check that columns are present.

        Raises
        ------
        FormatError
            If one is missing; the message lists those that are there.
        """
        require_columns(
            self.path, self.columns, names, line=self.line, field=f"block data_{self.block}"
        )

    def numbers(self, name: str, *, missing_allowed: bool = False) -> FloatArray:
        """Return a column as numbers (see `numbers.parsed`)."""
        return parsed(
            self.columns[name],
            path=self.path,
            column=name,
            line_of=lambda row: int(self.row_lines[row]),
            missing_allowed=missing_allowed,
        )


def read_star(path: Path) -> list[StarTable]:
    """Read every table of a STAR file.

    Parameters
    ----------
    path
        The file: UTF-8 with or without a byte-order mark, any line ends.

    Returns
    -------
    list of StarTable
        In the order of the file.

    Raises
    ------
    FormatError
        If the file is empty, is not a STAR file, repeats a block or a column, or has a row
        whose number of values is not that of the columns.
    """
    text = read_text(path)
    if not text.strip():
        raise FormatError(path, "an empty file where a STAR file was expected")
    ascii_only = text.isascii()
    try:
        # gemmi, like CIF, knows ASCII only.
        document = cif.read_string(text if ascii_only else quote(text, safe=_PRINTABLE))
    except (ValueError, RuntimeError) as error:
        raise _explained(path, text, str(error)) from error
    lines = star_rows.Lines(text)
    tables = [table for block in document for table in _tables(path, block, lines)]
    if not ascii_only:
        for table in tables:
            for name, cells in table.columns.items():
                table.columns[name] = [unquote(cell) if "%" in cell else cell for cell in cells]
    return tables


def _tables(path: Path, block: cif.Block, lines: star_rows.Lines) -> list[StarTable]:
    name = block.name.strip()
    tables: list[StarTable] = []
    pairs: dict[str, list[str]] = {}
    pairs_line = 1
    for item in block:
        if item.loop is not None:
            tables.append(_loop(path, name, item, lines))
        elif item.pair is not None:
            tag, value = item.pair
            if tables:
                # Legal, but no program of the field writes it: it is a row, cut in two.
                raise FormatError(
                    path,
                    f"{tag} after a table",
                    line=item.line_number,
                    hint="A value that begins with _ must stand in quotes",
                )
            pairs_line = pairs_line if pairs else item.line_number
            pairs[tag.lstrip("_")] = [cif.as_string(value)]
        else:
            raise FormatError(
                path,
                "a save frame, which no table of picks holds",
                line=item.line_number,
                field=f"block data_{name}",
            )
    if pairs:
        tables.append(StarTable(path, name, pairs, pairs_line, np.array([pairs_line])))
    return tables


def _loop(path: Path, block: str, item: cif.Item, lines: star_rows.Lines) -> StarTable:
    width = item.loop.width()
    values = item.loop.values
    row_lines = lines.rows(path, item.line_number, width, len(values) // width)
    if lines.have_quotes:
        values = [cif.as_string(value) if value[0] in "'\";" else value for value in values]
    columns = {tag.lstrip("_"): values[column::width] for column, tag in enumerate(item.loop.tags)}
    return StarTable(path, block, columns, item.line_number, row_lines)


def _explained(path: Path, text: str, message: str) -> FormatError:
    """Turn gemmi's message into one that says where and what to do."""
    place, _, problem = message.partition(" ")
    digits = place.split(":")[1] if place.count(":") else ""
    line = int(digits) if digits.isdigit() else None
    if "Wrong number of values" in problem and line is not None:
        return star_rows.ragged_row(path, text, line)
    if "expected block header" in problem:
        first = text.split("\n", 1)[0][:60]
        return FormatError(
            path, f"not a STAR file: it does not begin with data_ but with {first!r}", line=line
        )
    if "duplicate" in problem:
        problem = problem[problem.index("duplicate") :].replace("tag _", "column ").strip()
        return FormatError(
            path, problem.rstrip(":"), line=line, hint="Rename or remove one of the two"
        )
    return FormatError(
        path,
        f"not readable as STAR ({problem})",
        line=line,
        hint="The file may be cut off or hold a value that needs quotes",
    )

"""Where the rows of a STAR table stand, found without a Python loop over lines."""

import re
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import FormatError
from nunatak.picks.counted import counted

IntArray = NDArray[np.int64]

_LINE_FEED, _SPACE = 10, 32
_IS_SPECIAL = np.zeros(256, dtype=bool)
_IS_SPECIAL[[ord(mark) for mark in "'\"#;"]] = True
"""Where a value begins with one of these, blanks do not simply part values."""

_VALUE = re.compile(r"""'.*?'(?=\s|$)|".*?"(?=\s|$)|\#.*|\S+""")
_STRUCTURE = re.compile(r"_|data_|loop_|save_|global_|stop_", re.IGNORECASE)


def values_of(line: str) -> list[str]:
    """Split a line into its values; quoted values stay whole, comments go.

    Examples
    --------
    >>> values_of("'a b.mrc' O'Brien.mrc mic#3.mrc 12 # a comment")
    ["'a b.mrc'", "O'Brien.mrc", 'mic#3.mrc', '12']
    """
    return [value for value in _VALUE.findall(line) if not value.startswith("#")]


class Lines:
    """The lines of a text with the number of values on each.

    Parameters
    ----------
    text
        With line feeds as line ends.
    """

    def __init__(self, text: str) -> None:
        self._raw = text.encode()
        data = np.frombuffer(self._raw, dtype=np.uint8)
        blank = data <= _SPACE
        begins = ~blank
        begins[1:] &= blank[:-1]
        starts = np.flatnonzero(begins)
        self._ends = np.append(np.flatnonzero(data == _LINE_FEED), len(data))
        self._special = starts[_IS_SPECIAL[data[starts]]]
        self._values = np.diff(np.searchsorted(starts, self._ends), prepend=0)

    @cached_property
    def have_quotes(self) -> bool:
        """Whether any value may be quoted."""
        return any(self._raw[start] != ord("#") for start in self._special.tolist())

    @cached_property
    def n_values(self) -> IntArray:
        """Number of values on each line, int64."""
        counts = self._values.astype(np.int64)
        for line in np.unique(np.searchsorted(self._ends, self._special)).tolist():
            counts[line] = len(values_of(self.text(line)))
        return counts

    def text(self, index: int) -> str:
        """Return a line by its index from 0, without its end."""
        start = 0 if index == 0 else int(self._ends[index - 1]) + 1
        return self._raw[start : int(self._ends[index])].decode()

    def rows(self, path: Path, loop_line: int, width: int, n_rows: int) -> IntArray:
        """Return the line number of each row of a loop.

        Parameters
        ----------
        path
            Named in an error.
        loop_line
            Line of the word ``loop_``, from 1.
        width, n_rows
            Number of columns and rows of the loop.

        Raises
        ------
        FormatError
            If a line of the loop does not hold exactly one row.
        """
        counts = self.n_values
        seen = np.cumsum(counts[loop_line - 1 :])
        # The first of the loop's words is "loop_"; the column names follow it, then the values.
        first, last = np.searchsorted(seen, [1 + width, 1 + width * (1 + n_rows)])
        body = slice(loop_line + first, loop_line + last)
        lines: IntArray = np.flatnonzero(counts[body]) + body.start
        bad = np.flatnonzero(counts[lines] != width)
        if len(bad) or len(lines) != n_rows:
            line = int(lines[bad[0]] if len(bad) else loop_line)
            raise _wrong_width(path, line + 1, self.text(line), width)
        return lines + 1


def ragged_row(path: Path, text: str, loop_line: int) -> FormatError:
    """Describe the first row of a loop that has not as many values as there are columns.

    Parameters
    ----------
    path, text
        The file and its content.
    loop_line
        Line of the word ``loop_``, from 1.
    """
    lines = text.split("\n")
    width = 0
    for number, line in enumerate(lines[loop_line:], loop_line + 1):
        values = values_of(line)
        in_header = bool(values) and values[0].startswith("_") and len(values) == 1
        if in_header and (width == 0 or lines[number - 2].strip().startswith("_")):
            width += 1
        elif values and (len(values) != width or _need_quotes(values)):
            return _wrong_width(path, number, line, width)
    return FormatError(path, "a loop whose rows do not fit its columns", line=loop_line)


def _wrong_width(path: Path, number: int, line: str, width: int) -> FormatError:
    found = len(values_of(line))
    hint = "The file may be cut off, or a name with blanks lacks quotes"
    if _need_quotes(values_of(line)):
        hint = "A value that begins with _ or data_ must stand in quotes"
    return FormatError(
        path,
        f"a row of {counted(found, 'value')} in a table of {width} columns",
        line=number,
        hint=hint,
    )


def _need_quotes(values: list[str]) -> bool:
    return any(_STRUCTURE.match(value) for value in values)

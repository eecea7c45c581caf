"""Refuse files of more rows than somebody wants, before they fill the memory."""

import codecs
from pathlib import Path

from nunatak.errors import BadInput
from nunatak.picks.formats import parquet
from nunatak.picks.formats.structured import MAGIC, announced_rows
from nunatak.picks.formats.text import read_bytes

LINES_BESIDE_ROWS = 100_000
"""Of a text table: headers, comments, blank lines."""

BRACKETS_A_ROW = 20
"""Of JSON: a row may be an object that holds others, such as a matrix."""

BYTES_A_ROW = 500
"""Of Parquet without its compression."""


def refuse_more(path: Path, most_rows: int) -> None:
    """Refuse a file of picks that holds, or says that it holds, more than so many rows.

    Nothing is unpacked and no row is read; what passes is at most a few times too large.

    Parameters
    ----------
    path
        A file in any format.
    most_rows
        That are wanted.

    Raises
    ------
    BadInput
        If it holds more; the message says how many.
    FormatError
        If there is no such file, or its own account of itself is damaged.
    """
    content = read_bytes(path)
    if parquet.sniff(content):
        _refuse_parquet(path, most_rows)
        return
    if content.startswith(MAGIC):
        count = announced_rows(path)
        _refuse(path, f"{count} rows", count, most_rows)
        return
    if content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        count = (content.count(b"{") + content.count(b"[")) // BRACKETS_A_ROW
        _refuse(path, f"about {count} entries", count, most_rows)
        return
    count = max(content.count(b"\n"), content.count(b"\r"))
    _refuse(path, f"{count} lines", count - LINES_BESIDE_ROWS, most_rows)


def _refuse_parquet(path: Path, most_rows: int) -> None:
    size = parquet.size_of(path)
    _refuse(path, f"{size.rows} rows", size.rows, most_rows)
    n_bytes = max(size.n_bytes, size.values)
    _refuse(path, f"{n_bytes / 1e9:.1f} GB unpacked", n_bytes // BYTES_A_ROW, most_rows)


def _refuse(path: Path, found: str, rows: int, most_rows: int) -> None:
    if rows > most_rows:
        raise BadInput(
            f"{path}: {found}, and at most {most_rows} picks are taken at once. Give a file of "
            "fewer."
        )

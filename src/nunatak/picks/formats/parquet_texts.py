"""Read tables of Parquet whose texts may be far larger than the file.

A text of a row is often stored as a number that stands for it, so that a small file may give
millions of rows a text of megabytes.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from nunatak.errors import FormatError

MOST_TEXT_A_ROW = 4_096
"""Bytes: what a path may have at most."""


def read(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table with its numbers, and put texts in their place if these are not too long.

    Parameters
    ----------
    path
        The file.
    schema
        Of its columns.

    Raises
    ------
    FormatError
        If the texts are longer than any table of picks has them.
    """
    texts = [one.name for one in schema if _is_of_bytes(one.type)]
    with parquet.ParquetFile(path, read_dictionary=texts) as file:
        table = file.read()
    n_bytes = sum(_n_bytes(chunk) for name in texts for chunk in table[name].chunks)
    if n_bytes > MOST_TEXT_A_ROW * max(len(table), 1):
        raise FormatError(
            path, f"{n_bytes} bytes of text in {len(table)} rows, which is no table of picks"
        )
    for name in texts:
        column = table[name]
        place, kind = table.column_names.index(name), column.type.value_type
        table = table.set_column(place, name, column.cast(kind))
    return table


def _n_bytes(chunk: pa.DictionaryArray) -> int:
    lengths = pc.binary_length(chunk.dictionary).take(chunk.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _is_of_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    checks = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(check(kind) for check in checks)

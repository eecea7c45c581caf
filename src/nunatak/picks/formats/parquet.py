"""Parquet: the pick table as it is, with its optics groups and its images without picks.

Small, exact and fast; for keeping large results and for pandas, not for other pickers.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from nunatak.errors import BadInput, FormatError, ResourceError
from nunatak.files import written_whole
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, parquet_texts, per_image, pixel_size
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.table import REQUIRED_COLUMNS, PickSet

_MAGIC = b"PAR1"
_IMAGES_KEY, _OPTICS_KEY = b"nunatak.images", b"nunatak.optics"
_MAX_CELLS = 2_000_000_000
"""A few bytes of Parquet can announce more rows than any memory holds."""


@dataclass(frozen=True)
class ParquetSize:
    """What a Parquet file says it holds.

    Attributes
    ----------
    rows : int
    values : int
        Of all columns; lists hold several a row.
    n_bytes : int
        Without the compression.
    """

    rows: int
    values: int
    n_bytes: int


def size_of(path: Path) -> ParquetSize:
    """Return what a file says it holds; no row is read.

    Raises
    ------
    FormatError
        If it is no Parquet file, or damaged.
    """
    with _readable(path), parquet.ParquetFile(path) as file:
        metadata = file.metadata
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        columns = [one.column(index) for one in groups for index in range(one.num_columns)]
        return ParquetSize(
            rows=metadata.num_rows,
            values=sum(one.num_values for one in columns),
            n_bytes=sum(one.total_uncompressed_size for one in columns),
        )


def sniff(head: bytes) -> bool:
    """Whether this is a Parquet file."""
    return head.startswith(_MAGIC)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a pick table; every column keeps its type.

    Raises
    ------
    FormatError
        If the file is damaged, too large, or lacks a column.
    """
    with _readable(path), parquet.ParquetFile(path) as file:
        _check_size(path, file.metadata)
        names = file.schema_arrow.names
        metadata = file.schema_arrow.metadata or {}
        missing = [name for name in REQUIRED_COLUMNS if name not in names]
        if missing:
            raise FormatError(
                path,
                f"no column {' and '.join(missing)}",
                hint=f"Columns found: {', '.join(names) or 'none'}",
            )
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise FormatError(path, f"several columns called {' and '.join(twice)}")
        if not _holds_text(file.schema_arrow.field("image").type):
            raise FormatError(path, "image names that are not text", field="image")
        found = parquet_texts.read(path, file.schema_arrow)
        table = found.replace_schema_metadata(None).to_pandas()
    if table[list(REQUIRED_COLUMNS)].isna().to_numpy().any():
        raise FormatError(path, f"a missing value in {', '.join(REQUIRED_COLUMNS)}")
    try:
        picks = PickSet(
            _numeric(table),
            optics=_optics(path, metadata),
            images=_images(path, metadata),
            source=path,
        )
        picks = pixel_size.of_stored_images(picks, context)
        return replace(picks, table=frame.to_source(picks.table, context))
    except (TypeError, ValueError) as error:
        raise FormatError(path, f"columns of an unexpected type ({error})") from error


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write the table, its optics groups and its images.

    Raises
    ------
    BadInput
        If a column holds values of several types.
    """
    per_image.refuse_existing([path], context)
    picks = pixel_size.of_file(picks, context.grid)
    in_file = frame.in_file(picks.table, context)
    try:
        table = pa.Table.from_pandas(in_file, preserve_index=False)
    except (pa.ArrowException, TypeError) as error:
        raise BadInput(f"{path}: a column cannot be written: {_first_line(error)}.") from error
    metadata = {_IMAGES_KEY: json.dumps(picks.images).encode()}
    if picks.optics is not None:
        metadata[_OPTICS_KEY] = json.dumps(picks.optics.astype(str).to_dict("list")).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})
    with written_whole(path) as temporary:
        parquet.write_table(table, temporary, compression="zstd")
    return [path]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise what pyarrow says of a damaged file as an error that names it."""
    try:
        yield
    except FileNotFoundError:
        raise FormatError(path, "there is no such file") from None
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        # pyarrow reports damaged pages as errors of the disk.
        raise FormatError(path, f"not readable as Parquet ({_first_line(error)})") from error
    except MemoryError as error:
        raise ResourceError(f"{path}: too large for this machine's memory.") from error


def _check_size(path: Path, metadata: parquet.FileMetaData) -> None:
    cells = metadata.num_rows * max(metadata.num_columns, 1)
    if cells > _MAX_CELLS:
        raise FormatError(
            path,
            f"{metadata.num_rows} rows of {metadata.num_columns} columns, which is no table "
            "of picks",
        )


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numeric(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        x_px=table["x_px"].astype(np.float64), y_px=table["y_px"].astype(np.float64)
    )


def _optics(path: Path, metadata: dict[bytes, bytes]) -> pd.DataFrame | None:
    if _OPTICS_KEY not in metadata:
        return None
    columns = _decoded(path, metadata[_OPTICS_KEY])
    if not isinstance(columns, dict) or len({len(cells) for cells in columns.values()}) > 1:
        raise FormatError(path, "damaged optics groups", field=_OPTICS_KEY.decode())
    return pd.DataFrame(columns, dtype=str)


def _images(path: Path, metadata: dict[bytes, bytes]) -> tuple[str, ...]:
    images = _decoded(path, metadata.get(_IMAGES_KEY, b"[]"))
    if not isinstance(images, list):
        raise FormatError(path, "damaged list of images", field=_IMAGES_KEY.decode())
    return tuple(str(image) for image in images)


def _decoded(path: Path, value: bytes) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise FormatError(path, f"damaged metadata ({error})") from error


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]


FORMAT = PickFormat(
    name="parquet",
    title="Parquet",
    suffixes=(".parquet",),
    capabilities=Capabilities(
        dimensions=(2, 3),
        score=True,
        class_name=True,
        pixel_size=True,
        angles=True,
        optics=True,
        multi_image=True,
        preserves_columns=True,
    ),
    sniff=sniff,
    read=read,
    write=write,
)

"""Files of more rows than somebody wants are refused before they fill the memory."""

import subprocess
import sys
from codecs import BOM_UTF8
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from nunatak.errors import BadInput, FormatError
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.doors import read_picks, read_with
from nunatak.picks.formats.limits import refuse_more

MOST = 1000

_BOUNDED = """
import resource, sys
from nunatak.errors import BadInput
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import parquet
from nunatak.picks.formats.doors import read_with
# Threads reserve addresses that they do not use, so that what is there already is added.
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000,) * 2)
try:
    read_with(sys.argv[1], FormatContext(most_rows=1_000_000))
except BadInput as error:
    print(type(error).__name__, error)
"""


def said_in_bounded_memory(path: Path) -> str:
    """Read a file in a process of its own, which cannot grow by more than 300 MB."""
    done = subprocess.run(
        [sys.executable, "-c", _BOUNDED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def bomb(path: Path, n_rows: int, name: str) -> Path:
    """Write a small file of many rows; each names an image by a number that stands for it."""
    images = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n_rows, np.int32)), pa.array([name]))
    numbers = pa.array(np.zeros(n_rows))
    table = pa.table({"image": images.cast(pa.string()) if len(name) < 9 else images})
    table = table.append_column("x_px", numbers).append_column("y_px", numbers)
    parquet.write_table(table.replace_schema_metadata(None), path, store_schema=False)
    assert path.stat().st_size < 20_000_000
    return path


def test_a_small_file_of_millions_of_rows_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    schema = pa.schema({"image": pa.string(), "x_px": pa.float64(), "y_px": pa.float64()})
    n_rows = 1_000_000
    part = pa.table(
        [pa.array(["m"] * n_rows), pa.array(np.zeros(n_rows)), pa.array(np.zeros(n_rows))], schema
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for _ in range(20):
            writer.write_table(part)
    assert path.stat().st_size < 1_000_000
    assert "20000000 rows, and at most 1000000 picks" in said_in_bounded_memory(path)


def test_a_long_name_of_many_rows_is_refused(tmp_path: Path) -> None:
    path = bomb(tmp_path / "long.parquet", 100_000, "m" * 1_000_000)
    said = said_in_bounded_memory(path)
    assert "100000000000 bytes of text in 100000 rows" in said
    with pytest.raises(FormatError, match="no table of picks"):
        read_picks(path)


def test_much_that_is_packed_well_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.parquet"
    columns = {f"c{number}": np.zeros(MOST) for number in range(600)}
    parquet.write_table(pa.table({"image": ["m"] * MOST, **columns}), path)
    with pytest.raises(BadInput, match="GB unpacked"):
        refuse_more(path, MOST)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.star", b"data_\n\nloop_\n_rlnCoordinateX #1\n" + b"1\n" * 102_000, "102004 lines"),
        ("a.box", b"1 1 2 2\r" * 102_000, "102000 lines"),
        ("a.csv", b"image,x_px,y_px\n" + b"m,1,1\n" * 102_000, "102001 lines"),
        ("a.json", b'{"boxes": [' + b"[1,1]," * 30_000 + b"[1,1]]}", "about 1500 entries"),
        ("b.json", BOM_UTF8 + b'{"boxes": [' + b"[1,1]," * 30_000 + b"[1,1]]}", "1500 entries"),
    ],
)
def test_tables_of_text_are_counted_before_they_are_read(
    tmp_path: Path, name: str, content: bytes, found: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"{found}, and at most 1000 picks"):
        read_with(path, FormatContext(most_rows=MOST, image="m"))


def numpy_file(path: Path, n_rows: int, announced: int) -> Path:
    dtype = np.dtype([("uid", "<u8"), ("x", "<f4")])
    header = {"descr": dtype.descr, "fortran_order": False, "shape": (announced,)}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(bytes(n_rows * dtype.itemsize))
    return path


def test_a_cs_file_is_taken_at_its_word(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1001 rows, and at most 1000"):
        refuse_more(numpy_file(tmp_path / "a.cs", 1001, 1001), MOST)
    with pytest.raises(FormatError, match="announces 12000000000000 bytes"):
        refuse_more(numpy_file(tmp_path / "b.cs", 3, 10**12), MOST)


def test_what_is_small_enough_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"image,x_px,y_px\nm,1,1\n")
    assert len(read_with(path, FormatContext(most_rows=1))) == 1


def test_texts_come_back_as_they_went(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    images = pa.array(["b", "a", "b"])
    notes = pa.array(["x", None, ""])
    raw = pa.array([b"\x00", None, b"ab"])
    numbers = pa.array([1.0, 2.0, 3.0])
    columns = {"image": images, "x_px": numbers, "y_px": numbers, "note": notes, "raw": raw}
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    table = read_picks(path).table
    assert table["image"].tolist() == ["b", "a", "b"]
    assert table["note"].isna().tolist() == [False, True, False]
    assert table["note"].tolist()[::2] == ["x", ""]
    assert table["raw"].tolist() == [b"\x00", None, b"ab"]
    assert table.dtypes.tolist() == pa.table(columns).to_pandas().dtypes.tolist()

"""Parquet: the whole pick set, with its types."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from nunatak.errors import BadInput, FormatError
from nunatak.picks.formats import parquet as parquet_format
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet


def test_everything_survives(star: Path, tmp_path: Path) -> None:
    picks = read_picks(star)
    table = picks.table.assign(n=[1, 2], selected=[True, False], x_px=[1 / 3, np.pi])
    before = PickSet(table, picks.optics, images=("empty.mrc",))
    write_picks(before, tmp_path / "out.parquet")
    after = read_picks(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(after.table, before.table)
    assert after.optics is not None
    assert after.optics.equals(before.optics)
    assert after.images == before.images


def foreign(path: Path, **columns: list[object]) -> Path:
    parquet.write_table(pa.table(columns), path)
    return path


def test_tables_of_other_programs_are_read(tmp_path: Path) -> None:
    path = foreign(tmp_path / "a.parquet", image=["a.mrc"], x_px=[1], y_px=[2], z=["q"])
    assert read_picks(path).table.to_dict("list") == {
        "image": ["a.mrc"],
        "x_px": [1.0],
        "y_px": [2.0],
        "z": ["q"],
    }


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": ["a"], "x_px": [1.0]}, "no column y_px. Columns found: image, x_px"),
        ({"image": [b"a"], "x_px": [1.0], "y_px": [1.0]}, "image names that are not text"),
        ({"image": ["a"], "x_px": ["q"], "y_px": [1.0]}, "columns of an unexpected type"),
        ({"image": ["a"], "x_px": [None], "y_px": [1.0]}, "a missing value in image, x_px, y_px"),
    ],
)
def test_unusable_tables_are_named(
    tmp_path: Path, columns: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(FormatError) as caught:
        read_picks(foreign(tmp_path / "a.parquet", **columns))
    assert message in str(caught.value)


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    names = ["image", "x_px", "y_px", "note", "note"]
    table = pa.table([["a"], [1.0], [1.0], ["q"], ["r"]], names=names)
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="several columns called note"):
        read_picks(tmp_path / "a.parquet")


def test_announced_sizes_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = foreign(tmp_path / "a.parquet", image=["a"] * 9, x_px=[1.0] * 9, y_px=[1.0] * 9)
    monkeypatch.setattr(parquet_format, "_MAX_CELLS", 26)
    with pytest.raises(FormatError, match="9 rows of 3 columns, which is no table of picks"):
        read_picks(path)


def test_mixed_columns_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": "a", "x_px": [1.0, 2.0], "y_px": 1.0, "m": [{}, "q"]})
    with pytest.raises(BadInput, match="a column cannot be written"):
        write_picks(PickSet(table), tmp_path / "out.parquet")


@pytest.mark.parametrize(
    ("key", "value"),
    [("nunatak.images", "{"), ("nunatak.images", "3"), ("nunatak.optics", '{"a": [1], "b": []}')],
)
def test_damaged_metadata_is_refused(tmp_path: Path, key: str, value: str) -> None:
    table = pa.table({"image": ["a"], "x_px": [1.0], "y_px": [1.0]})
    parquet.write_table(table.replace_schema_metadata({key: value}), tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="damaged"):
        read_picks(tmp_path / "a.parquet")

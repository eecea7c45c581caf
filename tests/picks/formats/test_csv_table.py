"""Plain CSV: exact numbers, and no formulas for spreadsheets."""

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.errors import FormatError
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet


def test_documented_columns(tmp_path: Path) -> None:
    path = tmp_path / "picks.csv"
    path.write_bytes(
        b"\xef\xbb\xbfimage,x_px,y_px,score,class_name,selected,mine\r\n"
        b'"a, b.mrc",1,2.5,,x,True,007\r\n'
    )
    table = read_picks(path).table
    assert table.drop(columns="score").to_dict("list") == {
        "image": ["a, b.mrc"],
        "x_px": [1.0],
        "y_px": [2.5],
        "class_name": ["x"],
        "selected": [True],
        "mine": ["007"],
    }
    assert table["score"].isna().all()


@pytest.mark.parametrize(
    ("cell", "stands_as"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("'=1", "''=1"),
        ("-2.5", "-2.5"),
        ("+1e-3", "+1e-3"),
        ("mic-1.mrc", "mic-1.mrc"),
    ],
)
def test_formulas_are_disarmed_and_come_back(tmp_path: Path, cell: str, stands_as: str) -> None:
    table = pd.DataFrame({"image": [cell], "x_px": [-1.0], "y_px": [2.0], "note": [cell]})
    write_picks(PickSet(table), tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as stream:
        assert list(csv.reader(stream))[1] == [stands_as, "-1", "2", stands_as]
    back = read_picks(tmp_path / "out.csv").table
    assert back["image"].tolist() == back["note"].tolist() == [cell]


TEXT = st.text(st.sampled_from("'=+-@1.,\" a\näж"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_any_text_comes_back(cells: list[str]) -> None:

    table = pd.DataFrame({"image": "a.mrc", "x_px": 1.0, "y_px": 2.0, "note": cells})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        write_picks(PickSet(table), path)
        assert read_picks(path).table["note"].tolist() == cells


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file where a table was expected"),
        ("image,x_px\na,1\n", "no column y_px. Columns found: image, x_px"),
        ("image;x_px;y_px\na;1,5;2\n", "has no commas. Save the table with commas"),
        ("image,x_px,y_px\na,1\n", "line 2: a row of 2 cells in a table of 3 columns"),
        ("image,x_px,y_px\na,1,\n", "line 2, y_px: '' where a number was expected"),
        ("image,x_px,y_px,x_px\na,1,2,3\n", "column x_px occurs twice"),
        ("image,x_px,y_px,selected\na,1,2,maybe\n", "line 2, selected: 'maybe' where true or"),
        ('image,x_px,y_px\n"a,1,2\n', "not readable as a table"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "picks.csv"
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path)
    assert message in str(caught.value)

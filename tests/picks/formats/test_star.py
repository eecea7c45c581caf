"""The STAR reader: what it takes, what it refuses, and agreement with gemmi."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from gemmi import cif
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.errors import BadInput, FormatError
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.star_text import star_block

LOOP = "data_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n"


def read(folder: Path, content: str | bytes) -> list[StarTable]:
    path = folder / "a.star"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_star(path)


@pytest.mark.parametrize(
    "content",
    [
        LOOP + "a.mrc 1\nb.mrc 2\n",
        (LOOP + "a.mrc 1\nb.mrc 2\n").replace("\n", "\r\n"),
        (LOOP + "a.mrc 1\nb.mrc 2\n").replace("\n", "\r"),
        b"\xef\xbb\xbf" + (LOOP + "a.mrc 1\nb.mrc 2").encode(),
        "# version 30001\n" + LOOP + "\ta.mrc\t1  \t\n\n  # a comment\n b.mrc 2 # more\n\n\n",
        "data_ # x\nloop_ _rlnMicrographName _rlnCoordinateX\n\"a.mrc\" 1\n'b.mrc' 2\n",
    ],
    ids=["plain", "crlf", "cr", "bom", "blanks-and-comments", "quotes"],
)
def test_layouts(tmp_path: Path, content: str | bytes) -> None:
    (table,) = read(tmp_path, content)
    assert table.block == ""
    assert table.columns == {"rlnMicrographName": ["a.mrc", "b.mrc"], "rlnCoordinateX": ["1", "2"]}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("001", "001"),
        ("O'Brien.mrc", "O'Brien.mrc"),
        ("mic#3.mrc", "mic#3.mrc"),
        ("'a b.mrc'", "a b.mrc"),
        ('"it\'s b.mrc"', "it's b.mrc"),
        ("grün_100%.mrc", "grün_100%.mrc"),
        ("レーン.mrc", "レーン.mrc"),
        ("<NA>", "<NA>"),
        ("1,5", "1,5"),
    ],
)
def test_names_stay_as_they_are(tmp_path: Path, cell: str, value: str) -> None:
    (table,) = read(tmp_path, LOOP + f"{cell} 1\nb.mrc 2\n")
    assert table.columns["rlnMicrographName"] == [value, "b.mrc"]


def test_lines_of_rows_are_known(tmp_path: Path) -> None:
    (table,) = read(tmp_path, LOOP + "a.mrc 1\n\n# comment\n'b c' 2\n")
    assert table.row_lines.tolist() == [6, 9]


def test_pairs_are_a_table_of_one_row(tmp_path: Path) -> None:
    first, second = read(tmp_path, "data_global\n\n_version 1.0\n\ndata_x\nloop_\n_a\n1\n")
    assert (first.block, first.columns) == ("global", {"version": ["1.0"]})
    assert (second.block, second.columns) == ("x", {"a": ["1"]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file where a STAR file was expected"),
        ("\n \n", "an empty file where a STAR file was expected"),
        (
            "x y\n1 2\n",
            ", line 1: not a STAR file: it does not begin with data_ but with 'x y'",
        ),
        (
            LOOP + "a.mrc 1\nb.mrc\nc.mrc 3\n",
            ", line 7: a row of 1 value in a table of 2 columns. The file may be cut off, or a "
            "name with blanks lacks quotes",
        ),
        (
            LOOP + "a.mrc 1\nb c.mrc 2\n",
            ", line 7: a row of 3 values in a table of 2 columns. The file may be cut off, or a "
            "name with blanks lacks quotes",
        ),
        (  # to a CIF parser these are three rows
            LOOP + "a.mrc 1\nb.mrc\n2 c.mrc 3\n",
            ", line 7: a row of 1 value in a table of 2 columns. The file may be cut off, or a "
            "name with blanks lacks quotes",
        ),
        (
            LOOP + "a.mrc 1\n_b.mrc 2\n",
            ", line 7: _b.mrc after a table. A value that begins with _ must stand in quotes",
        ),
        (
            LOOP + "a.mrc 1\nb.mrc _2\nc.mrc 3\n",
            ", line 7: a row of 2 values in a table of 2 columns. A value that begins with _ or "
            "data_ must stand in quotes",
        ),
        ("data_\nloop_\n_a\n_A\n1 2\n", ", line 2: duplicate column A"),
        ("data_a\n_x 1\ndata_A\n_x 2\n", "duplicate block name: A"),
        (LOOP + "'a.mrc 1\n", "not readable as STAR"),
        ("data_\nsave_x\n_b 1\nsave_\n", "a save frame, which no table of picks holds"),
        (b"data_\nloop_\n_a\n1\n\xff\n", ", line 5: byte 0xff is not UTF-8 text"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)


def test_a_missing_column_is_named_beside_those_present(tmp_path: Path) -> None:
    (table,) = read(tmp_path, LOOP + "a.mrc 1\n")
    with pytest.raises(FormatError) as caught:
        table.require("rlnCoordinateX", "rlnCoordinateY")
    assert str(caught.value).endswith(
        "a.star, line 3, block data_: no column rlnCoordinateY. "
        "Columns found: rlnMicrographName, rlnCoordinateX"
    )


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("1,5", "'1,5' where a number was expected. Write decimals with a point"),
        ("none", "'none' where a number was expected"),
        ("1_000", "'1_000' where a number was expected"),
        ("nan", "'nan' where a finite number was expected. Remove or repair this row"),
        ("inf", "'inf' where a finite number was expected. Remove or repair this row"),
    ],
)
def test_coordinates_must_be_finite_numbers(tmp_path: Path, cell: str, problem: str) -> None:
    (table,) = read(tmp_path, LOOP + f"a.mrc 1e3\nb.mrc {cell}\n")
    with pytest.raises(FormatError) as caught:
        table.numbers("rlnCoordinateX")
    assert str(caught.value).endswith(f"a.star, line 7, rlnCoordinateX: {problem}")


def test_missing_scores_are_nan_where_that_is_allowed(tmp_path: Path) -> None:
    (table,) = read(tmp_path, LOOP + "a 1e3\nb none\nc <NA>\nd inf\ne -2\n")
    values = table.numbers("rlnCoordinateX", missing_allowed=True)
    assert str(values.tolist()) == "[1000.0, nan, nan, nan, -2.0]"


CELLS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126) | st.sampled_from(" 'äж"), max_size=12
).filter(lambda text: not ("'" in text and '"' in text) and text not in {".", "?"})
"""Without "." and "?", which CIF calls unknown and gemmi reads as nothing."""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_is_written_is_read_and_gemmi_agrees(rows: list[tuple[str, str]]) -> None:

    columns = {name: [row[i] for row in rows] for i, name in enumerate("ab")}
    text = star_block("x", {name: pd.Series(cells, dtype=str) for name, cells in columns.items()})
    with tempfile.TemporaryDirectory() as folder:
        (table,) = read(Path(folder), text)
    assert table.columns == columns
    if text.isascii():
        loop = cif.read_string(text).sole_block()
        assert [cif.as_string(cell) for cell in loop.find_loop("_a")] == columns["a"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a\nb.mrc", "holds a line break"),
        ("a \"b\" 'c'.mrc", "holds both kinds of quotes"),
    ],
)
def test_names_that_star_cannot_hold_are_refused(name: str, problem: str) -> None:

    with pytest.raises(BadInput, match=problem):
        star_block("", {"rlnMicrographName": pd.Series([name])})


def test_columns_that_would_become_one_are_refused() -> None:

    one = pd.Series([1.0])
    with pytest.raises(BadInput, match="cannot tell apart"):
        star_block("", {"my column": one, "my\tcolumn": one})

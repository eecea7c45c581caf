"""CBOX files of tomograms: corners in x and y, centres in z."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import FormatError, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.star import read_star
from nunatak.picks.formats.tomograms.cryolo_volume_cbox import read, sniff, write
from nunatak.picks.table import PickSet

XYZ = ["x_px", "y_px", "z_px"]
CBOX = """
data_global

_cbox_format_version 1.0

data_cryolo

loop_
_CoordinateX #1
_CoordinateY #2
_CoordinateZ #3
_Width #4
_Height #5
_Depth #6
_EstWidth #7
_EstHeight #8
_Confidence #9
_NumBoxes #10
_Angle #11
100.5 50.25 30 21 11 21 18.0 17.0 0.75 3 <NA>
0.0 0.0 31.5 21 11 21 <NA> <NA> <NA> 1 <NA>

data_cryolo_include

loop_
_slice_index #1
30
31
"""


def cbox(folder: Path, content: str = CBOX) -> Path:
    path = folder / "TS_01.cbox"
    path.write_text(content)
    return path


def test_half_a_box_in_x_and_y_and_nothing_in_z(tmp_path: Path) -> None:
    picks = read(cbox(tmp_path), FormatContext())
    assert picks.table[XYZ].to_numpy().tolist() == [[111, 55.75, 30], [10.5, 5.5, 31.5]]
    np.testing.assert_array_equal(picks.table["score"], [0.75, np.nan])
    assert picks.table["NumBoxes"].tolist() == ["3", "1"]
    assert picks.images == ("TS_01",)


def test_binned_boxes(tmp_path: Path) -> None:
    context = FormatContext(grid=FileGrid.binned(2, GridRule.MEAN))
    table = read(cbox(tmp_path), context).table
    assert table[XYZ].to_numpy().tolist() == [[222.5, 112, 60.5], [21.5, 11.5, 63.5]]


def test_written_boxes(tmp_path: Path) -> None:
    picks = read(cbox(tmp_path), FormatContext())
    (path,) = write(picks, tmp_path / "out.cbox", FormatContext(box_px=16))
    _, boxes, include = read_star(path)
    assert boxes.columns["CoordinateX"] == ["103", "2.5"]
    assert boxes.columns["CoordinateZ"] == ["30", "31.5"]
    assert boxes.columns["Depth"] == ["16", "16"]
    assert boxes.columns["EstWidth"] == ["18.0", "<NA>"]
    assert include.columns == {"slice_index": ["30", "32"]}
    pd.testing.assert_frame_equal(
        read(path, FormatContext(image="TS_01")).table, picks.table, check_like=True
    )


def test_filaments_stay_apart(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a", "a"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(filamentid=["0", "1"]))
    (path,) = write(picks, tmp_path / "a.cbox", FormatContext(box_px=16))
    assert read(path, FormatContext()).table["filamentid"].tolist() == ["0", "1"]


def test_an_unknown_confidence_is_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a", "a"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(score=[np.nan, 0.7]))
    (path,) = write(picks, tmp_path / "a.cbox", FormatContext(box_px=16))
    assert read_star(path)[1].columns["Confidence"] == ["<NA>", "0.7"]
    np.testing.assert_array_equal(read(path, FormatContext()).table["score"], [np.nan, 0.7])


def test_a_box_size_is_needed(tmp_path: Path) -> None:
    picks = read(cbox(tmp_path), FormatContext())
    with pytest.raises(UsageError, match="CBOX files hold boxes"):
        write(picks, tmp_path / "out.cbox", FormatContext())


def test_files_of_micrographs_are_told_apart(tmp_path: Path) -> None:
    flat = CBOX.replace("50.25 30", "50.25 <NA>").replace("0.0 31.5", "0.0 <NA>")
    assert sniff(CBOX.encode())
    assert sniff(CBOX.replace("\n", "\r\n").encode())
    assert not sniff(flat.encode())
    with pytest.raises(FormatError, match=r"TS_01\.cbox, line 20, CoordinateZ: a box without a"):
        read(cbox(tmp_path, flat), FormatContext())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("100.5 50.25", "nan 50.25", "line 20, CoordinateX: 'nan' where a finite number"),
        ("data_cryolo\n", "data_other\n", "no block data_cryolo. Blocks found: data_global"),
        ("_CoordinateZ #3", "_Slice #3", "no column CoordinateZ. Columns found: CoordinateX"),
        ("0.0 0.0 31.5", "0.0 31.5", "line 21: a row of 10 values in a table of 11 columns"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(cbox(tmp_path, CBOX.replace(old, new)), FormatContext())
    assert message in str(caught.value)
    assert "TS_01.cbox" in str(caught.value)

"""crYOLO CBOX files, new and old."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import FormatError, UsageError
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.formats.star import read_star
from nunatak.picks.table import PickSet

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
100.5 50.25 <NA> 201 101 <NA> 180.0 170.0 0.75 3 <NA>
0.0 0.0 <NA> 201 101 <NA> <NA> <NA> <NA> <NA> <NA>

data_cryolo_include

loop_
_slice_index #1
"""


def write(folder: Path, content: str) -> Path:
    path = folder / "mic_1.cbox"
    path.write_text(content)
    return path


def test_corners_are_fractional_and_unknown_cells_are_kept(tmp_path: Path) -> None:
    table = read_picks(write(tmp_path, CBOX)).table
    assert table["x_px"].tolist() == [201.0, 100.5]
    assert table["y_px"].tolist() == [100.75, 50.5]
    np.testing.assert_array_equal(table["score"], [0.75, np.nan])
    assert table["EstWidth"].tolist() == ["180.0", "<NA>"]
    assert table["NumBoxes"].tolist() == ["3", "<NA>"]


def test_estimates_survive_writing(tmp_path: Path) -> None:
    picks = read_picks(write(tmp_path, CBOX))
    (path,) = write_picks(picks, tmp_path / "out.cbox", box_px=160)
    version, boxes, include = read_star(path)
    assert version.columns == {"cbox_format_version": ["1.0"]}
    assert (boxes.block, include.block) == ("cryolo", "cryolo_include")
    assert list(boxes.columns) == [
        *("CoordinateX", "CoordinateY", "CoordinateZ", "Width", "Height", "Depth"),
        *("EstWidth", "EstHeight", "Confidence", "NumBoxes", "Angle"),
    ]
    assert boxes.columns["CoordinateX"] == ["121", "20.5"]
    assert boxes.columns["Width"] == ["160", "160"]
    assert boxes.columns["EstWidth"] == ["180.0", "<NA>"]
    pd.testing.assert_frame_equal(
        read_picks(path, image="mic_1").table, picks.table, check_like=True
    )


def test_picks_without_scores_have_no_confidence(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["mic_1.mrc"], "x_px": [10.0], "y_px": [20.0]})
    (path,) = write_picks(PickSet(table), tmp_path / "out.cbox", box_px=8)
    assert read_star(path)[1].columns["Confidence"] == ["<NA>"]


def test_what_only_some_picks_have_is_missing_in_the_others(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["mic_1.mrc"] * 2, "x_px": [10.0, 40.0], "y_px": [20.0, 40.0]})
    table = table.assign(score=[0.7, np.nan], NumBoxes=["3", None])
    (path,) = write_picks(PickSet(table), tmp_path / "out.cbox", box_px=8)
    boxes = read_star(path)[1].columns
    assert boxes["Confidence"] == ["0.7", "<NA>"]
    assert boxes["NumBoxes"] == ["3", "<NA>"]
    scores = read_picks(path, image="mic_1").table["score"]
    np.testing.assert_array_equal(scores, [0.7, np.nan])


def test_old_cbox_has_five_columns(tmp_path: Path) -> None:
    table = read_picks(write(tmp_path, "10 20 40 60 0.5\n11.5 21 40 60 0.25\n")).table
    assert table[["x_px", "y_px", "score"]].to_numpy().tolist() == [
        [30, 50, 0.5],
        [31.5, 51, 0.25],
    ]


def test_a_box_size_is_needed(tmp_path: Path, picks: PickSet) -> None:
    with pytest.raises(UsageError, match="CBOX files hold boxes"):
        write_picks(picks, tmp_path / "out", "cryolo-cbox")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("100.5 50.25 <NA>", "<NA> 50.25 <NA>", "CoordinateX: '<NA>' where a number was expected"),
        ("data_cryolo\n", "data_other\n", "no block data_cryolo. Blocks found: data_global"),
        ("_Width #4", "_Wide #4", "no column Width. Columns found: CoordinateX"),
    ],
)
def test_damage_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_picks(write(tmp_path, CBOX.replace(old, new)))
    assert message in str(caught.value)


def test_slices_of_a_tomogram_are_refused(tmp_path: Path) -> None:
    content = CBOX.replace("50.25 <NA>", "50.25 3").replace("0.0 0.0 <NA>", "0.0 0.0 4")
    with pytest.raises(FormatError, match="boxes in several slices of a tomogram"):
        read_picks(write(tmp_path, content), "cryolo-cbox")

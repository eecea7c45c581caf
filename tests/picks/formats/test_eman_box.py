"""EMAN box files: corners, integer rules, and the helical files with the same ending."""

from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.formats import ImageCatalogue, read_picks, write_picks
from nunatak.picks.table import PickSet


def write(folder: Path, content: str) -> Path:
    path = folder / "mic_1.box"
    path.write_text(content)
    return path


@pytest.mark.parametrize(("side", "centre"), [(20, 110), (21, 110), (1, 100)])
def test_centres_follow_relions_integer_division(tmp_path: Path, side: int, centre: int) -> None:
    picks = read_picks(write(tmp_path, f"100\t50\t{side}\t{side}\n"))
    assert picks.table.to_dict("list") == {
        "image": ["mic_1"],
        "x_px": [centre],
        "y_px": [centre - 50],
    }


@pytest.mark.parametrize("side", [20, 21])
def test_corners_are_whole_and_come_back(tmp_path: Path, side: int) -> None:
    table = pd.DataFrame({"image": ["g/mic_1.mrc"], "x_px": [100.5], "y_px": [-3.0]})
    (path,) = write_picks(PickSet(table), tmp_path / "out.box", box_px=side)
    assert path.read_text() == f"91\t-13\t{side}\t{side}\n"
    assert read_picks(path).table["y_px"].tolist() == [-3]


def test_tiff_is_mirrored_at_its_own_height(tmp_path: Path) -> None:
    images = ImageCatalogue({"mic_1.tif": (401, 300)})
    path = write(tmp_path, "90 40 20 20\n")
    picks = read_picks(path, images=images, orientation=Orientation.FLIP_Y)
    assert picks.table[["x_px", "y_px"]].to_numpy().tolist() == [[100, 400 - 50]]


def test_one_file_an_image_also_for_images_without_picks(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a.mrc", "b.mrc"], "x_px": 10.0, "y_px": 10.0})
    picks = PickSet(table, images=("empty.mrc",))
    written = write_picks(picks, tmp_path / "boxes", "eman-box", box_px=4)
    assert sorted(path.name for path in written) == ["a.box", "b.box", "empty.box"]
    back = read_picks(tmp_path / "boxes")
    assert back.images == ("a", "b", "empty")
    assert len(back) == 2


def test_several_images_do_not_fit_one_file(tmp_path: Path, picks: PickSet) -> None:
    with pytest.raises(UsageError, match="one image a file, but there are 2 images"):
        write_picks(picks, tmp_path / "out.box", box_px=4)


def test_equal_stems_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a/m.mrc", "b/m.mrc"], "x_px": 1.0, "y_px": 1.0})
    with pytest.raises(Mismatch, match="are different images"):
        write_picks(PickSet(table), tmp_path / "out", "eman-box", box_px=4)


def test_a_box_size_is_needed(tmp_path: Path, picks: PickSet) -> None:
    with pytest.raises(UsageError, match="give the side of the box in pixels"):
        write_picks(picks, tmp_path / "out", "eman-box")


def test_helical_centres_are_read_as_centres(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "#micrograph: mic_1.mrc\n#segment length: 100\n#helix: (1, 2),(3, 4),50\n"
        "100\t200\n10\t20\n",
    )
    assert read_picks(path).table[["x_px", "y_px"]].to_numpy().tolist() == [[100, 200], [10, 20]]


def test_boxes_without_size_are_mentioned(tmp_path: Path) -> None:
    picks = read_picks(write(tmp_path, "10 20 0 0\n30 40 0 0\n"))
    assert picks.table["x_px"].tolist() == [10, 30]
    assert "2 boxes have no size; their corners were taken for centres" in picks.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 2 3\n", "line 1: a row of 3 values where x, y, width and height were expected"),
        ("1 2 3 4\n1 2 3 4 -3\n", "line 2: a row of 5 values"),
        ("1 2 3 -4\n", "line 1: a box of negative size"),
        ("a 2 3 4\n", "line 1, x: 'a' where a number was expected"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_picks(write(tmp_path, content))
    assert message in str(caught.value)

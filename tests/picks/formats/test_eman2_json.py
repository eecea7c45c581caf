"""EMAN2's information files: boxes among other things, which stay."""

import json
from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import FormatError, UsageError
from nunatak.picks.formats import format_of, read_picks, write_picks
from nunatak.picks.table import PickSet

NAME = "eman2-json"


def one_pick(image: str = "g/mic_1.mrc") -> PickSet:
    return PickSet(pd.DataFrame({"image": [image], "x_px": [10.25], "y_px": [20.0]}))


def test_centres_pickers_and_stems(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"boxes": [[10, 20.5, "manual"], [30, 40, "autobox"]], "quality": 5}')
    picks = read_picks(path, images=["g/mic_1.mrc"])
    assert picks.table.to_dict("list") == {
        "image": ["g/mic_1.mrc"] * 2,
        "x_px": [10.0, 30.0],
        "y_px": [20.5, 40.0],
        "eman2_picker": ["manual", "autobox"],
    }


def test_other_keys_of_a_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"ctf_frame": [1, {"defocus": 1.5}], "boxes": [], "名": "é"}')
    write_picks(one_pick(), tmp_path, NAME, overwrite=False)
    assert json.loads(path.read_text()) == {
        "ctf_frame": [1, {"defocus": 1.5}],
        "名": "é",
        "boxes": [[10.25, 20.0, "nunatak"]],
    }


def test_boxes_of_a_person_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"boxes": [[1, 2, "manual"]]}')
    with pytest.raises(UsageError, match="holds boxes already"):
        write_picks(one_pick(), tmp_path, NAME, overwrite=False)
    assert json.loads(path.read_text()) == {"boxes": [[1, 2, "manual"]]}
    write_picks(one_pick(), tmp_path, NAME, overwrite=True)
    assert json.loads(path.read_text())["boxes"] == [[10.25, 20.0, "nunatak"]]


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"ctf": ')
    with pytest.raises(FormatError, match="not JSON"):
        write_picks(one_pick(), tmp_path, NAME)
    assert path.read_text() == '{"ctf": '


def test_no_boxes_is_no_picks(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"quality": 3}')
    picks = read_picks(path)
    assert (len(picks), picks.images) == (0, ("mic_1",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "a JSON list where an object was expected"),
        ('{"boxes": 3}', "boxes: not a list of boxes"),
        ('{"boxes": [[1]]}', "boxes[0]: [1] where [x, y, picker] was expected"),
        ('{"boxes": [[1, 2], ["1", 2]]}', "boxes[1]: ['1', 2] where"),
        ('{"boxes": [[true, 2]]}', "boxes[0]: [True, 2] where"),
        ('{"boxes": [[NaN, 2]]}', "NaN, which is not JSON"),
        ('{"boxes": [[1e999, 2]]}', "boxes[0]: [inf, 2] where"),
        ('{"boxes": [\n[1, 2', "line 2: not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"boxes": [[' + "9" * 400 + ", 2]]}", "where [x, y, picker] was expected"),
        ('{"boxes": [[' + "9" * 5000 + ", 2]]}", "not readable as JSON"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path)
    assert message in str(caught.value)


def test_half_characters_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"boxes": [[1, 2, "\\ud800"]]}')
    assert read_picks(path).table["eman2_picker"].tolist() == ["?"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"quality": 5}', NAME),
        ('{"ctf" : [1]}', NAME),
        ('{"boxes_3d": []}', "eman2-3d"),
        ('{"boxes_3d": [], "boxes": [[1, 2, "manual"]]}', NAME),
    ],
)
def test_information_files_are_known_by_their_content(
    tmp_path: Path, content: str, name: str
) -> None:
    path = tmp_path / "copy.json"
    path.write_text(content)
    assert format_of(path).name == name


def test_boxes_of_a_tomogram_are_no_picks_on_a_micrograph(tmp_path: Path) -> None:
    path = tmp_path / "mic_1_info.json"
    path.write_text('{"boxes_3d": [[1, 2, 3, "m", 1, 0]]}')
    with pytest.raises(FormatError, match="boxes_3d: boxes of a tomogram"):
        read_picks(path, NAME)


def test_json_of_other_programs_is_not_taken_for_picks(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"count": 20, "shape": [2048, 2048], "note": "boxes"}')
    with pytest.raises(FormatError, match="not a file of picks that nunatak knows"):
        format_of(path)

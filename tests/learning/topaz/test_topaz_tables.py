import logging
from pathlib import Path

import pytest

from nunatak.errors import FormatError, Mismatch
from nunatak.learning.topaz.tables import read_image_list, read_targets

LIST = "image_name\tpath\nmic000000\t/proc/a b/mic000000.mrc\nmic000002\t/proc/mic000002.mrc\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_lists_as_relion_writes_them(tmp_path: Path) -> None:
    images = read_image_list(written(tmp_path / "images.txt", LIST))
    assert images == {
        "mic000000": Path("/proc/a b/mic000000.mrc"),
        "mic000002": Path("/proc/mic000002.mrc"),
    }
    text = "image_name\tx_coord\ty_coord\nmic000002\t10\t20\nmic000000\t3\t4\n"
    targets = read_targets(written(tmp_path / "targets.txt", text), images)
    assert targets.image == (images["mic000002"], images["mic000000"])
    assert targets.xy_px.tolist() == [[10.0, 20.0], [3.0, 4.0]]


def test_a_list_without_paths_means_files_of_that_name(tmp_path: Path) -> None:
    images = read_image_list(written(tmp_path / "images.txt", "image_name\n0012\n"))
    assert images == {"0012": Path("0012.mrc")}


def test_a_folder_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "b.mrc").touch()
    (tmp_path / "a.mrc").touch()
    assert list(read_image_list(tmp_path)) == ["a", "b"]


def test_what_is_not_listed_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    images = read_image_list(written(tmp_path / "images.txt", LIST))
    text = "image_name\tx_coord\ty_coord\nmic000002\t10\t20\nother\t3\t4\nother\t3\t5\n"
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        targets = read_targets(written(tmp_path / "targets.txt", text), images)
    assert len(targets) == 1
    assert "2 of 3 positions lie on 1 images that are not listed (first: other)" in caplog.text


def test_no_listed_image_at_all_is_an_error(tmp_path: Path) -> None:
    images = read_image_list(written(tmp_path / "images.txt", LIST))
    text = "image_name\tx_coord\ty_coord\nother\t3\t4\n"
    with pytest.raises(Mismatch, match="none of its images is listed"):
        read_targets(written(tmp_path / "targets.txt", text), images)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("image_name\tpath\n", "no image is listed"),
        ("name\tpath\na\tb\n", "image_name"),
        ("image_name\tpath\na\n", "a row of 1 cells"),
    ],
)
def test_damaged_lists_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        read_image_list(written(tmp_path / "images.txt", text))


def test_a_name_for_two_images_is_refused(tmp_path: Path) -> None:
    text = "image_name\tpath\na\tone/a.mrc\na\ttwo/a.mrc\n"
    with pytest.raises(Mismatch, match="stands for"):
        read_image_list(written(tmp_path / "images.txt", text))


def test_positions_in_three_dimensions_are_refused(tmp_path: Path) -> None:
    images = read_image_list(written(tmp_path / "images.txt", LIST))
    text = "image_name\tx_coord\ty_coord\tz_coord\nmic000002\t1\t2\t3\n"
    with pytest.raises(FormatError, match="three dimensions"):
        read_targets(written(tmp_path / "targets.txt", text), images)

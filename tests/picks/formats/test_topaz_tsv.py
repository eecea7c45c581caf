"""Topaz tables: stems, whole pixels of a downscaled image."""

from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.picks.formats import FileGrid, ImageCatalogue, read_picks, write_picks
from nunatak.picks.table import PickSet


def test_stems_find_their_images_and_zeros_stay(tmp_path: Path) -> None:
    path = tmp_path / "picks.txt"
    path.write_text("image_name\tx_coord\ty_coord\tscore\n0012\t10\t20\t-1.25\n0012\t30\t40\t2\n")
    assert read_picks(path).images == ("0012",)
    picks = read_picks(path, images=["grid/0012.mrc"], grid=FileGrid.binned(8))
    assert picks.table.to_dict("list") == {
        "image": ["grid/0012.mrc"] * 2,
        "x_px": [80.0, 240.0],
        "y_px": [160.0, 320.0],
        "score": [-1.25, 2.0],
    }


@pytest.mark.parametrize(
    "content",
    [
        "x_coord\ty_coord\timage_name\n10\t20\tmic\n",
        "image_name x_coord y_coord\nmic 10 20\n",
        "mic\t10\t20\n",
        "image_name\tx_coord\ty_coord\r\nmic\t10\t20 \r\n\r\n",
        "image_name\tx_coord\ty_coord\tsource\nmic\t10\t20\ta\n",
    ],
    ids=["any-order", "blanks", "no-header", "crlf", "extra-column"],
)
def test_layouts(tmp_path: Path, content: str) -> None:
    path = tmp_path / "picks.tsv"
    path.write_text(content)
    table = read_picks(path).table
    assert table[["image", "x_px", "y_px"]].to_numpy().tolist() == [["mic", 10, 20]]


def test_positions_are_rounded_in_the_files_own_grid(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["g/mic.mrc"], "x_px": [101.9], "y_px": [4.0]})
    write_picks(PickSet(table), tmp_path / "out.tsv", grid=FileGrid.binned(8))
    assert (tmp_path / "out.tsv").read_text() == "image_name\tx_coord\ty_coord\nmic\t13\t1\n"


def test_equal_stems_are_refused_both_ways(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a/mic.mrc", "b/mic.mrc"], "x_px": 1.0, "y_px": 1.0})
    with pytest.raises(Mismatch, match=r"a/mic\.mrc and b/mic\.mrc are different images"):
        write_picks(PickSet(table), tmp_path / "out.tsv")
    path = tmp_path / "in.tsv"
    path.write_text("image_name\tx_coord\ty_coord\nmic\t1\t2\n")
    with pytest.raises(Mismatch, match="mic fits 2 images"):
        read_picks(path, images=ImageCatalogue(dict.fromkeys(table["image"], (10, 10))))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file where a table was expected"),
        ("image_name\tx_coord\nmic\t1\n", "line 1: no column y_coord. Columns found: image_name"),
        (
            "image_name\tx_coord\ty_coord\tz_coord\nmic\t1\t2\t3\n",
            "z_coord: picks in three dimensions",
        ),
        (
            "image_name\tx_coord\ty_coord\nmic\t1\n",
            "line 2: a row of 2 cells in a table of 3 columns. "
            "Columns: image_name, x_coord, y_coord",
        ),
        (
            "image_name\tx_coord\ty_coord\nmic\t1,5\t2\n",
            "line 2, x_coord: '1,5' where a number was expected. Write decimals with a point",
        ),
        ("image_name\tx_coord\tx_coord\nmic\t1\t2\n", "column x_coord occurs twice"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "picks.tsv"
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path)
    assert message in str(caught.value)


def test_positions_beyond_any_image_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a.mrc"], "x_px": [1e30], "y_px": [0.0]})
    with pytest.raises(BadInput, match="beyond any image"):
        write_picks(PickSet(table), tmp_path / "out.tsv")

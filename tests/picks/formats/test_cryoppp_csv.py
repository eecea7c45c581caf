"""CryoPPP tables: mirrored, with a diameter."""

from pathlib import Path

import pytest

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.formats import ImageCatalogue, format_of, read_picks, write_picks
from nunatak.picks.table import PickSet


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "10017_1.csv"
    path.write_text("X-Coordinate,Y-Coordinate,Diameter\n10,20,108\n30.5,0,108\n")
    return path


def test_rows_count_from_the_other_end(table: Path) -> None:
    images = ImageCatalogue({"m/10017_1.mrc": (401, 300)}, pixel_size_A=1.77)
    picks = read_picks(table, images=images)
    assert format_of(table).name == "cryoppp"
    assert picks.table["x_px"].tolist() == [10, 30.5]
    assert picks.table["y_px"].tolist() == [401 - 1 - 20, 400]
    assert picks.table["diameter_A"].tolist() == pytest.approx([108 * 1.77] * 2)


def test_copies_that_are_mirrored_already_need_no_size(table: Path) -> None:
    picks = read_picks(table, orientation=Orientation.IDENTITY)
    assert picks.table["y_px"].tolist() == [20, 0]


def test_without_the_image_it_is_refused(table: Path) -> None:
    with pytest.raises(Mismatch, match="The size of 10017_1 is needed but unknown"):
        read_picks(table)


def test_the_diameter_survives(table: Path, tmp_path: Path) -> None:
    images = ImageCatalogue({"m/10017_1.mrc": (401, 300)})
    picks = read_picks(table, images=images)
    write_picks(picks, tmp_path / "out", "cryoppp", images=images)
    assert (tmp_path / "out/10017_1.csv").read_text() == (
        "X-Coordinate,Y-Coordinate,Diameter\n10,20,108\n30.5,0,108\n"
    )


def test_a_diameter_is_needed(tmp_path: Path, picks: PickSet, images: ImageCatalogue) -> None:
    with pytest.raises(UsageError, match="diameter in pixels, which is not known"):
        write_picks(picks, tmp_path / "out", "cryoppp", images=images)
    known = PickSet(picks.table.assign(diameter_A=100.0, pixel_size_A=1.25))
    write_picks(known, tmp_path / "out", "cryoppp", images=images)
    assert read_picks(tmp_path / "out", images=images).table["diameter_A"].tolist() == [100.0] * 14


def test_a_foreign_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("X-Coordinate,Diameter\n1,2\n")
    with pytest.raises(FormatError, match="no column Y-Coordinate"):
        read_picks(path, "cryoppp", image="a")

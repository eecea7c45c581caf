"""Names of classes beside files that number them."""

from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.formats.tomograms import class_map, em_motive_list
from nunatak.picks.table import PickSet

ENDINGS = pytest.mark.parametrize("ending", [".tbl", ".em"])


def picks_of(*names: str) -> PickSet:
    table = pd.DataFrame(
        {"image": "TS_01", "x_px": 1.0, "y_px": 2.0, "z_px": 3.0}, range(len(names))
    )
    return PickSet(table.assign(class_name=list(names)))


def names_after(path: Path) -> list[str]:
    return read_picks(path).table["class_name"].tolist()


@ENDINGS
@pytest.mark.parametrize(
    "names",
    [
        ("virus like particle", "80S", "virus like particle"),
        ("2", "apo", "1"),  # numbers among names are names
        ("007", "7", "12"),
    ],
)
def test_names_survive(tmp_path: Path, ending: str, names: tuple[str, ...]) -> None:
    path = tmp_path / f"picks{ending}"
    written = write_picks(picks_of(*names), path)
    assert class_map.own_map(path) in written
    assert names_after(path) == list(names)


@ENDINGS
def test_numbers_need_no_map(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"picks{ending}"
    assert class_map.own_map(path) not in write_picks(picks_of("2", "0"), path)
    assert not class_map.own_map(path).exists()
    assert names_after(path) == ["2", "0"]


@ENDINGS
def test_the_map_of_an_earlier_file_names_nothing(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"picks{ending}"
    write_picks(picks_of("apo", "80S"), path)
    assert class_map.own_map(path) in write_picks(picks_of("2", "1"), path)
    assert names_after(path) == ["2", "1"]


def test_tables_of_one_stem_have_maps_of_their_own(tmp_path: Path) -> None:
    write_picks(picks_of("apo"), tmp_path / "picks.em")
    write_picks(picks_of("80S"), tmp_path / "picks.tbl")
    assert names_after(tmp_path / "picks.em") == ["apo"]
    assert names_after(tmp_path / "picks.tbl") == ["80S"]


@ENDINGS
def test_other_files_of_its_name_are_left_alone(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"picks{ending}"
    class_map.own_map(path).write_text("Dear colleague\n")
    with pytest.raises(FormatError, match="'Dear colleague' where the number of a class and its"):
        write_picks(picks_of("1"), path)
    assert class_map.own_map(path).read_text() == "Dear colleague\n"
    assert not path.exists()


def test_a_map_is_replaced_only_when_allowed(tmp_path: Path) -> None:
    path = tmp_path / "picks.em"
    class_map.own_map(path).write_text("1 apo\n")
    with pytest.raises(UsageError, match=r"classes\.doc.*exists already"):
        em_motive_list.write(picks_of("80S"), path, FormatContext(overwrite=False))


def test_a_name_must_fit_on_a_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Rename the class"):
        write_picks(picks_of("a\nb"), tmp_path / "picks.em")

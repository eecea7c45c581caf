"""Dynamo tables: index base, shifts, tomograms by number, columns that are kept."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from nunatak import rotations
from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats.tomograms.dynamo_tbl import read, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

XYZ = ["x_px", "y_px", "z_px"]
IMAGES = ImageCatalogue({"a/TS_01.mrc": (61, 383, 127), "b/TS_02.mrc": (61, 383, 127)})


def row(n_columns: int = 35, **columns: str) -> str:
    """A line of a table: 0 but for the columns given, such as ``c24="100"``."""
    cells = [columns.get(f"c{number}", "0") for number in range(1, n_columns + 1)]
    return " ".join(cells) + "\n"


PARTICLE = {"c1": "7", "c4": "0.5", "c5": "-1.5", "c6": "2", "c20": "3", "c22": "2", "c10": "0.4"}
PLACE = {"c24": "100", "c25": "200", "c26": "30", "c7": "-47.273", "c8": "1.1777", "c9": "-132.3"}


def table_file(folder: Path, text: str) -> Path:
    path = folder / "crop.tbl"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("base", "expected"), [(0, [100.5, 198.5, 32.0]), (1, [99.5, 197.5, 31.0])]
)
def test_position_is_place_plus_shift_from_the_first_voxel(
    tmp_path: Path, base: int, expected: list[float]
) -> None:
    path = table_file(tmp_path, row(**PARTICLE, **PLACE))
    table = read(path, FormatContext(tomograms=TomogramFacts(index_base=base))).table
    assert table[XYZ].to_numpy().tolist() == [expected]


def test_index_base_counts_in_the_files_own_voxels(tmp_path: Path) -> None:
    path = table_file(tmp_path, row(c24="11", c25="21", c26="31"))
    context = FormatContext(tomograms=TomogramFacts(index_base=1), grid=FileGrid.binned(4))
    assert read(path, context).table[XYZ].to_numpy().tolist() == [[40, 80, 120]]


def test_angles_scores_and_classes(tmp_path: Path) -> None:
    table = read(table_file(tmp_path, row(**PARTICLE, **PLACE)), FormatContext()).table
    # The same orientation in RELION's angles, from a comparison of reconstructions.
    ours = rotations.from_relion(table[list(ANGLE_COLUMNS)])
    relions = rotations.from_relion([[137.7, 1.1777, 42.727]])
    assert (ours * relions.inv()).magnitude()[0] < 2e-4
    assert table[["score", "class_name", "image"]].iloc[0].tolist() == [0.4, "2", "crop"]


@pytest.mark.parametrize("name", ["crop.doc", "indices_column20.doc"])
def test_the_table_map_beside_a_table_names_its_tomograms(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("3 /data/a b/TS_01.mrc\n\n 12\tTS_02.mrc\n")
    path = table_file(tmp_path, row(c20="12") + row(c20="3"))
    assert read(path, FormatContext()).table["image"].tolist() == [
        "TS_02.mrc",
        "/data/a b/TS_01.mrc",
    ]
    assert read(path, FormatContext(images=IMAGES)).images == ("b/TS_02.mrc", "a/TS_01.mrc")


def test_stated_numbers_go_before_the_table_map(tmp_path: Path) -> None:
    (tmp_path / "crop.doc").write_text("3 old.mrc\n4 kept.mrc\n")
    path = table_file(tmp_path, row(c20="3") + row(c20="4"))
    context = FormatContext(tomograms=TomogramFacts(numbers={3: "new.mrc"}))
    assert read(path, context).images == ("new.mrc", "kept.mrc")


def test_a_stated_name_may_be_that_of_the_tilt_series(tmp_path: Path) -> None:
    path = table_file(tmp_path, row(c20="7") + row(c20="8"))
    images = ("t/rec_TS_01.mrc", "TS_02_10.00Apx.mrc")
    context = FormatContext(
        images=ImageCatalogue(dict.fromkeys(images, (61, 383, 127))),
        tomograms=TomogramFacts(numbers={7: "TS_01", 8: "TS_02.tomostar", 9: "TS_03"}),
    )
    picks = read(path, context)
    assert picks.images == images
    write(picks, tmp_path / "out.tbl", context)
    numbers = [line.split()[19] for line in (tmp_path / "out.tbl").read_text().splitlines()]
    assert numbers == ["7", "8"]


def test_one_number_is_the_one_known_image(tmp_path: Path) -> None:
    path = table_file(tmp_path, row(c20="3"))
    one = ImageCatalogue({"a/TS_09.mrc": (61, 383, 127)})
    assert read(path, FormatContext(images=one)).images == ("a/TS_09.mrc",)
    assert read(path, FormatContext(images=IMAGES, image="b/TS_02.mrc")).images == ("b/TS_02.mrc",)


def test_unknown_numbers_are_asked_about(tmp_path: Path) -> None:
    path = table_file(tmp_path, row(c20="3") + row(c20="5"))
    with pytest.raises(
        Mismatch, match=r"crop\.tbl: which tomograms are numbers 3, 5\? State which"
    ):
        read(path, FormatContext())
    with pytest.raises(Mismatch, match="which tomogram is number 5"):
        read(path, FormatContext(tomograms=TomogramFacts(numbers={3: "TS_01"})))
    with pytest.raises(UsageError, match=r"picks in 2 tomograms \(3, 5\), but --image names one"):
        read(path, FormatContext(image="TS_01"))


def test_a_single_unknown_number_is_none_of_several_images(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="which tomogram is number 3"):
        read(table_file(tmp_path, row(c20="3")), FormatContext(images=IMAGES))


def test_other_columns_are_kept_as_they_are(tmp_path: Path) -> None:
    text = row(38, **PARTICLE, c13="1", c14="-60", c15="60.50", c35="1e-05", c36="10.5", c38="NaN")
    picks = read(table_file(tmp_path, text), FormatContext())
    assert picks.table["pixel_size_A"].tolist() == [10.5]
    out, map_path = write(
        picks, tmp_path / "out" / "again.tbl", FormatContext(tomograms=TomogramFacts(index_base=1))
    )
    cells = out.read_text().split()
    assert len(cells) == 38
    kept = [cells[n - 1] for n in (1, 13, 14, 15, 35, 36, 38)]
    assert kept == ["7", "1", "-60", "60.50", "1e-05", "10.5", "NaN"]
    # The shift went into the position, which counts from 1 now; class and score are in place.
    assert [float(cells[n - 1]) for n in (4, 5, 6, 24, 25, 26)] == [0, 0, 0, 1.5, -0.5, 3]
    assert (cells[9], cells[19], cells[21]) == ("0.4", "1", "2")
    assert map_path.read_text() == "1 crop\n"


def test_new_tables_have_tags_and_35_columns(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_01"] * 2, "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    out, _ = write(PickSet(table), tmp_path / "new.tbl", FormatContext())
    lines = [line.split() for line in out.read_text().splitlines()]
    assert [(len(cells), *cells[:3]) for cells in lines] == [
        (35, "1", "1", "0"),
        (35, "2", "1", "0"),
    ]


def test_class_names_are_numbered_and_the_log_says_how(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = pd.DataFrame({"image": ["TS_01"] * 3, "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(class_name=["ribosome", None, "apo"]))
    with caplog.at_level(logging.WARNING):
        out, *maps = write(picks, tmp_path / "new.tbl", FormatContext())
    assert [line.split()[21] for line in out.read_text().splitlines()] == ["2", "0", "1"]
    assert "1 = apo, 2 = ribosome" in caplog.text
    assert [path.name for path in maps] == ["new.doc", "new.tbl.classes.doc"]
    again = read(out, FormatContext())
    assert again.table["class_name"].fillna("none").tolist() == ["ribosome", "none", "apo"]
    assert again.notes == [f"{out}: the names of the classes are those of new.tbl.classes.doc."]


def test_other_files_of_the_maps_name_are_left_alone(tmp_path: Path) -> None:
    letter = tmp_path / "new.doc"
    letter.write_text("Dear colleague\n")
    table = pd.DataFrame({"image": ["TS_01"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    with pytest.raises(FormatError, match=r"new\.doc, line 1: 'Dear colleague' where the number"):
        write(PickSet(table), tmp_path / "new.tbl", FormatContext())
    assert letter.read_text() == "Dear colleague\n"
    assert not (tmp_path / "new.tbl").exists()


def test_files_are_replaced_only_when_allowed(tmp_path: Path) -> None:
    picks = read(table_file(tmp_path, row()), FormatContext())
    with pytest.raises(UsageError, match="exists already"):
        write(picks, tmp_path / "crop.tbl", FormatContext(overwrite=False))


def test_stated_numbers_must_cover_every_tomogram(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a/TS_01.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    numbers = {4: "TS_02"}
    with pytest.raises(Mismatch, match=r"a/TS_01\.mrc: no number is stated"):
        write(
            PickSet(table),
            tmp_path / "t.tbl",
            FormatContext(tomograms=TomogramFacts(numbers=numbers)),
        )
    numbers = {4: "TS_01", 5: "a/TS_01.mrc"}
    with pytest.raises(Mismatch, match="stated as tomogram 4 and as 5"):
        write(
            PickSet(table),
            tmp_path / "t.tbl",
            FormatContext(tomograms=TomogramFacts(numbers=numbers)),
        )


def test_text_in_a_kept_column_is_refused(tmp_path: Path) -> None:
    picks = read(table_file(tmp_path, row()), FormatContext())
    picks.table["dynamo_reg"] = "left lobe"
    with pytest.raises(BadInput, match="Column dynamo_reg of the pick table holds text"):
        write(picks, tmp_path / "t.tbl", FormatContext())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (row(25), "line 1: a row of 25 values where a table of Dynamo has 35 or more"),
        (row() + row(34), "line 2: a row of 34 cells in a table of 35 columns"),
        (row() + row(c25="nan"), "line 2, y: 'nan' where a finite number was expected"),
        (row(c8="left"), "line 1, tilt: 'left' where a number was expected"),
        (row() + row(c20="1.5"), "line 2, tomo: '1.5' where a whole number was expected"),
        (row(c22="1e300"), "line 1, class: '1e300' where a whole number was expected"),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(table_file(tmp_path, text), FormatContext())
    assert f"crop.tbl, {message}" in str(caught.value)


@pytest.mark.parametrize("text", ["1 a.mrc\nx b.mrc\n", "1 a.mrc\n2\n", "1 a.mrc\n1 b.mrc\n"])
def test_damage_in_a_table_map_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "crop.doc").write_text(text)
    with pytest.raises(FormatError, match=r"crop\.doc, line 2: "):
        read(table_file(tmp_path, row()), FormatContext())

"""Which format a file is in, and reading many files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.picks.formats import (
    FORMATS,
    FileGrid,
    FormatContext,
    GridRule,
    format_for_writing,
    format_named,
    format_of,
    read_picks,
    write_picks,
)
from nunatak.picks.formats.doors import read_with
from nunatak.picks.table import PickSet


# Of three numbers a line nobody can tell what they are.
@pytest.mark.parametrize("name", [n for n in FORMATS if n not in ("relion-autopick", "coords")])
def test_written_files_are_recognised_whatever_their_name(
    name: str, tmp_path: Path, picks: PickSet, volume_picks: PickSet, context: FormatContext
) -> None:
    fmt = FORMATS[name]
    target = tmp_path / ("picks" + fmt.suffixes[0] if fmt.capabilities.multi_image else "many")
    file = fmt.write(picks if 2 in fmt.capabilities.dimensions else volume_picks, target, context)[
        0
    ]
    assert format_of(file).name == name
    assert format_of(file.rename(tmp_path / "without_suffix")).name == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("picks.star", "relion-star"),
        ("PICKS.STAR", "relion-star"),
        ("picks.tsv", "topaz"),
        ("picks.txt", "topaz"),
        ("mic.box", "eman-box"),
        ("mic_info.json", "eman2-json"),
        ("mic.cbox", "cryolo-cbox"),
        ("picks.cs", "cryosparc"),
        ("picks.csv", "csv"),
        ("picks.parquet", "parquet"),
    ],
)
def test_suffixes_choose_the_output_format(file: str, name: str) -> None:
    assert format_for_writing(Path(file)).name == name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("picks.star", "relion5-tomo"),
        ("ribosome.json", "copick"),
        ("TS_1_info.json", "eman2-3d"),
        ("TS_1.cbox", "cryolo-3d"),
        ("TS_1.coords", "coords"),
        ("table.tbl", "dynamo"),
        ("motl.em", "em-motl"),
        ("points.mod", "imod"),
        ("points.ndjson", "cz-ndjson"),
        ("picks.csv", "csv"),
    ],
)
def test_suffixes_choose_another_format_for_tomograms(file: str, name: str) -> None:
    assert format_for_writing(Path(file), ndim=3).name == name


def test_unknown_formats_are_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"There is no pick format 'sqlite'\. Formats: "):
        format_named("sqlite")
    with pytest.raises(UsageError, match="Give --to, one of relion-star"):
        format_for_writing(Path("picks"))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("picks.xyz", b"\x00\x01", "not a file of picks that nunatak knows"),
        ("picks.star", b"", "an empty file where a STAR file was expected"),
        ("picks.ndjson", b"a", "not a file of picks that nunatak knows"),
        ("picks.star", b"\x80\x04pickle", "byte 0x80 is not UTF-8 text"),
        ("picks.csv", b"a,b\n", "no column image and x_px and y_px"),
    ],
)
def test_the_reader_that_the_name_proposes_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path)
    assert problem in str(caught.value)


def test_an_empty_file_may_be_a_list_without_picks(tmp_path: Path) -> None:
    path = tmp_path / "ribosome-1.0_point.ndjson"
    path.touch()
    assert format_of(path).name == "cz-ndjson"


def test_missing_files_and_foreign_folders(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such file"):
        read_picks(tmp_path / "gone.star")
    with pytest.raises(FormatError, match="there is no such file"):
        read_picks(tmp_path / "gone.star", "relion-star")
    with pytest.raises(FormatError, match="no file of picks in this folder"):
        read_picks(tmp_path)


def test_folders_of_several_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.box").write_text("1 2 3 4\n")
    (tmp_path / "a.csv").write_text("image,x_px,y_px\n")
    with pytest.raises(FormatError, match="files of several formats: CSV, EMAN box file"):
        read_picks(tmp_path)
    assert len(read_picks(tmp_path, "eman-box")) == 1


def test_several_files_are_joined(tmp_path: Path, star: Path) -> None:
    (tmp_path / "a.box").write_text("1 2 3 4\n")
    (tmp_path / "b.box").write_text("")
    joined = read_picks([tmp_path / "a.box", tmp_path / "b.box"])
    assert (len(joined), joined.images) == (1, ("a", "b"))
    with pytest.raises(UsageError, match="--image names one image, but there are 2 files"):
        read_picks([tmp_path / "a.box", tmp_path / "b.box"], image="x.mrc")
    other = tmp_path / "other.star"
    other.write_text(star.read_text().replace("0.885000", "0.900000"))
    with pytest.raises(Mismatch, match="different optics groups"):
        read_picks([star, other])


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "picks.csv"
    path.write_text("old")
    with pytest.raises(UsageError):
        write_picks(PickSet(one_pick()), path, "eman-box")
    assert path.read_text() == "old"


def one_pick() -> pd.DataFrame:
    return pd.DataFrame({"image": ["a.mrc"], "x_px": [1.0], "y_px": [2.0]})


@pytest.mark.parametrize(
    ("name", "ndim"),
    [(name, ndim) for name, fmt in FORMATS.items() for ndim in fmt.capabilities.dimensions],
)
def test_capabilities_tell_the_truth(
    name: str,
    ndim: int,
    *,
    tmp_path: Path,
    picks: PickSet,
    volume_picks: PickSet,
    context: FormatContext,
) -> None:
    can = FORMATS[name].capabilities
    given = picks if ndim == 2 else volume_picks
    extra = PickSet(given.table.assign(mine="007", class_name="x", pixel_size_A=1.25))
    folder = name == "relion-autopick" or not can.multi_image
    target = tmp_path / ("many" if folder else "p" + FORMATS[name].suffixes[0])
    FORMATS[name].write(extra, target, context)
    read = read_with(target, context, name)
    table = read.table
    assert read.ndim == ndim
    assert ("score" in table and bool(np.isfinite(table["score"]).all())) == can.score
    assert ("class_name" in table) == can.class_name
    assert ("mine" in table) == can.preserves_columns
    assert read.has_angles == (can.angles and ndim == 3)
    if not can.needs_box:  # CryoPPP takes the pixel size from the images
        assert ("pixel_size_A" in table) == can.pixel_size


def test_picks_in_tomograms_are_not_written_as_picks_on_micrographs(
    tmp_path: Path, picks: PickSet, volume_picks: PickSet
) -> None:
    with pytest.raises(UsageError, match=r"RELION STAR holds picks on micrographs, and these are"):
        write_picks(volume_picks, tmp_path / "picks.star", "relion-star")
    with pytest.raises(UsageError, match=r"copick JSON holds picks in tomograms, and these are"):
        write_picks(picks, tmp_path / "picks", "copick")
    with pytest.raises(UsageError, match="does not say in which format to write"):
        write_picks(volume_picks, tmp_path / "picks.box")
    assert list(tmp_path.iterdir()) == []


def test_picks_of_both_kinds_are_not_joined(
    tmp_path: Path, picks: PickSet, volume_picks: PickSet
) -> None:
    write_picks(picks, tmp_path / "two.csv")
    write_picks(volume_picks, tmp_path / "three.csv")
    with pytest.raises(Mismatch, match="Some files hold picks on micrographs and others"):
        read_picks(tmp_path)


def test_a_project_is_read_by_the_layout_of_its_program(
    tmp_path: Path, volume_picks: PickSet, context: FormatContext
) -> None:
    (tmp_path / "config.json").write_text("{}")
    FORMATS["copick"].write(volume_picks, tmp_path, context)
    read = read_with(tmp_path, context)
    assert len(read) == len(volume_picks)
    assert set(read.images) == set(volume_picks.images)


@pytest.mark.parametrize("ndim", [2, 3])
def test_plain_tables_hold_both_kinds(
    ndim: int, tmp_path: Path, picks: PickSet, volume_picks: PickSet
) -> None:
    given = picks if ndim == 2 else volume_picks
    for name in ("picks.csv", "picks.parquet"):
        write_picks(given, tmp_path / name, grid=FileGrid.binned(3.5, GridRule.MEAN))
        read = read_picks(tmp_path / name, grid=FileGrid.binned(3.5, GridRule.MEAN))
        assert read.ndim == ndim
        np.testing.assert_allclose(read.positions_px, given.positions_px, rtol=0, atol=1e-9)


def test_each_ending_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read_picks(tmp_path)
    assert str(caught.value).endswith(
        "no file of picks in this folder (.star, .tsv, .txt, .box, _info.json, .cbox, .cs, .csv, "
        ".parquet, .coords, .tbl, .em, .mod)"
    )

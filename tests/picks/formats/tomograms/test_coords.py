"""Plain coordinates of tomograms: three columns, or four with a class."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.tomograms.coords import FORMAT
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table

SHAPES = {"rec/TS_1.mrc": (61, 107, 83), "rec/TS_2.mrc": (92, 315, 211)}
KNOWN = FormatContext(images=ImageCatalogue(SHAPES))


def a_file(folder: Path, text: str) -> Path:
    path = folder / "TS_1.coords"
    path.write_text(text)
    return path


grids = st.builds(
    FileGrid,
    st.sampled_from([1.0, 2.0, 83 / 41]),
    st.sampled_from([1.0, 2.0, 107 / 53]),
    st.sampled_from(GridRule),
    ratio_z=st.sampled_from([1.0, 2.0, 61 / 30]),
)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 12), grid=grids, with_class=st.booleans())
def test_picks_survive(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, grid: FileGrid, with_class: bool
) -> None:
    rng = np.random.default_rng(seed)
    images = np.sort(rng.choice(list(SHAPES), n))
    extents = np.array([SHAPES[image][::-1] for image in images]).reshape(-1, 3)
    xyz = rng.uniform(-5, extents + 5)
    columns = dict(zip(("x_px", "y_px", "z_px"), xyz.T, strict=True))
    table = pd.DataFrame({"image": pd.Series(images, dtype=str), **columns})
    if with_class:
        table["class_name"] = pd.Series(rng.choice(["1", "2", "ribosome"], n), dtype=str)
    context = FormatContext(images=KNOWN.images, grid=grid)
    picks = PickSet(table, images=tuple(SHAPES))
    files = FORMAT.write(picks, tmp_path_factory.mktemp("coords"), context)
    read = [FORMAT.read(file, context) for file in files]
    assert [one.images for one in read] == [(image,) for image in SHAPES]
    assert {one.ndim for one in read} == {3}
    after = pd.concat([one.table for one in read if len(one)] or [read[0].table], ignore_index=True)
    assert list(after["image"]) == list(table["image"])
    np.testing.assert_allclose(after[list(columns)], xyz, rtol=0, atol=1e-9)
    assert ("class_name" in after) == (with_class and n > 0)
    if with_class and n:
        assert after["class_name"].tolist() == table["class_name"].tolist()


def test_three_columns_with_decimals(tmp_path: Path) -> None:
    picks = FORMAT.read(a_file(tmp_path, "1 2.25 3\r\n\n  4\t5 6.125\n"), KNOWN)
    assert picks.positions_px.tolist() == [[1, 2.25, 3], [4, 5, 6.125]]
    assert picks.table["image"].tolist() == ["rec/TS_1.mrc"] * 2
    assert "class_name" not in picks.table


def test_the_first_of_four_columns_is_the_class(tmp_path: Path) -> None:
    path = a_file(tmp_path, "2\t10\t20\t30\n1\t11\t21\t31\n")
    picks = FORMAT.read(path, KNOWN)
    assert picks.positions_px.tolist() == [[10, 20, 30], [11, 21, 31]]
    assert picks.table["class_name"].tolist() == ["2", "1"]
    (file,) = FORMAT.write(picks, tmp_path / "copy.coords", KNOWN)
    assert file.read_text() == path.read_text()


def test_binned_by_averaging(tmp_path: Path) -> None:
    path = a_file(tmp_path, "0 0 10\n")
    picks = FORMAT.read(path, FormatContext(grid=FileGrid.binned(2, GridRule.MEAN)))
    assert picks.positions_px.tolist() == [[0.5, 0.5, 20.5]]
    assert FORMAT.read(path, FormatContext(grid=FileGrid.binned(2))).positions_px[0, 2] == 20


def test_whole_voxels_if_asked(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_1"], "x_px": 1.5, "y_px": 2.4, "z_px": -0.6})
    (file,) = FORMAT.write(PickSet(table), tmp_path, FormatContext(round_coordinates=True))
    assert file.read_text() == "2\t2\t-1\n"


def test_an_empty_file_is_a_tomogram_without_picks(tmp_path: Path) -> None:
    picks = FORMAT.read(a_file(tmp_path, "\n"), KNOWN)
    assert (len(picks), picks.ndim, picks.images) == (0, 3, ("rec/TS_1.mrc",))
    (file,) = FORMAT.write(
        PickSet(empty_table(3), images=("rec/TS_2.mrc",)), tmp_path, FormatContext()
    )
    assert (file.name, file.read_text()) == ("TS_2.coords", "")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a/TS_1.mrc"] * 2, "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    with pytest.raises(BadInput, match="1 of 2 picks have no class"):
        FORMAT.write(PickSet(table.assign(class_name=["1", None])), tmp_path, FormatContext())
    with pytest.raises(BadInput, match="Class '80 S' holds blanks"):
        FORMAT.write(PickSet(table.assign(class_name="80 S")), tmp_path, FormatContext())
    twins = PickSet(table, images=("b/TS_1.mrc",))
    with pytest.raises(Mismatch, match="the file name in this format is TS_1 for all"):
        FORMAT.write(twins, tmp_path, FormatContext())
    with pytest.raises(UsageError, match="there are 2 images"):
        FORMAT.write(twins, tmp_path / "one.coords", FormatContext())
    with pytest.raises(UsageError, match="picks in tomograms cannot be mirrored"):
        FORMAT.write(PickSet(table), tmp_path, FormatContext(orientation=Orientation.FLIP_Y))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2\n", "line 1: a row of 2 cells where x, y, z or class, x, y, z were expected. Two"),
        ("1 2 3 4 5\n", "line 1: a row of 5 cells where"),
        ("1 2 3\n1 2 3 4\n", "line 2: a row of 4 cells in a table of 3 columns"),
        ("1 2 3\n1 b 3\n", "line 2, y: 'b' where a number was expected"),
        ("1 2 nan\n", "line 1, z: 'nan' where a finite number was expected"),
        ("1,5 2 3\n", "line 1, x: '1,5' where a number was expected. Write decimals with a point"),
    ],
)
def test_damage_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = a_file(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        FORMAT.read(path, KNOWN)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_only_four_columns_are_known_by_their_content() -> None:
    assert FORMAT.sniff(b"1 2 3 4\n")
    assert not FORMAT.sniff(b"1 2 3\n")
    assert not FORMAT.sniff(b"class x y z\n")

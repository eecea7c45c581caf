"""Tables of the CZII challenge: ångström, and a voxel that is not 10 Å wide."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.tomograms.czii_csv import FORMAT
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table

SPACING_A = 10.012444196428572
SHAPES = {"rec/TS_5_4.mrc": (61, 107, 83), "rec/TS_6_4.mrc": (92, 315, 211)}
KNOWN = FormatContext(images=ImageCatalogue(SHAPES, pixel_size_A=SPACING_A))
HEADER = "id,experiment,particle_type,x,y,z\n"


def a_table(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "train.csv"
    path.write_text(header + rows)
    return path


grids = st.builds(
    FileGrid.binned, st.sampled_from([1.0, 2.0, 383 / 95, 0.5]), st.sampled_from(GridRule)
)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 12), grid=grids)
def test_picks_survive(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n: int, grid: FileGrid
) -> None:
    rng = np.random.default_rng(seed)
    images = rng.choice(list(SHAPES), n)
    extents = np.array([SHAPES[image][::-1] for image in images]).reshape(-1, 3)
    xyz = rng.uniform(-5, extents + 5)
    columns = dict(zip(("x_px", "y_px", "z_px"), xyz.T, strict=True))
    table = pd.DataFrame({"image": pd.Series(images, dtype=str), **columns})
    table["class_name"] = pd.Series(rng.choice(["apo-ferritin", "a, b", '"'], n), dtype=str)
    context = FormatContext(images=KNOWN.images, grid=grid)
    path = tmp_path_factory.mktemp("czii") / "submission.csv"
    FORMAT.write(PickSet(table), path, context)
    back = FORMAT.read(path, context)
    assert back.ndim == 3
    assert back.table[["image", "class_name"]].equals(table[["image", "class_name"]])
    np.testing.assert_allclose(back.positions_px, xyz, rtol=0, atol=1e-9)
    assert back.table["pixel_size_A"].tolist() == [SPACING_A] * n


def test_the_challenges_own_rows(tmp_path: Path) -> None:
    path = a_table(tmp_path, "0,TS_5_4,beta-amylase,2983.596,3154.13,764.926\n")
    picks = FORMAT.read(path, KNOWN)
    expected = np.array([[2983.596, 3154.13, 764.926]]) / SPACING_A
    np.testing.assert_allclose(picks.positions_px, expected, rtol=1e-15)
    assert picks.table["image"].tolist() == ["rec/TS_5_4.mrc"]
    assert picks.table["class_name"].tolist() == ["beta-amylase"]
    assert "id" not in picks.table


def test_ten_angstrom_would_be_off_by_most_of_a_voxel(tmp_path: Path) -> None:
    path = a_table(tmp_path, f"0,TS_5_4,ribosome,{629 * SPACING_A!r},0,0\n")
    assert FORMAT.read(path, KNOWN).table["x_px"][0] == pytest.approx(629)
    ten = FormatContext(images=ImageCatalogue(SHAPES, pixel_size_A=10.0))
    assert FORMAT.read(path, ten).table["x_px"][0] == pytest.approx(629.78, abs=0.01)


def test_what_is_written(tmp_path: Path) -> None:
    image = "p/ExperimentRuns/TS_9/VoxelSpacing10.000/denoised.zarr"
    table = pd.DataFrame({"image": image, "x_px": [0.0, 1.5], "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(class_name=["a", "b"], pixel_size_A=10.0))
    path = tmp_path / "submission.csv"
    assert FORMAT.write(picks, path, FormatContext()) == [path]
    assert path.read_text() == f"{HEADER}0,TS_9,a,0,20,30\n1,TS_9,b,15,20,30\n"
    with pytest.raises(UsageError, match="exists already"):
        FORMAT.write(picks, path, FormatContext(overwrite=False))
    FORMAT.write(picks, path, FormatContext(round_coordinates=True))
    assert "1,TS_9,b,20,20,30\n" in path.read_text()


def test_no_picks_is_a_header(tmp_path: Path) -> None:
    path = tmp_path / "submission.csv"
    FORMAT.write(PickSet(empty_table(3), images=("rec/TS_5_4.mrc",)), path, FormatContext())
    assert path.read_text() == HEADER
    back = FORMAT.read(path, FormatContext())
    assert (len(back), back.ndim) == (0, 3)


def test_columns_in_any_order_and_others_kept(tmp_path: Path) -> None:
    path = a_table(tmp_path, "3,2,1,x,TS_5_4,ribosome\n", "z,y,x,who,experiment,particle_type\n")
    picks = FORMAT.read(path, FormatContext(images=ImageCatalogue(SHAPES, pixel_size_A=1.0)))
    assert picks.positions_px.tolist() == [[1, 2, 3]]
    assert picks.table["who"].tolist() == ["x"]


def test_a_class_and_a_voxel_size_are_needed(tmp_path: Path) -> None:
    path = a_table(tmp_path, "0,TS_5_4,ribosome,1,2,3\n")
    with pytest.raises(Mismatch, match=r"the voxel size of TS_5_4 is not known. Give --pixel-size"):
        FORMAT.read(path, FormatContext())
    table = pd.DataFrame({"image": ["a", "a"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    table["pixel_size_A"] = 5.0
    for classless in (table, table.assign(class_name=["b", None])):
        with pytest.raises(BadInput, match="picks have no class, and a CZII table names the type"):
            FORMAT.write(PickSet(classless), path, FormatContext())


def test_unknown_runs_are_counted(tmp_path: Path) -> None:
    path = a_table(tmp_path, "0,TS_5_4,a,1,2,3\n1,TS_7,a,1,2,3\n2,TS_8,a,1,2,3\n")
    with pytest.raises(Mismatch, match="2 of 2 image names: TS_7 fits none"):
        FORMAT.read(path, KNOWN)


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (HEADER, "0,TS_5_4,a,1,two,3\n", "line 2, y: 'two' where a number was expected"),
        (HEADER, "0,TS_5_4,a,1,nan,3\n", "line 2, y: 'nan' where a finite number was expected"),
        (HEADER, "0,TS_5_4,a,1,,3\n", "line 2, y: '' where a number was expected"),
        (HEADER, "0,TS_5_4,a,1,2\n", "line 2: a row of 5 cells in a table of 6 columns"),
        ("id,experiment,x,y,z\n", "0,TS_5_4,1,2,3\n", "no column particle_type"),
        ("", "", "an empty file where a table was expected"),
    ],
)
def test_damage_is_named(tmp_path: Path, header: str, row: str, message: str) -> None:
    path = a_table(tmp_path, row, header)
    with pytest.raises(FormatError) as caught:
        FORMAT.read(path, KNOWN)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_tables_are_known_by_their_header() -> None:
    assert FORMAT.sniff(b'\xef\xbb\xbf"id","experiment","particle_type","x","y","z"\r\n0,TS')
    assert not FORMAT.sniff(b"image,x_px,y_px\nexperiment,particle_type,x,y,z")

"""The pixel size in a file is that of the pixels in which its coordinates count."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import Mismatch
from nunatak.picks.evaluate import evaluate
from nunatak.picks.formats import FileGrid, ImageCatalogue, read_picks, write_picks
from nunatak.picks.formats.star import read_star
from nunatak.picks.table import PickSet

BINNED = FileGrid.binned(4)
FORMATS = ["picks.star", "picks.csv", "picks.parquet"]


@pytest.fixture
def picks() -> PickSet:
    table = pd.DataFrame({"image": ["a.mrc", "b.mrc"], "x_px": [8.0, 20.0], "y_px": [4.0, 0.0]})
    return PickSet(table.assign(pixel_size_A=[1.5, 1.06]))


@pytest.mark.parametrize("name", FORMATS)
def test_a_binned_file_states_the_size_of_its_own_pixels(
    name: str, picks: PickSet, tmp_path: Path
) -> None:
    path = tmp_path / name
    write_picks(picks, path, grid=BINNED)
    as_it_stands = read_picks(path).table
    assert as_it_stands[["x_px", "pixel_size_A"]].to_numpy().tolist() == [[2, 6], [5, 4.24]]
    back = read_picks(path, grid=BINNED).table
    pd.testing.assert_frame_equal(back[picks.table.columns], picks.table, check_dtype=False)


@pytest.mark.parametrize("name", FORMATS)
def test_one_file_that_is_binned_is_not_judged_by_one_that_is_not(
    name: str, picks: PickSet, tmp_path: Path
) -> None:
    write_picks(picks, tmp_path / name, grid=BINNED)
    with pytest.raises(Mismatch, match=r"the pick set says 6 Å, the truth set says 1\.5 Å"):
        evaluate(read_picks(tmp_path / name), picks, radius_px=1.0)
    assert evaluate(
        read_picks(tmp_path / name, grid=BINNED), picks, radius_A=1.0
    ).average_precision.micro.value == pytest.approx(1)


@pytest.mark.parametrize("name", ["picks.star", "picks.parquet"])
def test_only_what_belongs_to_coordinates_changes_in_optics_groups(
    name: str, tmp_path: Path
) -> None:
    source = tmp_path / "source.star"
    source.write_text(
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n"
        "_rlnMicrographOriginalPixelSize\n_rlnImagePixelSize\n_rlnVoltage\n"
        "1 1.500000 0.75 3.0 300.0\n2 None 0.75 3.0 200.0\n\n"
        "data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnOpticsGroup\na.mrc 8 4 1\nb.mrc 8 4 2\n"
    )
    picks = read_picks(source)
    write_picks(picks, tmp_path / name, grid=BINNED)
    binned = read_picks(tmp_path / name)
    assert binned.optics is not None
    assert binned.optics.to_dict("list") == {
        "rlnOpticsGroup": ["1", "2"],
        "rlnMicrographPixelSize": ["6", "None"],
        "rlnMicrographOriginalPixelSize": ["0.75", "0.75"],
        "rlnImagePixelSize": ["3.0", "3.0"],
        "rlnVoltage": ["300.0", "200.0"],
    }
    np.testing.assert_array_equal(binned.table["pixel_size_A"], [6, np.nan])
    back = read_picks(tmp_path / name, grid=BINNED)
    pd.testing.assert_frame_equal(back.table, picks.table)
    assert back.optics is not None
    assert back.optics["rlnMicrographPixelSize"].tolist() == ["1.5", "None"]
    # Groups that fit the picks are kept, with all they say.
    write_picks(back, tmp_path / "again.star")
    assert read_star(tmp_path / "again.star")[0].columns["rlnVoltage"] == ["300.0", "200.0"]


def test_the_magnification_of_relion_30_goes_with_the_size(tmp_path: Path) -> None:
    source = tmp_path / "old.star"
    source.write_text(
        "data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnDetectorPixelSize\n_rlnMagnification\nmic.mrc 8 4 6.0 40000\n"
    )
    picks = read_picks(source)
    write_picks(picks, tmp_path / "out.star", grid=BINNED)
    rows = read_star(tmp_path / "out.star")[1].columns
    assert (rows["rlnDetectorPixelSize"], rows["rlnMagnification"]) == (["6.0"], ["10000"])
    back = read_picks(tmp_path / "out.star", grid=BINNED).table
    assert back["pixel_size_A"].tolist() == [1.5]
    assert back["rlnMagnification"].tolist() == ["40000"]


def test_magnification_of_extracted_particles_stays(tmp_path: Path) -> None:
    source = tmp_path / "old.star"
    source.write_text(
        "data_\nloop_\n_rlnImageName\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnDetectorPixelSize\n_rlnMagnification\n1@p.mrcs mic.mrc 8 4 6.0 40000\n"
    )
    write_picks(read_picks(source), tmp_path / "out.star", grid=BINNED)
    assert read_star(tmp_path / "out.star")[0].columns["rlnMagnification"] == ["40000"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_size_that_the_images_have_themselves_is_theirs(
    name: str, picks: PickSet, tmp_path: Path
) -> None:
    path = tmp_path / name
    write_picks(picks, path)  # as programs do that bin coordinates alone
    images = ImageCatalogue(dict.fromkeys(picks.images, (50, 60)), pixel_size_A=1.5)
    kept = read_picks(path, grid=BINNED, images=images)
    assert kept.table["x_px"].tolist() == [32, 80]
    assert kept.table["pixel_size_A"].tolist() == [1.5, 1.06]
    assert kept.notes == [
        f"{path}: states a pixel size of 1.5 Å, which the images themselves have; it was not "
        "taken for that of pixels binned by 4."
    ]
    for size_A in (1.5 / 4, 7.0):
        images = ImageCatalogue(dict.fromkeys(picks.images, (50, 60)), pixel_size_A=size_A)
        by_rule = read_picks(path, grid=BINNED, images=images)
        assert by_rule.table["pixel_size_A"].tolist() == [0.375, 0.265]
        assert by_rule.notes == []


def test_coordinates_in_angstrom_have_no_pixel_to_state(picks: PickSet, tmp_path: Path) -> None:
    write_picks(picks, tmp_path / "p.csv")
    back = read_picks(tmp_path / "p.csv", grid=FileGrid.in_angstrom(1.5))
    assert back.table["pixel_size_A"].tolist() == [1.5, 1.06]


def test_of_two_rounded_ratios_the_mean_counts() -> None:
    assert FileGrid(4.0, 4.004).pixel_ratio == pytest.approx(4.002)


def in_tomograms(folder: Path, name: str) -> Path:
    """Write a pick of which the file states voxels of 10 Å."""
    table = pd.DataFrame({"image": ["TS_01"], "x_px": [8.0], "y_px": [4.0], "z_px": [2.0]})
    write_picks(PickSet(table.assign(pixel_size_A=10.0)), folder / name)
    return folder / name


TOMOGRAM = {"TS_01.mrc": (60, 70, 80)}


@pytest.mark.parametrize("name", ["picks.csv", "picks.parquet", "picks.tbl"])
def test_picks_in_other_voxels_than_the_tomograms_are_refused(name: str, tmp_path: Path) -> None:
    path = in_tomograms(tmp_path, name)
    smaller = ImageCatalogue(TOMOGRAM, pixel_sizes_A={"TS_01.mrc": 5.0})
    with pytest.raises(Mismatch, match=r"TS_01(\.mrc)? are in voxels of 10 Å.* 5 Å.*binned by 2,"):
        read_picks(path, images=smaller)
    back = read_picks(path, images=smaller, grid=FileGrid.binned(2))
    assert back.table[["x_px", "z_px", "pixel_size_A"]].to_numpy().tolist() == [[16, 4, 5]]
    nearly = ImageCatalogue(TOMOGRAM, pixel_sizes_A={"TS_01.mrc": 10.012})
    exact = read_picks(path, images=nearly).table
    assert exact[["x_px", "pixel_size_A"]].to_numpy().tolist() == [[8, 10.012]]


def test_a_voxel_size_that_the_user_imposes_wins(tmp_path: Path) -> None:
    path = in_tomograms(tmp_path, "picks.csv")
    imposed = ImageCatalogue(TOMOGRAM, pixel_size_A=5.0)
    assert read_picks(path, images=imposed).table["x_px"].tolist() == [8]


def test_a_size_of_nothing_contradicts_no_tomogram(tmp_path: Path) -> None:
    path = in_tomograms(tmp_path, "picks.csv")
    path.write_text(path.read_text().replace("10", "0"))
    smaller = ImageCatalogue(TOMOGRAM, pixel_sizes_A={"TS_01.mrc": 5.0})
    assert read_picks(path, images=smaller).table["x_px"].tolist() == [8]


def test_every_size_that_is_stated_of_a_tomogram_is_compared(tmp_path: Path) -> None:
    path = in_tomograms(tmp_path, "picks.csv")
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, rows[1].replace("10", "5")]) + "\n")
    images = ImageCatalogue(TOMOGRAM, pixel_sizes_A={"TS_01.mrc": 10.0})
    with pytest.raises(Mismatch, match=r"in voxels of 5 Å, and the tomogram's voxels have 10 Å"):
        read_picks(path, images=images)


def test_an_imposed_size_takes_the_place_of_the_one_that_is_stated(tmp_path: Path) -> None:
    path = in_tomograms(tmp_path, "picks.csv")
    imposed = ImageCatalogue(TOMOGRAM, pixel_size_A=5.0)
    assert read_picks(path, images=imposed).table["pixel_size_A"].tolist() == [5]
    # Without tomograms it is for those of which the file says nothing.
    stated = read_picks(path, images=ImageCatalogue(pixel_size_A=5.0))
    assert stated.table["pixel_size_A"].tolist() == [10]

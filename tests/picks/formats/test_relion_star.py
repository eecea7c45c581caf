"""RELION STAR files of every age."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import FormatError, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.formats import ImageCatalogue, read_picks, write_picks
from nunatak.picks.formats.star import read_star
from nunatak.picks.table import PickSet


def test_optics_groups_and_unknown_columns_survive(star: Path, tmp_path: Path) -> None:
    picks = read_picks(star)
    assert picks.table.to_dict("list") == {
        "image": ["MotionCorr/job002/mic_001.mrc", "MotionCorr/job002/mic_002.mrc"],
        "x_px": [614.0, 812.0],
        "y_px": [3012.5, 12.0],
        "score": [0.412, -0.071],
        "rlnOpticsGroup": ["1", "2"],
        "rlnHelicalTubeID": ["007", "008"],
        "pixel_size_A": [0.885, 1.06],
    }
    write_picks(picks, tmp_path / "out.star")
    optics, particles = read_star(tmp_path / "out.star")
    assert (optics.block, particles.block) == ("optics", "particles")
    assert optics.columns == {
        "rlnOpticsGroupName": ["opticsGroup1", "opticsGroup2"],
        "rlnOpticsGroup": ["1", "2"],
        "rlnMicrographPixelSize": ["0.885000", "1.060000"],
        "rlnVoltage": ["300.000000", "200.000000"],
    }
    assert particles.columns["rlnHelicalTubeID"] == ["007", "008"]
    pd.testing.assert_frame_equal(read_picks(tmp_path / "out.star").table, picks.table)


def test_relion_30_has_no_optics(tmp_path: Path) -> None:
    path = tmp_path / "old.star"
    path.write_text(
        "\ndata_\n\nloop_\n_rlnMicrographName #1\n_rlnCoordinateX #2\n_rlnCoordinateY #3\n"
        "_rlnDetectorPixelSize #4\n_rlnMagnification #5\nmic.mrc 10.0 20.0 5.0 37000\n"
    )
    picks = read_picks(path)
    assert picks.optics is None
    assert picks.table["pixel_size_A"].tolist() == pytest.approx([1.35135135])


def test_magnification_of_extracted_particles_is_not_that_of_the_micrograph(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.star"
    path.write_text(
        "data_\nloop_\n_rlnImageName\n_rlnMicrographName #1\n_rlnCoordinateX #2\n"
        "_rlnCoordinateY #3\n_rlnDetectorPixelSize #4\n_rlnMagnification #5\n"
        "1@p.mrcs mic.mrc 10.0 20.0 5.0 37000\n"
    )
    assert "pixel_size_A" not in read_picks(path).table.columns


def test_a_pixel_size_becomes_an_optics_group(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"image": ["a.mrc", "b.mrc"], "x_px": [1.0, 2.0], "y_px": [1.0, 2.0]}
    ).assign(pixel_size_A=[1.5, 1.06])
    write_picks(PickSet(table), tmp_path / "out.star")
    optics, particles = read_star(tmp_path / "out.star")
    assert optics.columns["rlnMicrographPixelSize"] == ["1.06", "1.5"]
    assert particles.columns["rlnOpticsGroup"] == ["2", "1"]
    back = read_picks(tmp_path / "out.star").table
    assert back["pixel_size_A"].tolist() == [1.5, 1.06]


def test_a_pixel_size_known_of_some_picks_only_stays_with_them(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"image": "a.mrc", "x_px": [1.0, 2.0], "y_px": [1.0, 2.0], "pixel_size_A": [1.5, np.nan]}
    )
    write_picks(PickSet(table), tmp_path / "out.star")
    back = read_picks(tmp_path / "out.star")
    assert back.optics is None
    np.testing.assert_array_equal(back.table["pixel_size_A"], [1.5, np.nan])


def test_optics_groups_that_no_longer_fit_are_made_anew(star: Path, tmp_path: Path) -> None:
    picks = read_picks(star)
    picks.table["pixel_size_A"] = 2.0
    write_picks(picks, tmp_path / "out.star")
    assert read_picks(tmp_path / "out.star").table["pixel_size_A"].tolist() == [2.0, 2.0]


def test_an_unknown_optics_group_is_named(star: Path) -> None:
    star.write_text(star.read_text().replace("mic_002.mrc  2", "mic_002.mrc  3"))
    lines = star.read_text().split("\n")
    line = 1 + next(index for index, text in enumerate(lines) if "mic_002" in text)
    message = f"line {line}, rlnOpticsGroup: optics group '3' is not in data_optics"
    with pytest.raises(FormatError, match=message):
        read_picks(star)


def test_columns_of_nunatak_survive(picks: PickSet, tmp_path: Path) -> None:
    table = picks.table.assign(
        class_name="a ribosome",
        diameter_A=300.0,
        selected=picks.table["score"] > 0,
    )
    write_picks(PickSet(table), tmp_path / "out.star")
    back = read_picks(tmp_path / "out.star").table
    pd.testing.assert_frame_equal(back[table.columns], table, check_dtype=False)
    assert back["selected"].dtype == bool


def test_images_without_picks_are_remembered(picks: PickSet, tmp_path: Path) -> None:
    write_picks(PickSet(picks.table, images=("empty one.mrc",)), tmp_path / "out.star")
    assert "empty one.mrc" in read_picks(tmp_path / "out.star").images


def test_coordinates_are_exact_unless_rounding_is_asked_for(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a.mrc"], "x_px": [100.9], "y_px": [1 / 3]})
    write_picks(PickSet(table), tmp_path / "exact.star")
    assert read_picks(tmp_path / "exact.star").table["y_px"].tolist() == [1 / 3]
    write_picks(PickSet(table), tmp_path / "whole.star", round_coordinates=True)
    # Cutting decimals off, as RELION's extraction does, now changes nothing.
    assert read_star(tmp_path / "whole.star")[0].columns["rlnCoordinateX"] == ["101"]


def test_refined_origins_are_mentioned_and_applied_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "run_data.star"
    path.write_text(
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n1 1.25\n\n"
        "data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnOpticsGroup\na.mrc 100 200 2.5 -5 1\n"
    )
    as_extracted = read_picks(path)
    assert as_extracted.table["x_px"].tolist() == [100]
    assert (
        "holds refined origins (rlnOriginXAngst), which were not applied" in (as_extracted.notes[0])
    )
    refined = read_picks(path, refined=True)
    assert refined.table[["x_px", "y_px"]].to_numpy().tolist() == [[98, 204]]
    write_picks(refined, tmp_path / "refined.star")
    again = read_picks(tmp_path / "refined.star", refined=True)
    assert again.table[["x_px", "y_px"]].to_numpy().tolist() == [[98, 204]]


def test_coordinate_files_of_one_micrograph(tmp_path: Path) -> None:
    path = tmp_path / "mic_001_autopick.star"
    path.write_text("data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n")
    assert read_picks(path).images == ("mic_001",)
    assert read_picks(path, images=["grid/mic_001.mrc"]).images == ("grid/mic_001.mrc",)
    assert read_picks(path, image="x.mrc").images == ("x.mrc",)
    other = path.rename(tmp_path / "coordinates.star")
    with pytest.raises(FormatError) as caught:
        read_picks(other)
    assert str(caught.value).endswith(
        "no column rlnMicrographName. Columns found: rlnCoordinateX, rlnCoordinateY. "
        "If the picks belong to one image, name it in 'nunatak convert' (--image)"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "data_\nloop_\n_rlnMicrographName\na.mrc\n",
            "no column rlnCoordinateX and rlnCoordinateY. Columns found: rlnMicrographName",
        ),
        (
            "data_\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n",
            "rlnCoordinateZ: picks in three dimensions where picks on micrographs were expected",
        ),
        (
            "data_a\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n"
            "data_b\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n",
            "2 tables of coordinates (data_a, data_b); expected one",
        ),
        ("data_\n", "a STAR file without any table"),
    ],
)
def test_files_without_picks_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.star"
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path, "relion-star")
    assert message in str(caught.value)


def test_other_tables_are_mentioned(star: Path) -> None:
    star.write_text(star.read_text() + "\ndata_model_classes\nloop_\n_rlnReferenceImage\nx\n")
    assert read_picks(star).notes == [
        f"{star}: tables without coordinates are not kept: data_model_classes."
    ]


def test_an_empty_table_is_no_picks_and_not_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mic_autopick.star"
    path.write_text("data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n\n")
    assert len(read_picks(path)) == 0


def test_mirrors_need_the_image(star: Path) -> None:
    images = ImageCatalogue({"mic_001.mrc": (4092, 5760), "mic_002.mrc": (4092, 5760)})
    picks = read_picks(star, images=images, orientation=Orientation.FLIP_Y)
    assert picks.table["y_px"].tolist() == [4091 - 3012.5, 4091 - 12]


def test_existing_files_are_kept_when_asked_for(star: Path, picks: PickSet) -> None:
    before = star.read_text()
    with pytest.raises(UsageError, match=r"exists already\. Write elsewhere, or give --overwrite"):
        write_picks(picks, star, overwrite=False)
    assert star.read_text() == before


@pytest.mark.realdata
def test_real_labels_survive_unchanged(shared_data: Path, tmp_path: Path) -> None:
    files = sorted(shared_data.glob("*/*.star"))
    assert files
    for file in files:
        picks = read_picks(file)
        write_picks(picks, tmp_path / "out.star")
        back = read_picks(tmp_path / "out.star")
        pd.testing.assert_frame_equal(back.table, picks.table)
        assert picks.optics is not None
        assert picks.optics.equals(back.optics)

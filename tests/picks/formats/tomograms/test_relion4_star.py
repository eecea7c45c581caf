"""RELION 4's coordinates in unbinned pixels of the tilt series."""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak import rotations
from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.star import read_star
from nunatak.picks.formats.tomograms import relion4_star, relion5_star, warp_star
from nunatak.picks.formats.tomograms.relion4_star import read, sniff, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

CONTEXT = FormatContext(
    tomograms=TomogramFacts(tilt_series={"TS_01": TiltSeries((4092, 5761, 1393), 1.35, 8.0)})
)
GRID = FormatContext(grid=FileGrid.binned(1 / 8))
LABELS = ("rlnTomoName", "rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ")
XYZ = ["x_px", "y_px", "z_px"]
OPTICS = (
    "data_optics\nloop_\n_rlnOpticsGroup\n_rlnOpticsGroupName\n_rlnTomoTiltSeriesPixelSize\n"
    "1 a 1.35\n\n"
)


def star(folder: Path, row: str = "TS_01 4092 20 0", *more: str, before: str = "") -> Path:
    path = folder / "particles.star"
    names = "\n".join(f"_{label}" for label in (*LABELS, *more))
    path.write_text(f"{before}data_particles\nloop_\n{names}\n{row}\n")
    return path


@pytest.mark.parametrize("context", [CONTEXT, GRID])
def test_unbinned_pixels_are_divided_by_the_binning(tmp_path: Path, context: FormatContext) -> None:
    # Pixel 0 stays pixel 0, and 4092 / 8 is not whole.
    assert read(star(tmp_path), context).table[XYZ].to_numpy().tolist() == [[511.5, 2.5, 0]]


def test_a_mean_binned_tomogram_keeps_its_edges(tmp_path: Path) -> None:
    context = FormatContext(grid=FileGrid.binned(1 / 8, GridRule.MEAN))
    [position] = read(star(tmp_path), context).table[XYZ].to_numpy()
    # The centre of the first unbinned pixel lies 3.5 of them before that of the first voxel.
    assert position.tolist() == [511.5 - 3.5 / 8, 2.5 - 3.5 / 8, -3.5 / 8]


def test_without_a_binning_nothing_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read(star(tmp_path), FormatContext())
    assert "rlnCoordinateX: coordinates of RELION 4 count unbinned pixels" in str(caught.value)
    assert "tomograms.star (--tomograms-star), or state the grid in" in str(caught.value)
    picks = read(star(tmp_path), CONTEXT)
    with pytest.raises(FormatError, match=r"--output-binning 0\.25"):
        write(picks, tmp_path / "out.star", FormatContext())
    with pytest.raises(
        UsageError, match=r"stated twice, by tomograms\.star and by units of 0\.125"
    ):
        read(star(tmp_path), dataclasses.replace(CONTEXT, grid=FileGrid.binned(1 / 8)))
    with pytest.raises(Mismatch, match="not known \\(first: TS_02\\)"):
        read(star(tmp_path, "TS_02 1 2 3"), CONTEXT)


pixels = st.floats(-50, 900)
binnings = st.floats(0.5, 16) | st.sampled_from([1.0, 4.0, 8.0, 7.4074])


@settings(max_examples=15)
@given(
    binning=binnings,
    by_grid=st.booleans(),
    positions=st.lists(st.tuples(pixels, pixels, pixels), max_size=3),
    size=st.tuples(*[st.integers(1, 6001)] * 3),
)
def test_what_is_written_is_read_back(
    binning: float,
    by_grid: bool,
    positions: list[tuple[float, float, float]],
    size: tuple[int, int, int],
) -> None:
    context = FormatContext(
        tomograms=TomogramFacts(tilt_series={"a": TiltSeries(size, 1.7, binning)})
    )
    if by_grid and binning != 1:
        context = FormatContext(grid=FileGrid.binned(1 / binning))
    table = pd.DataFrame(np.array(positions).reshape(-1, 3), columns=XYZ)
    table.insert(0, "image", "a")
    table = table.assign(score=0.1, pixel_size_A=1.7 * binning, selected=True, class_name="a b")
    with tempfile.TemporaryDirectory() as folder:
        write(PickSet(table), Path(folder) / "a.star", context)
        back = read(Path(folder) / "a.star", context).table
    np.testing.assert_allclose(back[XYZ], table[XYZ], rtol=0, atol=1e-9)
    np.testing.assert_allclose(back["pixel_size_A"], table["pixel_size_A"])
    assert back["selected"].eq(True).all()
    assert back["class_name"].eq("a b").all()


@pytest.mark.parametrize("context", [CONTEXT, GRID])
def test_groups_and_unknown_columns_survive(tmp_path: Path, context: FormatContext) -> None:
    path = star(tmp_path, "TS_01 8 16 24 1 007", "rlnOpticsGroup", "rlnX", before=OPTICS)
    picks = read(path, context)
    np.testing.assert_allclose(picks.table["pixel_size_A"], 8 * 1.35)
    write(picks, tmp_path / "out.star", context)
    optics, particles = read_star(tmp_path / "out.star")
    assert optics.columns["rlnOpticsGroupName"] == ["a"]
    assert particles.columns == {
        "rlnTomoName": ["TS_01"],
        "rlnCoordinateX": ["8"],
        "rlnCoordinateY": ["16"],
        "rlnCoordinateZ": ["24"],
        "rlnOpticsGroup": ["1"],
        "rlnX": ["007"],
    }


ORIGINS = ("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
SUB = ("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi")


@pytest.mark.parametrize("context", [CONTEXT, GRID])
def test_refined_origins_are_turned_and_subtracted(tmp_path: Path, context: FormatContext) -> None:
    row = "TS_01 800 800 800 1 0 90 0 0 0 10.8"
    path = star(tmp_path, row, "rlnOpticsGroup", *SUB, *ORIGINS, before=OPTICS)
    assert "were not applied" in read(path, context).notes[0]
    refined = read(path, dataclasses.replace(context, refined=True))
    # A tilt of 90 degrees turns the subtomogram's z into the tomogram's -x: one voxel of 10.8 A.
    np.testing.assert_allclose(refined.table[XYZ], [[101, 100, 100]], rtol=0, atol=1e-9)
    assert refined.table["rlnOriginZAngst"].tolist() == ["0.000000"]


def test_origins_need_a_pixel_size(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01 1 1 1 0 0 0", *ORIGINS)
    with pytest.raises(FormatError, match="no pixel size of the tilt series to convert them by"):
        read(path, dataclasses.replace(GRID, refined=True))


def test_centred_coordinates_are_not_passed_over(tmp_path: Path) -> None:
    centred = [f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ"]
    path = star(tmp_path, "TS_01 1 1 1 2 2 2", *centred)
    with pytest.raises(FormatError, match=r"RELION goes by the centred ones\. Read it as relion5"):
        read(path, CONTEXT)
    assert not sniff(path.read_bytes())
    assert sniff(star(tmp_path).read_bytes())


def test_whole_numbers_are_whole_unbinned_pixels(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["TS_01"], "x_px": [1.3], "y_px": [1.32], "z_px": [0.0]})
    rounding = dataclasses.replace(CONTEXT, round_coordinates=True)
    write(PickSet(table), tmp_path / "a.star", rounding)
    [particles] = read_star(tmp_path / "a.star")
    assert [particles.columns[label] for label in LABELS[1:]] == [["10"], ["11"], ["0"]]


def test_other_names_and_empty_tomograms(tmp_path: Path) -> None:
    images = ImageCatalogue({"t/rec_TS_01.mrc": (2, 3, 4), "t/rec_TS_02.mrc": (2, 3, 4)})
    context = dataclasses.replace(GRID, images=images)
    picks = read(star(tmp_path), context)
    assert picks.images == ("t/rec_TS_01.mrc",)
    both = PickSet(empty_table(3), images=images.names)
    write(both, tmp_path / "out.star", context)
    assert read_star(tmp_path / "out.star")[1].columns == {"rlnTomoName": ["TS_01", "TS_02"]}
    assert read(tmp_path / "out.star", context).images == images.names
    assert read(tmp_path / "out.star", FormatContext()).images == ("TS_01", "TS_02")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file where a STAR file was expected"),
        ("data_p\nloop_\n_L0\n_L1\n_L2\nTS_01 1 2\n", "no column rlnCoordinateZ"),
        ("data_p\nloop_\n_L0\n_L1\n_L2\n_L3\nTS_01 1 nan 3\n", "line 7, rlnCoordinateY: 'nan'"),
        ("data_p\nloop_\n_L0\n_L1\n_L2\n_L3\nTS_01 1 2 3\nTS_01 1 2\n", "line 8"),
        (
            "data_optics\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 1.35\n"
            "data_p\nloop_\n_L0\n_L1\n_L2\n_L3\n_rlnOpticsGroup\nTS_01 1 2 3 2\n",
            "line 13, rlnOpticsGroup: optics group '2' is not in data_optics",
        ),
    ],
)
def test_damaged_files_say_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.star"
    for number, label in enumerate(LABELS):
        content = content.replace(f"_L{number}", f"_{label}")
    path.write_text(content)
    with pytest.raises(FormatError) as caught:
        read(path, CONTEXT)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_groups_that_no_longer_describe_the_picks_are_left_out(tmp_path: Path) -> None:
    path = star(tmp_path, "TS_01 8 16 24 1", "rlnOpticsGroup", before=OPTICS)
    picks = read(path, CONTEXT)
    picks.table["rlnOpticsGroup"] = "2"
    write(picks, tmp_path / "out.star", CONTEXT)
    assert [table.block for table in read_star(tmp_path / "out.star")] == ["particles"]


def test_groups_without_the_pixel_size_that_relion_needs_are_left_out(tmp_path: Path) -> None:
    before = "data_optics\nloop_\n_rlnOpticsGroup\n_rlnVoltage\n1 300\n\n"
    path = star(tmp_path, "TS_01 8 16 24 1", "rlnOpticsGroup", before=before)
    write(read(path, CONTEXT), tmp_path / "out.star", CONTEXT)
    [particles] = read_star(tmp_path / "out.star")
    assert particles.columns["rlnTomoTiltSeriesPixelSize"] == ["1.35"]
    # Where nobody knows it, nothing better can be had.
    write(read(path, GRID), tmp_path / "out.star", GRID)
    assert read_star(tmp_path / "out.star")[0].columns["rlnVoltage"] == ["300"]


def test_the_three_formats_agree_about_a_particle(tmp_path: Path) -> None:
    angles = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
    path = star(tmp_path, "TS_01 4000 3 1001.5 170 0 -120 10 20 30", *SUB, *angles)
    first = read(path, CONTEXT)
    picks = first
    for step, fmt in enumerate((relion5_star, warp_star, relion5_star, relion4_star)):
        fmt.write(picks, tmp_path / f"{step}.star", CONTEXT)
        picks = fmt.read(tmp_path / f"{step}.star", CONTEXT)
    np.testing.assert_allclose(picks.table[XYZ], first.table[XYZ], rtol=0, atol=1e-9)
    columns = ["rot_deg", "tilt_deg", "psi_deg"]
    found, expected = (rotations.from_relion(one.table[columns]) for one in (picks, first))
    np.testing.assert_allclose(found.as_matrix(), expected.as_matrix(), rtol=0, atol=1e-9)

"""Sizes and scales of tomograms in RELION's tomograms.star."""

from pathlib import Path

import pytest

from nunatak.errors import FormatError
from nunatak.picks.formats.tomograms.tomograms_star import read_tomograms_star
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tilt_series import TiltSeries

SIZES = ("rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ")
RELION5 = (
    *("rlnTomoName", "rlnTomoTiltSeriesStarFile", "rlnVoltage", "rlnTomoTiltSeriesPixelSize"),
    *("rlnTomoTomogramBinning", *SIZES),
)


def tomograms(folder: Path, *rows: str, labels: tuple[str, ...] = RELION5) -> Path:
    path = folder / "tomograms.star"
    header = "".join(f"_{label} #{number}\n" for number, label in enumerate(labels, 1))
    path.write_text(f"# version 50001\n\ndata_global\n\nloop_\n{header}" + "\n".join(rows) + "\n")
    return path


def test_relion_5_states_everything(tmp_path: Path) -> None:
    path = tomograms(
        tmp_path,
        "Position_42_2 ts/Position_42_2.star 300.0 2.390000 6.000000 4092 4092 1392",
        "Position_2 ts/Position_2.star 300.0 1.35 7.407407 4092 5761 2001",
    )
    assert read_tomograms_star(path) == {
        "Position_42_2": TiltSeries((4092, 4092, 1392), 2.39, 6.0),
        "Position_2": TiltSeries((4092, 5761, 2001), 1.35, 7.407407),
    }


OF_RELION4 = (
    *("rlnTomoName", "rlnTomoTiltSeriesName", "rlnTomoFrameCount", *SIZES),
    *("rlnTomoHand", "rlnOpticsGroupName", "rlnTomoTiltSeriesPixelSize"),
)


def relion4(folder: Path) -> Path:
    rows = [f"TS_0{n} tilts/TS_0{n}.mrc 41 3710 3838 2000 -1.0 og 1.35" for n in (1, 3)]
    path = tomograms(folder, *rows, labels=OF_RELION4)
    projections = "data_TS_01\nloop_\n_rlnTomoProjX\n_rlnTomoProjY\n[1,0,0,0] [0,1,0,0]\n"
    path.write_text(f"{path.read_text()}\n{projections}")
    return path


def test_relion_4_leaves_the_binning_to_the_tomograms(tmp_path: Path) -> None:
    path = relion4(tmp_path)
    assert read_tomograms_star(path, binning=4)["TS_03"] == TiltSeries((3710, 3838, 2000), 1.35, 4)
    names = {"t/TS_01_10.00Apx.mrc": (200, 518, 501), "t/rec_TS_03.mrc": (200, 518, 501)}
    found = read_tomograms_star(path, images=ImageCatalogue(names, pixel_size_A=10.0))
    assert [one.binning for one in found.values()] == [10 / 1.35, 10 / 1.35]


@pytest.mark.parametrize(
    ("size_A", "shape", "expected"),
    [
        (10.8, (250, 480, 464), 8),
        (10.81, (250, 480, 464), 8),  # rounded by the program that wrote the header
        (10.72, (250, 480, 464), 8),
        (10.72, (252, 483, 467), 10.72 / 1.35),  # reconstructed at this size
        (10.9, (250, 480, 464), 8),
        (11.0, (250, 480, 464), 11 / 1.35),  # 2 % off is another size
    ],
)
def test_a_rounded_voxel_size_means_a_whole_binning_where_the_shape_says_so(
    tmp_path: Path, size_A: float, shape: tuple[int, int, int], expected: float
) -> None:
    images = ImageCatalogue({"TS_01.mrc": shape, "TS_03.mrc": shape}, pixel_size_A=size_A)
    found = read_tomograms_star(relion4(tmp_path), images=images)
    assert found["TS_01"].binning == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "images",
    [
        None,
        ImageCatalogue({"TS_01.mrc": (2, 3, 4)}, pixel_size_A=None),
        ImageCatalogue({"TS_02.mrc": (2, 3, 4)}, pixel_size_A=10.0),
        ImageCatalogue(paths=["TS_01.mrc"]),
    ],
)
def test_an_unknown_binning_is_not_guessed(tmp_path: Path, images: ImageCatalogue | None) -> None:
    with pytest.raises(FormatError) as caught:
        read_tomograms_star(relion4(tmp_path), images=images)
    assert str(caught.value).endswith(
        "line 15, rlnTomoTomogramBinning: no binning of tomogram TS_01. State it, or give the "
        "tomograms, whose voxel size tells it"
    )


def test_a_binning_in_the_file_goes_before_one_that_is_stated(tmp_path: Path) -> None:
    path = tomograms(tmp_path, "a a.star 300 1.35 8 9 9 9", "b b.star 300 1.35 None 9 9 9")
    found = read_tomograms_star(path, binning=4)
    assert [one.binning for one in found.values()] == [8, 4]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a a.star 300 1.35 8 0 9 9", "line 14, rlnTomoSizeX: 0 where a size in whole pixels was"),
        ("a a.star 300 1.35 8 9.5 9 9", "rlnTomoSizeX: 9.5 where a size in whole pixels"),
        ("a a.star 300 1.35 8 9 9 x", "rlnTomoSizeZ: 'x' where a number was expected"),
        ("a a.star 300 -1 8 9 9 9", "rlnTomoTiltSeriesPixelSize: -1 where a positive number"),
        ("a a.star 300 1.35 0 9 9 9", "rlnTomoTomogramBinning: 0 where a positive number was"),
        ("a a.star 300 1.35 8 9 9", "line 14"),
        (
            "a a.star 300 1 8 9 9 9\na b.star 300 1 8 9 9 9",
            "line 15, rlnTomoName: tomogram a is described twice. Remove or rename one",
        ),
    ],
)
def test_damaged_files_say_what_is_wrong(tmp_path: Path, row: str, message: str) -> None:
    path = tomograms(tmp_path, row)
    with pytest.raises(FormatError) as caught:
        read_tomograms_star(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_other_star_files_are_refused(tmp_path: Path) -> None:
    path = tomograms(tmp_path, "TS_01 1", labels=("rlnTomoName", "rlnCoordinateX"))
    with pytest.raises(FormatError, match="no column rlnTomoSizeX and rlnTomoSizeY"):
        read_tomograms_star(path)
    path.write_text("data_global\n")
    with pytest.raises(FormatError, match="without any table"):
        read_tomograms_star(path)

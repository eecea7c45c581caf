"""What files of picks in tomograms leave unsaid, stated on the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from nunatak.cli.main import app
from nunatak.errors import NunatakError
from nunatak.images.write_volume import write_mrc_volume
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet

STAR = """data_global

loop_
_rlnTomoName
_rlnTomoTiltSeriesPixelSize
_rlnTomoSizeX
_rlnTomoSizeY
_rlnTomoSizeZ
_rlnTomoTomogramBinning
TS_01 1.35 1017 968 489 8
"""


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_mrc_volume(tmp_path / "rec_TS_01.mrc", rng.normal(size=(61, 121, 127)), 10.8)
    (tmp_path / "tomograms.star").write_text(STAR)
    table = pd.DataFrame(rng.uniform(0, 60, (30, 3)), columns=["x_px", "y_px", "z_px"])
    table[["rot_deg", "tilt_deg", "psi_deg"]] = rng.uniform(1, 170, (30, 3))
    table = table.assign(image="rec_TS_01.mrc", class_name="ribosome", diameter_A=300.0)
    write_picks(PickSet(table.assign(pixel_size_A=10.8)), tmp_path / "picks.csv")
    return tmp_path


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(result.exception, NunatakError), (result.output, result.exception)
    return str(result.exception)


def positions(path: Path) -> np.ndarray:
    return read_picks(path).positions_px


@pytest.mark.parametrize("centre", ["half", "half-minus-one"])
def test_through_relion_and_back(folder: Path, centre: str) -> None:
    known = ["--tomograms", "rec_*.mrc", "--tomograms-star", "tomograms.star"]
    known += ["--relion5-centre", centre]
    run("convert", "picks.csv", "-o", "relion5.star", *known)
    run("convert", "relion5.star", "-o", "copick", "--to", "copick", *known)
    run("convert", "copick", "-o", "back.csv", *known)
    np.testing.assert_allclose(
        positions(folder / "back.csv"), positions(folder / "picks.csv"), atol=1e-6
    )
    plain = run("evaluate", "relion5.star", "picks.csv", "--by-class", *known)
    assert "ribosome" in plain


def test_the_centre_moves_all_positions_by_one_unbinned_voxel(folder: Path) -> None:
    known = ["--tomograms-star", "tomograms.star"]
    run("convert", "picks.csv", "-o", "relion5.star", *known)
    run("convert", "relion5.star", "-o", "o.csv", "--relion5-centre", "half-minus-one", *known)
    moved = positions(folder / "o.csv") - positions(folder / "picks.csv")
    np.testing.assert_allclose(moved, -1 / 8, atol=1e-6)


def test_dynamos_numbers_and_its_first_voxel(folder: Path) -> None:
    numbers = ["--tomogram-number", "7=rec_TS_01.mrc", "--dynamo-index", "1"]
    run("convert", "picks.csv", "-o", "a.tbl", *numbers)
    (folder / "a.doc").unlink()
    run("convert", "a.tbl", "-o", "same.csv", *numbers)
    np.testing.assert_allclose(
        positions(folder / "same.csv"), positions(folder / "picks.csv"), atol=1e-6
    )
    run("convert", "a.tbl", "-o", "off.csv", *numbers[:2])
    moved = positions(folder / "off.csv") - positions(folder / "picks.csv")
    np.testing.assert_allclose(moved, 1, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tomogram-number", "x"], "give it as 3=TS_03.mrc"),
        (["--tomogram-number", "1=a", "--tomogram-number", "1=b"], "1 was given before"),
        (["--tomogram-binning", "4"], "--tomogram-binning belongs to --tomograms-star"),
        (["--micrographs", "a", "--tomograms", "b"], "Give one of the two"),
        (["--tomograms", "rec_*.mrc", "--pixel-size", "3", "--to", "copick"], "by its header"),
    ],
)
def test_what_cannot_be_meant(folder: Path, options: list[str], message: str) -> None:
    assert message in refused("convert", "picks.csv", "-o", "out", *options)


def test_whole_voxels_are_written_where_they_are_asked_for(folder: Path) -> None:
    for name in ("o.tbl", "o.mod"):
        run("convert", "picks.csv", "-o", name, "--round", "--tomogram-number", "1=rec_TS_01.mrc")
        rounded = np.floor(positions(folder / "picks.csv") + 0.5)
        run("convert", name, "-o", "o.csv", "--overwrite", "--tomogram-number", "1=rec_TS_01.mrc")
        np.testing.assert_allclose(positions(folder / "o.csv"), rounded, atol=1e-4)

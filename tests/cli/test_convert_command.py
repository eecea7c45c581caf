"""``nunatak convert`` and ``nunatak orientation``, as a user types them."""

import json
import logging
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from scipy import ndimage
from typer.testing import CliRunner

from nunatak.cli.console import set_up_logging
from nunatak.cli.main import app
from nunatak.errors import UsageError
from nunatak.picks.formats import read_picks

runner = CliRunner()


@pytest.fixture
def micrographs(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write two images with dark particles, and their picks as STAR."""
    folder = tmp_path / "mics"
    folder.mkdir()
    rows = []
    for name in ("a", "b"):
        xy = rng.integers([10, 10], [191, 111], (25, 2))
        pixels = np.zeros((121, 201), np.float32)
        pixels[xy[:, 1], xy[:, 0]] = -100
        pixels = ndimage.gaussian_filter(pixels, 3) + rng.normal(0, 0.5, pixels.shape)
        with mrcfile.new(folder / f"{name}.mrc", pixels.astype(np.float32)) as file:
            file.voxel_size = 2.0
        rows += [f"mics/{name}.mrc {x} {y} 0.5" for x, y in xy.tolist()]
    header = ["rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit"]
    (tmp_path / "picks.star").write_text(
        "\n".join(["data_", "loop_", *(f"_{name}" for name in header), *rows, ""])
    )
    return folder


def run(*words: object) -> str:
    result = runner.invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_there_and_back(micrographs: Path, tmp_path: Path) -> None:
    star = tmp_path / "picks.star"
    given = ("--micrographs", micrographs)
    printed = run("convert", star, "-o", tmp_path / "p.cs", *given)
    assert printed.startswith("50 picks read (RELION STAR), 2 images\n50 picks written (Cryo")
    assert "0 outside their image (kept), 0 on the border" in printed
    run("convert", tmp_path / "p.cs", "-o", tmp_path / "boxes", "--to", "eman-box", "--box", 20)
    run("convert", tmp_path / "boxes", "-o", tmp_path / "back.csv", *given)
    before, after = read_picks(star).table, read_picks(tmp_path / "back.csv").table
    np.testing.assert_array_equal(after[["x_px", "y_px"]], before[["x_px", "y_px"]])
    assert after["image"].iloc[0] == str(micrographs / "a.mrc")


def test_units_orientations_and_dry_runs(micrographs: Path, tmp_path: Path) -> None:
    table = tmp_path / "p.txt"
    table.write_text("image_name\tx_coord\ty_coord\na\t10\t20\n")
    command = ("convert", table, "-o", tmp_path / "p.csv", "--micrographs", micrographs)
    result = runner.invoke(app, [str(word) for word in command])
    assert isinstance(result.exception, UsageError)
    unit = ("--input-image-size", "67x40", "--input-orientation", "flip-y")
    printed = run(*command, *unit, "--dry-run")
    assert "1 pick would be written (CSV)" in printed
    assert not (tmp_path / "p.csv").exists()
    run(*command, *unit)
    found = read_picks(tmp_path / "p.csv").table[["x_px", "y_px"]].to_numpy()
    np.testing.assert_allclose(found, [[10 * 201 / 67, 120 - 20 * 121 / 40]])


def test_quiet_means_nothing_but_errors(micrographs: Path, tmp_path: Path) -> None:
    command = ("-q", "convert", tmp_path / "picks.star", "-o", tmp_path / "out.csv")
    try:
        assert run(*command, "--dry-run").startswith("50 picks read")
        assert run(*command) == ""
        assert len(read_picks(tmp_path / "out.csv")) == 50
        (micrographs / "b.mrc").unlink()
        words = [str(word) for word in (*command, "--overwrite", "--micrographs", micrographs)]
        result = runner.invoke(app, words)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith("1 of 2 images failed:")
    finally:
        set_up_logging(logging.WARNING)


def test_images_that_are_not_given_are_counted(micrographs: Path, tmp_path: Path) -> None:
    (micrographs / "b.mrc").unlink()
    command = ("convert", tmp_path / "picks.star", "-o", tmp_path / "out.csv")
    result = runner.invoke(app, [str(word) for word in (*command, "--micrographs", micrographs)])
    assert result.exit_code == 3
    assert "50 picks written (CSV)" in result.stdout
    assert result.stderr.startswith("1 of 2 images failed:\n  mics/b.mrc: fits none of the 1")


def test_the_selection_reaches_the_conversion(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("image,x_px,y_px,score,selected\na,1,2,0.7,true\na,3,4,0.5,false\n")
    command = ("convert", table, "-o", tmp_path / "out.star", "--dry-run")
    assert "1 pick would be written (RELION STAR), 1 left out" in run(*command, "--selected-only")
    assert "2 picks would be written (RELION STAR), 0 left out" in run(*command, "-t", 0.5)


@pytest.mark.parametrize("found", ["identity", "flip-y"])
def test_orientation(found: str, micrographs: Path, tmp_path: Path) -> None:
    star = tmp_path / "picks.star"
    if found == "flip-y":
        given = ("--micrographs", micrographs, "--output-orientation", found)
        run("convert", star, "-o", tmp_path / "flipped.star", *given)
        star = tmp_path / "flipped.star"
    printed = run("orientation", star, micrographs, "--diameter", 24, "--json")
    assert json.loads(printed)["best"] == found
    text = run("orientation", star, micrographs, "--diameter-px", 12, "--max-images", 1)
    assert text.split("\n")[1].startswith(found)
    assert "25 picks on 1 image. The picks fit" in text


def test_orientation_says_what_convert_does_by_itself(micrographs: Path, tmp_path: Path) -> None:
    given = ("--micrographs", micrographs)
    told = {}
    for written in ("flip-y", "identity"):
        path = tmp_path / f"{written}.cs"
        run("convert", tmp_path / "picks.star", "-o", path, *given, "--output-orientation", written)
        told[written] = run("orientation", path, micrographs, "--diameter", 24)
    assert told["flip-y"].endswith(
        "The picks fit after flip-y, which is how this format is read by default; leave "
        "--input-orientation out.\n"
    )
    assert told["identity"].endswith(
        "The picks fit the images as they are: read them with --input-orientation identity, not "
        "flip-y as this format by default.\n"
    )

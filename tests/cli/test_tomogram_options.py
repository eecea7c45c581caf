"""What files of picks in tomograms leave unsaid, stated on the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from nunatak.cli.main import app
from nunatak.errors import NunatakError
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
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


def test_the_order_of_axes_is_asked_for_where_a_shape_leaves_a_doubt(folder: Path) -> None:
    write_mrc_volume(folder / "rec_TS_01.mrc", np.ones((121, 61, 127), np.float32), 10.8)
    known = ["--tomograms", "rec_*.mrc"]
    assert "--axis-order xzy" in refused("convert", "picks.csv", "-o", "rec_TS_01.mod", *known)
    run("convert", "picks.csv", "-o", "rec_TS_01.mod", *known, "--axis-order", "xzy")
    stored = ["--axis-order", "xyz"]
    message = refused("evaluate", "rec_TS_01.mod", "picks.csv", "--radius-px", "2", *known, *stored)
    assert "127 x 121 x 61 voxels, but rec_TS_01.mrc has 127 x 61 x 121" in message
    plain = run(
        "evaluate", "rec_TS_01.mod", "picks.csv", "--radius-px", "2", *known, *stored[:1], "xzy"
    )
    assert "30 true positions" in plain
    assert "the 61 rows may be the thickness" in run("info", "rec_TS_01.mrc")
    message = refused("convert", "picks.csv", "-o", "p.mod", "--axis-order", "xzy")
    assert "--axis-order belongs to --tomograms" in message


def test_a_binning_is_asked_for_in_place_of_an_image_size(folder: Path) -> None:
    known = ["--tomograms", "rec_*.mrc", "--input-image-size", "64x61"]
    assert "give the binning (--input-binning" in refused("convert", "picks.csv", "-o", "o", *known)


def test_whose_picks_of_a_copick_project(folder: Path) -> None:
    known = ["--tomograms", "rec_*.mrc"]
    run("convert", "picks.csv", "-o", "project", "--to", "copick", *known)
    own = folder / "project/ExperimentRuns/TS_01/Picks/nunatak_0_ribosome.json"
    own.with_name("alice_1_ribosome.json").write_bytes(own.read_bytes())
    (folder / "p.json").write_text('{"pickable_objects": [], "overlay_root": "project"}')
    assert "60 picks written" in run("convert", "p.json", "-o", "all.csv", *known)
    alice = ["--copick-user", "alice", "--copick-session", "1"]
    assert "30 picks written" in run("convert", "p.json", "-o", "one.csv", *known, *alice)
    words = ["evaluate", "picks.csv", "p.json", "--radius-px", "2", *known]
    result = CliRunner().invoke(app, words)
    assert "ribosome has several copick files" in result.stderr
    assert "30 true positions" in run(*words, *alice)
    run("convert", "picks.csv", "-o", "project", "--to", "copick", *known, "--copick-user", "bob")
    assert own.with_name("bob_0_ribosome.json").read_bytes() != own.read_bytes()
    assert "choose among" in refused("convert", "picks.csv", "-o", "o.csv", *known, *alice)
    message = refused("evaluate", "picks.csv", "one.csv", "--radius-px", "2", *alice)
    assert "choose among copick's files" in message


def test_any_tomogram_of_a_copick_run_serves_to_convert_and_to_evaluate(folder: Path) -> None:
    kinds = folder / "project/ExperimentRuns/TS_01/VoxelSpacing10.800"
    for kind in ("wbp", "denoised"):
        write_ome_zarr(kinds / f"{kind}.zarr", np.ones((61, 121, 127), np.float32), 10.8)
    run("convert", "picks.csv", "-o", "project", "--to", "copick")
    (folder / "p.json").write_text('{"pickable_objects": [], "overlay_root": "project"}')
    known = ["--tomograms", "p.json"]
    assert "30 picks written" in run("convert", "p.json", "-o", "all.csv", *known)
    for picks in ("picks.csv", "all.csv"):
        assert "30 true positions" in run("evaluate", picks, "p.json", "--radius-px", "2", *known)
    run("merge", "p.json", "all.csv", "-o", "merged.csv", "--radius-px", "2", *known)
    assert len(read_picks(folder / "merged.csv")) == 30
    message = refused("prune", "p.json", "-o", "pruned.csv", "--diameter", "300", *known)
    assert "Give the one that the picks belong to" in message


@pytest.mark.parametrize("store", ["TS_01.ome.zarr", "TS_01", "TS_01.zarr/0"])
def test_ome_zarr_by_any_name(folder: Path, store: str) -> None:
    write_ome_zarr(folder / "nz" / store, np.ones((61, 121, 127), np.float32), 10.8)
    known = ["--tomograms", f"nz/{store}", "--tomograms-star", "tomograms.star"]
    run("convert", "picks.csv", "-o", "relion5.star", "--tomograms-star", "tomograms.star")
    run("convert", "relion5.star", "-o", "zarr.csv", *known)
    read = read_picks(folder / "zarr.csv")
    assert read.images == (f"nz/{store}",)
    np.testing.assert_allclose(read.positions_px, positions(folder / "picks.csv"), atol=1e-6)
    run("convert", "zarr.csv", "-o", "coords", "--to", "coords", *known)
    assert [path.name for path in (folder / "coords").iterdir()] == ["TS_01.coords"]
    run("evaluate", "zarr.csv", "picks.csv", "--radius-px", "2")


def test_a_wrong_voxel_size_in_a_header_can_be_overridden(folder: Path) -> None:
    run("convert", "picks.csv", "-o", "a.csv", "--to", "czii-csv")
    write_mrc_volume(folder / "rec_TS_01.mrc", np.ones((61, 121, 127), np.float32), 1.0)
    stated = ["--tomograms", "rec_*.mrc", "--pixel-size", "10.8"]
    believed = [*stated, "--override-pixel-size"]
    message = refused("convert", "a.csv", "-o", "b.csv", "--to", "csv", *stated)
    assert "voxels of 1 Å by its header" in message
    assert "--override-pixel-size" in message
    run("convert", "a.csv", "-o", "b.csv", "--to", "csv", *believed)
    np.testing.assert_allclose(positions(folder / "b.csv"), positions(folder / "picks.csv"))
    assert "30 true positions" in run("evaluate", "a.csv", "b.csv", "--radius", "20", *believed)
    run("merge", "a.csv", "b.csv", "-o", "both.csv", "--radius", "20", *believed)
    assert len(positions(folder / "both.csv")) == 30
    run("report", "a.csv", "-o", "report.html", "--diameter", "120", *believed)


def test_a_file_that_evaluate_cannot_be_told_enough_about_is_to_be_converted(folder: Path) -> None:
    grid = ["--output-binning", "0.125"]
    run("convert", "picks.csv", "-o", "p.star", "--to", "relion4-tomo", *grid)
    message = refused("evaluate", "p.star", "picks.csv", "--radius", "20")
    assert "state the grid in 'nunatak convert': --input-binning 0.25" in message
    run("convert", "p.star", "-o", "p.csv", "--to", "csv", "--input-binning", "0.125")
    np.testing.assert_allclose(positions(folder / "p.csv"), positions(folder / "picks.csv"))

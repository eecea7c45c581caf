"""``nunatak report`` end to end."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.cli.main import main
from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_USAGE
from nunatak.images.write_volume import write_mrc_volume


@pytest.fixture
def picks(tmp_path: Path, rng: np.random.Generator) -> Path:
    (tmp_path / "mics").mkdir()
    with mrcfile.new(tmp_path / "mics" / "a.mrc") as file:
        file.set_data(rng.normal(size=(90, 120)).astype(np.float32))
        file.voxel_size = 2.0
    path = tmp_path / "picks.csv"
    path.write_text("image,x_px,y_px,score\na.mrc,60,40,0.9\na.mrc,30,40,0.2\n")
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, words)])
    assert isinstance(end.value.code, int | None)
    return end.value.code or EXIT_OK


def test_the_page_is_written_and_stdout_stays_empty(
    picks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = picks.with_name("report.html")
    folder = picks.with_name("mics")
    options = ["--micrographs", folder, "--diameter", 40, "--threshold", 0.5, "-o", page]
    assert run(picks, *options) == EXIT_OK
    assert "1 particle on 1 micrograph" in page.read_text(encoding="utf-8")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith(f"{page} shows the picks.\n")


def test_what_is_missing_is_asked_for(picks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = picks.with_name("report.html")
    assert run(picks, "--diameter", 40, "-o", page) == EXIT_BAD_INPUT
    assert "Give their folder (--micrographs)" in capsys.readouterr().err
    assert run(picks, "--micrographs", picks.with_name("mics"), "-o", page) == EXIT_USAGE
    assert "Give --diameter" in capsys.readouterr().err
    assert not page.exists()


def test_its_own_page_is_replaced_and_no_other_file(
    picks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    micrograph = picks.with_name("mics") / "a.mrc"
    pixels = micrograph.read_bytes()
    options = ["--micrographs", micrograph.parent, "--diameter", 40]
    assert run(picks, *options, "-o", micrograph) == EXIT_USAGE
    assert micrograph.read_bytes() == pixels
    page = picks.with_name("report.html")
    page.write_text("mine")
    assert run(picks, *options, "-o", page) == EXIT_USAGE
    assert "is not a report of nunatak" in capsys.readouterr().err
    assert page.read_text() == "mine"
    assert run(picks, *options, "-o", page, "--redo") == EXIT_OK
    assert run(picks, *options, "-o", page) == EXIT_OK


@pytest.fixture
def tomogram_picks(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Two picks in a tomogram of 20 Å voxels."""
    (tmp_path / "tomograms").mkdir()
    voxels = rng.normal(size=(20, 24, 28)).astype(np.float32)
    write_mrc_volume(tmp_path / "tomograms" / "slabs_of_noise.mrc", voxels, 20.0)
    path = tmp_path / "picks.csv"
    path.write_text(
        "image,x_px,y_px,z_px,score\nslabs_of_noise.mrc,14,12,10,0.9\nslabs_of_noise.mrc,5,6,7,0.2\n"
    )
    return path


def test_picks_in_tomograms_have_a_page_of_slabs(
    tomogram_picks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, folder = tomogram_picks.with_name("r.html"), tomogram_picks.with_name("tomograms")
    options = ["--diameter", 120, "--threshold", 0.5, "-o", page]
    assert run(tomogram_picks, *options) == EXIT_BAD_INPUT
    assert "Give their folder (--tomograms)" in capsys.readouterr().err
    assert run(tomogram_picks, "--tomograms", folder, *options) == EXIT_OK
    text = page.read_text(encoding="utf-8")
    assert "1 particle in 1 tomogram" in text
    assert 'viewBox="0 0 28 24"' in text
    assert 'cx="14.5" cy="12.5" r="3.0"' in text


def test_imods_axis_order_is_asked_for_and_obeyed(tomogram_picks: Path) -> None:
    folder = tomogram_picks.with_name("tomograms")
    voxels = np.random.default_rng(0).normal(size=(40, 12, 44)).astype(np.float32)
    write_mrc_volume(folder / "slabs_of_noise.mrc", voxels, 20.0)
    page = tomogram_picks.with_name("r.html")
    options = ["--tomograms", folder, "--diameter", 120, "-o", page]
    assert run(tomogram_picks, *options) == EXIT_OK
    assert "--axis-order" in page.read_text(encoding="utf-8")  # why it is not shown
    assert run(tomogram_picks, *options, "--axis-order", "xzy") == EXIT_OK
    assert 'viewBox="0 0 44 40"' in page.read_text(encoding="utf-8")


def test_images_of_the_other_kind_are_refused(
    picks: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    page, flat = picks.with_name("r.html"), picks.with_name("mics") / "a.mrc"
    volume = picks.with_name("slabs_of_noise.mrc")
    write_mrc_volume(volume, rng.normal(size=(20, 24, 28)).astype(np.float32), 20.0)
    deep = picks.with_name("deep.csv")
    deep.write_text("image,x_px,y_px,z_px\na.mrc,1,2,3\n")
    options = ["--diameter", 40, "-o", page]
    assert run(deep, "--micrographs", flat, *options) == EXIT_USAGE
    assert "Give --tomograms instead of --micrographs" in capsys.readouterr().err
    shallow = picks.with_name("shallow.csv")
    shallow.write_text("image,x_px,y_px\nslabs_of_noise.mrc,1,2\n")
    assert run(shallow, "--tomograms", volume, *options) == EXIT_USAGE
    assert "Give --micrographs instead of --tomograms" in capsys.readouterr().err
    assert not page.exists()

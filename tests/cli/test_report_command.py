"""``nunatak report`` end to end."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.cli.main import main
from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_USAGE


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

"""``nunatak info`` on one file and on many."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nunatak.cli.main import app
from nunatak.errors import FormatError

runner = CliRunner()


@pytest.fixture
def picks(tmp_path: Path) -> Path:
    path = tmp_path / "picks.csv"
    path.write_text("image,x_px,y_px,score\na.mrc,1,2,0.5\na.mrc,3,4,0.75\n")
    return path


def test_labels_and_texts_stand_in_columns(picks: Path) -> None:
    result = runner.invoke(app, ["info", str(picks)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"file     {picks}", "kind     picks"]
    assert "scores   0.5 to 0.75" in lines
    assert result.stderr == ""


def test_json_is_a_list(picks: Path) -> None:
    result = runner.invoke(app, ["info", "--json", str(picks), str(picks)])
    assert [one["format"] for one in json.loads(result.stdout)] == ["CSV (csv)"] * 2


def test_bad_files_among_good_ones_are_listed_and_end_with_3(picks: Path) -> None:
    gone = picks.with_name("gone.mrc")
    result = runner.invoke(app, ["info", str(gone), str(picks)])
    assert result.exit_code == 3
    assert f" {picks}\n" in result.stdout
    lines = result.stderr.splitlines()
    assert lines[0] == "1 of 2 files failed:"
    assert lines[1].startswith(f"  {gone}: ")
    assert len(lines) == 2


def test_a_single_bad_file_is_an_ordinary_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mrc"
    empty.touch()
    result = runner.invoke(app, ["info", str(empty)])
    assert isinstance(result.exception, FormatError)

"""``nunatak evaluate`` end to end."""

import json
from pathlib import Path

import pytest

from nunatak.cli.main import main
from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_USAGE

HEADER = "data_\n\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"


@pytest.fixture
def picks(tmp_path: Path) -> Path:
    path = tmp_path / "picks.star"
    rows = "m/a.mrc 11 10 0.9\nm/a.mrc 50 50 0.2\n"
    path.write_text(f"{HEADER}_rlnAutopickFigureOfMerit\n{rows}")
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.star"
    path.write_text(f"{HEADER}m/a.mrc 10 10\nm/b.mrc 30 30\n")
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", *map(str, words)])
    assert isinstance(end.value.code, int | None)
    return end.value.code or EXIT_OK


def test_the_table_goes_to_stdout_and_the_files_are_written(
    picks: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file, curve_file = tmp_path / "result.json", tmp_path / "curve.csv"
    code = run(
        picks, truth, "--radius-px", 3, "--json", json_file, "--curve", curve_file, "-t", 0.5
    )
    assert code == EXIT_OK
    out = capsys.readouterr().out
    assert "2 micrographs, 2 true positions, 2 picks; matched one to one within 3 px" in out
    assert "Threshold as given (score ≥ 0.5): 1 selected, 1 of them right" in out
    result = json.loads(json_file.read_text())
    assert result["average_precision"]["micro"]["value"] == 0.5
    assert [one["image"] for one in result["images"]] == ["m/a.mrc", "m/b.mrc"]
    assert curve_file.read_text().splitlines()[1] == "0.9,1,1,1.0,0.5,0.6666666666666666"


def test_a_radius_in_angstrom_needs_a_pixel_size(
    picks: Path, truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(picks, truth, "--radius", 3) == EXIT_BAD_INPUT
    assert "m/a.mrc: a radius in ångström needs the pixel size" in capsys.readouterr().err
    assert run(picks, truth, "--radius", 3, "--pixel-size", 2.0, "--only-common") == EXIT_OK
    out = capsys.readouterr().out
    assert "1 micrograph, 1 true position, 2 picks; matched one to one within 3 Å" in out
    assert "mean 1.00, median 1.00, rms 1.00 px" in out
    assert "mean 2.00, median 2.00, rms 2.00 Å" in out


def test_an_empty_file_of_picks_is_rated_even_quietly(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.csv").write_text("image,x_px,y_px,score\n")
    (tmp_path / "none.star").write_text(f"{HEADER}_rlnAutopickFigureOfMerit\n\n")
    for name in ("none.csv", "none.star"):
        assert run("-q", tmp_path / name, truth, "--radius-px", 3) == EXIT_OK
        printed = capsys.readouterr()
        assert "2 micrographs, 2 true positions, 0 picks" in printed.out
        assert "All picks: 0 selected, 0 of them right" in printed.out
        assert printed.err == ""


def test_one_radius_is_needed(picks: Path, truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(picks, truth) == EXIT_USAGE
    assert "either in ångström or in pixels" in capsys.readouterr().err


def test_two_roundings_of_a_voxel_size_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, size_A in (("picks", 10.012), ("truth", 10.0)):
        rows = f"image,x_px,y_px,z_px,pixel_size_A\nTS_01,900,20,30,{size_A}\n"
        (tmp_path / f"{name}.csv").write_text(rows)
    files = tmp_path / "picks.csv", tmp_path / "truth.csv"
    assert run(*files, "--radius", 50, "--resamples", 0) == EXIT_OK
    assert "up to 10.8 Å away in the other" in capsys.readouterr().err
    assert run(*files, "--radius-px", 5, "--pixel-size", 10, "--resamples", 0) == EXIT_OK


@pytest.mark.parametrize("option", ["--json", "--curve"])
def test_only_results_are_replaced_unasked(
    picks: Path, truth: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result, notes = tmp_path / "result", tmp_path / "notes.txt"
    notes.write_text("mine")
    words = (picks, truth, "--radius-px", 3, "--resamples", 0, option)
    for judged in (picks, truth):
        before = judged.read_text()
        assert run(*words, judged, "--overwrite") == EXIT_USAGE
        assert "is one of the files that are judged" in capsys.readouterr().err
        assert judged.read_text() == before
    assert run(*words, notes) == EXIT_USAGE
    assert "notes.txt exists and does not come from nunatak evaluate" in capsys.readouterr().err
    assert notes.read_text() == "mine"
    assert run(*words, result) == run(*words, result) == run(*words, notes, "--overwrite") == 0


@pytest.mark.parametrize("option", ["--json", "--curve"])
def test_results_by_class_are_replaced_unasked(tmp_path: Path, option: str) -> None:
    picks = tmp_path / "picks.csv"
    picks.write_text("image,x_px,y_px,class_name,score\na,1,1,small,0.5\n")
    words = (picks, picks, "--radius-px", 3, "--by-class", option, tmp_path / "result")
    assert run(*words) == run(*words) == EXIT_OK


def test_the_binning_of_a_topaz_table_is_stated_or_said_to_be_unknown(
    picks: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    topaz = tmp_path / "topaz.txt"
    topaz.write_text("image_name\tx_coord\ty_coord\tscore\na\t5\t5\t0.5\n")
    words = ("--radius-px", 3, "--resamples", 0, "--threshold", 0)
    note = "topaz.txt: a Topaz table does not say how far its images were downscaled"
    for files, option, right in (
        ((topaz, truth), "--input-binning", "Threshold as given (score ≥ 0): 1 selected, 1 of"),
        ((picks, topaz), "--truth-binning", "Threshold as given (score ≥ 0): 2 selected, 1 of"),
    ):
        assert run(*files, *words) == EXIT_OK
        printed = capsys.readouterr()
        assert note in printed.err and f"({option})" in printed.err
        assert right not in printed.out
        assert run(*files, *words, option, 2) == EXIT_OK
        printed = capsys.readouterr()
        assert note not in printed.err
        assert right in printed.out

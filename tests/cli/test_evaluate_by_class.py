"""``nunatak evaluate --by-class`` and ``--czii`` end to end."""

import json
from pathlib import Path

import pytest

from nunatak.cli.main import main
from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK

HEADER = "image,x_px,y_px,z_px,class_name,pixel_size_A"


@pytest.fixture
def picks(tmp_path: Path) -> Path:
    path = tmp_path / "picks.csv"
    rows = ["t.mrc,10,10,13,apo-ferritin,10,0.9", "t.mrc,60,10,10,ribosome,10,0.2"]
    path.write_text("\n".join([f"{HEADER},score", *rows, ""]))
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    rows = ["t.mrc,10,10,10,apo-ferritin,10", "t.mrc,60,10,90,ribosome,10"]
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["evaluate", *map(str, words)])
    assert isinstance(end.value.code, int | None)
    return end.value.code or EXIT_OK


def test_the_czii_score_stands_beside_the_classes(
    picks: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file, curve_file = tmp_path / "result.json", tmp_path / "curve.csv"
    code = run(picks, truth, "--czii", "--json", json_file, "--curve", curve_file, "-t", 0.5)
    assert code == EXIT_OK
    out = capsys.readouterr().out
    assert "1 tomogram, 2 classes, 2 true positions, 2 picks" in out
    # One class of weight 1 is found, of a total weight of 7.
    assert "CZII score, all picks: 0.1429" in out
    assert "CZII score, threshold as given: 0.1429" in out
    result = json.loads(json_file.read_text())
    assert [one["radius_A"] for one in result["classes"]] == [30.0, 75.0]
    assert result["averages"][1]["f1"]["macro"]["value"] == 0.5
    assert [one["classes"][1]["candidates"] for one in result["czii"]] == [1, 0]
    assert curve_file.read_text().splitlines()[1] == "apo-ferritin,0.9,1,1,1.0,1.0,1.0"


def test_classes_need_a_diameter_or_a_radius(
    picks: Path, truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(picks, truth, "--by-class") == EXIT_BAD_INPUT
    assert "truth.csv: no diameter (column diameter_A) of class apo-ferritin" in (
        capsys.readouterr().err
    )
    assert run(picks, truth, "--by-class", "--radius-px", 3) == EXIT_OK
    out = capsys.readouterr().out
    assert "mean over classes" in out
    assert "CZII" not in out


def test_the_score_is_of_the_challenges_classes_alone(
    picks: Path, truth: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (picks, truth):
        path.write_text(path.read_text().replace("ribosome", "80S"))
    assert run(picks, truth, "--czii", "--radius", 30) == EXIT_BAD_INPUT
    assert "truth.csv: the CZII score does not know class 80S" in capsys.readouterr().err

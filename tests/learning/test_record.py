"""The record of a training, as a person reads it."""

import json
from pathlib import Path
from typing import Any

import pytest

from nunatak.errors import BadInput
from nunatak.learning.record import METRICS, RECORD, describe, is_training, write_record
from nunatak.training import folder

ASKED: dict[str, Any] = {
    "settings": {"steps": 100, "start": None, "objective": "pu"},
    "labels": {"n_positive": 12, "n_labelled": 3, "n_micrographs": 9, "source": "labels.star"},
    "training": ["a.mrc", "b.mrc"],
    "validation": [],
    "particles": {"value": 55.4, "low": 40.0, "high": 70.0},
}


@pytest.fixture
def training(tmp_path: Path) -> Path:
    path = tmp_path / "bgal.training"
    write_record(path, {**ASKED, "output": str(tmp_path / "bgal.safetensors")})
    return path


def test_a_training_that_has_not_begun(training: Path) -> None:
    assert is_training(training)
    assert not is_training(training.parent)
    described = describe(training)
    assert described["progress"] == "0 of 100 steps"
    assert described["output"].endswith("(not written yet)")
    assert described["start"] == "random weights"
    assert described["labels"] == "12 on 3 of 9 micrographs (labels.star)"
    assert described["validation micrographs"] == "none"
    assert described["particles a micrograph"] == "55 (40 to 70)"
    assert "loss" not in described


def test_a_training_on_its_way_shows_its_best_and_last_validation(training: Path) -> None:
    common = {"learning_rate": 1e-3, "seconds": 7.0}
    lines = [
        {"step": 0, "loss": None, "validation": 0.5, **common},
        {"step": 25, "loss": 0.25, "validation": 0.75, **common},
        {"step": 50, "loss": 0.125, "validation": 0.625, **common},
        {"step": 51, "loss": 0.0625, "validation": None, **common},
    ]
    (training / METRICS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    described = describe(training)
    assert described["progress"] == "51 of 100 steps, 7 s"
    assert described["loss"] == "0.0625"
    assert described["validation"] == (
        "average precision 0.750 at step 25 (best), 0.625 at step 50 (last)"
    )


@pytest.mark.parametrize("content", ["", "[]", '{"settings": 1}'])
def test_a_damaged_record_is_refused(training: Path, content: str) -> None:
    (training / RECORD).write_text(content)
    with pytest.raises(BadInput, match="damaged"):
        describe(training)


def test_the_course_lies_where_the_loop_writes_it() -> None:
    assert METRICS == folder.METRICS

"""The course of a training on disk."""

from pathlib import Path

import pytest

from nunatak.errors import ResourceError
from nunatak.training.metrics import MetricsFile, StepMetrics, read_metrics


def _line(step: int) -> StepMetrics:
    return StepMetrics(step, 0.5 / (step + 1), 1e-3, 0.1 * step, 0.9 if step % 2 else None)


def _written(path: Path, steps: range, after_step: int | None = None) -> None:
    with MetricsFile(path, after_step=after_step) as course:
        for step in steps:
            course.append(_line(step))


def test_lines_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "metrics.jsonl"
    _written(path, range(3))
    assert read_metrics(path) == [_line(0), _line(1), _line(2)]
    assert path.read_text().startswith('{"step": 0, "loss": 0.5, "learning_rate": 0.001, "seconds"')


def test_no_step_appears_twice_after_a_resumption(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    _written(path, range(7))
    _written(path, range(4, 6), after_step=3)
    assert [entry.step for entry in read_metrics(path)] == [0, 1, 2, 3, 4, 5]


def test_a_line_that_was_cut_goes(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    _written(path, range(4))
    path.write_bytes(path.read_bytes()[:-9])
    assert [entry.step for entry in read_metrics(path)] == [0, 1, 2]
    _written(path, range(3, 5), after_step=3)
    assert [entry.step for entry in read_metrics(path)] == [0, 1, 2, 3, 4]


def test_starting_over_forgets(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    _written(path, range(4))
    _written(path, range(1))
    assert [entry.step for entry in read_metrics(path)] == [0]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match=r"file/metrics\.jsonl: cannot write"):
        MetricsFile(tmp_path / "file" / "metrics.jsonl")

import json
from pathlib import Path

import pytest

from nunatak.detection.record import record_path, write_record
from nunatak.reports.origin import origin_of_file

RECORD = {
    "command_line": ["nunatak", "pick", "a b.mrc"],
    "date": "2026-01-02T03:04:05+00:00",
    "versions": {"nunatak": "0.1.0"},
    "model": {"name": "general-2d", "sha256": "12ab"},
    "options": {"diameter_A": 122.0, "threshold": 0.4, "max_per_micrograph": None},
    "failures": [{"image": "broken.mrc", "reason": "truncated"}],
}


@pytest.fixture
def picks_file(tmp_path: Path) -> Path:
    path = tmp_path / "picks.star"
    path.write_text("data_particles\n")
    return path


def test_the_record_of_the_run_is_read(picks_file: Path) -> None:
    write_record(picks_file, RECORD, [picks_file])
    origin = origin_of_file(picks_file)
    assert origin.provenance["Command"] == "nunatak pick a b.mrc"
    assert origin.provenance["Model"] == "general-2d (sha256 12ab)"
    assert origin.provenance["Options"] == "diameter_A 122, threshold 0.4"
    assert origin.failures == [("broken.mrc", "truncated")]
    assert (origin.threshold, origin.diameter_A) == (0.4, 122.0)


def test_options_by_class_are_set_out(picks_file: Path) -> None:
    options = {"thresholds": {"large": 0.25, "small": 0.5}, "border_A": 0.0, "views": 1}
    write_record(picks_file, {**RECORD, "options": options}, [picks_file])
    written = origin_of_file(picks_file).provenance["Options"]
    assert written == "thresholds (large 0.25, small 0.5), border_A 0, views 1"


def test_a_record_of_other_picks_is_not_believed(picks_file: Path) -> None:
    write_record(picks_file, RECORD, [picks_file])
    picks_file.write_text("data_particles\n\nloop_\n")
    origin = origin_of_file(picks_file)
    assert origin.failures == []
    assert list(origin.provenance) == ["Picks", "Record"]


@pytest.mark.parametrize("text", [None, "", "[]", "{}", json.dumps({"output": {"files": 3}})])
def test_without_a_record_only_the_file_is_named(picks_file: Path, text: str | None) -> None:
    if text is not None:
        record_path(picks_file).write_text(text)
    assert origin_of_file(picks_file).provenance == {"Picks": str(picks_file)}

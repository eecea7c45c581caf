"""The committed results are whole, name no machine, and are what the manual shows."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are only in the repository", allow_module_level=True)

RESULTS = sorted((BENCHMARKS / "results").glob("*.json"))


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("targets")


def results_table(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHMARKS / "results_table.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in [*value, *value.values()]:
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def test_the_manual_shows_the_committed_results() -> None:
    checked = results_table("--check")
    assert checked.returncode == 0, checked.stderr


def test_a_page_out_of_step_is_found_and_repaired(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- results: begin -->old<!-- results: end -->\nafter\n")
    options = ("--page", page, "--results", tmp_path)
    checked = results_table("--check", *options)
    assert checked.returncode == 1
    assert "page.md does not show the committed results" in checked.stderr
    assert results_table(*options).returncode == 0
    assert results_table("--check", *options).returncode == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| not measured |" in text


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    refused = results_table("--page", page)
    assert refused.returncode == 1
    assert "lacks the markers" in refused.stderr
    assert page.read_text() == "nothing\n"


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_name_no_folder_of_a_machine(path: Path) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert not [text for text in texts(result) if text.startswith("/") or " /" in text]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_answer_every_target_unless_they_say_that_runs_are_missing(
    path: Path, targets: ModuleType
) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    wanted = {target.key for target in targets.TARGETS if target.result == path.stem}
    answered = {one["key"] for one in result["targets"]}
    assert answered <= wanted
    runs = result.get("runs")
    is_whole = not (isinstance(runs, dict) and runs.get("missing"))
    assert answered == wanted or not is_whole


@pytest.mark.parametrize(
    ("sense", "below", "equal", "above"),
    [
        ("at least", False, True, True),
        ("at most", True, True, False),
        ("more than", False, False, True),
    ],
)
def test_targets_judge(
    targets: ModuleType, sense: str, *, below: bool, equal: bool, above: bool
) -> None:
    target = targets.Target("result", "key", "what", sense, 0.5)
    assert [target.is_met(value) for value in (0.4, 0.5, 0.6)] == [below, equal, above]
    assert not target.is_met(float("nan"))

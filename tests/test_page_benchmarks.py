"""What benchmarks of the page show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Import = Callable[[str], Any]


def frames(least: int, median: float, greatest: int, redrawn: int = 0) -> dict[str, Any]:
    counted = {"least": least, "median": median, "greatest": greatest}
    return {**counted, "frames": 200, "redrawn": redrawn}


def result(name: str) -> dict[str, Any]:
    window = {
        "pan": frames(20, 29.6, 60, redrawn=8),
        "zoom": frames(1, 2.0, 3, redrawn=200),
        "hover": frames(60, 60, 60),
    }
    return {
        "benchmark": name,
        "command": "python benchmarks/page_frames.py",
        "date": "2026-01-02T03:04:05",
        "versions": {"nunatak": "1", "torch": "2"},
        "machine": {"processor": "a processor", "cores": 2},
        "targets": [],
        "circles": 100_000,
        "side_px": 4096,
        "diameter_px": 40.0,
        "seconds": 8.0,
        "renderer": "a renderer",
        "windows": [{"width": 1280, "height": 720, **window}],
    }


def test_frames_are_shown_with_what_draws_them(benchmark: Import) -> None:
    text = benchmark("page_sections").page_frames(result("page_frames"))
    assert "moving 100,000 circles" in text
    assert "Drawn by: a renderer." in text
    row = "| 1280 × 720 | 30 (20–60), 4 % drawn anew | 2 (1–3), 100 % drawn anew | 60 (60–60) |"
    assert row in text


def test_frames_drawn_by_software_are_shown_and_not_judged(
    benchmark: Import, tmp_path: Path
) -> None:
    (tmp_path / "page_frames.json").write_text(json.dumps(result("page_frames")))
    table = benchmark("results_table")
    results = table.read_results(tmp_path)
    assert list(results) == ["page_frames"]
    assert "100 000 circles on a micrograph and a graphics card" not in table.tables(results)
    assert "moving 100,000 circles" in table.tables(results)


def test_frames_of_a_graphics_card_are_judged(benchmark: Import) -> None:
    judged = benchmark("targets").judged
    (verdict,) = judged("page_frames_gpu", {"frames_a_second": 29.0})
    assert verdict["met"] is False
    assert judged("page_frames", {}) == []

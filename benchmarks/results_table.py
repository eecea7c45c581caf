"""Show the committed results as Markdown tables in the manual.

Without options the tables between the two markers of ``docs/benchmarks.md`` are written anew;
with ``--check`` nothing is written, and the exit code is 1 where the page is out of step. A
result that is missing is shown as "not measured"; those of tomograms and of pruning are shown once
they are there.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import page_sections
import pruning_sections
import result_sections as sections
import tomogram_sections
import training_sections
from page_targets import PAGE_TARGETS
from pruning_targets import PRUNING_SPEED_TARGETS, PRUNING_TARGETS
from result_sections import NOT_MEASURED, Result, markdown
from target import Target
from targets import TARGETS
from tomogram_targets import TOMOGRAM_TARGETS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
SHOWN_ONCE_THERE = (*TOMOGRAM_TARGETS, *PRUNING_TARGETS, *PRUNING_SPEED_TARGETS, *PAGE_TARGETS)
SECTIONS: dict[str, Callable[[Result], str]] = {
    "no_labels": sections.no_labels,
    "empty_micrographs": sections.empty_micrographs,
    "speed": sections.speed,
    "memory": sections.memory,
    "compare_topaz": sections.compare_topaz,
    "label_efficiency": training_sections.label_efficiency,
    "quick_training": training_sections.quick_training,
    "compare_topaz_training": training_sections.compare_topaz_training,
    "calibration": training_sections.calibration,
    "tomograms": tomogram_sections.tomograms,
    "tomograms_long": tomogram_sections.tomograms,
    "tomogram_speed": tomogram_sections.tomogram_speed,
    "tomogram_speed_gpu": tomogram_sections.tomogram_speed,
    "pruning": pruning_sections.pruning,
    "pruning_speed": pruning_sections.pruning_speed,
    "page_speed": page_sections.page_speed,
    "page_training": page_sections.page_training,
    "page_frames": page_sections.page_frames,
    "page_frames_gpu": page_sections.page_frames,
    "kill_server": page_sections.kill_server,
}


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--results", type=Path, default=HERE / "results", metavar="DIR")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE")
    arguments = parser.parse_args()
    before = arguments.page.read_text(encoding="utf-8")
    after = with_tables(before, tables(read_results(arguments.results)))
    if before == after:
        return 0
    if arguments.check:
        print(
            f"{arguments.page.name} does not show the committed results: "
            "run python benchmarks/results_table.py",
            file=sys.stderr,
        )
        return 1
    arguments.page.write_text(after, encoding="utf-8")
    return 0


def read_results(folder: Path) -> dict[str, Result]:
    """Read the results there are, by the name of the benchmark."""
    # Not every result has a target: frames drawn by software have none.
    names = dict.fromkeys([*(target.result for target in TARGETS), *SECTIONS])
    paths = {name: folder / f"{name}.json" for name in names}
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if path.exists()
    }


def with_tables(page: str, text: str) -> str:
    """Return a page with the text between its markers."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"The page lacks the markers {BEGIN} and {END}.")
    return f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}"


def tables(results: dict[str, Result]) -> str:
    """Return all tables as Markdown."""
    parts = [_targets(results)]
    parts += [
        f"{section(results[name])}\n\n{sections.origin(results[name])}"
        for name, section in SECTIONS.items()
        if name in results
    ]
    return "\n\n".join(parts)


def _targets(results: dict[str, Result]) -> str:
    rows = []
    for target in TARGETS:
        if target in SHOWN_ONCE_THERE and target.result not in results:
            continue
        value = _value(target, results)
        rows.append(
            (
                target.what,
                f"{target.sense} {target.shown(target.bound)}",
                NOT_MEASURED if value is None else target.shown(value),
                "" if value is None else "yes" if target.is_met(value) else "**no**",
            )
        )
    return markdown(("", "must be", "measured", "met"), rows)


def _value(target: Target, results: dict[str, Result]) -> float | None:
    judged = results.get(target.result, {}).get("targets", [])
    values = [one["measured"] for one in judged if one["key"] == target.key]
    if not values:
        return None
    return math.nan if values[0] is None else float(values[0])


if __name__ == "__main__":
    sys.exit(main())

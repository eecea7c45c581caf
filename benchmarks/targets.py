"""What the benchmarks must reach: the one list that scripts judge by and the manual shows."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from page_targets import PAGE_TARGETS
from pruning_targets import PRUNING_SPEED_TARGETS, PRUNING_TARGETS
from target import Target
from tomogram_targets import TOMOGRAM_TARGETS

TARGETS = (
    Target(
        "no_labels",
        "empiar10146_average_precision",
        "no labels, apoferritin (EMPIAR-10146): average precision",
        "at least",
        0.98,
    ),
    Target(
        "no_labels",
        "empiar10146_best_f1",
        "no labels, apoferritin (EMPIAR-10146): best F1",
        "at least",
        0.96,
    ),
    Target(
        "no_labels",
        "empiar10028_recall",
        "no labels, 80S ribosome (EMPIAR-10028): recall among 1.6 × as many picks as labels",
        "at least",
        0.97,
    ),
    Target(
        "no_labels",
        "empiar10017_best_f1",
        "no labels, β-galactosidase (EMPIAR-10017): best F1; experts agree to 0.83–0.88",
        "at least",
        0.78,
    ),
    Target(
        "empty_micrographs",
        "most_picks",
        "most picks on any empty micrograph, default threshold",
        "at most",
        3,
        "picks",
        0,
    ),
    Target(
        "speed",
        "seconds_per_micrograph",
        "4096 × 4096 float32 MRC to picks on 2 cores, steady state",
        "at most",
        0.35,
        "s",
    ),
    Target(
        "memory",
        "peak_GB",
        "peak memory on a micrograph of 11 520 × 8 184",
        "at most",
        2.5,
        "GB",
        2,
    ),
    Target(
        "compare_topaz",
        "times_faster",
        "times faster than topaz-em, steady state",
        "at least",
        25,
        "×",
        1,
    ),
    Target(
        "compare_topaz",
        "memory_ratio",
        "peak memory as a share of topaz-em's",
        "at most",
        0.25,
    ),
    *(
        Target(
            "compare_topaz",
            f"{name}_average_precision_lead",
            f"average precision minus topaz-em's, {title}",
            "more than",
            0,
        )
        for name, title in (
            ("empiar10146", "EMPIAR-10146"),
            ("empiar10028", "EMPIAR-10028"),
            ("empiar10017", "EMPIAR-10017"),
        )
    ),
    Target(
        "label_efficiency",
        "few_over_pn_scratch",
        "average precision with 10 labels, default, minus PN's from scratch with 100: least of "
        "all sets",
        "more than",
        0,
    ),
    Target(
        "label_efficiency",
        "least_gain_over_general",
        "average precision after training minus the general model's: least of all sets and "
        "numbers of labels",
        "at least",
        0,
    ),
    *(
        Target(
            "compare_topaz_training",
            f"{name}_{count}_lead",
            f"{count} labels, average precision minus that of topaz-em trained on them, {title}",
            "more than",
            0,
        )
        for count in (10, 100)
        for name, title in (
            ("empiar10146", "EMPIAR-10146"),
            ("empiar10028", "EMPIAR-10028"),
            ("empiar10017", "EMPIAR-10017"),
            ("simulated", "simulated"),
        )
    ),
    Target(
        "compare_topaz_training",
        "lead_at_10",
        "10 labels, average precision minus topaz-em's: mean over all sets",
        "at least",
        0.08,
    ),
    Target(
        "compare_topaz_training",
        "training_time_share",
        "training time to the average precision that topaz-em ends with, as a share of its time: "
        "greatest of all runs",
        "at most",
        0.01,
        "",
        4,
    ),
    Target(
        "quick_training",
        "empiar10017_best_f1",
        "10 labels, β-galactosidase (EMPIAR-10017): best F1, mean over seeds",
        "at least",
        0.80,
    ),
    Target(
        "quick_training",
        "empiar10017_seconds",
        "10 labels, β-galactosidase (EMPIAR-10017): the whole command on 2 cores, slowest seed",
        "at most",
        60,
        "s",
        1,
    ),
    Target(
        "quick_training",
        "empiar10146_average_precision",
        "10 labels, apoferritin (EMPIAR-10146): average precision, mean over seeds",
        "at least",
        0.98,
    ),
    *(
        Target(
            "calibration",
            f"{name}_deviation_{labels}",
            f"`--precision` 0.7, 0.8, 0.9 after training with {labels} labels, {title}: greatest "
            "deviation of the realised precision, mean over seeds",
            "at most",
            0.05,
        )
        for name, title in (("empiar10146", "EMPIAR-10146"), ("simulated", "simulated"))
        for labels in ("10", "100", "all")
    ),
    *TOMOGRAM_TARGETS,
    *PRUNING_TARGETS,
    *PRUNING_SPEED_TARGETS,
    *PAGE_TARGETS,
)


def judged(result: str, measured: Mapping[str, float]) -> list[dict[str, Any]]:
    """Judge the figures that one benchmark measured.

    Parameters
    ----------
    result
        Name of the benchmark.
    measured
        Values by key; a target without a value is not listed.

    Returns
    -------
    list of dict
        Target, measured value (None where it is no finite number), and whether it is met: JSON
        values.
    """
    return [
        {
            **asdict(target),
            "measured": measured[target.key] if math.isfinite(measured[target.key]) else None,
            "met": target.is_met(measured[target.key]),
        }
        for target in TARGETS
        if target.result == result and target.key in measured
    ]


def to_text(result: str, measured: Mapping[str, float]) -> str:
    """Return target, measured value and verdict as a table for the terminal."""
    rows = [
        (
            target.what,
            f"{target.sense} {target.shown(target.bound)}",
            target.shown(measured[target.key]),
            "met" if target.is_met(measured[target.key]) else "MISSED",
        )
        for target in TARGETS
        if target.result == result and target.key in measured
    ]
    rows.insert(0, ("", "target", "measured", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )

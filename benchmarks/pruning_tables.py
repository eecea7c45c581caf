"""The runs of the pruning study, and what they amount to so far."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import spread
from pruning_arms import (
    ARMS,
    DRAWS_OF_MANY,
    DRAWS_OF_SIMULATED,
    FEW,
    MANY,
    OURS,
    Arm,
)
from pruning_features import Eyes
from pruning_measures import WANTED_FDR
from pruning_runs import PruningRun
from pruning_sets import HAND, SCORED
from pruning_tasks import Task

FIGURES = (
    *("accuracy", "macro_f1", "kind_accuracy", "kind_macro_f1", "auprc", "auroc", "ece"),
    *("kept_recall", "precision_gain", "process_seconds", "labels"),
)
IN_ALL = 10
"""Labels a class on picks of two classes: 20 labels in all."""

Cells = Mapping[tuple[str, str, int], Mapping[str, Any]]


def planned(
    tasks: Sequence[Task], arms: Sequence[Arm], eyes: Eyes, *, first_seed: int, most_draws: int
) -> list[PruningRun]:
    """List all runs, those first without which the tables say least.

    Parameters
    ----------
    tasks, arms
        What is asked, and of whom. The published protocol has one number of labels and no
        ablation.
    eyes
        Models to start from.
    first_seed, most_draws
        Draws of labels.
    """
    runs = [
        (draw, PruningRun(task, arm, count, first_seed + draw, eyes))
        for task in tasks
        for arm in arms
        for count, draws in arm.draws.items()
        for draw in range(min(draws, most_draws, _most_draws_of(task)))
        if task.protocol == "apart" or (count == MANY and not arm.is_ablation)
        if not (arm.is_slow and task.data.is_simulated)
    ]
    # Of all tasks the first draw, then of all the second; within a task no file is read twice.
    return [run for _, run in sorted(runs, key=lambda one: one[0])]


def _most_draws_of(task: Task) -> int:
    return DRAWS_OF_SIMULATED if task.data.is_simulated else DRAWS_OF_MANY


def aggregated(study: Sequence[PruningRun], work: Path) -> dict[str, Any]:
    """Bring together the runs that are finished.

    Returns
    -------
    dict
        JSON values; ``cells`` has one entry for each task, arm and number of labels.
    """
    groups: dict[tuple[str, str, int], list[PruningRun]] = {}
    for one in study:
        groups.setdefault((one.task.name, one.arm.name, one.count), []).append(one)
    cells, sources, missing = [], set(), 0
    for key, runs in groups.items():
        found = [result for run in runs if (result := run.finished(work)) is not None]
        sources |= {result["versions"]["nunatak_source_sha256"][:12] for result in found}
        missing += len(runs) - len(found)
        cells.append(_cell(key, found, len(runs)))
    return {
        "runs": {"planned": len(study), "missing": missing, "sources": sorted(sources)},
        "tasks": {run.task.name: run.task.described() for run in _first_of_each(study)},
        "arms": {
            one.name: {
                "title": one.title,
                "is_replica": one.is_replica,
                "is_ablation": one.is_ablation,
                "settings": one.described(),
            }
            for one in ARMS
        },
        "cells": cells,
    }


def _first_of_each(study: Sequence[PruningRun]) -> list[PruningRun]:
    return list({run.task.name: run for run in reversed(study)}.values())[::-1]


def _cell(
    key: tuple[str, str, int], found: Sequence[Mapping[str, Any]], wanted: int
) -> dict[str, Any]:
    task, arm, count = key
    fdr = [run["realised_fdr"] for run in found if run["realised_fdr"] is not None]
    return {
        "task": task,
        "arm": arm,
        "count": count,
        "draws": len(found),
        "missing": wanted - len(found),
        **{name: spread([run[name] for run in found]) for name in FIGURES if found},
        "realised_fdr": spread(fdr) if fdr else None,
        "nothing_kept": len(found) - len(fdr),
    }


def measured(content: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures to be judged; NaN where a run that they need is not finished."""
    cells = {
        (cell["task"], cell["arm"], cell["count"]): cell
        for cell in content["cells"]
        if cell["draws"] and not cell["missing"]
    }
    apart = {name: one for name, one in content["tasks"].items() if one["protocol"] == "apart"}
    simulated = [name for name, one in apart.items() if one["is_simulated"]]
    real = [name for name, one in apart.items() if not one["is_simulated"]]
    balanced = [name for name in content["tasks"] if name not in apart]
    replicas = [name for name, arm in content["arms"].items() if arm["is_replica"]]

    def mean(task: str, arm: str, count: int, figure: str) -> float:
        cell = cells.get((task, arm, count))
        found = None if cell is None else cell[figure]
        return np.nan if found is None else float(found["mean"])

    def ours(tasks: Sequence[str], figure: str, count: int = MANY) -> list[float]:
        return [mean(task, OURS.name, count, figure) for task in tasks]

    def theirs(tasks: Sequence[str], figure: str) -> list[float]:
        return [
            float(np.max([mean(task, one, MANY, figure) for one in replicas])) for task in tasks
        ]

    figures: dict[str, float] = {}
    for figure in ("accuracy", "macro_f1", "auprc"):
        for group, tasks, total in (("simulated", simulated, _mean), ("real", real, _least)):
            leads = np.subtract(ours(tasks, figure), theirs(tasks, figure))
            figures[f"{figure}_lead_{group}"] = total(leads)
    for figure in ("kind_accuracy", "kind_macro_f1"):
        figures[f"published_{figure}"] = _mean(ours(balanced, figure))
    figures["topaz_precision_gain"] = mean(SCORED, OURS.name, IN_ALL, "precision_gain")
    figures["hand_auroc"] = mean(HAND, OURS.name, MANY, "auroc")
    everything = list(apart)
    figures["few_match_replicas"] = _mean(
        np.subtract(ours(everything, "accuracy", FEW), theirs(everything, "accuracy"))
    )
    figures["ece"] = _mean(ours(everything, "ece"))
    off = np.abs(np.subtract(ours(everything, "realised_fdr"), WANTED_FDR))
    figures["fdr_deviation"] = -_least(-off)
    return figures


def _mean(values: Any) -> float:
    """Mean; NaN of nothing, and of anything with a NaN: no claim rests on a part of the runs."""
    return float(np.mean(values)) if len(values) else np.nan


def _least(values: Any) -> float:
    return float(np.min(values)) if len(values) else np.nan

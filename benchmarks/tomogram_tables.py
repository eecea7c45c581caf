"""The runs of the study of learning in tomograms, and what they amount to so far."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common import spread
from kept_runs import KeptRun
from monai_runs import MonaiRun
from tomogram_arms import (
    ABLATION,
    DEFAULT,
    FRACTIONS,
    SEMI_SCRATCH,
    SEMIETPICKERS,
    SUPERVISED_GENERAL,
    SUPERVISED_SCRATCH,
    Arm,
    percent,
)
from tomogram_runs import TomogramRun
from tomogram_sets import TomogramSet

FIGURES = ("best_f1", "average_precision", "f1_as_selected", "czii_score")
TIMES = ("training_seconds", "process_seconds", "peak_GB")

FEW = (0.01, 0.05)
BESIDE_SEMIETPICKER = (0.01, 0.05, 0.25)
BESIDE_MONAI = 0.1
BESIDE_SUPERVISED = (0.01, 0.05, 0.25, 1.0)

Study = Sequence[TomogramRun | MonaiRun]


def planned(
    data: TomogramSet,
    arms: Sequence[Arm],
    seeds: Sequence[int],
    *,
    fractions: Sequence[float] = FRACTIONS,
    steps: int,
    monai_steps: int,
    monai: Path | None,
) -> list[TomogramRun | MonaiRun]:
    """List all runs, those first without which the tables say least.

    Parameters
    ----------
    data
        To learn from.
    arms
        In the order of their importance.
    seeds
        Of draws and trainings.
    fractions
        Of the labels; an arm is tried at those of them that it names.
    steps
        Of all arms.
    monai_steps
        Of the MONAI U-Net.
    monai
        Python with MONAI.
    """
    runs: list[TomogramRun | MonaiRun] = []
    for seed in seeds:
        for number, fraction in enumerate(fractions):
            if number == 1:
                runs.append(MonaiRun(data, seed, monai_steps, monai))
            runs += [
                TomogramRun(data, arm, fraction, seed, steps)
                for arm in arms
                if fraction in arm.fractions
            ]
    return runs


def aggregated(data: TomogramSet, study: Study, work: Path) -> dict[str, Any]:
    """Bring together the runs that are finished.

    Returns
    -------
    dict
        JSON values; ``cells`` has one entry for each arm and fraction of the labels.
    """
    cells: dict[tuple[str, float], list[KeptRun]] = {}
    arms: dict[str, dict[str, Any]] = {}
    for one in study:
        if isinstance(one, MonaiRun):
            cells.setdefault(("monai", 1.0), []).append(one)
            arms["monai"] = {"title": "MONAI U-Net, the classic way", "settings": one.settings}
        else:
            cells.setdefault((one.arm.name, one.fraction), []).append(one)
            arms[one.arm.name] = {
                "title": one.arm.title,
                "few_labels_are": one.arm.few_labels_are,
                "changes": dict(one.arm.changes),
                "is_ablation": one.arm in ABLATION,
            }
    rows = [_cell(key, runs, work) for key, runs in cells.items()]
    return {
        "simulated": True,
        "runs": {
            "planned": len({one.key for one in study}),
            "missing": len({one.key for one in study if not one.finished(work)}),
            "sources": sorted({run["source"] for cell in rows for run in cell["runs"]}),
        },
        "steps": study[0].steps if study else None,
        "data": data.described(),
        "labels": {percent(one): len(data.drawn(one, 0)) for one in sorted(FRACTIONS)},
        "arms": arms,
        "cells": rows,
    }


def _cell(key: tuple[str, float], runs: Sequence[KeptRun], work: Path) -> dict[str, Any]:
    results = [one.finished(work) for one in runs]
    finished = [
        {"key": one.key, **_judgement(result)}
        for one, result in zip(runs, results, strict=True)
        if result is not None
    ]
    return {
        "arm": key[0],
        "fraction": key[1],
        "missing": len(results) - len(finished),
        **{name: spread([run[name] for run in finished]) for name in FIGURES if finished},
        "training_seconds": spread([run["training_seconds"] for run in finished])
        if finished
        else None,
        "runs": finished,
    }


def _judgement(result: dict[str, Any]) -> dict[str, Any]:
    names = ("seed", *FIGURES, *TIMES, "classes")
    source = result["versions"]["nunatak_source_sha256"][:12]
    return {**{name: result[name] for name in names}, "source": source}


def measured(content: dict[str, Any]) -> dict[str, float]:
    """Return the figures to be judged, those of which all runs are finished."""
    means = {
        (cell["arm"], cell["fraction"]): cell["best_f1"]["mean"]
        for cell in content["cells"]
        if cell["runs"] and not cell["missing"]
    }

    def lead(arm: Arm, over: str, fraction: float, over_fraction: float | None = None) -> float:
        other = fraction if over_fraction is None else over_fraction
        return float(means.get((arm.name, fraction), np.nan) - means.get((over, other), np.nan))

    pairs = {
        "scratch_over_supervised": (SEMI_SCRATCH, SUPERVISED_SCRATCH.name),
        "default_over_scratch": (DEFAULT, SUPERVISED_SCRATCH.name),
        "default_over_general": (DEFAULT, SUPERVISED_GENERAL.name),
    }
    figures = {
        f"{name}_{100 * fraction:g}": lead(arm, over, fraction)
        for name, (arm, over) in pairs.items()
        for fraction in FEW
    }
    # The least of anything with a NaN is NaN: a figure is not claimed from a part of the runs.
    figures["least_lead_over_supervised"] = float(
        np.min([lead(*pair, one) for pair in pairs.values() for one in BESIDE_SUPERVISED])
    )
    for name, arm in (("default", DEFAULT), ("scratch", SEMI_SCRATCH)):
        for fraction in BESIDE_SEMIETPICKER:
            # Over the best of its readings.
            figures[f"{name}_over_semietpicker_{100 * fraction:g}"] = float(
                np.min([lead(arm, one.name, fraction) for one in SEMIETPICKERS])
            )
    figures["default_over_monai"] = lead(DEFAULT, "monai", BESIDE_MONAI, 1.0)
    return {name: figure for name, figure in figures.items() if np.isfinite(figure)}

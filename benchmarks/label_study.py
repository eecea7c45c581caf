"""The runs of the study of label efficiency, and what they amount to so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common import spread
from label_variants import DEFAULT, PN_SCRATCH, Variant, count_title
from study_runs import StudyRun
from training_sets import FEWEST_MICROGRAPHS, LABELS_A_MICROGRAPH, TEST_EVERY, TrainingSet

FEW, MANY = 10, 100
"""Labels of the default, and of PN from scratch, between which the target compares."""


@dataclass(frozen=True)
class Planned:
    """One run of the study.

    Attributes
    ----------
    variant : Variant
    run : StudyRun
    """

    variant: Variant
    run: StudyRun

    @property
    def title(self) -> str:
        """What it is, for people."""
        run = self.run
        return (
            f"{run.data.name}, {self.variant.title}, {count_title(run.count)} labels, "
            f"seed {run.seed}"
        )


def planned(
    sets: Sequence[TrainingSet], variants: Sequence[Variant], seeds: Sequence[int]
) -> list[Planned]:
    """List all runs, those first without which the tables say least."""
    return [
        Planned(variant, StudyRun(data, count, seed, variant.settings(seed)))
        for seed in seeds
        for variant in variants
        for count in variant.counts
        for data in sets
    ]


def aggregated(
    study: Sequence[Planned], general: Mapping[str, StudyRun], work: Path
) -> dict[str, Any]:
    """Bring together the runs that are finished.

    Returns
    -------
    dict
        JSON values; ``cells`` has one entry for each set, variant and number of labels.
    """
    cells: dict[tuple[str, str, str], list[Planned]] = {}
    for one in study:
        key = (one.run.data.name, one.variant.name, count_title(one.run.count))
        cells.setdefault(key, []).append(one)
    rows = [_cell(key, runs, work) for key, runs in cells.items()]
    sets = {run.data.name: run.data for run in general.values()}
    variants = {one.variant.name: one.variant for one in study}
    return {
        "runs": {
            "planned": len({one.run.key for one in study}),
            "missing": len({one.run.key for one in study if not one.run.finished(work)}),
            "sources": sorted({run["source"] for cell in rows for run in cell["runs"]}),
        },
        "draw": {
            "test": f"every {TEST_EVERY}rd micrograph in the order of file names",
            "fewest_micrographs": FEWEST_MICROGRAPHS,
            "labels_a_micrograph": LABELS_A_MICROGRAPH,
        },
        "sets": {name: data.described() for name, data in sets.items()},
        "variants": {
            name: {"title": one.title, "changes": dict(one.changes)}
            for name, one in variants.items()
        },
        "default_settings": DEFAULT.settings(0).model_dump(mode="json"),
        "general": {
            name: _judgement(result)
            for name, run in general.items()
            if (result := run.finished(work))
        },
        "cells": rows,
    }


def _cell(key: tuple[str, str, str], runs: Sequence[Planned], work: Path) -> dict[str, Any]:
    results = [one.run.finished(work) for one in runs]
    finished = [
        {"key": one.run.key, "seed": result["seed"], **_judgement(result)}
        for one, result in zip(runs, results, strict=True)
        if result is not None
    ]
    names = ("average_precision", "best_f1", "training_seconds", "process_seconds")
    return {
        **dict(zip(("set", "variant", "labels"), key, strict=True)),
        "missing": len(results) - len(finished),
        **{name: spread([run[name] for run in finished]) for name in names if finished},
        "runs": finished,
    }


def _judgement(result: dict[str, Any]) -> dict[str, Any]:
    names = (
        "average_precision",
        "best_f1",
        "at_default_threshold",
        "training_seconds",
        "process_seconds",
        "peak_GB",
    )
    source = result["versions"]["nunatak_source_sha256"][:12]
    return {**{name: result[name] for name in names}, "source": source}


def measured(content: dict[str, Any]) -> dict[str, float]:
    """Return the figures to be judged; NaN where no run that they need is finished."""
    means = {
        (cell["set"], cell["variant"], cell["labels"]): cell["average_precision"]["mean"]
        for cell in content["cells"]
        if cell["runs"]
    }
    general = {name: one["average_precision"] for name, one in content["general"].items()}
    leads = [
        means.get((name, DEFAULT.name, str(FEW)), np.nan)
        - means.get((name, PN_SCRATCH.name, str(MANY)), np.nan)
        for name in content["sets"]
    ]
    gains = [
        means.get((name, DEFAULT.name, count_title(count)), np.nan) - general.get(name, np.nan)
        for name in content["sets"]
        for count in DEFAULT.counts
    ]
    # The least of anything with a NaN is NaN: a figure is not claimed from a part of the runs.
    return {
        "few_over_pn_scratch": float(np.min(leads)),
        "least_gain_over_general": float(np.min(gains)),
    }

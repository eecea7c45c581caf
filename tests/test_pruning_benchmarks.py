"""The benchmark of pruning: how labels are drawn, replicas trained, and judgements rated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.recipes.pruning_picks import PickConfig
from nunatak.simulate.crops import CropConfig

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are only in the repository", allow_module_level=True)

Import = Callable[[str], Any]


def made_up(benchmark: Import, *, is_simulated: bool = True) -> Any:
    """Return a set of eight micrographs that are names only, with every class on each."""
    images = tuple(f"mic_{number}.mrc" for number in range(8))
    kinds = SEEN_CLASSES if is_simulated else ("particle", "junk")
    names = np.tile(np.repeat(kinds, 40), 8)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "image": np.repeat(images, 40 * len(kinds)),
            "x_px": rng.uniform(0, 500, len(names)),
            "y_px": rng.uniform(0, 500, len(names)),
        }
    )
    picks = PickSet(table, images=images)
    made = benchmark("pruning_sets").PruningSet("made-up", "", 100.0, picks, names, is_simulated)
    made.__dict__["checksum"] = "of no files"
    return made


def test_labels_and_judged_picks_are_on_different_micrographs(benchmark: Import) -> None:
    task = benchmark("pruning_tasks").Task(made_up(benchmark))
    few, many, other = task.drawn(5, 1), task.drawn(20, 1), task.drawn(5, 2)
    images = task.data.picks.table["image"].to_numpy()
    assert not set(images[many.labelled]) & set(images[many.judged])
    assert len(set(images[many.judged])) == 4
    assert set(few.labelled) < set(many.labelled)
    assert not np.array_equal(few.labelled, other.labelled)
    _, counts = np.unique(task.class_name[many.labelled], return_counts=True)
    assert counts.tolist() == [20] * len(SEEN_CLASSES)
    assert len(task.drawn(0, 1).labelled) == 0


def test_the_published_protocol_is_balanced_and_has_three_classes(benchmark: Import) -> None:
    task = benchmark("pruning_tasks").Task(made_up(benchmark), "published")
    names, counts = np.unique(task.class_name[task.rows], return_counts=True)
    assert names.tolist() == ["carbon", "contaminant", "particle"]
    assert counts.tolist() == [100, 100, 100]
    assert not np.isin(task.data.class_name[task.rows], ["empty", "off_centre"]).any()
    draw = task.drawn(20, 0)
    assert (len(draw.labelled), len(draw.judged)) == (60, 240)
    assert not set(draw.labelled) & set(draw.judged)
    called = dict(zip(SEEN_CLASSES, task.called(SEEN_CLASSES), strict=True))
    assert (called["gold"], called["carbon"]) == ("contaminant", "carbon")


def test_real_picks_are_good_or_bad(benchmark: Import) -> None:
    task = benchmark("pruning_tasks").Task(made_up(benchmark, is_simulated=False))
    assert set(task.called(SEEN_CLASSES)) == {"particle", "junk"}


def test_judgements_are_rated(benchmark: Import) -> None:
    measures = benchmark("pruning_measures")
    good = np.array([True, True, False, True, False])
    share = np.array([0.9, 0.8, 0.8, 0.4, 0.1])
    # One particle at the first threshold, two of three picks at the second, three of four.
    assert measures.average_precision(good, share) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert measures.area_under_roc(good, share) == pytest.approx((2 + 1.5 + 1) / 6)
    expected = (0.1 + abs(1.6 - 1) + 0.6 + 0.1) / 5
    assert measures.calibration_error(good, share) == pytest.approx(expected)
    assert measures.precision_gain(good, share) == pytest.approx(3 / 4 - 3 / 5)
    assert measures.macro_f1(good, share > 0.5) == pytest.approx((2 * 2 / 6 + 2 * 1 / 4) / 2)
    sure = np.array([0.5, 0.99, 0.94, 0.9, 1.0])
    assert measures.kept_at(sure).tolist() == [False, True, True, True, True]
    assert not measures.kept_at(np.full(3, 0.5)).any()


@pytest.mark.parametrize("two_branches", [False, True])
def test_a_replica_learns_from_few_labels(benchmark: Import, *, two_branches: bool) -> None:
    replica = benchmark("pruning_replicas").Replica(two_branches=two_branches, epochs=8)
    torch.manual_seed(0)
    network = PruningNetwork(width=4).eval().requires_grad_(requires_grad=False)
    before = network.first.weight.clone()
    truth = np.arange(24) % 2
    rng = np.random.default_rng(0)
    crops = rng.normal(0, 0.5, (24, 2, 32, 32)).astype(np.float32)
    crops[:, :, 10:22, 10:22] += np.where(truth, 2.0, -2.0)[:, None, None, None]
    trained = replica.trained(network, crops, truth, classes=2, seed=0)
    shares = replica.probability(trained, crops.astype(np.float16), rows=np.arange(24))
    assert (shares.argmax(axis=1) == truth).mean() > 0.9
    assert torch.equal(network.first.weight, before)
    backbone = trained.backbone.conv1.weight
    assert not torch.equal(backbone, network.backbone.conv1.weight)


def cell(task: str, arm: str, count: int, **figures: float) -> dict[str, Any]:
    names = ("accuracy", "macro_f1", "auprc", "auroc", "ece", "kind_accuracy", "kind_macro_f1")
    names += ("precision_gain", "realised_fdr", "kept_recall", "process_seconds")
    values = dict.fromkeys(names, 0.5) | figures
    spreads = {name: {"mean": one, "deviation": 0.01} for name, one in values.items()}
    base = {"task": task, "arm": arm, "count": count, "draws": 2, "missing": 0}
    return base | {"nothing_kept": 0} | spreads


def test_figures_are_those_of_the_cells(benchmark: Import) -> None:
    tables, sections = benchmark("pruning_tables"), benchmark("pruning_sections")
    tasks = {
        "1bxn": {"protocol": "apart", "is_simulated": True, "title": "simulated 1bxn"},
        "1bxn-balanced": {"protocol": "published", "is_simulated": True, "title": ""},
        "hand-labelled": {"protocol": "apart", "is_simulated": False, "title": "by hand"},
        "topaz-picks": {"protocol": "apart", "is_simulated": False, "title": "topaz"},
    }
    cells = [
        cell(task, arm, count, **figures)
        for task in tasks
        for arm, count, figures in (
            ("ours", 20, {"accuracy": 0.9, "realised_fdr": 0.07, "auroc": 0.99}),
            ("ours", 5, {"accuracy": 0.85}),
            ("ours", 10, {"precision_gain": 0.12}),
            ("released", 20, {"accuracy": 0.7}),
            ("published", 20, {"accuracy": 0.8}),
        )
    ]
    arms = {
        name: {"title": name, "is_replica": name != "ours", "is_ablation": False}
        for name in ("ours", "released", "published")
    }
    content = {
        "tasks": tasks,
        "arms": arms,
        "cells": cells,
        "runs": {"planned": 40, "missing": 0},
        "model": {"name": "tiny"},
    }
    figures = tables.measured(content)
    assert figures["accuracy_lead_simulated"] == pytest.approx(0.1)
    assert figures["accuracy_lead_real"] == pytest.approx(0.1)
    assert figures["few_match_replicas"] == pytest.approx(0.05)
    assert figures["topaz_precision_gain"] == pytest.approx(0.12)
    assert figures["hand_auroc"] == pytest.approx(0.99)
    assert figures["fdr_deviation"] == pytest.approx(0.02)
    targets = {one.key for one in benchmark("pruning_targets").PRUNING_TARGETS}
    assert targets == set(figures)
    page = sections.pruning(content)
    assert "| the simulated sets | published | 0.800 ± 0.010 |" in page
    assert "missing" not in page
    cells[0]["missing"] = 1
    assert np.isnan(tables.measured(content)["accuracy_lead_simulated"])


def test_runs_differ_by_all_that_determines_them(benchmark: Import) -> None:
    arms, tables, task = (
        benchmark("pruning_arms"),
        benchmark("pruning_tables"),
        benchmark("pruning_tasks"),
    )
    data = made_up(benchmark)

    class Eyes:
        checksum = "eyes"

    study = tables.planned(task.tasks_of([data]), arms.ARMS, Eyes(), first_seed=0, most_draws=2)
    assert len({one.key for one in study}) == len(study)
    assert [one.seed for one in study] == sorted(one.seed for one in study)
    balanced = [one for one in study if one.task.protocol == "published"]
    assert {(one.arm.name, one.count) for one in balanced} == {
        ("ours", 20),
        ("released", 20),
        ("published", 20),
    }


def test_draws_are_kept_in_a_table_and_taken_from_it(benchmark: Import, tmp_path: Path) -> None:
    arms, tables, task = (
        benchmark("pruning_arms"),
        benchmark("pruning_tables"),
        benchmark("pruning_tasks"),
    )
    draws, kept_runs = benchmark("pruning_draws"), benchmark("kept_runs")

    class Eyes:
        checksum = "eyes"

    tasks = task.tasks_of([made_up(benchmark)])
    study = tables.planned(tasks, arms.ARMS[:1], Eyes(), first_seed=0, most_draws=1)
    made = {"accuracy": 0.123456, "realised_fdr": None, "labels": 40, "curve": [1, 2]}
    here, elsewhere, table = tmp_path / "here", tmp_path / "elsewhere", tmp_path / "draws.csv"
    assert draws.read_draws(table) == {}
    for run in study[:2]:
        about = {"task": run.task.name, "arm": run.arm.name, "count": run.count, "seed": run.seed}
        file = run.path(here)
        file.parent.mkdir(parents=True, exist_ok=True)
        source = {"versions": {"nunatak_source_sha256": 2 * "0123456789ab"}}
        file.write_text(json.dumps({**about, **made, **source}))
    draws.write_draws(study[:1], here, table)
    draws.write_draws(study[1:], here, table)
    assert kept_runs.recall(study, draws.read_draws(table), elsewhere) == 2
    found = study[0].finished(elsewhere)
    assert (found["accuracy"], found["realised_fdr"], found["labels"]) == (0.12346, None, 40)
    assert (found["seed"], found["arm"]) == (0, study[0].arm.name)
    assert found["versions"]["nunatak_source_sha256"] == "0123456789ab"
    assert "curve" not in found


def test_a_simulated_set_is_made_once(benchmark: Import, tmp_path: Path) -> None:
    simulation, sets = benchmark("pruning_simulation"), benchmark("pruning_sets")
    data = BENCHMARKS.parent.parent / "shared" / "data" / "maps" / "3qm1.mrc.gz"
    if not data.exists():
        pytest.skip("the maps beside the repository are not there")
    fields = CropConfig(side_px=160, diameter_px=48.0, diameter_error=(1.0, 1.0), empty=0.0)
    config = simulation.SimulationConfig(
        micrographs=2, scatterers=100, picks=PickConfig(fields=fields)
    )
    first = sets.simulated_set(data, config, tmp_path)
    again = sets.simulated_set(data, config, tmp_path)
    assert first.checksum == again.checksum
    assert len(first.picks) == len(first.class_name) > 0
    assert set(first.class_name) <= set(SEEN_CLASSES)
    assert all(Path(image).is_file() for image in first.picks.images)
    with pytest.raises(SystemExit, match="another configuration"):
        sets.simulated_set(data, config.model_copy(update={"seed": 8}), tmp_path)

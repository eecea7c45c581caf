"""The benchmarks of training: how labels are drawn, runs kept, and figures judged."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nunatak.detection.result import PickResult
from nunatak.picks.table import PickSet
from nunatak.simulate.dataset_config import DatasetConfig

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are only in the repository", allow_module_level=True)

Import = Callable[[str], Any]

STAND_IN = """
import json, sys
from pathlib import Path

job = json.loads(Path(sys.argv[1]).read_text())
if job["settings"] is not None:
    Path(job["model"]).write_text("a model")
labels = Path(job["labels"])
point = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
Path(sys.argv[2]).write_text(json.dumps({
    "average_precision": 0.25 if job["settings"] is None else 0.5,
    "best_f1": 0.5,
    "at_default_threshold": point,
    "training_seconds": None if job["settings"] is None else 2.0,
    "rows": labels.read_text().count("mic_") if labels.exists() else 0,
}))
"""


@pytest.fixture
def data(benchmark: Import, tmp_path: Path) -> Any:
    return made_up(benchmark("training_sets"), tmp_path)


def made_up(training_sets: ModuleType, folder: Path, each: int = 20) -> Any:
    """Return a set of twelve micrographs that are names only."""
    micrographs = tuple(folder / "set" / f"mic_{number:02d}.mrc" for number in range(12))
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "image": np.repeat(list(map(str, micrographs)), each),
            "x_px": rng.uniform(0, 100, 12 * each),
            "y_px": rng.uniform(0, 100, 12 * each),
        }
    )
    labels = PickSet(table, images=tuple(map(str, micrographs)))
    return training_sets.TrainingSet("made-up", "made up", 100.0, 2.0, micrographs, labels)


@pytest.fixture
def stand_in(benchmark: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Let a script that trains nothing take the place of the training process."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    runs = benchmark("study_runs")
    monkeypatch.setattr(runs, "WORKER", script)
    monkeypatch.setattr(runs, "_checksum", lambda model: "checksum")
    return runs


def test_test_micrographs_are_every_third_and_never_trained_on(data: Any) -> None:
    assert [path.stem for path in data.test] == ["mic_02", "mic_05", "mic_08", "mic_11"]
    assert sorted([*data.test, *data.training]) == list(data.micrographs)
    assert set(data.truth().images) == set(map(str, data.test))
    assert set(data.drawn(None, 0).images) == set(map(str, data.training))
    assert data.expected_particles == 20


def test_few_labels_lie_on_few_micrographs_and_are_a_part_of_more(data: Any) -> None:
    few, many = data.drawn(10, seed=1), data.drawn(100, seed=1)
    assert few.table.groupby("image").size().sort_values().tolist() == [3, 3, 4]
    assert set(few.table["image"]) <= set(map(str, data.training))
    assert len(many) == 100
    assert many.table["image"].nunique() == 8
    places = [set(zip(one.table["x_px"], one.table["y_px"], strict=True)) for one in (few, many)]
    assert places[0] < places[1]
    assert data.drawn(10, seed=1).table.equals(few.table)
    assert not data.drawn(10, seed=2).table["x_px"].equals(few.table["x_px"])


def test_more_labels_than_there_are_on_few_micrographs_spread_further(
    benchmark: Import, tmp_path: Path
) -> None:
    sparse = made_up(benchmark("training_sets"), tmp_path, each=4)
    assert sparse.drawn(30, seed=0).table["image"].nunique() == 8
    assert len(sparse.drawn(30, seed=0)) == 30
    with pytest.raises(SystemExit, match="made-up has 32 labels to train on, not 33"):
        sparse.drawn(33, seed=0)


def test_a_simulated_set_is_made_once(benchmark: Import, tmp_path: Path) -> None:
    config = DatasetConfig(
        count=3, shape=(96, 96), pixel_size_A=6.0, diameter_A=120.0, coverage=(0.3, 0.3), junk=0
    )
    training_sets = benchmark("training_sets")
    made = training_sets.simulated_set(tmp_path, config)
    times = [path.stat().st_mtime_ns for path in made.micrographs]
    again = training_sets.simulated_set(tmp_path, config)
    assert [path.stat().st_mtime_ns for path in again.micrographs] == times
    assert again.checksum == made.checksum
    noisier = made.simulation.model_copy(update={"snr": 0.01})
    assert replace(made, simulation=noisier).checksum != made.checksum
    assert len(made.drawn(None, 0)) + len(made.truth()) == len(made.labels) > 0


def test_a_run_is_made_once_and_known_by_what_determines_it(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    settings = benchmark("label_variants").DEFAULT.settings(0)
    run = stand_in.StudyRun(data, 10, 0, settings)
    assert run.finished(tmp_path) is None
    result = run.result(tmp_path, cores=1)
    assert result["average_precision"] == 0.5
    assert result["rows"] == 10
    assert result["settings"] == settings.model_dump(mode="json")
    assert Path(run.model(tmp_path)).read_text() == "a model"
    stand_in.WORKER.unlink()
    assert run.result(tmp_path, cores=1) == result
    others = [
        stand_in.StudyRun(data, 30, 0, settings),
        stand_in.StudyRun(data, 10, 1, settings),
        stand_in.StudyRun(data, 10, 0, settings.model_copy(update={"steps": 7})),
        stand_in.StudyRun(data),
    ]
    assert len({run.key, *(one.key for one in others)}) == 5
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith("tmp")]


def test_a_failed_run_leaves_nothing_and_is_named(
    stand_in: ModuleType, data: Any, tmp_path: Path
) -> None:
    stand_in.WORKER.write_text("raise SystemExit('no luck')")
    run = stand_in.StudyRun(data)
    with pytest.raises(SystemExit, match="no luck"):
        run.result(tmp_path, cores=1)
    assert run.finished(tmp_path) is None


def study_arguments(benchmark: Import, tmp_path: Path, hours: float | None) -> Any:
    argparse = benchmark("argparse")
    return argparse.Namespace(work=tmp_path, cores=1, hours=hours)


def test_a_study_can_be_aggregated_at_any_state(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    efficiency, study = benchmark("label_efficiency"), benchmark("label_study")
    sections = benchmark("training_sections")
    variants = benchmark("label_variants")
    default = variants.Variant("default", "default", (10, None))
    same = variants.Variant(
        "objective", "objective", (10,), {"objective": default.settings(0).objective}
    )
    plan = study.planned([data], [default, same], range(2))
    general = {data.name: stand_in.StudyRun(data)}

    def aggregated() -> dict[str, Any]:
        return {"seeds": {"number": 2}, **study.aggregated(plan, general, tmp_path)}

    nothing = aggregated()
    assert nothing["runs"] == {"planned": 4, "missing": 4, "sources": []}
    assert np.isnan(study.measured(nothing)["least_gain_over_general"])
    assert "4 of 4 runs are missing" in sections.label_efficiency(nothing)
    arguments = study_arguments(benchmark, tmp_path, hours=0)
    assert efficiency.carry_out([*general.values()], plan, arguments) == []
    assert aggregated()["runs"]["missing"] == 4

    arguments.hours = None
    assert efficiency.carry_out([*general.values()], plan, arguments) == []
    done = aggregated()
    assert done["runs"]["missing"] == 0
    assert [cell["missing"] for cell in done["cells"]] == [0, 0, 0]
    assert done["cells"][0]["average_precision"]["mean"] == 0.5
    assert done["cells"][0]["runs"] == done["cells"][2]["runs"]
    json.dumps(done, allow_nan=False)
    page = sections.label_efficiency(done)
    assert "missing" not in page
    assert "| default | 0.500 ± 0.000 / 0.500 ± 0.000 | 0.500 ± 0.000" in page


def test_a_study_goes_on_from_a_written_result_on_another_machine(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    kept_runs, study = benchmark("kept_runs"), benchmark("label_study")
    variant = benchmark("label_variants").Variant("default", "default", (10, None))
    plan = study.planned([data], [variant], range(2))
    runs = [one.run for one in plan]
    here, elsewhere, result = tmp_path / "here", tmp_path / "elsewhere", tmp_path / "result.json"
    assert kept_runs.runs_in(result) == {}
    for run in runs[:3]:
        run.result(here, cores=1)
    written = study.aggregated(plan, {}, here)
    result.write_text(json.dumps(written))

    assert kept_runs.recall(runs, kept_runs.runs_in(result), elsewhere) == 3
    assert kept_runs.recall(runs, kept_runs.runs_in(result), elsewhere) == 0
    assert study.aggregated(plan, {}, elsewhere) == written
    assert [run.finished(elsewhere) is not None for run in runs] == [True, True, True, False]


def test_a_failing_run_does_not_end_the_study(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    stand_in.WORKER.write_text("raise SystemExit('no luck')")
    efficiency, study = benchmark("label_efficiency"), benchmark("label_study")
    default = benchmark("label_variants").Variant("default", "default", (10,))
    plan = study.planned([data], [default], range(2))
    arguments = study_arguments(benchmark, tmp_path, hours=None)
    failed = efficiency.carry_out([], plan, arguments)
    assert failed == [f"made-up, default, 10 labels, seed {seed}" for seed in (0, 1)]


def test_every_variant_changes_the_default_and_can_be_asked_for(benchmark: Import) -> None:
    variants = benchmark("label_variants")
    names = [one.name for one in variants.VARIANTS]
    assert len(set(names)) == len(names)
    settings = {one.name: one.settings(3) for one in variants.VARIANTS}
    assert {one.seed for one in settings.values()} == {3}
    assert settings["resnet8"].network.name == "ResNet8"
    assert settings["resnet8-autoencoder"].autoencoder_weight > 0
    assert settings["pn-scratch"].start is None
    assert {one.objective for one in settings.values()} == {"pn", "pu", "ge-kl", "ge-binomial"}


def test_the_gain_is_that_of_the_worst_cell(benchmark: Import) -> None:
    study, counts = benchmark("label_study"), ("10", "30", "100", "300", "all")
    cells = [
        {"set": "a", "variant": "default", "labels": count, "runs": [1], "average_precision": one}
        for count, one in zip(counts, [{"mean": 0.7 + 0.05 * k} for k in range(5)], strict=True)
    ]
    cells.append(
        {
            "set": "a",
            "variant": "pn-scratch",
            "labels": "100",
            "runs": [1],
            "average_precision": {"mean": 0.5},
        }
    )
    content = {"cells": cells, "sets": {"a": {}}, "general": {"a": {"average_precision": 0.72}}}
    assert study.measured(content) == pytest.approx(
        {"few_over_pn_scratch": 0.2, "least_gain_over_general": -0.02}
    )


def test_topaz_gets_the_least_downscaling_of_its_rule(benchmark: Import, data: Any) -> None:
    topaz = benchmark("topaz_training")
    scale = topaz.recommended_scale(data)
    assert (scale.binning, scale.radius_px) == (2, 12)


def topaz_result(*averages: float) -> dict[str, Any]:
    curve = [{"updates": 100 * (k + 1), "average_precision": one} for k, one in enumerate(averages)]
    return {
        "seconds_for_default": 6000.0,
        "curve": curve,
        "end": curve[-1],
        "best": max(curve, key=lambda one: float(one["average_precision"])),
    }


def test_the_shortest_training_that_reaches_topaz_counts(benchmark: Import) -> None:
    compare = benchmark("compare_topaz_training")
    trained = [
        {"average_precision": one, "training_seconds": seconds, "settings": {"steps": steps}}
        for one, seconds, steps in ((0.6, 5.0, 40), (0.8, 9.0, 80), (0.9, 30.0, 300))
    ]
    reached = compare.time_to(0.7, trained, topaz_result(0.7))
    assert reached == {"level": 0.7, "steps": 80, "seconds": 9.0, "share": 9.0 / 6000}
    assert compare.time_to(0.95, trained, topaz_result(0.95))["share"] is None


def test_a_lead_over_topaz_is_not_claimed_from_a_part_of_the_runs(benchmark: Import) -> None:
    compare = benchmark("compare_topaz_training")

    def cell(name: str, lead: float, share: float | None, missing: int = 0) -> dict[str, Any]:
        run = {"lead_over_end": lead, "to_end": {"share": share}}
        return {"set": name, "labels": 10, "missing": missing, "runs": [run]}

    whole = compare.measured([cell("a", 0.1, 0.001), cell("b", 0.3, 0.002)])
    assert whole == pytest.approx(
        {"a_10_lead": 0.1, "b_10_lead": 0.3, "lead_at_10": 0.2, "training_time_share": 0.002}
    )
    unreached = compare.measured([cell("a", 0.1, 0.001), cell("b", -0.3, None)])
    assert np.isnan(unreached["training_time_share"])
    assert unreached["b_10_lead"] == -0.3
    part = compare.measured([cell("a", 0.1, 0.001, missing=1)])
    assert np.isnan(part["training_time_share"])
    assert np.isnan(compare.measured([{**cell("a", 0, 0), "runs": []}])["lead_at_10"])


def test_the_page_shows_topaz_by_updates(benchmark: Import) -> None:
    theirs = topaz_result(0.4, 0.6, 0.5)
    run = {
        "seed": 0,
        "nunatak": {"average_precision": 0.9, "training_seconds": 20.0},
        "topaz": theirs,
        "to_end": {"seconds": None, "steps": None},
    }
    result = {
        "runs": {"planned": 2, "missing": 1},
        "topaz": {"version": "1", "training": "its defaults", "default_updates": 10_000},
        "cells": [{"set": "a", "labels": 10, "missing": 1, "runs": [run]}],
    }
    page = benchmark("training_sections").compare_topaz_training(result)
    assert "**1 of 2 are missing.**" in page
    assert "| 0.500 | 0.600 (200 updates) | 20 s | not reached | 100 min |" in page
    assert "| a, 10 labels, seed 0 | 0.400 | 0.600 | 0.500 |" in page


def test_realised_precision_counts_what_is_selected(benchmark: Import, data: Any) -> None:
    calibration = benchmark("calibration")
    truth = data.truth().table.head(3)
    wrong = truth.head(1).assign(x_px=500.0)
    picks = PickSet(
        pd.concat([truth, wrong]).assign(score=[0.9, 0.8, 0.7, 0.6], pixel_size_A=2.0),
        images=tuple(map(str, data.test)),
    )
    assert calibration.realised_precision(picks, data) == pytest.approx(0.75)
    nothing = PickSet(picks.table.head(0), images=picks.images)
    assert calibration.realised_precision(nothing, data) is None


def test_calibration_is_judged_by_trained_models_only(benchmark: Import) -> None:
    calibration = benchmark("calibration")
    results = [
        {"set": "a", "labels": labels, "wanted": 0.8, "aimed": aimed, "realised": realised}
        for labels, aimed, realised in (
            ("general", 0.8, 0.2),
            ("10", 0.8, 0.80),
            ("10", 0.8, 0.86),
            ("100", 0.95, 0.94),
        )
    ]
    cells = calibration.aggregated(results)
    expected = {"a_deviation_10": 0.03, "a_deviation_100": 0.01}
    assert calibration.measured(cells) == pytest.approx(expected)
    page = benchmark("training_sections").calibration({"cells": cells})
    assert "| a | 10 | 0.830 ± 0.042; 0.060 |" in page
    assert "| a | 100 | 0.940 ± 0.000; 0.010 [0.950] |" in page
    results.append({**results[-1], "realised": None})
    refused = calibration.aggregated(results)
    assert np.isnan(calibration.measured(refused)["a_deviation_100"])
    assert "(none in 1)" in benchmark("training_sections").calibration({"cells": refused})


def test_the_page_shows_the_command_with_ten_labels(benchmark: Import) -> None:
    common = benchmark("common")
    figures = ("average_precision", "best_f1", "seconds", "peak_GB")
    summary = {"a": {name: common.spread([0.5, 1.5]) for name in figures}}
    page = benchmark("training_sections").quick_training(
        {
            "cores_used": 2,
            "labels": 10,
            "seeds": {"number": 2},
            "sets": {"a": {"title": "specimen"}},
            "summary": summary,
        }
    )
    assert "| specimen (a) | 1.000 ± 0.707 | 1.000 ± 0.707 | 1 s (2 s) | 1.50 GB |" in page


def test_a_figure_that_was_not_reached_is_written_and_shown(benchmark: Import) -> None:
    targets, table = benchmark("targets"), benchmark("results_table")
    (judged,) = targets.judged("memory", {"peak_GB": float("nan")})
    assert judged["measured"] is None
    assert judged["met"] is False
    page = table._targets({"memory": {"targets": [judged]}})
    row = next(line for line in page.splitlines() if "peak memory on a micrograph" in line)
    assert row.endswith("| not reached | **no** |")


def test_the_training_process_trains_picks_and_rates(
    benchmark: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import nunatak

    training_sets, process = benchmark("training_sets"), benchmark("training_process")
    config = DatasetConfig(
        count=3, shape=(128, 128), pixel_size_A=6.0, diameter_A=120.0, coverage=(0.3, 0.3), junk=0
    )
    data = training_sets.simulated_set(tmp_path / "simulated", config)
    calls: list[dict[str, Any]] = []

    def train(micrographs: Any, labels: Any, **options: Any) -> None:
        calls.append({"micrographs": micrographs, "labels": nunatak.read_picks(labels), **options})

    def pick(micrographs: list[str], **options: Any) -> PickResult:
        assert options["model"] == str(tmp_path / "model.safetensors")
        return PICK(micrographs, **{**options, "model": "general-2d"})

    PICK = nunatak.pick
    monkeypatch.setattr(nunatak, "train", train, raising=False)
    monkeypatch.setattr(nunatak, "pick", pick)
    run = benchmark("study_runs").StudyRun(
        data, 3, 0, benchmark("label_variants").DEFAULT.settings(5)
    )
    result = process.carried_out(run._job(tmp_path, 1))
    assert 0 <= result["average_precision"] <= 1
    assert result["training_seconds"] >= 0
    (call,) = calls
    assert call["micrographs"] == list(map(str, data.training))
    assert len(call["labels"]) == 3
    assert set(call["labels"].images) <= set(map(str, data.training))
    assert call["settings"].seed == 5
    assert call["diameter_A"] == 120.0

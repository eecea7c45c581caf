"""The benchmarks of learning in tomograms: data, labels, arms, kept runs, figures and tables."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.table import PickSet

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are only in the repository", allow_module_level=True)

Import = Callable[[str], Any]

STAND_IN = """
import json, sys
from pathlib import Path

job = json.loads(Path(sys.argv[1]).read_text())
rows = len(Path(job["labels"]).read_text().splitlines()) - 1
Path(job["model"]).write_text("a model")
Path(job["model"]).with_suffix(".training").mkdir()
f1 = 0.5 if job["labels_are"] == "sparse" else 0.25
figures = ("best_f1", "average_precision", "f1_as_selected", "czii_score")
Path(sys.argv[2]).write_text(json.dumps({
    **dict.fromkeys(figures, f1),
    "classes": {name: {"best_f1": f1} for name in job["classes"]},
    "training_seconds": 60.0,
    "rows": rows,
}))
"""


@pytest.fixture
def data(benchmark: Import, tmp_path: Path) -> Any:
    """Tomograms that are names only: two labelled, one without labels, one to judge by."""
    sets = benchmark("tomogram_sets")
    tomograms = tuple(tmp_path / f"tomo_{number}.mrc" for number in range(4))
    names = list(sets.WEIGHTS)
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 60, (4 * 60, 3))
    table = pd.DataFrame(
        {
            "image": np.repeat(list(map(str, tomograms)), 60),
            "x_px": places[:, 0],
            "y_px": places[:, 1],
            "z_px": places[:, 2],
            "class_name": np.tile(np.repeat(names, [40, 10, 5, 2, 2, 1]), 4),
            "pixel_size_A": 10.0,
        }
    )
    return sets.TomogramSet(
        "made-up",
        sets.TRIAL,
        sets.TRIAL_PARTS,
        tomograms,
        PickSet(table, images=tuple(map(str, tomograms))),
        {name: 100.0 + 20 * number for number, name in enumerate(names)},
    )


@pytest.fixture
def stand_in(benchmark: Import, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Let a script that trains nothing take the place of the training process."""
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    runs: ModuleType = benchmark("tomogram_runs")
    monkeypatch.setattr(runs, "WORKER", script)
    monkeypatch.setattr(runs, "_checksum", lambda model: "checksum")
    return runs


def places_of(picks: PickSet) -> set[tuple[float, ...]]:
    return set(map(tuple, picks.positions_px.tolist()))


def test_labels_hold_every_class_and_are_a_part_of_more(data: Any) -> None:
    one, five, quarter, everything = (data.drawn(f, 3) for f in (0.01, 0.05, 0.25, 1.0))
    assert [len(few) for few in (one, five, quarter, everything)] == [6, 6, 30, 120]
    assert set(one.table["class_name"]) == set(data.diameters_A)
    assert places_of(one) <= places_of(quarter) < places_of(everything)
    assert set(everything.images) == set(map(str, data.labelled))
    assert set(one.images) == set(one.table["image"])
    assert places_of(data.drawn(0.25, 3)) == places_of(quarter) != places_of(data.drawn(0.25, 4))


def test_no_training_sees_a_test_tomogram_and_the_true_mean_is_told(data: Any) -> None:
    assert len(data.training) == 3
    assert set(data.training).isdisjoint(data.test)
    assert set(data.truth().images) == set(map(str, data.test))
    assert data.expected_particles["6pxm"] == 40.0
    assert data.described()["classes"]["6pxm"]["labelled"] == 80


def test_data_are_known_by_their_places_and_sizes_but_not_by_last_digits(data: Any) -> None:
    def sized(factor: float) -> Any:
        larger = {name: factor * size for name, size in data.diameters_A.items()}
        return replace(data, diameters_A=larger)

    assert sized(1 + 1e-12).checksum == data.checksum != sized(1.01).checksum
    moved = data.particles.table.assign(x_px=data.particles.table["x_px"] + 0.01)
    elsewhere = PickSet(moved, images=data.particles.images)
    assert replace(data, particles=elsewhere).checksum != data.checksum


def test_a_simulated_set_without_its_maps_or_tomograms_is_refused(
    benchmark: Import, tmp_path: Path
) -> None:
    sets = benchmark("tomogram_sets")
    with pytest.raises(SystemExit, match=r"lacks 6pxm\.mrc\.gz.*--data"):
        sets.tomogram_set(
            "trial", sets.TRIAL, sets.TRIAL_PARTS, maps=tmp_path, folder=tmp_path / "data"
        )
    with pytest.raises(SystemExit, match="are not the 4 tomograms"):
        sets.tomogram_set(
            "trial", sets.TRIAL, sets.CZII_LIKE_PARTS, maps=tmp_path, folder=tmp_path / "data"
        )


def test_arms_differ_and_share_steps_and_crops(benchmark: Import) -> None:
    arms = benchmark("tomogram_arms")
    assert len({arm.name for arm in arms.ARMS}) == len(arms.ARMS)
    settings = {arm.name: arm.settings(5, steps=100, fraction=0.05) for arm in arms.ARMS}
    shared = {(one.seed, one.steps, one.batch_size, one.crop_px) for one in settings.values()}
    assert shared == {(5, 100, 4, 48)}
    assert {one.validation_share for one in settings.values()} == {0.0}
    distinct = {settings[arm.name].model_dump_json() for arm in arms.ABLATION}
    assert len(distinct) == len(arms.ABLATION)
    fixed = settings["semietpicker"]
    assert (fixed.averaging, fixed.fixed_threshold, fixed.burn_in) == (0.999, 0.7, 0.15)
    assert not fixed.adaptive_thresholds
    assert settings["semi-scratch"].objective == "focal"
    assert settings["taught"] == settings["default"]
    assert settings["taught-scratch"] == settings["semi-scratch"]


def test_every_arm_may_be_trained_with_its_labels(benchmark: Import, data: Any) -> None:
    from nunatak.learning.volumes.volume_expectation import checked_expectation

    for arm in benchmark("tomogram_arms").ARMS:
        for fraction in arm.fractions:
            checked_expectation(
                data.expected_particles,
                tuple(data.diameters_A),
                labels_are=arm.labels_are(fraction),
                settings=arm.settings(0, steps=10, fraction=fraction),
            )


def test_a_run_is_made_once_and_known_by_what_determines_it(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    arms, work = benchmark("tomogram_arms"), tmp_path / "work"
    run = stand_in.TomogramRun(data, arms.SEMI_SCRATCH, 0.25, 0, 10)
    assert run.finished(work) is None
    result = run.result(work, cores=1)
    assert (result["rows"], result["best_f1"], result["cores"]) == (30, 0.5, 1)
    assert run.path(work, ".safetensors").read_text() == "a model"
    assert len(list(work.iterdir())) == 1
    assert len(list((work / "tomograms-made-up").iterdir())) == 2
    stand_in.WORKER.unlink()
    assert run.result(work, cores=2) == result
    others = [
        stand_in.TomogramRun(data, arms.SUPERVISED_SCRATCH, 0.25, 0, 10),
        stand_in.TomogramRun(data, arms.SEMI_SCRATCH, 0.05, 0, 10),
        stand_in.TomogramRun(data, arms.SEMI_SCRATCH, 0.25, 1, 10),
        stand_in.TomogramRun(data, arms.SEMI_SCRATCH, 0.25, 0, 11),
    ]
    assert len({run.key, *(one.key for one in others)}) == 5


def test_the_first_runs_are_those_at_five_per_cent(benchmark: Import, data: Any) -> None:
    arms, tables = benchmark("tomogram_arms"), benchmark("tomogram_tables")
    study = tables.planned(data, arms.ARMS, range(2), steps=10, monai_steps=25, monai=None)
    first = study[: len(arms.ARMS)]
    assert [one.arm.name for one in first] == [arm.name for arm in arms.ARMS]
    assert {(one.fraction, one.seed) for one in first} == {(0.05, 0)}
    assert {one.settings["steps"] for one in first} == {10}
    monai = study[len(arms.ARMS)]
    assert monai.title == "MONAI U-Net, 100 % of the labels, seed 0"
    assert monai.settings["steps"] == 25
    assert [one.seed for one in study] == sorted(one.seed for one in study)


def test_the_study_of_longer_trainings_has_few_labels_and_monai_beside_them(
    benchmark: Import, data: Any
) -> None:
    arms, tables = benchmark("tomogram_arms"), benchmark("tomogram_tables")
    few = arms.FEW_LABELS
    study = tables.planned(
        data, arms.LONG_ARMS, range(1), fractions=few, steps=10, monai_steps=25, monai=None
    )
    monai = [one for one in study if one.title.startswith("MONAI")]
    ours = {(one.arm.name, one.fraction) for one in study if one not in monai}
    assert len(monai) == 1
    both = {(arm.name, one) for arm in arms.LONG_ARMS for one in (0.01, 0.05)}
    assert ours == both | {("default", 0.1)}


def test_a_study_can_be_aggregated_at_any_state(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    argparse, arms = benchmark("argparse"), benchmark("tomogram_arms")
    tables, script = benchmark("tomogram_tables"), benchmark("tomogram_study")
    sections = benchmark("tomogram_sections")
    chosen = [arms.SUPERVISED_SCRATCH, arms.SEMI_SCRATCH, arms.TAUGHT]
    study = tables.planned(data, chosen, range(2), steps=10, monai_steps=25, monai=None)
    arguments = argparse.Namespace(work=tmp_path, cores=1, hours=0)

    def page() -> str:
        content = tables.aggregated(data, study, tmp_path)
        json.dumps(content, allow_nan=False)
        return str(sections.tomograms({"seeds": {"number": 2}, **content}))

    assert script.carry_out(study, arguments) == []
    assert "**20 of 20 runs are missing**;" in page()
    assert "| not measured |" in page()

    arguments.hours = None
    assert script.carry_out(study[:3], arguments) == []
    text = page()
    assert "**17 of 20 runs are missing**;" in text
    assert "Simulated data only" in text
    assert "| supervised, from scratch | not measured | 0.250 |" in text
    assert "| teacher, from the general model | 0.500 | 0.500 | 0.500 | 0.500 |" in text
    assert tables.measured(tables.aggregated(data, study, tmp_path)) == {}


def test_a_failing_run_does_not_end_the_study(
    stand_in: ModuleType, benchmark: Import, data: Any, tmp_path: Path
) -> None:
    stand_in.WORKER.write_text("raise SystemExit('no luck')")
    argparse, arms = benchmark("argparse"), benchmark("tomogram_arms")
    run = stand_in.TomogramRun(data, arms.SEMI_SCRATCH, 0.05, 0, 10)
    arguments = argparse.Namespace(work=tmp_path / "work", cores=1, hours=None)
    failed = benchmark("tomogram_study").carry_out([run], arguments)
    assert failed == ["semi-supervised, from scratch, 5 % of the labels, seed 0"]
    assert not list((tmp_path / "work").iterdir())


def cells(best_f1: dict[tuple[str, float], float]) -> dict[str, Any]:
    return {
        "cells": [
            {"arm": arm, "fraction": one, "missing": 0, "runs": [1], "best_f1": {"mean": mean}}
            for (arm, one), mean in best_f1.items()
        ]
    }


def test_leads_are_differences_of_means_and_the_least_counts(benchmark: Import) -> None:
    tables = benchmark("tomogram_tables")
    means = {}
    for fraction, start in ((0.01, 0.2), (0.05, 0.4), (0.25, 0.6), (1.0, 0.8)):
        means["supervised-scratch", fraction] = start
        means["semi-scratch", fraction] = start + 0.1
        means["supervised-general", fraction] = start + 0.12
        means["default", fraction] = start + 0.15
        means["semietpicker", fraction] = start + 0.02
        means["semietpicker-sparse", fraction] = start + 0.11
        means["semietpicker-short", fraction] = start + 0.05
    means["semi-scratch", 1.0] = 0.79
    means["default", 0.1] = 0.7
    means["monai", 1.0] = 0.75
    figures = tables.measured(cells(means))
    assert figures["scratch_over_supervised_1"] == pytest.approx(0.1)
    assert figures["default_over_general_5"] == pytest.approx(0.03)
    assert figures["least_lead_over_supervised"] == pytest.approx(-0.01)
    assert figures["default_over_semietpicker_25"] == pytest.approx(0.04)
    assert figures["scratch_over_semietpicker_1"] == pytest.approx(-0.01)
    assert figures["default_over_monai"] == pytest.approx(-0.05)
    targets = benchmark("targets")
    wanted = {one.key for one in targets.TARGETS if one.result == "tomograms"}
    assert wanted == set(figures)
    few = {
        key: mean
        for key, mean in means.items()
        if (key[1] < 0.25 or key[0] == "monai") and not key[0].startswith("semietpicker")
    }
    wanted = {one.key for one in targets.TARGETS if one.result == "tomograms_long"}
    assert wanted == set(tables.measured(cells(few)))


def test_picks_are_rated_class_by_class(benchmark: Import, data: Any) -> None:
    accuracy = benchmark("tomogram_accuracy")
    truth = data.truth()
    right = truth.table.assign(score=0.9, selected=True)
    found = right[right["class_name"] != "6pxm"]
    rated = accuracy.rate_tomograms(PickSet(found, images=truth.images), truth, data.scored_classes)
    assert rated["best_f1"] == pytest.approx(5 / 6)
    assert rated["f1_as_selected"] == pytest.approx(5 / 6)
    # The weight of apoferritin is 1 of 7.
    assert rated["czii_score"] == pytest.approx(6 / 7, abs=0.05)
    assert rated["classes"]["6pxm"]["best_f1"] == 0
    none = PickSet(right.head(0), images=truth.images)
    empty = accuracy.rate_tomograms(none, truth, data.scored_classes)
    assert (empty["best_f1"], empty["czii_score"], empty["candidates"]) == (0, 0, 0)


def test_monai_is_told_all_labels_and_skipped_where_it_is_not(
    benchmark: Import, data: Any, tmp_path: Path
) -> None:
    run = benchmark("monai_runs").MonaiRun(data, 1, 800, None)
    job = json.loads(json.dumps(run.job(tmp_path / "picks.csv", 1)))
    assert [len(one["particles"]) for one in job["training"]] == [60, 60]
    assert job["training"][0]["particles"][0][0] == 0
    assert [one["name"] for one in job["classes"]] == list(data.diameters_A)
    assert job["settings"]["steps"] == 800
    arguments = benchmark("argparse").Namespace(work=tmp_path, cores=1, hours=None)
    assert benchmark("tomogram_study").carry_out([run], arguments) == []
    assert run.finished(tmp_path) is None


@pytest.fixture
def baseline(benchmark: Import, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that runs where MONAI is; what needs no network can be tried without it."""
    for name in ("monai", "monai.inferers", "monai.losses", "monai.networks.nets"):
        stub = MagicMock()
        stub.__version__ = "0"
        monkeypatch.setitem(sys.modules, name, stub)
    return benchmark("monai_baseline")


def test_the_baseline_segments_spheres_and_crops_around_them(baseline: Any) -> None:
    labels = baseline.spheres((20, 60, 60), [(1, 40.0, 30.0, 10.0)], [5.0, 10.0])
    assert set(np.unique(labels)) == {0, 2}
    assert np.argwhere(labels).mean(axis=0).tolist() == [10, 30, 40]
    assert (labels > 0).sum() == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.1)
    places: list[Any] = [[], [(0, (10.0, 30.0, 40.0))]]
    rng = np.random.default_rng(0)
    crops = [baseline.crop([labels * 3], [labels], places, 32, rng) for _ in range(20)]
    assert {one.shape for pair in crops for one in pair} == {(32, 32, 32)}
    assert all((image == 3 * label).all() for image, label in crops)
    assert sum(label.any() for _, label in crops) >= 8


def test_of_two_close_candidates_the_better_stays(baseline: Any) -> None:
    places = np.array([[0, 0, 0], [0, 0, 3], [0, 0, 5], [0, 0, 10]])
    assert baseline.kept(places, 4.0) == [0, 2, 3]
    assert baseline.kept(places[:0], 4.0) == []


def test_speed_is_shown_by_cores(benchmark: Import) -> None:
    runs = [{"cores": cores, "seconds": 24.0 / cores, "peak_GB": 1.5} for cores in (2, 1)]
    page = benchmark("tomogram_sections").tomogram_speed(
        {
            "runs": runs,
            "shape": [184, 630, 630],
            "device": "cpu",
            "model": {"name": "general-3d", "classes": 1},
        }
    )
    assert "| 2 | 12.0 s | 1.50 GB |" in page
    assert "Simulated" in page


def test_targets_of_tomograms_are_shown_once_they_are_measured(
    benchmark: Import, tmp_path: Path
) -> None:
    table, targets = benchmark("results_table"), benchmark("targets")
    assert "tomogram" not in table.tables({})
    judged = targets.judged("tomogram_speed", {"seconds": 11.0, "peak_GB": 2.0})
    page = table._targets({"tomogram_speed": {"targets": judged}})
    assert "| at most 12.0 s | 11.0 s | yes |" in page
    assert "MONAI" not in page


@pytest.fixture
def aggregate(
    benchmark: Import, data: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Run the study without any training, and read what it writes."""
    script = benchmark("tomogram_study")
    monkeypatch.setattr(script, "_data", lambda arguments: data)

    def result(*options: str) -> dict[str, Any]:
        given = ["--hours", "0", "--work", str(tmp_path), *options]
        monkeypatch.setattr(sys, "argv", ["benchmarks/tomogram_study.py", *given])
        assert script.main() == 0
        (path,) = tmp_path.glob("*.json")
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        assert content["benchmark"] == path.stem
        return content

    return result


def test_a_trial_leaves_the_committed_results_alone(
    aggregate: Callable[..., dict[str, Any]], benchmark: Import, tmp_path: Path
) -> None:
    result = aggregate("--trial", "--only", "semi-scratch")
    assert result["steps"] == benchmark("tomogram_study").TRIAL_STEPS
    assert result["runs"] == {"planned": 15, "missing": 15, "sources": []}
    assert result["command"].endswith(f"--work .../{tmp_path.name} --trial --only semi-scratch")
    assert result["targets"] == []


@pytest.mark.parametrize(("name", "steps"), [("tomograms", 400), ("tomograms_long", 1000)])
def test_the_long_study_has_more_steps_and_fewer_arms(
    aggregate: Callable[..., dict[str, Any]],
    benchmark: Import,
    tmp_path: Path,
    name: str,
    steps: int,
) -> None:
    is_long = name == "tomograms_long"
    result = aggregate("--results", str(tmp_path), *(["--long"] if is_long else []))
    assert (result["benchmark"], result["steps"]) == (name, steps)
    assert result["arms"]["monai"]["settings"]["steps"] == 1000
    arms = benchmark("tomogram_arms")
    trained = arms.LONG_ARMS if is_long else arms.ARMS
    assert set(result["arms"]) == {*(arm.name for arm in trained), "monai"}


@pytest.mark.parametrize("name", ["tomograms", "tomograms_long"])
def test_committed_studies_are_judged_by_all_figures_that_they_give(
    benchmark: Import, name: str
) -> None:
    result = json.loads((BENCHMARKS / "results" / f"{name}.json").read_text(encoding="utf-8"))
    figures = benchmark("tomogram_tables").measured(result)
    judged = {one["key"]: one["measured"] for one in result["targets"]}
    assert judged == pytest.approx(figures, abs=1e-3)


def test_an_arm_of_the_ablation_is_asked_for_without_long(
    benchmark: Import, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["tomogram_study.py", "--long", "--only", "default", "with-pu"]
    )
    with pytest.raises(SystemExit):
        benchmark("tomogram_study").main()
    assert "with-pu: not in the study with --long" in capsys.readouterr().err


def test_only_the_size_and_the_cores_of_the_target_are_judged(benchmark: Import) -> None:
    speed, argparse = benchmark("tomogram_speed"), benchmark("argparse")
    run = {"cores": 2, "seconds": 10.0, "peak_GB": 2.0}
    right = argparse.Namespace(shape=[184, 630, 630])
    assert speed._judged(run, right) == {"seconds": 10.0, "peak_GB": 2.0}
    assert speed._judged({**run, "cores": 1}, right) == {}
    assert speed._judged(run, argparse.Namespace(shape=[32, 96, 96])) == {}

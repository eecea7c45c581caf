"""``nunatak train`` as a user runs it: messages, exit codes, settings, what is left behind."""

import inspect
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
import typer
from ended import Ended, Run, stopping_after_step_2

from nunatak.cli import learning_options, train_micrographs
from nunatak.cli import train as command
from nunatak.cli.main import main
from nunatak.detection.model import load_model
from nunatak.learning.settings import LearningSettings, training_steps
from nunatak.learning.volumes.volume_settings import (
    LabelsAre,
    VolumeLearningSettings,
    VolumeObjective,
)
from nunatak.networks.specs import PlanarNetworkName
from nunatak.objectives.registry import OBJECTIVES
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig

FEW_STEPS = "steps = 2\nbatch_size = 2\nvalidate_every = 1\n"
OPTIONS = ("--diameter", "150", "-o", "m.safetensors", "--config", "few.toml", "--threads", "1")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small micrographs with strong particles."""
    folder = tmp_path_factory.mktemp("simulated")
    config = DatasetConfig(
        count=3,
        shape=(320, 352),
        pixel_size_A=6.0,
        diameter_A=150.0,
        particles=(16, 20),
        clumping=0.0,
        junk=0.0,
        contrast_factor=(0.9, 1.0),
        defocus_A=(20_000.0, 30_000.0),
        seed=3,
    )
    simulate_dataset(config, folder, threads=1)
    return folder


@pytest.fixture
def project(simulated: Path, tmp_path: Path) -> Path:
    """The micrographs, labels of two of them, and settings for a short training."""
    (tmp_path / "micrographs").symlink_to(simulated / "micrographs")
    table = read_picks(simulated / "particles.star").table[["image", "x_px", "y_px"]]
    table = table[table["image"].isin(table["image"].unique()[:2])]
    write_labels(tmp_path / "labels.star", table.groupby("image").head(8))
    (tmp_path / "few.toml").write_text(FEW_STEPS)
    return tmp_path


def write_labels(path: Path, table: pd.DataFrame) -> None:
    write_picks(PickSet(table.reset_index(drop=True)), path)


@pytest.fixture
def train(run: Run) -> Run:
    def command(*words: str, labels: str = "labels.star") -> Ended:
        return run("train", "micrographs/*.mrc", "--labels", labels, *OPTIONS, *words)

    return command


def settings_of(model: Path) -> LearningSettings:
    return LearningSettings.model_validate(load_model(model).header.provenance["settings"])


def test_trains_and_says_what_came_of_it(project: Path, train: Run) -> None:
    done = train()
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "16 labels on 2 of 3 micrographs" in done.stderr
    assert "Training on 2 micrographs; 1 with 8 labels kept aside" in done.stderr
    assert re.search(r"kept.*average precision 0\.\d{3} on the held-out labels", done.stderr)
    assert re.search(r"\d+ \[\d+, \d+\] particles a micrograph", done.stderr)
    assert re.search(r"Default threshold 0\.\d+: precision \d\.\d\d \[", done.stderr)
    assert "nunatak pick MICROGRAPHS --model m.safetensors -o picks.star" in done.stderr
    assert (project / "m.html").read_text().startswith("<!DOCTYPE html>")
    assert settings_of(project / "m.safetensors").steps == 2
    record = json.loads((project / "m.training/training.json").read_text())
    assert record["labels"]["n_positive"] == 16
    assert record["settings"]["steps"] == 2

    again = train()
    assert again.returncode == 2
    assert "m.safetensors exists" in again.stderr
    assert "--redo" in again.stderr


def test_info_tells_how_far_a_training_has_come(
    project: Path, train: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train().returncode == 0
    with pytest.raises(SystemExit):
        main(["info", "m.training"])
    text = capsys.readouterr().out
    assert re.search(r"progress +2 of 2 steps", text)
    assert re.search(r"labels +16 on 2 of 3 micrographs", text)
    assert re.search(r"validation +average precision 0\.\d+ at step \d \(best\)", text)
    (project / "m.training/training.json").write_text("{}")
    with pytest.raises(SystemExit) as end:
        main(["info", "m.training"])
    assert end.value.code == 4
    assert "damaged" in capsys.readouterr().err


def test_options_go_before_the_file_and_the_file_before_the_defaults(
    project: Path, train: Run
) -> None:
    (project / "few.toml").write_text(f'{FEW_STEPS}objective = "pn"\nseed = 7\n')
    done = train("--steps", "1", "--objective", "ge-kl", "--teacher", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    settings = settings_of(project / "m.safetensors")
    assert (settings.steps, settings.objective, settings.teacher) == (1, "ge-kl", True)
    assert settings.seed == 7
    assert settings.learning_rate == LearningSettings().learning_rate


def test_labels_that_cannot_be_used_are_counted_and_end_with_exit_code_3(
    project: Path, train: Run
) -> None:
    table = read_picks(project / "labels.star").table[["image", "x_px", "y_px"]]
    outside = table.iloc[:1].assign(x_px=9999.0)
    stranger = table.iloc[:1].assign(image="micrographs/gone.mrc")
    write_labels(project / "labels.star", pd.concat([table, outside, stranger]))
    done = train()
    assert done.returncode == 3
    assert "error: 1 of 17 labels (6 %) lie outside" in done.stderr
    assert "1 of 4 micrographs failed:" in done.stderr
    assert "gone.mrc" in done.stderr
    assert (project / "m.safetensors").exists()
    page = (project / "m.html").read_text()
    assert "gone.mrc" in page
    assert "lie outside" in page


def test_labels_in_another_unit_are_refused_or_read_as_told(project: Path, train: Run) -> None:
    table = read_picks(project / "labels.star").table[["image", "x_px", "y_px"]]
    binned = table.assign(x_px=table["x_px"] / 2, y_px=table["y_px"] / 2)
    write_labels(project / "binned.star", binned)
    refused = train(labels="binned.star")
    assert refused.returncode == 4
    assert not (project / "m.safetensors").exists()
    done = train("--labels-binning", "2", "--quiet", labels="binned.star")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--network", "ResNet8"), 2, "has a network of its own"),
        (("--resume", "--redo"), 2, "Give one of them"),
        (("--config", "none.toml"), 4, "none.toml: cannot read the settings"),
        (("--config", "odd.toml"), 4, "odd.toml: stepz: Extra inputs are not permitted"),
        (("--report", "few.toml"), 2, "a report is an HTML file"),
        (("--start", "gone.safetensors"), 4, "gone.safetensors: no such model file"),
        (("--validation", "few.mrc"), 4, "few.mrc"),
        (("--labels-orientation", "upside-down"), 2, "upside-down"),
    ],
)
def test_mistakes_are_explained(
    project: Path, train: Run, words: tuple[str, ...], code: int, message: str
) -> None:
    (project / "odd.toml").write_text("stepz = 1\n")
    done = train(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.glob("m.*"))


def test_a_report_by_default_replaces_no_page_of_others(project: Path, train: Run) -> None:
    (project / "m.html").write_text("<p>my notes</p>")
    done = train("--redo")
    assert done.returncode == 2
    assert "is not a report of nunatak" in done.stderr
    assert (project / "m.html").read_text() == "<p>my notes</p>"


def test_an_interrupted_training_goes_on(
    project: Path, train: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "few.toml").write_text(FEW_STEPS.replace("steps = 2", "steps = 4"))
    metrics = project / "m.training/metrics.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(train_micrographs, "training_progress", stopping_after_step_2)
        stopped = train()
    assert stopped.returncode == 130
    assert "Interrupted after 2 of 4 steps" in stopped.stderr
    assert "Give the same command again to go on" in stopped.stderr
    assert not (project / "m.safetensors").exists()
    kept = metrics.read_text()

    other = train("--seed", "1")
    assert other.returncode == 4  # another training is not gone on with
    finished = train("--resume")
    assert finished.returncode == 0, finished.stderr
    assert metrics.read_text().startswith(kept)
    assert len(metrics.read_text().splitlines()) == 5


def test_objectives_are_listed_without_any_other_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as end:
        main(["train", "--list-objectives"])
    assert not end.value.code
    printed = capsys.readouterr()
    assert printed.err == ""
    for objective in OBJECTIVES.values():
        for text in (objective.name, objective.description, objective.source):
            assert text in printed.out
    assert printed.out.count("needs no prior") == 1


def test_choices_are_those_of_the_library() -> None:
    of_tomograms = set(get_args(VolumeObjective))
    assert set(learning_options.ObjectiveChoice) == set(OBJECTIVES) | of_tomograms
    assert set(learning_options.FOR_TOMOGRAMS) == of_tomograms
    assert set(learning_options.NetworkChoice) == set(get_args(PlanarNetworkName))


def test_defaults_in_the_help_are_those_of_the_settings() -> None:
    root = typer.main.get_command(typer_of(command.train))
    texts = {parameter.name: parameter.help for parameter in root.params}
    default, of_tomograms = LearningSettings(), VolumeLearningSettings()

    def chosen(labels_are: LabelsAre, **given: object) -> VolumeLearningSettings:
        given_too = of_tomograms.model_copy(update=given)
        return given_too.for_labels(labels_are, with_unlabelled=labels_are == "sparse")

    complete, sparse = chosen("complete"), chosen("sparse")
    scratch, untaught = chosen("sparse", start=None), chosen("sparse", teacher=False)
    yes_or_no = {True: "yes", False: "no"}
    assert default.teacher == complete.teacher
    assert complete.objective == sparse.objective
    assert scratch.objective == sparse.objective
    assert default.seed == of_tomograms.seed
    stated = {
        "start": f"{default.start}; on tomograms {of_tomograms.start or 'none'}",
        "objective": f"{default.objective}; on tomograms {complete.objective}, or "
        f"{untaught.objective} with sparse labels and no teacher",
        "teacher": f"{yes_or_no[bool(default.teacher)]}; on tomograms "
        f"{yes_or_no[bool(sparse.teacher)]}, where not all of them are completely labelled",
        "network": default.network.name,
        "steps": f"{training_steps(1)} to {training_steps(10**6)}, by the number of labels, or "
        f"{LearningSettings(start=None).steps} with --start none; on tomograms "
        f"{of_tomograms.steps}",
        "seed": default.seed,
    }
    for name, value in stated.items():
        assert texts[name].endswith(f"Default: {value}."), name
    assert default.validation_share == of_tomograms.validation_share == 0.25
    assert "a quarter of the labels" in texts["validation"]
    assert set(inspect.signature(command.train).parameters) >= set(stated)


def typer_of(function: Callable[..., None]) -> typer.Typer:
    app = typer.Typer()
    app.command()(function)
    return app

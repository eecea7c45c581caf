"""A training from micrographs and labels to a model file, whatever happens on the way."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import training_program
from specimens import DIAMETER_A, Specimen

import nunatak
from nunatak.detection.cut_particles import CUT_LOGIT
from nunatak.detection.header import ModelClass, ModelHeader
from nunatak.detection.model import DetectorModel, load_model, save_model
from nunatak.errors import Interrupted, Mismatch, UsageError
from nunatak.images import normalise
from nunatak.learning.record import RECORD
from nunatak.learning.result import TrainingResult
from nunatak.learning.settings import LearningSettings, changed, learning_rate
from nunatak.learning.summary import what_was_kept
from nunatak.learning.train import train
from nunatak.learning.validator import Validator
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.picks.formats import write_picks
from nunatak.training.checkpoint import load_checkpoint
from nunatak.training.folder import training_folder
from nunatak.training.progress import Progress

FEW = training_program.SETTINGS
Train = Callable[..., TrainingResult]
TIMEOUT_S = 300


@pytest.fixture
def trained(specimen: Specimen, tmp_path: Path) -> Train:
    def run(**options: Any) -> TrainingResult:
        chosen = {"output": tmp_path / "m.safetensors", "diameter_A": DIAMETER_A, "settings": FEW}
        chosen |= {"device": "cpu", "threads": 1} | options
        labels = chosen.pop("labels", specimen.labels())
        return train(chosen.pop("micrographs", [specimen.folder]), labels, **chosen)

    return run


@pytest.fixture(scope="module")
def finished(specimen: Specimen, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """A training that nothing disturbed."""
    return train(
        [specimen.folder],
        specimen.labels(),
        output=tmp_path_factory.mktemp("finished") / "m.safetensors",
        diameter_A=DIAMETER_A,
        settings=FEW,
        device="cpu",
        threads=1,
    )


def weights(path: Path) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in load_model(path).network.state_dict().items()}


def same_weights(first: Path, second: Path) -> bool:
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def last_checkpoint(result: TrainingResult) -> dict[str, torch.Tensor]:
    return load_checkpoint(result.folder / "last.safetensors").group("average")


def stop_at(step: int) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if progress.step == step:
            signal.raise_signal(signal.SIGTERM)

    return tell


def test_the_model_says_what_it_is(finished: TrainingResult, specimen: Specimen) -> None:
    model = load_model(finished.output)
    assert finished.model.sha256 == model.sha256
    header = model.header
    assert header.name == "m"
    assert [(kind.name, kind.diameter_A) for kind in header.classes] == [("particle", DIAMETER_A)]
    assert header.provenance["labels"] == 16
    assert header.provenance["start"]["name"] == "general-2d"  # type: ignore[index, call-overload]
    assert header.provenance["calibration"] == {
        "data": "16 labels on 2 micrographs, from none of which the model has learned"
    }
    assert header.provenance["validation_micrographs"] == list(finished.validation)
    assert finished.is_calibrated
    assert header.threshold_table != load_model("general-2d").header.threshold_table
    assert not set(finished.training) & set(finished.validation)
    assert [entry.step for entry in finished.metrics] == list(range(7))
    assert finished.last_step == 6
    assert finished.failures == ()
    picks = nunatak.pick([specimen.folder], model=finished.output, diameter_A=DIAMETER_A)
    assert len(picks.picks.table.query("selected")) > 40


@pytest.mark.parametrize("step", [0, 4])
def test_an_interrupted_training_ends_with_the_same_weights(
    trained: Train, finished: TrainingResult, step: int
) -> None:
    with pytest.raises(Interrupted, match="Give the same command again"):
        trained(on_progress=stop_at(step))
    again = trained()
    assert same_weights(again.output, finished.output)
    assert [entry.step for entry in again.metrics] == list(range(7))
    last, other = last_checkpoint(finished), last_checkpoint(again)
    for name, tensor in last.items():
        assert torch.equal(other[name], tensor), name


def test_what_was_written_is_not_replaced_unasked(trained: Train, tmp_path: Path) -> None:
    output = tmp_path / "m.safetensors"
    output.write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists"):
        trained()
    assert output.read_bytes() == b"precious"
    assert trained(redo=True).output == output
    assert load_model(output)


@pytest.fixture(scope="module")
def stopped(specimen: Specimen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a training that was stopped after its first step."""
    output = tmp_path_factory.mktemp("stopped") / "m.safetensors"
    with pytest.raises(Interrupted):
        train(
            [specimen.folder],
            specimen.labels(),
            output=output,
            diameter_A=DIAMETER_A,
            settings=FEW,
            device="cpu",
            threads=1,
            on_progress=stop_at(1),
        )
    return output


def test_another_seed_is_not_gone_on_with(trained: Train, stopped: Path) -> None:
    with pytest.raises(Mismatch, match=r"other settings or data \(seed: 0 then; now 1\)"):
        trained(output=stopped, settings=changed(FEW, {"seed": 1}))
    assert not stopped.exists()
    record = json.loads((training_folder(stopped) / RECORD).read_text())
    assert record["settings"]["seed"] == 0  # the course in this folder is still that of seed 0


def test_another_number_of_particles_is_not_gone_on_with(trained: Train, stopped: Path) -> None:
    with pytest.raises(Mismatch, match=r"expected_particles.*--redo"):
        trained(output=stopped, expected_particles=30.0)


@pytest.mark.parametrize("change", ["fewer", "moved"])
def test_other_labels_are_not_gone_on_with(
    trained: Train, stopped: Path, specimen: Specimen, change: str
) -> None:
    labels = specimen.labels(each=7 if change == "fewer" else 8)
    if change == "moved":
        labels.table["x_px"] += 0.5
    with pytest.raises(Mismatch, match=r"training.*--redo"):
        trained(output=stopped, labels=labels)


def test_harm_is_not_kept(trained: Train) -> None:
    result = trained(settings=changed(FEW, {"learning_rate": 0.2}))
    assert result.best_step == 0
    general = weights(load_model("general-2d").path)  # type: ignore[arg-type]
    assert all(np.array_equal(general[name], t) for name, t in weights(result.output).items())
    worse = [entry.validation for entry in result.metrics if entry.validation is not None]
    assert worse[-1] < worse[0] == result.validation_score


def test_the_learning_rate_follows_the_number_of_labels(trained: Train) -> None:
    unset = {"learning_rate": None, "schedule": "constant", "steps": 1, "validate_every": 1}
    few = trained(settings=changed(FEW, {**unset, "validation_share": 0.0}))
    assert few.metrics[-1].learning_rate == pytest.approx(learning_rate(16))


def test_from_scratch(trained: Train) -> None:
    network = {"name": "UNet", "parameters": {"width": 4, "depth": 2}}
    result = trained(settings=changed(FEW, {"start": None, "network": network, "teacher": True}))
    header = result.model.header
    assert header.network == NetworkSpec.model_validate(network)
    assert header.provenance["start"] is None
    assert header.score_floor == 0.05
    assert header.cut_logit == CUT_LOGIT


def test_with_a_single_labelled_micrograph_thresholds_follow_from_the_general_model(
    trained: Train, specimen: Specimen
) -> None:
    result = trained(labels=specimen.labels(micrographs=1, each=12))
    assert result.validation == ()
    assert (result.validation_score, result.ahead, result.best_step) == (None, None, 6)
    header = result.model.header
    assert header.threshold_table
    best = max(header.threshold_table, key=lambda row: row.f1)
    assert header.default_threshold == best.threshold
    basis = header.provenance["calibration"]["data"]
    assert basis == "12 labels on 1 micrograph, by way of the general model"
    assert result.is_calibrated
    assert result.examples
    assert "at least four on some micrographs and four on others" in what_was_kept(result)
    none_asked = what_was_kept(replace(result, asked_aside=False))
    assert none_asked.endswith("kept aside for validation (validation_share is 0).")


def test_what_is_worse_even_on_its_own_labels_is_not_kept(
    trained: Train, specimen: Specimen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validator, "share_ahead", lambda *_given: 0.4)
    result = trained(labels=specimen.labels(micrographs=1, each=12))
    assert (result.best_step, result.last_step, result.validation_score) == (0, 6, None)
    assert "even on the labels that were learned from" in what_was_kept(result)
    before = load_model("general-2d").network.state_dict()
    after = result.model.network.state_dict()
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())
    assert result.is_calibrated


def test_corrections_choose_the_threshold_by_way_of_the_general_model(
    trained: Train, specimen: Specimen
) -> None:
    shown_from = load_model("general-2d").header.default_threshold
    header = trained(shown_from=shown_from).model.header
    assert "by way of the general model" in header.provenance["calibration"]["data"]
    assert header.threshold_table


@pytest.mark.parametrize("normalisation", ["background", "mixture"])
def test_patch_classifiers(trained: Train, normalisation: str) -> None:
    settings = LearningSettings.model_validate(
        {
            "start": None,
            "network": {"name": "Conv31", "parameters": {"units": 4}},
            "objective": "ge-binomial",
            "autoencoder_weight": 1e-3,
            "steps": 2,
            "batch_size": 32,
            "validate_every": 1,
            "schedule": "constant",
            "averaging": 0.0,
            "gradient_clip": None,
            "diameter_px": 12.0,
            "normalisation": normalisation,
        }
    )
    header = trained(settings=settings).model.header
    assert header.network.name == "Conv31"
    assert header.diameter_px == 12.0
    assert header.cut_logit == 0.0


def test_a_start_of_several_kinds_is_refused(trained: Train, tmp_path: Path) -> None:
    spec = NetworkSpec.model_validate(
        {"name": "UNet", "parameters": {"width": 4, "depth": 2, "classes": 2}}
    )
    kinds = (ModelClass(name="one"), ModelClass(name="other"))
    header = ModelHeader(name="two", network=spec, classes=kinds, normalisation=normalise.VERSION)
    save_model(DetectorModel(header, build(spec)), tmp_path / "two.safetensors")
    with pytest.raises(UsageError, match="two scores 2 kinds of particles"):
        trained(settings=changed(FEW, {"start": str(tmp_path / "two.safetensors")}))


def test_an_impossible_output_is_refused_before_the_work(trained: Train, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a model file ends in \.safetensors"):
        trained(output=tmp_path / "model.pt", micrographs=["nowhere"])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def words(specimen: Specimen, tmp_path: Path) -> list[str]:
    write_picks(specimen.labels(), tmp_path / "labels.star")
    arguments = [specimen.folder, tmp_path / "labels.star", tmp_path / "m.safetensors"]
    return [sys.executable, training_program.__file__, *map(str, arguments)]


def test_a_scheduler_may_end_it(
    words: list[str], trained: Train, finished: TrainingResult, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*words, "--slow", "0.2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "2":
                process.terminate()
        _, complaint = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, complaint
    assert "Interrupted after" in complaint
    output = tmp_path / "m.safetensors"
    assert not output.exists()
    steps: list[int] = []
    again = trained(on_progress=lambda progress: steps.append(progress.step))
    assert steps[0] > 2
    assert steps[-1] == 6
    assert same_weights(again.output, finished.output)


@pytest.mark.slow
def test_two_processes_write_one_model(words: list[str], tmp_path: Path) -> None:
    run = subprocess.run(
        [*words, "--processes", "2"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert run.returncode == 0, run.stderr
    assert [int(line) for line in run.stdout.split()] == list(range(7)), "the first alone tells"
    assert load_model(tmp_path / "m.safetensors").header.provenance["labels"] == 16
    names = {path.name for path in training_folder(tmp_path / "m.safetensors").iterdir()}
    assert names >= {"last.safetensors", "best.safetensors", "metrics.jsonl"}

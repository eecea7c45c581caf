"""The page about a training: whole, right, and safe from what names and labels hold."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nunatak.detection.header import ModelClass, ModelHeader, NetworkSpec, ThresholdRow
from nunatak.detection.model import DetectorModel, save_model
from nunatak.detection.result import Failure
from nunatak.errors import UsageError
from nunatak.geometry import Scale
from nunatak.images import normalise
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.found import Found
from nunatak.learning.labels.report import Finding, LabelReport, Severity
from nunatak.learning.result import TrainingResult
from nunatak.learning.settings import LearningSettings
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.specs import UNetParameters
from nunatak.networks.unet import UNet
from nunatak.reports.training import build_training_report
from nunatak.training.metrics import StepMetrics

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }}.mrc"


def example(name: str, rng: np.random.Generator) -> tuple[WorkingImage, Found]:
    """Return two labels, one found, with one more candidate; the image is half the stored size."""
    image = WorkingImage(
        name=name,
        image=rng.standard_normal((80, 100), dtype=np.float32),
        scale=Scale((160, 200), (80, 100)),
        positives_px=np.array([[20, 30], [70, 50]], dtype=np.float32),
        negatives_px=np.array([[90, 10]], dtype=np.float32),
    )
    found = Found(np.array([[21.0, 30.0], [50.0, 60.0]]), np.array([0.9, 0.8]), np.array([0.9, 0]))
    return image, found


@pytest.fixture
def result(tmp_path: Path, rng: np.random.Generator) -> TrainingResult:
    """A training that has not taken place."""
    parameters = UNetParameters(width=1, depth=1)
    table = tuple(
        ThresholdRow(
            threshold=threshold,
            precision=0.5 + threshold / 2,
            recall=1 - threshold,
            f1=0.5,
            precision_low=0.4,
            precision_high=1.0,
        )
        for threshold in (0.05, 0.12, 0.5, 0.75)
    )
    header = ModelHeader(
        name="bgal",
        network=NetworkSpec(parameters=parameters),
        normalisation=normalise.VERSION,
        classes=(ModelClass(name="particle", diameter_A=180.0),),
        default_threshold=0.5,
        threshold_table=table,
        provenance={
            "settings": LearningSettings().model_dump(mode="json"),
            "start": {"name": "general-2d", "sha256": "0" * 64},
            "calibration": {"data": "two held-out labels"},
        },
    )
    output = tmp_path / "bgal.safetensors"
    model = DetectorModel(header, UNet(**parameters.model_dump()).eval(), output)
    save_model(model, output)
    report = LabelReport(
        source="labels.star", n_read=3, n_positive=2, n_negative=1, n_micrographs=3, n_labelled=1
    )
    return TrainingResult(
        model=model,
        output=output,
        folder=tmp_path / "bgal.training",
        contrast="dark",
        labels=report,
        particles=ParticleNumber(30.0, 20.0, 40.0),
        training=("b.mrc",),
        validation=("a.mrc",),
        failures=(),
        best_step=2,
        last_step=4,
        ahead=0.97,
        ahead_asked=0.8,
        is_calibrated=True,
        validation_score=0.875,
        examples=(example("mics/a.mrc", rng),),
        metrics=tuple(
            StepMetrics(step, 1.0 if step else None, None, step, 0.8 if step % 2 == 0 else None)
            for step in range(5)
        ),
        seconds=4.0,
    )


def page_of(result: TrainingResult) -> str:
    path = build_training_report(result, result.output.with_suffix(".html"))
    return path.read_text(encoding="utf-8")


def test_the_page_is_whole_and_needs_nothing_else(
    result: TrainingResult, check_page: Callable[[str], None]
) -> None:
    check_page(page_of(result))


def test_the_page_says_what_came_of_the_training(result: TrainingResult) -> None:
    text = page_of(result)
    assert "bgal: trained on 2 labels" in text
    assert "The weights after step 2 of 4 steps were kept" in text
    assert "0.875" in text
    assert "97 % of draws" in text
    assert "kept: step 2" in text
    assert "By two held-out labels" in text
    for title in ("Course", "Thresholds", "Validation micrographs", "Lowest labels"):
        assert f"{title}</h2>" in text
    # Rows at round thresholds; 0.12 lies between them.
    rows = re.findall(r'<tr><td class="number">([\d.]+)</td>', text)
    assert rows == ["0.05", "0.5", "0.75"]


def test_labels_and_picks_are_drawn_by_what_became_of_them(result: TrainingResult) -> None:
    text = page_of(result)
    assert "1 of 2 labels found, 1 pick without a label" in text
    circles = {
        kind: re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"', inside)
        for kind, inside in re.findall(r'<g class="(\w+)">(.*?)</g>', text, re.DOTALL)
    }
    # The particle spans 20 pixels of the working image; an SVG begins half a pixel before 0.
    assert circles == {
        "found": [("20.5", "30.5", "10.0")],
        "missed": [("70.5", "50.5", "10.0")],
        "unlabelled": [("50.5", "60.5", "10.0")],
        "negative": [("90.5", "10.5", "10.0")],
    }
    # Galleries name places in the stored image, twice as large.
    assert "a.mrc, x 100, y 120" in text
    assert "a.mrc, x 140, y 100" in text


def test_a_higher_threshold_turns_found_labels_into_missed_ones(result: TrainingResult) -> None:
    header = result.model.header.model_copy(update={"default_threshold": 0.95})
    text = page_of(replace(result, model=replace(result.model, header=header)))
    assert "0 of 2 labels found, 0 picks without a label" in text


def test_the_page_says_why_the_start_was_kept(result: TrainingResult) -> None:
    unsure = page_of(replace(result, best_step=0, ahead=0.6))
    assert "The start was kept" in unsure
    assert "in only 60 % of draws" in unsure
    never = page_of(replace(result, best_step=0, ahead=None))
    assert "no validation in 4 steps of training was better" in never


def test_without_validation_the_page_does_not_pretend(result: TrainingResult) -> None:
    metrics = tuple(replace(one, validation=None) for one in result.metrics)
    header = result.model.header.model_copy(update={"threshold_table": ()})
    text = page_of(
        replace(
            result,
            model=replace(result.model, header=header),
            validation=(),
            validation_score=None,
            is_calibrated=False,
            ahead=None,
            metrics=metrics,
        )
    )
    assert "unjudged" in text
    assert "Training micrographs</h2>" in text
    assert "finding them proves little" in text
    assert "Thresholds</h2>" not in text


def test_findings_and_failures_are_shown_and_cannot_inject_html(
    result: TrainingResult, rng: np.random.Generator, check_page: Callable[[str], None]
) -> None:
    finding = Finding(
        kind="outside", severity=Severity.ERROR, count=1, text=f"outside {HOSTILE}", cause="why"
    )
    labels = replace(
        result.labels, source=HOSTILE, findings=(finding,), unusable=((HOSTILE, "no image"),)
    )
    text = page_of(
        replace(
            result,
            labels=labels,
            failures=(Failure(HOSTILE, f"cannot read {HOSTILE}"),),
            examples=(example(HOSTILE, rng),),
            validation=(HOSTILE,),
        )
    )
    check_page(text)
    assert "{{ 7*7 }}" in text  # as it is: no second template runs over it
    assert "Failed files" in text
    assert "no image" in text
    assert '<li class="error"><b>error</b>' in text


def test_no_file_of_others_is_replaced(result: TrainingResult, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine")
    with pytest.raises(UsageError, match="not a report"):
        build_training_report(result, page)
    assert page.read_text() == "mine"
    build_training_report(result, page, redo=True)
    build_training_report(result, page)  # its own it replaces

"""The page about a training on tomograms."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.detection.header import ThresholdRow
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.errors import UsageError
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume
from nunatak.learning.volumes.train_tomograms import train_tomograms
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_validation import ClassFigures
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.picks.table import PickSet
from nunatak.reports.volume_training import build_volume_training_report
from nunatak.training.metrics import StepMetrics

HOSTILE = "<script>alert(1)</script>\" onload='x' {{ 7*7 }}.mrc"
Circles = list[tuple[str, list[tuple[str, str, str]]]]


def network_spec(classes: int) -> NetworkSpec:
    return NetworkSpec.model_validate(
        {"name": "UNet3d", "parameters": {"classes": classes, "channels": (4, 6)}}
    )


def example(
    name: str, rng: np.random.Generator, *, is_complete: bool = True
) -> tuple[WorkingVolume, VolumeCandidates]:
    """Return three labels near z 12, two of them found, and one more candidate of each class."""
    volume = WorkingVolume(
        name=name,
        voxels=rng.normal(size=(24, 30, 40)).astype(np.float16),
        centres_px=np.array([[10.0, 8.0, 12.0], [30.0, 20.0, 11.0], [20.0, 25.0, 12.0]]),
        class_index=np.array([0, 1, 1]),
        is_complete=is_complete,
    )
    found = VolumeCandidates(
        # At the first label; at the second, but of the other class; near the third; and alone.
        xyz_px=np.array([[11.0, 8, 12], [30, 20, 11], [20, 26, 12], [35, 5, 12]], dtype=np.float64),
        score=np.array([0.9, 0.8, 0.7, 0.3]),
        class_index=np.array([0, 0, 1, 1]),
    )
    return volume, found


@pytest.fixture
def result(tmp_path: Path, rng: np.random.Generator) -> VolumeTrainingResult:
    """A training that has not taken place."""
    table = tuple(
        ThresholdRow(threshold=value, precision=value, recall=1 - value, f1=0.5)
        for value in (0.05, 0.125, 0.4, 0.6)
    )
    header = VolumeModelHeader(
        name="cell",
        network=network_spec(2),
        classes=(
            VolumeClass(name="small", diameter_A=80.0, threshold=0.6, threshold_table=table),
            VolumeClass(name="large", diameter_A=120.0, threshold=0.4, threshold_table=table),
        ),
        normalisation=VERSION,
        provenance={"labels": {"n_positive": 1234}, "labels_are": "complete", "start": None},
    )
    output = tmp_path / "cell.safetensors"
    model = VolumeModel(header, build(network_spec(2)))
    save_volume_model(model, output)
    return VolumeTrainingResult(
        model=model,
        output=output,
        folder=tmp_path / "cell.training",
        training=("b.mrc", "c.mrc"),
        validation=("tomograms/a.mrc",),
        figures={
            "small": ClassFigures(1, 0.912, 0.834, 0.6, table),
            "large": ClassFigures(0, float("nan"), float("nan"), 0.4, ()),
        },
        best_step=2,
        last_step=4,
        validation_score=0.912,
        metrics=tuple(
            StepMetrics(step, 1.0 if step else None, None, step, 0.8 if step % 2 == 0 else None)
            for step in range(5)
        ),
        seconds=4.0,
        first_lesson=2,
        examples=(example("tomograms/a.mrc", rng),),
    )


def page_of(result: VolumeTrainingResult) -> str:
    path = build_volume_training_report(result, result.output.with_suffix(".html"))
    return path.read_text(encoding="utf-8")


def test_the_page_tells_the_story_of_the_training(
    result: VolumeTrainingResult, check_page: Callable[[str], None]
) -> None:
    text = page_of(result)
    check_page(text)
    assert "cell: trained on 1\u202f234 labels" in text
    assert "kept: step 2" in text
    assert "the teacher’s labels count, too" in text
    assert "2 tomograms for training (with or without labels) and 1 kept aside" in text
    for title in ("Course", "Classes", "Thresholds", "Validation tomograms", "Lowest labels"):
        assert f"{title}</h2>" in text
    assert "All particles are labelled, so that a pick without a label is wrong" in text
    assert "micrograph" not in text


def test_classes_have_their_figures_and_thresholds(result: VolumeTrainingResult) -> None:
    text = page_of(result)
    rows = re.findall(r"<tr><th scope=\"row\"><bdi>(\w+)</bdi></th>(.*?)</tr>", text)
    cells = {name: re.findall(r'<td class="number">(.*?)</td>', inside) for name, inside in rows}
    assert cells == {
        "small": ["80 Å", "1", "0.912", "0.834", "0.6", "0.60", "0.40"],
        "large": ["120 Å", "0", "–", "–", "0.4", "0.40", "0.60"],
    }
    assert "No particle of large lies in the tomograms kept aside. Thresholds: large 0.4." in text
    assert text.count("default threshold 0.6") == text.count("default threshold 0.4") == 1
    # Rows at round thresholds; 0.125 lies between them.
    assert re.findall(r'<tr><td class="number">([\d.]+)</td>', text) == ["0.05", "0.4", "0.6"] * 2


def test_where_nothing_is_selected_there_is_no_precision(result: VolumeTrainingResult) -> None:
    small, large = result.model.header.classes
    table = (
        ThresholdRow(threshold=0.2, precision=0.0, recall=0.0, f1=0.0),
        ThresholdRow(threshold=0.4, precision=1.0, recall=0.0, f1=0.0),
    )
    classes = (small, large.model_copy(update={"threshold_table": table}))
    header = result.model.header.model_copy(update={"classes": classes})
    text = page_of(replace(result, model=replace(result.model, header=header)))
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    cells = [re.findall(r'<td class="number">(.*?)</td>', row) for row in rows]
    assert ["0.2", "0.00", "0.00", "0.00", "–"] in cells
    assert ["0.4", "–", "0.00", "0.00", "–"] in cells
    assert ["120 Å", "0", "–", "–", "0.4", "–", "0.00"] in cells
    assert "1.00" not in {cell for row in cells for cell in row}


def test_labels_and_picks_are_drawn_by_what_became_of_them(
    result: VolumeTrainingResult, circles_in: Callable[[str], Circles]
) -> None:
    text = page_of(result)
    # A candidate of the other class finds nothing, and one below its threshold is no pick.
    assert "2 of 3 labels found, 1 pick without a label" in text
    along_z = dict(circles_in(text)[:3])
    assert along_z == {
        "found": [("10.5", "8.5", "4.0"), ("20.5", "25.5", "6.0")],
        "missed": [("30.5", "20.5", "6.0")],
        "unlabelled": [("30.5", "20.5", "4.0")],
    }
    assert "a.mrc, small, x 30, y 20, z 11 (voxels of 10 Å)" in text
    assert "a.mrc, large, x 35, y 5, z 12 (voxels of 10 Å)" in text


def test_without_validation_the_page_does_not_pretend(
    result: VolumeTrainingResult, rng: np.random.Generator
) -> None:
    header = result.model.header
    classes = tuple(kind.model_copy(update={"threshold_table": ()}) for kind in header.classes)
    header = header.model_copy(update={"classes": classes})
    text = page_of(
        replace(
            result,
            model=replace(result.model, header=header),
            validation=(),
            figures={},
            validation_score=None,
            metrics=tuple(replace(one, validation=None) for one in result.metrics),
            examples=(example("b.mrc", rng, is_complete=False),),
        )
    )
    assert "unjudged" in text
    assert "Training tomograms</h2>" in text
    assert "finding them proves little" in text
    assert "a pick without a label may be right" in text
    assert (
        "Nothing was kept aside to judge them. Thresholds: small 0.6, large 0.4. They are" in text
    )
    assert "Thresholds</h2>" not in text


def test_names_cannot_inject_html(
    result: VolumeTrainingResult, rng: np.random.Generator, check_page: Callable[[str], None]
) -> None:
    text = page_of(replace(result, examples=(example(HOSTILE, rng),), validation=(HOSTILE,)))
    check_page(text)
    assert "{{ 7*7 }}" in text  # as it is: no second template runs over it


def test_no_file_of_others_is_replaced(result: VolumeTrainingResult, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine")
    with pytest.raises(UsageError, match="not a report"):
        build_volume_training_report(result, page)
    assert page.read_text() == "mine"
    build_volume_training_report(result, page, redo=True)
    build_volume_training_report(result, page)  # its own it replaces


@pytest.mark.parametrize("aside", [["a"], []])
def test_a_training_brings_its_examples(
    aside: list[str], result: VolumeTrainingResult, tmp_path: Path, rng: np.random.Generator
) -> None:
    one_class = VolumeModelHeader(
        name="tiny",
        network=network_spec(1),
        classes=(VolumeClass(name="particle", diameter_A=80.0),),
        normalisation=VERSION,
    )
    start = tmp_path / "tiny.safetensors"
    save_volume_model(VolumeModel(one_class, build(network_spec(1))), start)
    paths = {name: str(tmp_path / f"{name}.mrc") for name in "abcd"}
    for path in paths.values():
        write_mrc_volume(path, rng.normal(size=(16, 24, 24)).astype(np.float32), 10.0)
    # The more labels, the sooner shown; of d nothing is known.
    rows = [
        (paths[name], 4.0 + n, 8.0, 8.0)
        for name, k in zip("abc", (1, 2, 3), strict=True)
        for n in range(k)
    ]
    labels = PickSet(pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px"]))
    trained = train_tomograms(
        list(paths.values()),
        labels,
        output=tmp_path / "trained.safetensors",
        diameters_A={"particle": 80.0},
        labels_are="complete",
        validation_tomograms=[paths[name] for name in aside],
        settings=VolumeLearningSettings(start=str(start), steps=1, batch_size=1, crop_px=16),
        threads=1,
    )
    shown = [volume.name for volume, _ in trained.examples]
    assert shown == ([paths["a"]] if aside else [paths["c"], paths["b"]])
    assert ("Validation tomograms</h2>" in page_of(trained)) == bool(aside)

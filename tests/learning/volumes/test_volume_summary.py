"""What a user is told about a training on tomograms."""

from dataclasses import replace
from math import nan
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.images.normalise_volume import VERSION
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.volumes.volume_label_set import (
    NO_LABELS,
    TomogramLabels,
    VolumeLabelSet,
)
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_summary import in_words, labels_in_words, what_was_kept
from nunatak.learning.volumes.volume_validation import ClassFigures
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec


def trained(start: dict[str, str] | None = None) -> VolumeTrainingResult:
    spec = NetworkSpec.model_validate(
        {"name": "UNet3d", "parameters": {"classes": 2, "channels": (4, 4)}}
    )
    header = VolumeModelHeader(
        name="cell",
        network=spec,
        classes=(
            VolumeClass(name="ribosome", diameter_A=300.0, threshold=0.35),
            VolumeClass(name="spike", diameter_A=120.0),
        ),
        normalisation=VERSION,
        provenance={"start": start},
    )
    return VolumeTrainingResult(
        model=VolumeModel(header, build(spec)),
        output=Path("my cell.safetensors"),
        folder=Path("my cell.training"),
        training=("a", "b"),
        validation=("c",),
        figures={
            "ribosome": ClassFigures(12, 0.9, 0.85, 0.35, ()),
            "spike": ClassFigures(0, nan, nan, 0.5, ()),
        },
        best_step=400,
        last_step=600,
        validation_score=0.9,
        metrics=(),
        seconds=61.4,
    )


def test_figures_come_class_by_class() -> None:
    assert in_words(trained()).splitlines() == [
        "The weights after step 400 of 600 steps were kept: mean average precision 0.900 on 1 "
        "tomogram kept aside.",
        "Trained on 2 tomograms in 61 s, at voxels of 10 Å.",
        "  class     particles     AP     F1  threshold",
        "  ribosome         12  0.900  0.850       0.35",
        "  spike             0      -      -        0.5",
        "No particle of spike lies in the tomograms kept aside. Thresholds: spike 0.5. They are "
        "the default and rest on nothing that was learned here: every tomogram read is completely "
        "labelled and was kept aside or trained on. Give some without labels as well, or look at "
        "the picks and choose anew (nunatak pick: --threshold).",
        "my cell.safetensors is the model. To pick with it:",
        "  nunatak pick TOMOGRAMS --model 'my cell.safetensors' -o picks.csv",
    ]


def test_without_validation_nothing_is_promised() -> None:
    unjudged = replace(trained(), validation=(), figures={}, validation_score=None, best_step=600)
    text = in_words(unjudged)
    assert "step 600 of 600 steps were kept, unjudged. No tomogram was kept aside" in text
    assert "F1" not in text
    assert "Thresholds: ribosome 0.35, spike 0.5. They are the default and rest on nothing" in text


def test_unjudged_thresholds_say_what_they_rest_on() -> None:
    unjudged = replace(trained(), validation=(), figures={}, validation_score=None)

    def said(result: VolumeTrainingResult = unjudged, **provenance: JsonValue) -> str:
        header = result.model.header.model_copy(update={"provenance": provenance})
        return in_words(replace(result, model=VolumeModel(header, result.model.network)))

    by_number = said(thresholds_counted_in=["a", "b"], start={"name": "general-3d"})
    assert "spike 0.5. There, 2 tomograms not completely labelled hold as many" in by_number
    starts = said(thresholds_counted_in=[], start={"name": "general-3d"})
    assert "are those of general-3d and rest on" in starts
    in_part = said(trained(), thresholds_counted_in=["a", "b"])
    assert "kept aside. Thresholds: spike 0.5. There, 2 tomograms not completely" in in_part
    figures = {name: ClassFigures(3, 0.9, 0.8, 0.5, ()) for name in ("ribosome", "spike")}
    assert "Thresholds" not in said(replace(trained(), figures=figures))


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (None, "The random first weights were kept (mean average precision 0.900"),
        ({"name": "general-3d"}, "The start was kept (mean average precision 0.900"),
    ],
)
def test_a_training_that_did_not_help_says_so(start: dict[str, str] | None, says: str) -> None:
    assert what_was_kept(replace(trained(start), best_step=0)).startswith(says)


def test_labels_are_counted_by_class() -> None:
    some = TomogramLabels(np.zeros((3, 3)), np.array([1, 1, 0]))
    note = Finding(kind="duplicate", severity=Severity.NOTE, count=1, text="One is double")
    labels = VolumeLabelSet({"a": some, "b": NO_LABELS}, ("virus", "spike"), (note,))
    assert labels_in_words(labels) == (
        "3 labels in 2 tomograms: 1 virus, 2 spike.\nnote: One is double."
    )

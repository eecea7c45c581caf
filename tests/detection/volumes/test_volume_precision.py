"""Thresholds for tomograms, chosen by the precision that they promise."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.detection.header import ThresholdRow
from nunatak.detection.record import record_path
from nunatak.detection.volumes.pick_tomograms import pick_tomograms
from nunatak.detection.volumes.volume_header import VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.detection.volumes.volume_precision import choose_thresholds, require_precision
from nunatak.detection.volumes.volume_summary import in_words
from nunatak.errors import UsageError

CLASSES = ("dark", "light")
THRESHOLDS = np.arange(0.05, 0.96, 0.025).round(3).tolist()


def calibrated(slope: float = 1.0) -> tuple[ThresholdRow, ...]:
    """Candidates of evenly spread scores, right with the probability slope · score."""
    return tuple(
        ThresholdRow(threshold=t, precision=slope * (1 + t) / 2, recall=1 - t**2, f1=0.5)
        for t in THRESHOLDS
    )


@pytest.fixture
def judged(spot_model: VolumeModel) -> VolumeModelHeader:
    """The scores of the second class promise less."""
    tables = (calibrated(), calibrated(0.9))
    classes = tuple(
        kind.model_copy(update={"threshold_table": table})
        for kind, table in zip(spot_model.header.classes, tables, strict=True)
    )
    provenance = {"validation": ["TS_7.mrc", "TS_9.mrc"]}
    return spot_model.header.model_copy(update={"classes": classes, "provenance": provenance})


NOTHING_FOUND = tuple(
    # The highest threshold selects nothing at all.
    ThresholdRow(threshold=t, precision=float(t == THRESHOLDS[-1]), recall=0.0, f1=0.0)
    for t in THRESHOLDS
)


def table_of(**scores: np.ndarray) -> pd.DataFrame:
    parts = [pd.DataFrame({"class_name": name, "score": own}) for name, own in scores.items()]
    return pd.concat(parts, ignore_index=True)


def test_each_class_keeps_its_promise_on_the_candidates_at_hand(
    judged: VolumeModelHeader, rng: np.random.Generator
) -> None:
    particles, junk = rng.uniform(0.05, 1, 3000), rng.uniform(0.05, 0.5, 3000)
    found = {"dark": np.concatenate([particles, junk]), "light": particles}
    choices = choose_thresholds(judged, 0.7, table_of(**found))
    for (name, score), slope in zip(found.items(), (1.0, 0.9), strict=True):
        right = rng.random(len(score)) < slope * score
        choice = choices[name]
        assert right[score >= choice.threshold].mean() == pytest.approx(0.7, abs=0.03)
        # It is the lowest: a little less would no longer do.
        assert (slope * score)[score >= choice.threshold - 0.02].mean() < 0.7
        assert choice.precision is not None
        assert choice.precision.value >= 0.7
        assert choice.recall.value == pytest.approx(1 - choice.threshold**2, abs=0.02)
        assert choice.basis == "2 tomograms kept aside in training (TS_7.mrc, TS_9.mrc)"
    fewer = choose_thresholds(judged, 0.7, table_of(dark=particles, light=particles))
    assert fewer["dark"].threshold < choices["dark"].threshold - 0.03
    assert fewer["light"] == choices["light"]


def test_nothing_is_selected_where_nothing_is_likely_enough(judged: VolumeModelHeader) -> None:
    found = table_of(dark=np.array([0.95, 0.2]), light=np.array([0.1, 0.3]))
    choices = choose_thresholds(judged, 0.8, found)
    assert choices["dark"].threshold <= 0.95
    assert choices["light"].threshold > 0.3
    assert choices["light"].precision is None


@pytest.mark.parametrize(
    ("table", "wanted", "reason"),
    [
        ((), 0.5, "was not judged on known particles"),
        (NOTHING_FOUND, 0.5, "found none of the known particles when it was judged"),
        (calibrated(0.9), 0.95, r"reaches 0\.8\d\d at most"),
    ],
)
def test_a_class_without_promise_is_left_out_and_leaves_the_others(
    table: tuple[ThresholdRow, ...],
    wanted: float,
    reason: str,
    judged: VolumeModelHeader,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dark, light = judged.classes
    unpromised = light.model_copy(update={"threshold_table": table})
    header = judged.model_copy(update={"classes": (dark, unpromised)})
    found = table_of(dark=np.array([0.99, 0.98]), light=np.array([1.0, 0.5]))
    choices = choose_thresholds(header, wanted, found)
    alone = judged.model_copy(update={"classes": (dark,)})
    expected = choose_thresholds(alone, wanted, found)["dark"]
    assert choices["dark"] == expected
    assert choices["dark"].precision is not None
    assert choices["light"].threshold > 1.0
    assert choices["light"].precision is None
    (message,) = caplog.messages
    assert re.search(f"promised for light: the model 'spots' {reason}. None of it", message)

    header = judged.model_copy(update={"classes": (unpromised,)})
    with pytest.raises(UsageError, match=f"precision of {wanted:g}: it {reason}. Choose"):
        require_precision(header, wanted)


def test_what_is_promised_for_no_class_is_refused(judged: VolumeModelHeader) -> None:
    dark, light = judged.classes
    classes = (
        dark.model_copy(update={"threshold_table": ()}),
        light.model_copy(update={"threshold_table": NOTHING_FOUND}),
    )
    header = judged.model_copy(update={"classes": classes})
    reasons = (
        r"it was not judged on known particles \(dark\); "
        r"it found none of the known particles when it was judged \(light\)\. Choose"
    )
    with pytest.raises(UsageError, match=reasons):
        require_precision(header, 0.5)
    with pytest.raises(UsageError, match="between 0 and 1"):
        require_precision(judged, 1.0)
    require_precision(judged, 0.85)
    single = judged.model_copy(update={"classes": (light,), "provenance": {}})
    choice = choose_thresholds(single, 0.5, table_of(light=np.array([0.9])))["light"]
    assert choice.basis == "tomograms that the model file does not name"


def test_picking_by_precision_selects_anew_and_says_what_to_expect(
    tmp_path: Path,
    judged: VolumeModelHeader,
    spot_model: VolumeModel,
    write_scene: Callable[..., object],
) -> None:
    model, output = tmp_path / "spots.safetensors", tmp_path / "picks.csv"
    save_volume_model(replace(spot_model, header=judged), model)
    images = [tmp_path / "a.mrc", tmp_path / "b.mrc"]
    for image in images:
        write_scene(image)
    result = pick_tomograms(images, model=model, output=output, wanted_precision=0.8)
    table = result.picks.table
    thresholds = result.options.thresholds
    expected = choose_thresholds(judged, 0.8, table)
    assert thresholds == {name: choice.threshold for name, choice in expected.items()}
    assert set(thresholds) == set(CLASSES)
    least = table["class_name"].map(thresholds)
    assert table["selected"].tolist() == (table["score"] >= least).tolist()
    words = in_words(result)
    assert "Chosen for a precision of 0.8, judging by 2 tomograms kept aside" in words
    for choice in expected.values():
        assert f"score at least {choice.threshold:g}; a precision of {choice.precision} is" in words
    record = json.loads(record_path(output).read_text())
    assert record["options"]["thresholds"] == thresholds
    assert record["threshold_choices"]["dark"]["wanted_precision"] == 0.8
    assert record["selected"] == result.selected_count

    # Another precision computes nothing anew, and the other choices stay what they are.
    strict = pick_tomograms(images, model=model, output=output, wanted_precision=0.85)
    assert strict.options.thresholds["light"] > table["score"][table["class_name"] == "light"].max()
    assert "above all candidates: none is likely enough" in in_words(strict)
    few = pick_tomograms(
        images,
        model=model,
        output=output,
        wanted_precision=0.5,
        max_per_tomogram=3,
        border_A=55.0,
    )
    assert few.reused_count == 2
    assert few.picks.table["score"].tolist() == table["score"].tolist()
    # Of the best ones the one in the corner may be the first: it is left out, and counts nothing.
    passing = few.picks.table[few.picks.table["selected"]]
    assert passing.groupby("image").size().tolist() == [3, 3]
    assert (passing[["x_px", "y_px", "z_px"]] >= 5.0).to_numpy().all()
    with pytest.raises(UsageError, match="Give --precision or --threshold"):
        pick_tomograms(images, model=model, wanted_precision=0.5, threshold=0.5)

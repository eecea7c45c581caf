"""Everything is checked before anything is learned."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from specimens import DIAMETER_A, Specimen

from nunatak.detection.model import load_model
from nunatak.errors import BadInput
from nunatak.images import mixture, normalise
from nunatak.images.inputs import list_micrographs
from nunatak.learning import training_data
from nunatak.learning.gathering import WorkingSize
from nunatak.learning.labels.reading import LabelReading
from nunatak.learning.settings import LearningSettings
from nunatak.learning.summary import data_in_words
from nunatak.learning.training_data import TrainingData, prepare_training_data
from nunatak.picks.table import PickSet


def data_of(specimen: Specimen, labels: PickSet | None = None, **options: Any) -> TrainingData:
    size = WorkingSize(DIAMETER_A, 20.0, normalise.VERSION)
    chosen = {
        "reading": LabelReading(),
        "general": load_model("general-2d"),
        "size": size,
        "settings": LearningSettings(),
        "contrast": None,
        "expected_particles": None,
        "validation": None,
        "device": "cpu",
        **options,
    }
    micrographs = chosen.pop("micrographs", list_micrographs([specimen.folder]))
    return prepare_training_data(micrographs, labels or specimen.labels(), **chosen)


@pytest.fixture(scope="module")
def usual(specimen: Specimen) -> TrainingData:
    return data_of(specimen)


def test_training_and_validation_are_apart(usual: TrainingData, specimen: Specimen) -> None:
    training, validation = (
        {image.name for image in images} for images in (usual.training, usual.validation)
    )
    assert len(training) == 3
    assert len(validation) == 1
    assert not training & validation
    assert validation < set(specimen.labels().table["image"])
    assert sum(len(image.positives_px) for image in usual.training) == 8
    assert usual.report.n_positive == 16


def test_particles_are_counted_from_a_few_labels(usual: TrainingData, specimen: Specimen) -> None:
    labelled = specimen.labels().table["image"].unique()
    table = specimen.truth.table
    true = table["image"].isin(labelled).sum() / len(labelled)
    assert usual.particles.low <= true <= usual.particles.high
    assert usual.particles.value == pytest.approx(true, rel=0.25)
    assert usual.expected_particles is None


def test_light_particles_are_found_out_and_turned(
    usual: TrainingData, specimen: Specimen, tmp_path: Path
) -> None:
    light = specimen.inverted(tmp_path / "light")
    data = data_of(light)
    assert (usual.contrast, data.contrast) == ("dark", "light")
    for image, dark in zip(data.training, usual.training, strict=True):
        np.testing.assert_allclose(image.image, dark.image, atol=0.1)


def test_what_the_user_says_is_taken(specimen: Specimen) -> None:
    data = data_of(specimen, expected_particles=40.0, contrast="dark")
    assert (data.particles.low, data.particles.value, data.particles.high) == (40, 40, 40)
    assert data.expected_particles == 40.0


@pytest.mark.parametrize("number", [0.0, -3.0, float("nan"), float("inf")])
def test_impossible_numbers_of_particles(specimen: Specimen, number: float) -> None:
    with pytest.raises(BadInput, match="particles a micrograph are expected; give a positive"):
        data_of(specimen, expected_particles=number)


def test_there_are_at_least_as_many_particles_as_labels(specimen: Specimen) -> None:
    table = specimen.truth.table
    one = table[table["image"] == table["image"].iloc[0]]
    data = data_of(specimen, PickSet(one.reset_index(drop=True)))
    assert data.particles.value >= len(one)
    assert data.validation == (), "a single labelled micrograph is needed for training"


def test_that_nothing_was_to_be_kept_aside_is_said(specimen: Specimen) -> None:
    data = data_of(specimen, settings=LearningSettings(validation_share=0), expected_particles=40.0)
    assert data.validation == ()
    said = "No micrograph was to be kept aside for validation (validation_share is 0)."
    assert said in data_in_words(data)
    assert "label a few particles" in data_in_words(replace(data, asked_aside=True))


def test_chosen_micrographs_are_kept_aside(specimen: Specimen) -> None:
    names = list(dict.fromkeys(specimen.truth.table["image"]))
    data = data_of(specimen, validation=[Path(names[0]), Path(names[3])])
    assert {image.name for image in data.validation} == {names[0], names[3]}
    assert {image.name for image in data.training} == {names[1], names[2]}


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((3,), "None of the micrographs kept for validation .*has a label"),
        ((0, 1), "All labels lie on the micrographs kept for validation"),
    ],
)
def test_validation_needs_labels_and_leaves_some(
    specimen: Specimen, numbers: tuple[int, ...], message: str
) -> None:
    names = list(dict.fromkeys(specimen.truth.table["image"]))
    with pytest.raises(BadInput, match=message):
        data_of(specimen, validation=[Path(names[number]) for number in numbers])


def test_unknown_validation_micrographs_are_refused(specimen: Specimen) -> None:
    with pytest.raises(BadInput, match=r"other\.mrc: to be kept for validation, but not among"):
        data_of(specimen, validation=[Path("other.mrc")])


def test_missing_and_unreadable_micrographs_are_failures(
    specimen: Specimen, tmp_path: Path
) -> None:
    copy = specimen.inverted(tmp_path / "copy")
    first = Path(copy.truth.table["image"].iloc[0])
    first.write_bytes(b"not an image")
    listed = list_micrographs([copy.folder, tmp_path / "absent.mrc"])
    data = data_of(copy, micrographs=listed)
    assert [failure.image for failure in data.failures] == [
        str(tmp_path / "absent.mrc"),
        str(first),
    ]
    assert data.report.exit_code == 3
    assert sum(len(image.positives_px) for image in data.training) == 8


def test_other_networks_have_their_own_size_and_the_general_model_its(
    specimen: Specimen, monkeypatch: pytest.MonkeyPatch, usual: TrainingData
) -> None:
    gathered = []
    gather = training_data.gather

    def counting(*given: Any, **options: Any) -> Any:
        gathered.append(gather(*given, **options))
        return gathered[-1]

    monkeypatch.setattr(training_data, "gather", counting)
    data = data_of(specimen, size=WorkingSize(DIAMETER_A, 35.5, mixture.VERSION))
    assert data.particles == usual.particles
    assert [len(one.images) for one in gathered] == [4, 2], (
        "the general model looks at labelled ones only"
    )
    assert data.training[0].image.shape > usual.training[0].image.shape


def test_labels_of_several_kinds_are_learned_as_one(
    specimen: Specimen, caplog: pytest.LogCaptureFixture
) -> None:
    table = specimen.labels().table
    kinds = ["large", "small"] * (len(table) // 2)
    data = data_of(specimen, PickSet(table.assign(class_name=kinds)))
    assert "Labels of 2 kinds (large, small) are learned as one" in caplog.text
    assert sum(len(image.positives_px) for image in data.training) == 8


def test_labels_that_no_detector_sees_need_a_number(
    specimen: Specimen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_data, "label_scores", lambda found: np.zeros(3))
    with pytest.raises(BadInput, match="--expected-particles"):
        data_of(specimen)

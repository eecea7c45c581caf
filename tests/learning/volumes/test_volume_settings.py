"""Settings of a training on tomograms, and what is chosen where they leave it open."""

from typing import Any

import pytest

from nunatak.learning.volumes.volume_settings import (
    MODEL_CONFUSION_WEIGHT,
    MODEL_RATE,
    SCRATCH_RATE,
    LabelsAre,
    VolumeLearningSettings,
)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="strong_augmentation, which is off"):
        VolumeLearningSettings(input_drop=True, strong_augmentation=False)
    with pytest.raises(ValueError, match="burn_in"):
        VolumeLearningSettings(teacher=True, burn_in=1.0)


@pytest.mark.parametrize(
    ("given", "labels_are", "teacher", "objective"),
    [
        ({}, "complete", True, "focal"),
        ({"teacher": False}, "complete", False, "focal"),
        ({}, "sparse", True, "focal"),
        ({"teacher": False}, "sparse", False, "pu"),
        ({"start": None}, "sparse", True, "focal"),
        ({"start": None, "teacher": False}, "sparse", False, "pu"),
        ({"objective": "pu", "teacher": True}, "complete", True, "pu"),
        ({"start": None, "objective": "pu"}, "sparse", True, "pu"),
    ],
)
def test_what_is_not_set_is_chosen_by_labels_and_teacher(
    given: dict[str, Any], labels_are: LabelsAre, teacher: bool, objective: str
) -> None:
    settings = VolumeLearningSettings.model_validate(given)
    chosen = settings.for_labels(labels_are, with_unlabelled=True)
    assert (chosen.teacher, chosen.objective) == (teacher, objective)


def test_where_all_is_labelled_there_is_nothing_to_teach() -> None:
    chosen = VolumeLearningSettings().for_labels("complete", with_unlabelled=False)
    assert (chosen.teacher, chosen.objective) == (False, "focal")


def test_only_what_starts_from_a_model_holds_its_body_back() -> None:
    settings = VolumeLearningSettings(head_first=0.2, body_rate=0.5)
    from_model = settings.training_config("float32")
    assert (from_model.head_first, from_model.body_rate) == (0.2, 0.5)
    assert from_model.learning_rate == MODEL_RATE
    scratch = settings.model_copy(update={"start": None}).training_config("float32")
    assert (scratch.head_first, scratch.body_rate) == (0.0, 1.0)
    assert scratch.learning_rate == SCRATCH_RATE
    chosen = settings.model_copy(update={"learning_rate": 1e-5})
    assert chosen.training_config("float32").learning_rate == 1e-5


@pytest.mark.parametrize(
    ("given", "weight"),
    [
        ({}, MODEL_CONFUSION_WEIGHT),
        ({"start": None}, 0.0),
        ({"confusion_weight": 0.0}, 0.0),
        ({"start": None, "confusion_weight": 1.0}, 1.0),
    ],
)
def test_classes_are_kept_apart_where_a_model_is_the_start(
    given: dict[str, Any], weight: float
) -> None:
    settings = VolumeLearningSettings.model_validate(given)
    assert settings.for_labels("sparse", with_unlabelled=True).confusion_weight == weight

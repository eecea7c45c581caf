"""What a training refuses, and how sure it wants to be. See test_train for its way to a model."""

from typing import Any

import pytest

from nunatak.errors import UsageError
from nunatak.learning.settings import LearningSettings
from nunatak.learning.training_run import refuse_without_effect, sureness_asked
from nunatak.networks.registry import build

FOR_PATCHES = {"start": None, "network": {"name": "Conv31", "parameters": {"units": 2}}}


def check(changes: dict[str, Any]) -> None:
    settings = LearningSettings.model_validate(changes)
    refuse_without_effect(settings, build(settings.network))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"autoencoder_weight": 0.1}, "no autoencoder for UNet"),
        ({**FOR_PATCHES, "teacher": True}, "none for Conv31"),
        ({**FOR_PATCHES, "anchor": 1.0}, "anchor: only"),
        ({"start": None, "anchor": 1.0}, "anchor: only"),
    ],
)
def test_settings_without_effect_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"teacher": True, "anchor": 2.0},
        {"start": None, "anchor": 0.0},
        {**FOR_PATCHES, "autoencoder_weight": 0.1},
    ],
)
def test_others_are_not(changes: dict[str, Any]) -> None:
    check(changes)


def test_fewer_labels_must_be_surer() -> None:
    assert sureness_asked(5) > sureness_asked(200) > 0.5

"""What is said of a training: how it is known whether it helped, and what to do."""

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nunatak.learning.result import TrainingResult
from nunatak.picks.table import PickSet, empty_table
from nunatak.server.runs.account import account
from nunatak.server.runs.lesson import Lesson
from nunatak.server.runs.teaching import Teaching
from nunatak.workspace.project import ParticleClass, Settings

SETTINGS = Settings(
    id="0" * 16,
    name="p",
    ndim=2,
    classes=[ParticleClass(name="bgal", diameter_A=80.0)],
    contrast="auto",
    expected_particles=None,
    version=1,
)
LESSON = Lesson(
    settings=SETTINGS,
    images=[],
    taught=Teaching(picks=PickSet(empty_table(2)), particles=8, negatives=2, images=("a", "b")),
    start="general",
    steps=None,
)


def said(*, step: int, validation: float | None, calibrated: bool = True) -> str:
    """The account of a training that kept the weights of a step."""
    result: Any = SimpleNamespace(
        best_step=step, last_step=100, validation=validation, is_calibrated=calibrated
    )
    return account(LESSON, cast("TrainingResult", result))


@pytest.mark.parametrize(
    ("step", "validation", "words"),
    [
        (75, ("v",), "On the labels kept aside it is better"),
        (0, ("v",), "On the labels kept aside it was no better"),
        (100, (), "No labels were kept aside"),
        (0, (), "Even on these labels it was worse"),
    ],
)
def test_how_it_is_known_whether_it_helped(step: int, validation: Any, words: str) -> None:
    text = said(step=step, validation=validation)
    assert text.startswith("Learned from 8 particles and 2 places that hold none on 2 images.")
    assert words in text
    assert "threshold was chosen by your labels" in text


def test_a_threshold_that_says_nothing_is_called_so() -> None:
    assert "threshold is that of the model it started from" in said(
        step=100, validation=(), calibrated=False
    )


def test_several_kinds_are_said_to_be_learned_as_one() -> None:
    kinds = [ParticleClass(name=name, diameter_A=80.0) for name in ("ribosome", "proteasome")]
    lesson = dataclasses.replace(LESSON, settings=SETTINGS.model_copy(update={"classes": kinds}))
    result: Any = SimpleNamespace(best_step=9, last_step=9, validation=(), is_calibrated=True)
    assert "(proteasome, ribosome) were learned as one" in account(lesson, result)

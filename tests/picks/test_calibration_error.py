import numpy as np
import pytest

from nunatak.picks.calibration_error import calibration_error
from nunatak.picks.metrics import JudgedPicks


@pytest.fixture
def picks(rng: np.random.Generator) -> JudgedPicks:
    """Twenty micrographs of candidates whose score is the probability of being right."""
    score = rng.uniform(0.2, 1.0, 4000)
    credited = rng.random(4000) < score
    image = np.repeat(np.arange(20), 200)
    return JudgedPicks(image, score, credited, np.bincount(image[credited], minlength=20))


def test_kept_and_broken_promises_are_told_apart(picks: JudgedPicks) -> None:
    # Uniform scores from 0.6 on are right in 0.8 of the cases.
    kept, broken = calibration_error(picks, {0.8: 0.6, 0.9: 0.6})
    assert kept.error == pytest.approx(0.0, abs=0.03)
    assert kept.realised.low < kept.realised.value < kept.realised.high
    assert broken.error == pytest.approx(kept.realised.value - 0.9)
    assert broken.realised.high < 0.9


def test_a_better_precision_than_wanted_is_no_error_where_there_is_no_lower_one(
    picks: JudgedPicks,
) -> None:
    everything, too_strict = calibration_error(picks, {0.3: 0.1, 0.5: 0.6})
    assert everything.is_everything_selected
    assert everything.error == 0.0
    assert not too_strict.is_everything_selected
    assert too_strict.error > 0.2


def test_nothing_selected_has_no_precision(picks: JudgedPicks) -> None:
    (nothing,) = calibration_error(picks, {0.9: 1.1})
    assert np.isnan(nothing.realised.value)
    assert nothing.recall.value == 0.0

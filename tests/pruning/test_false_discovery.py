import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.calibration import Calibration, calibrate
from nunatak.pruning.false_discovery import discovery_curve

EXACT = Calibration(np.ones(1), np.zeros(1), np.ones(1), 0.5)


def test_the_rate_is_the_mean_of_what_is_kept() -> None:
    logits = np.log(np.array([0.9, 0.5, 0.99, 0.2]) / (1 - np.array([0.9, 0.5, 0.99, 0.2])))
    curve = discovery_curve(EXACT, np.append(logits, np.nan))
    np.testing.assert_array_equal(curve.kept, [1, 2, 3, 4])
    np.testing.assert_allclose(curve.threshold, [0.99, 0.9, 0.5, 0.2], atol=2e-3)
    np.testing.assert_allclose(curve.rate, [0.01, 0.055, 0.61 / 3, 1.41 / 4], atol=2e-3)
    np.testing.assert_allclose(
        curve.found_share, np.cumsum([0.99, 0.9, 0.5, 0.2]) / 2.59, atol=3e-3
    )
    assert (curve.low <= curve.rate).all()
    assert (curve.rate <= curve.high).all()
    assert curve.threshold_for(0.1) == curve.threshold[1]
    assert curve.threshold_for(0.9) == curve.threshold[3]
    assert curve.threshold_for(0.001) == float("inf")
    assert curve.at(0.4).kept == 3
    assert curve.at(curve.threshold[1]).rate == curve.rate[1]
    nothing = curve.at(0.999)
    assert nothing.kept == 0
    assert np.isnan(nothing.rate)


def test_picks_of_one_logit_stay_together_and_the_curve_stays_short() -> None:
    logits = np.repeat(np.linspace(-3, 3, 2000), 3)
    curve = discovery_curve(EXACT, logits)
    assert len(curve.kept) == 512
    assert (curve.kept % 3 == 0).all()
    assert curve.kept[-1] == 6000
    assert curve.kept[0] == 3
    for row in (0, 100, 400):
        assert (EXACT.probability(logits) >= curve.threshold[row]).sum() == curve.kept[row]


def test_no_judged_pick_gives_an_empty_curve() -> None:
    curve = discovery_curve(EXACT, np.full(3, np.nan))
    assert len(curve.kept) == 0
    assert curve.threshold_for(0.05) == float("inf")


@pytest.mark.parametrize("fdr", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_rates_are_refused(fdr: float) -> None:
    with pytest.raises(BadInput, match="cannot be kept; give a share between 0 and 1"):
        discovery_curve(EXACT, np.zeros(2)).threshold_for(fdr)


def test_intervals_hold_the_realised_rate(rng: np.random.Generator) -> None:
    held: list[bool] = []
    width: list[float] = []
    for k in [5] * 12 + [100] * 12:
        is_particle = rng.random(3000) < 0.4
        logits = 2 * rng.normal(np.where(is_particle, 1.0, -1.0), 1.0)
        rows = np.concatenate([np.flatnonzero(is_particle)[:k], np.flatnonzero(~is_particle)[:k]])
        curve = discovery_curve(calibrate(logits[rows], is_particle[rows], logits), logits)
        row = int(np.searchsorted(curve.kept, 1200))
        realised = 1 - is_particle[np.argsort(-logits)[: curve.kept[row]]].mean()
        held.append(bool(curve.low[row] <= realised <= curve.high[row]))
        width.append(float(curve.high[row] - curve.low[row]))
    assert np.mean(held) >= 0.83
    assert np.mean(width[12:]) < 0.6 * np.mean(width[:12])

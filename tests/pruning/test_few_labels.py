"""The heads, the calibration and the discovery curve together, on embeddings as they come.

As in embeddings of simulated picks of complexes that the shipped classifier has not seen, ten of
256 directions hold four fifths of the variance, and the first of them parts particles from junk;
five views of the particle and six kinds of junk lie apart along others. The shipped judgement ranks
right nine times in ten, as it does where images differ from those it was trained on. Labels come
equally many of each class, as people give them, whatever the natural mix.
"""

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from nunatak.pruning.calibration import calibrate
from nunatak.pruning.cross_validation import cross_validate
from nunatak.pruning.false_discovery import discovery_curve
from nunatak.pruning.features import PickFeatures

N_PICKS = 2000
SHARES = (0.2, 0.35, 0.5, 0.7)
HEADER = SimpleNamespace(
    fusion=SimpleNamespace(bias=0.0, classifier=0.0, detector=1.0),
    classifier_only=SimpleNamespace(bias=0.0, classifier=1.0),
)


@dataclass(frozen=True, eq=False)
class Specimen:
    x: np.ndarray
    offset: np.ndarray
    is_particle: np.ndarray

    def labelled(self, good: int, bad: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        particles, junk = (
            rng.permutation(np.flatnonzero(self.is_particle == kind)) for kind in (True, False)
        )
        return np.concatenate([particles[:good], junk[:bad]])


@dataclass(frozen=True)
class Outcome:
    area: float
    calibration_error: float
    realised: float


@cache
def specimen(seed: int) -> Specimen:
    rng = np.random.default_rng(seed)
    share = SHARES[seed % len(SHARES)]
    spread = 1 / (1 + np.arange(256) / 4)
    centre = np.zeros((11, 256))
    informative = rng.choice(40, 10, replace=False)
    centre[:, informative] = rng.normal(size=(11, 10)) * spread[informative] * 1.2
    centre[:, 0] += np.where(np.arange(11) < 5, 1.0, -1.0)
    particle, junk = share * rng.dirichlet([3.0] * 5), (1 - share) * rng.dirichlet([1.5] * 6)
    kind = rng.choice(11, N_PICKS, p=np.append(particle, junk))
    is_particle = kind < 5
    embedding = (centre[kind] + rng.normal(size=(N_PICKS, 256)) * spread).astype(np.float32)
    apart = norm.ppf(0.9) * np.sqrt(2)
    detector = apart * rng.normal(np.where(is_particle, apart / 2, -apart / 2), 1.0)
    features = PickFeatures(
        embedding,
        np.full((N_PICKS, 8), -np.log(8.0), np.float32),
        detector,
        np.full(N_PICKS, np.nan),
    )
    return Specimen(features.matrix(), features.offset(HEADER), is_particle)


def area(score: np.ndarray, is_particle: np.ndarray) -> float:
    """Area under the ROC curve."""
    good = int(is_particle.sum())
    ranks = rankdata(score)[is_particle].sum() - good * (good + 1) / 2
    return float(ranks / (good * (len(score) - good)))


def calibration_error(probability: np.ndarray, is_particle: np.ndarray) -> float:
    """Expected calibration error in ten bins."""
    bins = np.minimum((10 * probability).astype(int), 9)
    return sum(
        abs(probability[bins == b].sum() - is_particle[bins == b].sum()) for b in range(10)
    ) / len(probability)


def outcome(one: Specimen, rows: np.ndarray, *, fdr: float = 0.1) -> Outcome:
    labels = one.is_particle[rows]
    found = cross_validate(one.x, one.offset, rows, labels)
    logit = found.head.logit(one.x, one.offset)
    calibration = calibrate(found.out_of_fold, labels, logit)
    unlabelled = np.setdiff1d(np.arange(N_PICKS), rows)
    probability = calibration.probability(logit)
    kept = probability >= discovery_curve(calibration, logit).threshold_for(fdr)
    kept[rows] = False
    return Outcome(
        area(logit[unlabelled], one.is_particle[unlabelled]),
        calibration_error(probability[unlabelled], one.is_particle[unlabelled]),
        float(1 - one.is_particle[kept].mean()),
    )


def test_labels_help_and_never_do_much_harm() -> None:
    gain = {}
    for good, bad in [(1, 0), (0, 2), (1, 1), (5, 0), (5, 5), (20, 20)]:
        ours = [
            outcome(one, one.labelled(good, bad, seed)).area - area(one.offset, one.is_particle)
            for seed, one in enumerate(map(specimen, range(3)))
        ]
        assert min(ours) > -0.005, (good, bad)
        gain[good, bad] = float(np.mean(ours))
    assert gain[5, 0] > gain[1, 0] > 0.005
    assert gain[5, 5] > max(gain[1, 1], gain[0, 2], 0.03)
    assert gain[20, 20] > max(gain[5, 5], 0.05)


def test_probabilities_and_false_discoveries_are_as_promised() -> None:
    for k, draws, most_error, tolerance in [(20, 8, 0.055, 0.03), (100, 4, 0.035, 0.02)]:
        outcomes = [
            outcome(one, one.labelled(k, k, 50 + seed))
            for seed, one in enumerate(map(specimen, range(draws)))
        ]
        assert np.mean([one.calibration_error for one in outcomes]) <= most_error
        assert np.mean([one.realised for one in outcomes]) == pytest.approx(0.1, abs=tolerance)


def test_no_label_leaves_the_shipped_ranking_and_finds_the_natural_mix() -> None:
    for seed in range(4):
        one = specimen(seed)
        result = outcome(one, np.empty(0, dtype=np.int64))
        assert result.area == pytest.approx(area(one.offset, one.is_particle))
        # Probabilities for equal shares would be off by up to 0.2 here.
        assert result.calibration_error < 0.13
        assert result.realised < 0.1  # what is not known for sure is not promised

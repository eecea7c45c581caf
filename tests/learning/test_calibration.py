import numpy as np
import pytest
from scipy.special import expit

from nunatak.detection.header import ThresholdRow
from nunatak.learning.calibration import calibrate_on_labels, calibrate_on_truth
from nunatak.picks.metrics import JudgedPicks

FLOOR = 0.05


def judged(seed: int, *, n_images: int = 30, junk: int = 60) -> JudgedPicks:
    """Candidates with logistic probabilities of being right; a tenth of particles not found."""
    rng = np.random.default_rng(seed)
    image = np.repeat(np.arange(n_images), junk + 60)
    logits = np.where(rng.random(len(image)) < 0.5, rng.normal(1.5, 1.2, len(image)), -2.0)
    logits += rng.normal(0, 0.4, len(image))
    score = expit(np.maximum(logits, -2.9))
    credited = rng.random(len(image)) < expit(0.5 + 2.2 * logits)
    found = np.bincount(image[credited], minlength=n_images)
    return JudgedPicks(image, score, credited, truths=np.round(found / 0.9).astype(np.int64))


def row_at(table: tuple[ThresholdRow, ...], threshold: float) -> ThresholdRow:
    return min(table, key=lambda row: abs(row.threshold - threshold))


def test_a_known_truth_is_counted() -> None:
    picks = judged(0)
    table = calibrate_on_truth(picks, score_floor=FLOOR)
    for threshold in (0.2, 0.5, 0.8):
        row = row_at(table, threshold)
        passing = picks.score >= threshold
        assert row.precision == pytest.approx(picks.credited[passing].mean(), abs=1e-3)
        assert row.recall == pytest.approx(
            picks.credited[passing].sum() / picks.truths.sum(), abs=1e-3
        )
        assert row.probability == pytest.approx(
            expit(0.5 + 2.2 * np.log(threshold / (1 - threshold))), abs=0.1
        )


def test_the_interval_of_a_known_truth_holds_that_of_other_micrographs() -> None:
    table = calibrate_on_truth(judged(0), score_floor=FLOOR)
    others = judged(1, n_images=400)
    row = row_at(table, 0.3)
    passing = others.score >= row.threshold
    assert row.precision_low is not None
    assert row.precision_high is not None
    assert row.precision_low < others.credited[passing].mean() < row.precision_high
    assert row.precision_high - row.precision_low < 0.1


def test_without_anything_to_count_there_is_no_row_and_with_one_micrograph_no_interval() -> None:
    nothing = np.empty(0)
    empty = JudgedPicks(
        nothing.astype(np.int64), nothing, nothing.astype(np.bool_), np.array([3], dtype=np.int64)
    )
    assert calibrate_on_truth(empty, score_floor=FLOOR) == ()
    wrong = judged(0)
    wrong = JudgedPicks(wrong.image, wrong.score, np.zeros_like(wrong.credited), wrong.truths)
    assert calibrate_on_truth(wrong, score_floor=FLOOR) == ()
    table = calibrate_on_truth(judged(0, n_images=1), score_floor=FLOOR)
    assert table[0].precision_low is None


def labels_of(picks: JudgedPicks, count: int, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Scores at particles drawn at random, 0 at those not found; candidates by micrograph."""
    missed = int(picks.truths.sum()) - int(picks.credited.sum())
    at_particles = np.append(picks.score[picks.credited], np.zeros(missed))
    drawn = np.random.default_rng(seed).choice(at_particles, count, replace=False)
    return drawn, [picks.score[picks.image == image] for image in range(len(picks.truths))]


# Ten labels know the share of particles found to a tenth only, and leave c(s) to the prior.
@pytest.mark.parametrize(("count", "tolerance"), [(10, (0.12, 0.15)), (100, (0.05, 0.06))])
def test_labels_give_nearly_the_table_of_the_truth(
    count: int, tolerance: tuple[float, float]
) -> None:
    picks = judged(2)
    truth = calibrate_on_truth(picks, score_floor=FLOOR)
    errors, held = [], []
    for seed in range(8):
        found = calibrate_on_labels(*labels_of(picks, count, seed), score_floor=FLOOR, seed=seed)
        for threshold in (0.2, 0.4, 0.6):
            row, real = row_at(found.table, threshold), row_at(truth, threshold)
            errors.append((row.precision - real.precision, row.recall - real.recall))
            assert row.precision_low is not None
            assert row.precision_high is not None
            held.append(row.precision_low <= real.precision <= row.precision_high)
    assert (np.sqrt(np.square(errors).mean(axis=0)) < tolerance).all()
    assert np.mean(held) >= 0.9


def test_a_table_is_monotone_and_ends_where_candidates_end() -> None:
    labels, candidates = labels_of(judged(3), 10, 0)
    capped = [scores[scores < 0.9] for scores in candidates]
    table = calibrate_on_labels(labels[labels < 0.9], capped, score_floor=FLOOR).table
    columns = {
        name: np.array([getattr(row, name) for row in table])
        for name in ("threshold", "precision", "recall", "probability")
    }
    assert columns["threshold"][0] == FLOOR
    assert columns["threshold"][-1] <= 0.91
    for name, sign in (("threshold", 1), ("precision", 1), ("probability", 1), ("recall", -1)):
        assert (sign * np.diff(columns[name]) >= 0).all(), name

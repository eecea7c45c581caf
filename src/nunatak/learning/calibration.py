"""What a threshold gives: precision and recall by score, with intervals, for the model's file.

The score itself stays what the network says. A map from scores to probabilities holds for one
mixture of particles and junk; were it built into the scores, every training would move the scale
of thresholds, for a gain that a column of the table gives as well. The table hence says, for each
threshold, the precision and recall of what passes it, and the probability that a candidate of
just this score is right, from which `nunatak.detection.thresholds` works out the precision on
other micrographs, with more junk or less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from nunatak.detection.header import ThresholdRow
from nunatak.learning.class_prior import (
    EXPECTED_ERROR,
    N_SAMPLES,
    ParticleNumber,
    particle_number,
    score_model,
)
from nunatak.learning.said import Said
from nunatak.learning.score_bins import amount_above, probability_at
from nunatak.learning.score_model import ScorePrior
from nunatak.learning.table_rows import Rates, table_rows, thresholds_from
from nunatak.picks.bootstrap import resampling_weights
from nunatak.picks.metrics import JudgedPicks, ratio

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What the scores of a detector mean.

    Attributes
    ----------
    table : tuple of ThresholdRow
        By rising threshold, from the score floor on, with 95 % intervals.
    particles : ParticleNumber
        Particles a micrograph.
    """

    table: tuple[ThresholdRow, ...]
    particles: ParticleNumber


def calibrate_on_labels(
    held_out_scores: ArrayLike | Said,
    candidate_scores: Sequence[ArrayLike],
    *,
    score_floor: float,
    prior: ScorePrior | None = None,
    expected_particles: float | None = None,
    expected_error: float = EXPECTED_ERROR,
    seed: int = 0,
) -> Calibration:
    r"""Calibrate on a few labels of micrographs that hold more particles than labels.

    With c(s) from `nunatak.learning.score_model` and m(s) candidates of score s, the precision
    at threshold t is the mean of c over the candidates that pass, the recall the share of
    :math:`\sum c\,m` that passes, times the share of labels that have a candidate at all. Both
    move with the threshold as they must, and neither exceeds 1.

    Parameters
    ----------
    held_out_scores, candidate_scores, prior, expected_particles, seed
        As for `nunatak.learning.class_prior.estimate_particles`.
    score_floor
        Of the detector: candidates begin there.
    expected_error
        Relative standard deviation of ``expected_particles``.

    Raises
    ------
    BadInput
        See `estimate_particles`.
    """
    model = score_model(
        held_out_scores,
        candidate_scores,
        prior=prior,
        expected_particles=expected_particles,
        expected_error=expected_error,
        seed=seed,
    )
    thresholds = thresholds_from(score_floor)
    estimate = _modelled_rates(model.probability, model.candidates, model.reach, thresholds)
    samples = _modelled_rates(
        model.probability_samples,
        model.candidate_samples,
        model.reach_samples[:, None],
        thresholds,
    )
    number = particle_number(model, len(candidate_scores))
    return Calibration(table_rows(thresholds, estimate, samples), number)


def calibrate_on_truth(
    picks: JudgedPicks, *, score_floor: float, seed: int = 0
) -> tuple[ThresholdRow, ...]:
    """Calibrate on micrographs whose particles are all known, as simulated ones are.

    Precision and recall are counted; the probability by score is made monotone (isotonic
    regression by pooling adjacent violators: Zadrozny and Elkan 2002). Intervals come from
    resampling whole micrographs; a single micrograph gives none.

    Parameters
    ----------
    picks
        All candidates above the floor, judged.
    score_floor
        Of the detector.
    seed
        Of the bootstrap.

    Returns
    -------
    tuple of ThresholdRow
        By rising threshold; without a row if there is no true particle or no candidate.
    """
    if not picks.truths.sum() or not len(picks.score):
        return ()
    thresholds = thresholds_from(score_floor)
    weights = resampling_weights(len(picks.truths), N_SAMPLES, np.random.default_rng(seed))
    candidates = _counts_by_step(picks, thresholds, np.ones_like(picks.credited))
    right = _counts_by_step(picks, thresholds, picks.credited)
    estimate = _counted_rates(candidates.sum(axis=0), right.sum(axis=0), picks.truths.sum())
    resampled = [
        _counted_rates(weight @ candidates, weight @ right, weight @ picks.truths)
        for weight in weights
    ]
    samples = Rates(*map(np.array, zip(*resampled, strict=True))) if resampled else None
    return table_rows(thresholds, estimate, samples)


def _modelled_rates(
    probability: FloatArray,
    candidates: FloatArray,
    reach: float | FloatArray,
    thresholds: FloatArray,
) -> Rates:
    hits = probability * candidates
    passing, right = amount_above(thresholds, candidates), amount_above(thresholds, hits)
    return Rates(
        precision=ratio(right, passing),
        recall=reach * ratio(right, hits.sum(axis=-1)[..., None]),
        probability=probability_at(thresholds, probability),
    )


def _counts_by_step(
    picks: JudgedPicks, thresholds: FloatArray, marked: NDArray[np.bool_]
) -> FloatArray:
    """Count marked candidates from each threshold to the next, shape (n_images, thresholds)."""
    step = np.maximum(np.searchsorted(thresholds, picks.score, side="right") - 1, 0)
    shape = (len(picks.truths), len(thresholds))
    cell = picks.image * shape[1] + step
    counts = np.bincount(cell[marked], minlength=shape[0] * shape[1]).reshape(shape)
    return counts.astype(np.float64)


def _counted_rates(candidates: FloatArray, right: FloatArray, truths: float) -> Rates:
    passing, passing_right = (np.cumsum(count[::-1])[::-1] for count in (candidates, right))
    filled = candidates > 0
    probability = np.zeros(len(candidates))
    if filled.any():
        share = right[filled] / candidates[filled]
        pooled = isotonic_regression(share, weights=candidates[filled]).x
        probability = np.interp(np.arange(len(candidates)), np.flatnonzero(filled), pooled)
    return Rates(
        precision=ratio(passing_right, passing),
        recall=ratio(passing_right, np.array(truths, dtype=np.float64)),
        probability=probability,
    )

"""The class prior: how many particles there are, given by the user or estimated from the data.

People know particles a micrograph, and everything here counts these. The share of positive
pixels that the published objectives want is in `nunatak.learning.region_shares`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nunatak.errors import BadInput
from nunatak.learning.said import Said
from nunatak.learning.score_model import ScoreModel, ScorePrior, fit_score_model

EXPECTED_ERROR = 0.2
"""Relative standard deviation of a number of particles that a user states."""

_INTERVAL_SD = 3.92
"""Width of a 95 % interval, standard deviations."""

N_SAMPLES = 400
"""Draws behind every interval: their 2.5 % quantile rests on ten of them."""


@dataclass(frozen=True)
class ParticleNumber:
    """Particles a micrograph, with a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def relative_error(self) -> float:
        """Standard deviation of its logarithm, at least that of a number that a user states."""
        spread = np.log(max(self.high, 1e-9) / max(self.low, 1e-9))
        return max(EXPECTED_ERROR, float(spread) / _INTERVAL_SD)


def estimate_particles(
    held_out_scores: ArrayLike | Said,
    candidate_scores: Sequence[ArrayLike],
    *,
    prior: ScorePrior | None = None,
    expected_particles: float | None = None,
    seed: int = 0,
) -> ParticleNumber:
    """Estimate the number of particles from held-out labels and a detector's candidates.

    Labels are taken for a random sample of the particles (see `nunatak.learning.score_model`),
    unless they are said to be corrections: labels of only the most obvious particles make the
    estimate too low.

    Parameters
    ----------
    held_out_scores
        Score of the candidate at each labelled particle that took no part in training, shape
        (n_labels,); 0 or -inf where there was none. Probabilities. Or all that people say.
    candidate_scores
        Scores of all candidates, one array a micrograph: those from which labels were held out.
    prior
        Belief about the detector. Default: that of the general model and its descendants.
    expected_particles
        What the user expects a micrograph to hold; taken for good to 20 %.
    seed
        Of the intervals' random numbers.

    Returns
    -------
    ParticleNumber
        A micrograph.

    Raises
    ------
    BadInput
        If there is no label, no candidate, or a score is no probability.

    Examples
    --------
    >>> found = estimate_particles([0.9, 0.95, 0.97, 0.8], [[0.9, 0.96, 0.2, 0.1], [0.8, 0.95]])
    >>> found.low <= found.value <= found.high
    True
    """
    model = score_model(
        held_out_scores,
        candidate_scores,
        prior=prior,
        expected_particles=expected_particles,
        seed=seed,
    )
    return particle_number(model, len(candidate_scores))


def particle_number(model: ScoreModel, n_micrographs: int) -> ParticleNumber:
    """Count the particles by what is known about the candidates' scores."""
    hits = (model.probability_samples * model.candidate_samples).sum(axis=1)
    samples = hits / model.reach_samples / n_micrographs
    low, value, high = np.quantile(samples, [0.025, 0.5, 0.975])
    return ParticleNumber(float(value), float(low), float(high))


def score_model(
    held_out_scores: ArrayLike | Said,
    candidate_scores: Sequence[ArrayLike],
    *,
    prior: ScorePrior | None = None,
    expected_particles: float | None = None,
    expected_error: float = EXPECTED_ERROR,
    seed: int = 0,
) -> ScoreModel:
    """Check the input of `estimate_particles` and learn from it what scores mean."""
    said = (
        held_out_scores
        if isinstance(held_out_scores, Said)
        else Said(np.asarray(held_out_scores, dtype=np.float64))
    )
    said.check()
    arrays = [np.asarray(scores, dtype=np.float64) for scores in candidate_scores]
    if sum(scores.size for scores in arrays) == 0:
        raise BadInput("The detector found no candidate on the micrographs of held-out labels.")
    for scores in arrays:
        if not ((scores >= 0) & (scores <= 1)).all():
            raise BadInput("Scores must be probabilities, from 0 to 1, to be calibrated.")
    if expected_particles is not None and not expected_particles > 0:
        raise BadInput(
            f"{expected_particles:g} particles a micrograph are expected; give a positive number."
        )
    return fit_score_model(
        said,
        arrays,
        prior=prior or ScorePrior(),
        expected_particles=expected_particles,
        expected_error=expected_error,
        n_samples=N_SAMPLES,
        generator=np.random.default_rng(seed),
    )

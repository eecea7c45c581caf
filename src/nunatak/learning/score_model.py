r"""How likely a candidate of a given score is a particle, from a few labels and all candidates.

Candidates come in great number and without a verdict; labelled particles are few, and say
nothing about the places between them. Under the assumption that labels are a random sample of
all particles (SCAR: Elkan and Noto 2008) the scores of labelled particles have the density

.. math:: f_1(s) = c(s)\, g(s) \,/ \int c\, g

where g is the density of all candidates, which is known, and c(s) the wanted probability that a
candidate of score s is a particle. The likelihood of the labels, :math:`\prod_i c(s_i) /
\sum_j c(s_j)`, is that of logistic regression on presence-only data (Lancaster and Imbens 1996;
Ward et al. 2009, Biometrics 65, 554). It fixes the number of particles :math:`\sum_j c(s_j)`
only because c saturates at 1: among the highest scores there is hardly anything but particles
(the condition that every mixture-proportion estimate needs: Blanchard et al. 2010, JMLR 11, 2973;
Scott 2015). How much ten labels leave open, a prior fills in that was measured where every
particle is known.

Who corrects the picks on a screen labels no random sample, but many more particles without a circle
than with one. Among either kind, though, the choice is by chance, and the likelihood is that above
for each kind by itself; see `nunatak.learning.said.Said`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit

from nunatak.learning.said import Said
from nunatak.learning.score_bins import BIN_CENTRES, binned

FloatArray = NDArray[np.float64]

_GRID_SHAPE = (61, 31)
_GRID_REACH_SD = 3.0

_KNOWN_FOUND = 4.0
"""As many hidden particles are believed to have a candidate before one is labelled."""


@dataclass(frozen=True)
class ScorePrior:
    r"""What is believed about a detector's calibration before a label is seen.

    The logit of c is :math:`a + b\,\varphi(x)` with x the logit of the score; a and :math:`\ln b`
    are independent and normal.

    Attributes
    ----------
    intercept_mean, intercept_sd : float
        Of a, the logit of c at a score of 0.5. The defaults suit the general model and its
        descendants, whose a was 1.9 in the median of 30 simulated specimens (half of them between
        1.2 and 2.6: scores too low), but -1.4 and -0.9 on the training micrographs of
        EMPIAR-10146 and EMPIAR-10017 (scores too high). One standard deviation holds all of these.
    log_slope_mean, log_slope_sd : float
        Of :math:`\ln b`: 0.9 in the median of the same simulated specimens (half of them between
        0.7 and 1.2), 0.6 and 0.4 on the real ones.
    """

    intercept_mean: float = 0.5
    intercept_sd: float = 2.0
    log_slope_mean: float = 0.7
    log_slope_sd: float = 0.5


WIDE_PRIOR = ScorePrior(intercept_mean=0.0, intercept_sd=3.0, log_slope_mean=0.0, log_slope_sd=0.8)
"""For a detector of which nothing is known, such as a network trained from scratch."""


@dataclass(frozen=True, eq=False)
class ScoreModel:
    """What labels and candidates say about c(s), averaged and in samples.

    Attributes
    ----------
    probability : ndarray, shape (bins,), float64
        Posterior mean of c in every score bin.
    probability_samples : ndarray, shape (n_samples, bins), float64
        Draws from the posterior, each on micrographs drawn anew.
    candidates : ndarray, shape (bins,), float64
        Number of candidates in each bin, over all micrographs.
    candidate_samples : ndarray, shape (n_samples, bins), float64
        The same on the micrographs of each draw.
    reach : float
        Estimated share of the particles that have a candidate at all (posterior median).
    reach_samples : ndarray, shape (n_samples,), float64
        Draws of it.
    """

    probability: FloatArray
    probability_samples: FloatArray
    candidates: FloatArray
    candidate_samples: FloatArray
    reach: float
    reach_samples: FloatArray


def fit_score_model(
    said: Said,
    candidate_scores: Sequence[ArrayLike],
    *,
    prior: ScorePrior,
    expected_particles: float | None,
    expected_error: float,
    n_samples: int,
    generator: np.random.Generator,
) -> ScoreModel:
    """Learn c(s) by integrating over a grid of its two parameters; nothing is optimised.

    Parameters
    ----------
    said
        What people say about candidates. Probabilities.
    candidate_scores
        Scores of all candidates, one array a micrograph: those from which labels were held out.
    prior
        Belief about the detector.
    expected_particles
        Particles a micrograph, where the user knows; None leaves it to the data.
    expected_error
        Relative standard deviation of that number.
    n_samples
        Draws behind the intervals.
    generator
        Source of all randomness.
    """
    per_micrograph = np.array([binned(scores) for scores in candidate_scores])
    n_micrographs = len(per_micrograph)
    equal = np.full(n_micrographs, 1.0 / n_micrographs)
    weights = generator.multinomial(n_micrographs, equal, size=n_samples).astype(np.float64)
    candidates = np.vstack([per_micrograph.sum(axis=0), weights @ per_micrograph])

    curves = _Curves.around(prior)
    hits = curves.probability @ candidates.T  # (grid, 1 + n_samples)
    log_posterior = curves.log_prior[:, None] + _log_likelihood(said, curves, candidates)
    unseen, drawn_unseen = _unseen_share(said, n_samples, generator)
    is_source = said.is_hidden(BIN_CENTRES)
    sources = (curves.probability * is_source) @ candidates.T
    if expected_particles is not None:
        particles = (hits + sources * np.append(unseen, drawn_unseen)) / n_micrographs
        off = np.log(np.maximum(particles, 1e-300) / expected_particles) / expected_error
        log_posterior -= 0.5 * np.square(off)
    posterior = np.exp(log_posterior - log_posterior.max(axis=0))
    posterior /= posterior.sum(axis=0)
    probability = posterior[:, 0] @ curves.probability
    samples = curves.probability[_drawn(posterior[:, 1:], generator)]
    return ScoreModel(
        probability=probability,
        probability_samples=samples,
        candidates=candidates[0],
        candidate_samples=candidates[1:],
        reach=float(_reach(probability, candidates[0], is_source, unseen)),
        reach_samples=_reach(samples, candidates[1:], is_source, drawn_unseen),
    )


def _log_likelihood(said: Said, curves: "_Curves", candidates: FloatArray) -> FloatArray:
    """Of everything that was said, shape (grid, 1 + n_samples).

    Each kind of candidate from which somebody chose by chance is compared with its own sum.
    """
    judged = binned(said.right) + binned(said.wrong)
    open_ = np.maximum(candidates - judged, 0.0)
    total: FloatArray = np.zeros((len(curves.log_prior), len(candidates)))
    total += (curves.log_probability @ binned(said.right))[:, None]
    total += (curves.log_contrary @ binned(said.wrong))[:, None]
    hidden = said.is_hidden(BIN_CENTRES)
    kinds = (hidden, ~hidden) if said.shown_from is not None else (hidden,)
    particles = binned(said.labels[said.labels > 0])
    for kind in kinds:
        labels = particles * kind
        if labels.any():
            chosen_from = curves.probability @ (open_ * kind).T
            total += (curves.log_probability @ labels)[:, None]
            total -= labels.sum() * np.log(np.maximum(chosen_from, 1e-300))
    return total


def _unseen_share(
    said: Said, n_samples: int, generator: np.random.Generator
) -> tuple[float, FloatArray]:
    """Estimate how many particles have no candidate, for each one among the hidden that has."""
    hidden = said.labels[(said.labels <= 0) | said.is_hidden(_logit(said.labels))]
    n_missed = int((hidden <= 0).sum())
    # Those in completely labelled parts too, for those of them without a candidate are in labels.
    n_found = len(hidden) - n_missed + int(said.is_hidden(_logit(said.right)).sum())
    # Jeffreys' prior for a share; of corrections, few of which may be of hidden particles, it is
    # believed that a detector has candidates at nearly all particles.
    known = _KNOWN_FOUND if said.shown_from is not None else 0.5
    samples = generator.beta(n_found + known, n_missed + 0.5, size=n_samples)
    samples = np.maximum(samples, 1e-6)
    share = float(np.median(samples))
    return (1.0 - share) / share, (1.0 - samples) / samples


def _reach(
    probability: FloatArray,
    candidates: FloatArray,
    is_source: NDArray[np.bool_],
    unseen: float | FloatArray,
) -> FloatArray:
    hits = probability * candidates
    seen = hits.sum(axis=-1)
    lost = (hits * is_source).sum(axis=-1) * unseen
    return np.asarray(seen / np.maximum(seen + lost, 1e-300))


def _logit(scores: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(scores, 1e-12, 1 - 1e-12)))


@dataclass(frozen=True, eq=False)
class _Curves:
    """Candidate functions c(s) on the grid of parameters, shapes (grid, bins) and (grid,)."""

    probability: FloatArray
    log_probability: FloatArray
    log_contrary: FloatArray
    log_prior: FloatArray

    @classmethod
    @cache
    def around(cls, prior: ScorePrior) -> "_Curves":
        offset_a = np.linspace(-_GRID_REACH_SD, _GRID_REACH_SD, _GRID_SHAPE[0])
        offset_b = np.linspace(-_GRID_REACH_SD, _GRID_REACH_SD, _GRID_SHAPE[1])
        grid_a, grid_b = (grid.ravel() for grid in np.meshgrid(offset_a, offset_b, indexing="ij"))
        intercept = prior.intercept_mean + prior.intercept_sd * grid_a
        slope = np.exp(prior.log_slope_mean + prior.log_slope_sd * grid_b)
        scores = intercept[:, None] + slope[:, None] * _shape(BIN_CENTRES)
        return cls(
            probability=expit(scores),
            log_probability=log_expit(scores),
            log_contrary=log_expit(-scores),
            log_prior=-0.5 * (grid_a**2 + grid_b**2),
        )


def _shape(logit_score: FloatArray, slope_ratio: float = 1.9) -> FloatArray:
    """Bend the logit of a score as the general model's calibration is bent.

    Beta calibration (Kull, Silva Filho and Flach 2017) has one slope for low scores and one for
    high ones. Their ratio was 1.9 in the median of 24 simulated specimens, within a factor of
    1.4, and to fit it to each data set gained nothing there.
    """
    high = np.logaddexp(0.0, logit_score) - np.log(2.0)
    low = np.logaddexp(0.0, -logit_score) - np.log(2.0)
    return np.asarray(np.sqrt(slope_ratio) * high - low / np.sqrt(slope_ratio))


def _drawn(posterior: FloatArray, generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw one row of the grid by each column's posterior."""
    cumulative = np.cumsum(posterior, axis=0)
    levels = generator.random(posterior.shape[1]) * cumulative[-1]
    return np.asarray((cumulative < levels).sum(axis=0), dtype=np.int64)

r"""From logits to probabilities that hold for the natural mix of the picks at hand.

A pick of logit :math:`l` is a particle with probability :math:`c(l) = \sigma(a l + g)`: Platt
scaling (1999). Labels are rarely drawn in the natural mix, people give twenty of each class; all
picks together show that mix. A labelled particle's logit has the density
:math:`c(l) f(l) / \pi` with f that of all picks and :math:`\pi = \int c f` the share of
particles, a labelled junk's :math:`(1 - c(l)) f(l) / (1 - \pi)`, so that labels and picks
together fix a and g (the exponential tilt mixture: Qin 1999, Annals of Statistics 27, 1368; for
particles alone: Lancaster and Imbens 1996). Few labels are helped by a prior: that the logits are
right, namely :math:`a = 1` and :math:`g = \mathrm{logit}\,\pi`, whose :math:`\pi` is then that of
`nunatak.pruning.prior_shift`. The posterior lives on a grid of (a, g), which is averaged over.

A label may be wrong: a single one that contradicts its logit would otherwise flatten all
probabilities.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.errors import BadInput
from nunatak.pruning.prior_shift import natural_mix

FloatArray = NDArray[np.float64]

LOG_SLOPE_SD = 0.35
"""Of ln a, before labels are seen."""

BIAS_SD = 0.7
"""Of g - logit π, before labels are seen."""

WRONG_LABELS = 0.1
"""Share of labels that their logits say nothing of: people err, and so do heads that have seen
a few labels less."""

_LEVELS = 256
"""Quantiles of the picks' logits that stand for all of them."""

_GRID = (25, 41)
_REACH_SD = 3.5

_FARTHEST = 30.0
"""Logits beyond this are as good as this."""
_TABLE = np.linspace(-_FARTHEST, _FARTHEST, 2401)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is known about (a, g), as weighted points.

    Attributes
    ----------
    slope, intercept : ndarray, shape (m,), float64
        a and g of each point.
    weight : ndarray, shape (m,), float64
        Posterior probability of each point.
    particle_share : float
        Posterior mean of the share of particles among the picks.
    """

    slope: FloatArray
    intercept: FloatArray
    weight: FloatArray
    particle_share: float

    def probability(self, logits: FloatArray) -> FloatArray:
        """Posterior mean of the probability of being a particle, in the natural mix.

        Parameters
        ----------
        logits : ndarray, shape (n,), float64
            As they were calibrated; NaN for picks that were not judged.

        Returns
        -------
        ndarray, shape (n,), float64
            Rising with the logit; NaN where that is.
        """
        # One table for all, so that a pick has one probability whatever it is judged with.
        return np.interp(logits, _TABLE, self.weight @ self.at(_TABLE))

    def at(self, logits: FloatArray) -> FloatArray:
        """Probability by every point: shape (m, n) for n logits."""
        return expit(self.slope[:, None] * logits + self.intercept[:, None])

    def draw(self, n_draws: int, generator: np.random.Generator) -> "Calibration":
        """Draw points from the posterior, of equal weight."""
        chosen = generator.choice(len(self.weight), n_draws, p=self.weight)
        equal = np.full(n_draws, 1 / n_draws)
        return Calibration(self.slope[chosen], self.intercept[chosen], equal, self.particle_share)


def calibrate(
    out_of_fold: FloatArray,
    is_particle: NDArray[np.bool_],
    logits: FloatArray,
    *,
    labels_are_random: bool = False,
) -> Calibration:
    """Learn what logits mean among the picks at hand.

    Parameters
    ----------
    out_of_fold : ndarray, shape (k,), float64
        Logits of the labelled picks by heads that have not seen them; k may be 0.
    is_particle : ndarray, shape (k,), bool
        The labels.
    logits : ndarray, shape (n,), float64
        Of all picks; those that are not finite were not judged and are left out.
    labels_are_random
        Labels were drawn at random from the picks, whatever their class, so that their mix tells
        that of the picks.

    Returns
    -------
    Calibration

    Raises
    ------
    BadInput
        If lengths differ, an out-of-fold logit is not a number, or no pick was judged.
    """
    if len(out_of_fold) != len(is_particle) or not np.isfinite(out_of_fold).all():
        raise BadInput(
            f"{len(is_particle)} labels need as many finite out-of-fold logits to calibrate by, "
            f"but there are {int(np.isfinite(out_of_fold).sum())} of {len(out_of_fold)}."
        )
    judged = logits[np.isfinite(logits)]
    if len(judged) == 0:
        raise BadInput("No pick was judged, so that there is nothing to calibrate.")
    levels = judged
    if len(judged) > _LEVELS:
        levels = np.quantile(judged, (np.arange(_LEVELS) + 0.5) / _LEVELS)
    sign = np.where(is_particle, 1.0, -1.0)

    centre = np.array([0.0, logit(natural_mix(levels))])
    spread = np.array([LOG_SLOPE_SD, 2 * BIAS_SD])
    # The first grid covers the prior, the second what the labels have left of it.
    for _ in range(2):
        log_slope, intercept = _grid(centre, spread)
        slope = np.exp(log_slope)
        share = expit(slope[:, None] * levels + intercept[:, None]).mean(axis=1)
        share = np.clip(share, 1e-9, 1 - 1e-9)
        margin = sign * (slope[:, None] * out_of_fold + intercept[:, None])
        log_posterior = np.log(_of_label(expit(margin))).sum(axis=1)
        if not labels_are_random:
            log_posterior -= is_particle.sum() * np.log(_of_label(share))
            log_posterior -= (~is_particle).sum() * np.log(_of_label(1 - share))
        log_posterior -= 0.5 * (log_slope / LOG_SLOPE_SD) ** 2
        log_posterior -= 0.5 * ((intercept - logit(share)) / BIAS_SD) ** 2
        log_posterior += np.log(share) + np.log1p(-share)
        weight = np.exp(log_posterior - log_posterior.max())
        weight /= weight.sum()
        points = np.stack([log_slope, intercept])
        centre = points @ weight
        spread = np.maximum(np.sqrt((points - centre[:, None]) ** 2 @ weight), 1e-3)
    return Calibration(slope, intercept, weight, float(weight @ share))


def _of_label(probability: FloatArray) -> FloatArray:
    """Probability of a label from that of what it says."""
    return np.asarray(WRONG_LABELS / 2 + (1 - WRONG_LABELS) * probability)


def _grid(centre: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    axes = [
        middle + np.linspace(-_REACH_SD, _REACH_SD, steps) * sd
        for middle, sd, steps in zip(centre, spread, _GRID, strict=True)
    ]
    log_slope, intercept = np.meshgrid(*axes, indexing="ij")
    return log_slope.ravel(), intercept.ravel()

"""The share of particles among the picks at hand, told from the judgements of all of them."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.errors import BadInput

FloatArray = NDArray[np.float64]

PSEUDO_PICKS = 1.0
"""Picks of either class that are taken for seen beforehand: the share is never 0 or 1."""

_MOST_STEPS = 1000


def natural_mix(equal_mix_logit: FloatArray, *, pseudo_picks: float = PSEUDO_PICKS) -> float:
    r"""Estimate the share of particles by expectation maximisation.

    In turn every pick's probability is worked out for the present share, and the share as the
    mean of these: :math:`\pi \leftarrow \mathrm{mean}_j\,\sigma(l_j + \mathrm{logit}\,\pi)`.
    This climbs the likelihood of the picks where :math:`e^l` is the ratio of the densities of
    particles and junk.

    Parameters
    ----------
    equal_mix_logit : ndarray, shape (n,), float64
        Logit of being a particle where particles and junk are equally many; infinite or NaN ones
        are refused.
    pseudo_picks
        Of either class, added to what is counted.

    Returns
    -------
    float
        In (0, 1); 0.5 without a pick.

    Raises
    ------
    BadInput
        If a logit is not finite.

    Notes
    -----
    Saerens, Latinne and Decaestecker 2002, Neural Computation 14, 21, eq. 2.9.

    Examples
    --------
    >>> logits = np.concatenate([np.full(30, 6.0), np.full(70, -6.0)])
    >>> round(natural_mix(logits), 2)
    0.3
    """
    if not np.isfinite(equal_mix_logit).all():
        raise BadInput("A pick's logit is not a number; leave picks that were not judged out.")
    share, total = 0.5, len(equal_mix_logit) + 2 * pseudo_picks
    if len(equal_mix_logit) == 0:
        return share
    for _ in range(_MOST_STEPS):
        probability = expit(equal_mix_logit + logit(share))
        before, share = share, float((probability.sum() + pseudo_picks) / total)
        if abs(share - before) < 1e-6:
            break
    return share

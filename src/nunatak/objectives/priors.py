"""The class prior that an objective takes."""

import logging
from typing import Literal

from nunatak.errors import BadInput

ObjectiveName = Literal["pn", "pu", "ge-kl", "ge-binomial"]

_log = logging.getLogger(__name__)


def check_prior(prior: float) -> float:
    """Return a class prior that lies between 0 and 1.

    Raises
    ------
    BadInput
        If it does not.
    """
    if not 0 < prior < 1:
        raise BadInput(
            f"The class prior is {prior:g}, but a share of positives lies between 0 and 1. "
            "Check the expected number of particles per micrograph and the particle diameter."
        )
    return prior


def published_prior(
    objective: ObjectiveName, prior: float, labelled_share: float
) -> tuple[ObjectiveName, float]:
    """Choose the prior that an objective takes on patch minibatches, as published.

    Parameters
    ----------
    objective
        What the user asked for.
    prior
        Share π of all regions that are positive.
    labelled_share
        Share p_obs of all regions that are labelled positive.

    Returns
    -------
    tuple of str and float
        The objective to use and its prior: π for PN and PU; ``π' = π - p_obs`` for the
        generalised-expectation objectives, which speak of the unlabelled part alone. Where
        nothing is left for that part (π ≤ p_obs), the unlabelled regions are all negative:
        PN with p_obs, and a warning.

    Raises
    ------
    BadInput
        If a share does not lie between 0 and 1.

    Notes
    -----
    Bepler et al., arXiv 1803.08207, section on the class prior. π' is a share of *all* regions
    and a little smaller than the share among the unlabelled ones, ``π' / (1 - p_obs)``.
    """
    check_prior(prior)
    check_prior(labelled_share)
    if objective in {"pn", "pu"}:
        return objective, prior
    if prior > labelled_share:
        return objective, prior - labelled_share
    _log.warning(
        "The class prior %.3g is not above the labelled share %.3g: no particle is expected among "
        "the unlabelled regions. Learning with PN instead of %s.",
        prior,
        labelled_share,
        objective,
    )
    return "pn", labelled_share

import logging

import pytest

from nunatak.errors import BadInput
from nunatak.objectives.priors import check_prior, published_prior


def test_generalised_expectation_speaks_of_the_unlabelled_part() -> None:
    assert published_prior("ge-kl", 0.03, 0.01) == ("ge-kl", pytest.approx(0.02))
    assert published_prior("ge-binomial", 0.03, 0.01) == ("ge-binomial", pytest.approx(0.02))


def test_pu_and_pn_keep_the_prior_even_below_the_labelled_share() -> None:
    assert published_prior("pu", 0.01, 0.03) == ("pu", 0.01)
    assert published_prior("pn", 0.01, 0.03) == ("pn", 0.01)


@pytest.mark.parametrize("prior", [0.01, 0.02])
def test_without_unlabelled_particles_pn_takes_over(
    prior: float, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert published_prior("ge-binomial", prior, 0.02) == ("pn", 0.02)
    assert "no particle is expected" in caplog.text


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, 1.3, float("nan")])
def test_a_prior_is_a_share(prior: float) -> None:
    with pytest.raises(BadInput, match="lies between 0 and 1"):
        check_prior(prior)

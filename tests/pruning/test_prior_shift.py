import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.prior_shift import natural_mix


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
def test_the_share_is_found_where_classes_overlap(share: float, rng: np.random.Generator) -> None:
    # Normal densities one and a half standard deviations apart: the log-ratio is linear.
    is_particle = rng.random(40_000) < share
    value = rng.normal(np.where(is_particle, 0.75, -0.75), 1.0)
    assert natural_mix(1.5 * value) == pytest.approx(share, abs=0.015)


def test_a_share_is_never_none_or_all() -> None:
    assert 0 < natural_mix(np.full(100, -30.0)) < 0.02
    assert 0.98 < natural_mix(np.full(100, 30.0)) < 1
    assert natural_mix(np.empty(0)) == 0.5


def test_picks_that_were_not_judged_are_refused() -> None:
    with pytest.raises(BadInput, match="leave picks that were not judged out"):
        natural_mix(np.array([1.0, np.nan]))

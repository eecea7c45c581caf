import numpy as np
import pytest

from nunatak.errors import BadInput
from nunatak.pruning.views_lost import views_lost


def views(rng: np.random.Generator, n: int = 1200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four views of the particle far apart, and junk: features, probability, view."""
    view = rng.integers(0, 5, n)
    x = rng.normal(size=(n, 20)) * 0.3
    x[np.arange(n), view] += 4
    probability = np.where(view == 4, 0.01, rng.uniform(0.6, 0.99, n))
    return x, probability, view


def test_the_view_that_pruning_thinned_is_found(rng: np.random.Generator) -> None:
    x, probability, view = views(rng)
    probability[view == 2] = rng.uniform(0.3, 0.55, (view == 2).sum())
    kept = (probability > 0.5) & (rng.random(len(view)) > 0.1)
    found = views_lost(x, probability, kept, n_clusters=4)
    assert found is not None
    assert found.is_thinned.tolist() == [True, False, False, False]
    assert set(view[found.cluster == 0]) == {2}
    assert (found.cluster[view == 4] == -1).all()
    assert found.picks.sum() == (view != 4).sum()
    lost = ~kept & (view == 2)
    assert found.rejected[0] == lost.sum()
    assert found.particles_lost[0] == pytest.approx(probability[lost].sum())
    assert found.rejected_share[0] == pytest.approx(lost.sum() / (view == 2).sum())
    assert (np.diff(found.rejected_share) <= 0).all()
    assert found.p_value[0] < 1e-6 < found.p_value[1]


def test_chance_thins_no_view(rng: np.random.Generator) -> None:
    x, probability, _ = views(rng)
    thinned = 0
    for seed in range(10):
        found = views_lost(x, probability, rng.random(len(x)) > 0.3, seed=seed)
        assert found is not None
        assert len(found.picks) > 4
        thinned += int(found.is_thinned.sum())
    assert thinned <= 1


def test_one_seed_gives_one_result_and_unjudged_picks_take_no_part(
    rng: np.random.Generator,
) -> None:
    x, probability, _ = views(rng)
    probability[:9] = np.nan
    kept = np.nan_to_num(probability) > 0.5
    one, two = views_lost(x, probability, kept, seed=4), views_lost(x, probability, kept, seed=4)
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one.cluster, two.cluster)
    assert (one.cluster[:9] == -1).all()


def test_too_few_picks_have_no_views(rng: np.random.Generator) -> None:
    x, probability, _ = views(rng, 60)
    assert views_lost(x, probability, probability > 0.5) is None
    with pytest.raises(BadInput, match="Features of 60 picks came with 59 probabilities"):
        views_lost(x, probability[:59], probability > 0.5)


def test_nothing_or_everything_kept_is_no_trouble(rng: np.random.Generator) -> None:
    x, probability, _ = views(rng)
    for kept in (np.zeros(len(x), dtype=bool), np.ones(len(x), dtype=bool)):
        found = views_lost(x, probability, kept)
        assert found is not None
        assert not found.is_thinned.any()

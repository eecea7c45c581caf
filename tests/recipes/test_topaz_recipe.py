from nunatak.networks.registry import build
from nunatak.recipes.topaz import PUBLISHED, RECEPTIVE_FIELD_PX


def test_the_configuration_is_the_published_one() -> None:
    network = build(PUBLISHED.network)
    assert sum(weight.numel() for weight in network.parameters()) == 329_249
    assert network.receptive_field_px == RECEPTIVE_FIELD_PX
    assert PUBLISHED.objective == "ge-binomial"
    assert PUBLISHED.steps == 10_000
    assert PUBLISHED.batch_size * PUBLISHED.positive_share == 16
    assert (PUBLISHED.learning_rate, PUBLISHED.schedule) == (2e-4, "constant")
    assert PUBLISHED.start is None

import pytest

from nunatak.errors import UsageError
from nunatak.networks.registry import build
from nunatak.recipes.topaz import PUBLISHED, RECEPTIVE_FIELD_PX, as_called


def test_the_configuration_is_the_published_one() -> None:
    network = build(PUBLISHED.network)
    assert sum(weight.numel() for weight in network.parameters()) == 329_249
    assert network.receptive_field_px == RECEPTIVE_FIELD_PX
    assert PUBLISHED.objective == "ge-binomial"
    assert PUBLISHED.steps == 10_000
    assert PUBLISHED.batch_size * PUBLISHED.positive_share == 16
    assert (PUBLISHED.learning_rate, PUBLISHED.schedule) == (2e-4, "constant")
    assert PUBLISHED.start is None


def test_without_flags_only_the_sizes_of_the_images_enter() -> None:
    settings = as_called({}, radius_px=3, diameter_px=35.5)
    assert settings == PUBLISHED


def test_flags_of_topaz_change_the_configuration() -> None:
    flags = {
        "method": "GE-KL",
        "model": "resnet16",
        "units": 64,
        "bn": "off",
        "dropout": 0.2,
        "epoch_size": 50,
        "num_epochs": 3,
        "minibatch_balance": 0.25,
        "l2": 0.01,
    }
    settings = as_called(flags, radius_px=4, diameter_px=32)
    assert settings.objective == "ge-kl"
    assert settings.network.name == "ResNet16"
    assert settings.network.parameters.model_dump() | {
        "units": 64,
        "batch_norm": False,
        "dropout": 0.2,
    } == (settings.network.parameters.model_dump())
    assert (settings.steps, settings.validate_every) == (150, 50)
    assert (settings.positive_share, settings.weight_decay) == (0.25, 0.01)


@pytest.mark.parametrize(
    "flags", [{"model": "unet"}, {"method": "magic"}, {"units": -1}, {"minibatch_size": 0}]
)
def test_impossible_flags_are_refused(flags: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        as_called(flags, radius_px=3, diameter_px=32)

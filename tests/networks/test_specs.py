import pytest
import torch
from pydantic import ValidationError

from nunatak.networks.registry import NETWORKS, build
from nunatak.networks.specs import (
    PARAMETERS,
    NetworkSpec,
    PlainParameters,
    ResidualParameters,
    UNetParameters,
)
from nunatak.networks.unet3d import OFFSET_AXES


def test_every_network_can_be_described_and_built() -> None:
    assert PARAMETERS.keys() == NETWORKS.keys()
    for name in NETWORKS:
        spec = NetworkSpec(name=name)
        again = NetworkSpec.model_validate_json(spec.model_dump_json())
        assert again == spec
        with torch.device("meta"):
            network = build(again)
        assert network.output_stride == spec.parameters.output_stride
        ndim = spec.parameters.ndim
        side = (4 if ndim == 2 else 1) * network.size_multiple
        sides = (side,) * (ndim - 1) + (2 * side,)
        maps = network.to_empty(device="cpu").eval()(torch.zeros(1, 1, *sides))
        # In three dimensions an offset of three components comes after the class maps.
        channels = 1 if ndim == 2 else 1 + OFFSET_AXES
        assert maps.shape == (1, channels, *(length // network.output_stride for length in sides))
        assert 0 <= network.output_origin_px <= (network.output_stride - 1) / 2
        assert network.context_px > 0


def test_the_name_decides_on_the_parameters() -> None:
    assert NetworkSpec() == NetworkSpec(name="UNet", parameters=UNetParameters())
    assert isinstance(NetworkSpec(name="ResNet16").parameters, ResidualParameters)
    assert isinstance(NetworkSpec(name="Conv127").parameters, PlainParameters)
    with pytest.raises(ValidationError, match="ResidualParameters"):
        NetworkSpec(name="ResNet8", parameters=UNetParameters())


def test_the_stride_can_be_chosen_for_given_weights() -> None:
    spec = NetworkSpec(name="Conv31", parameters=PlainParameters(units=3)).at_stride(4)
    assert spec.parameters == PlainParameters(units=3, output_stride=4)
    with pytest.raises(ValidationError, match="output_stride"):
        NetworkSpec().at_stride(4)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"name": "Transformer"}, ("name",)),
        ({"name": "ResNet8", "parameters": {"width": 3}}, ("parameters", "width")),
        ({"name": "ResNet8", "parameters": {"pooling": "avg"}}, ("parameters", "pooling")),
        ({"name": "ResNet8", "parameters": {"units": 10**9}}, ("parameters", "units")),
        ({"name": "Conv31", "parameters": {"output_stride": 3}}, ("parameters", "output_stride")),
        ({"name": "Conv31", "parameters": {"dropout": 1.0}}, ("parameters", "dropout")),
        ({"name": "UNet", "parameters": {"output_stride": 2}}, ("parameters", "output_stride")),
        ({"name": "UNet", "parameters": 7}, ("parameters",)),
    ],
)
def test_what_no_network_has_is_refused(fields: dict[str, object], where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        NetworkSpec.model_validate(fields)
    assert [error["loc"] for error in caught.value.errors()] == [where]

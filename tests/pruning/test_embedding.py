import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nunatak.errors import UsageError
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.embedding import Embedder, embed, view
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel


@pytest.fixture(scope="module")
def model() -> PruningModel:
    torch.manual_seed(0)
    network = PruningNetwork(width=4, classes=3)
    network(torch.randn(8, 2, 32, 32))  # statistics of its own
    with torch.no_grad():
        network.first.weight.mul_(5.0)
        network.second.weight.mul_(5.0)
    header = PrunerHeader(
        name="tiny",
        network=PruningNetworkParameters(width=4, classes=3),
        crop=CropSpec(side_px=32),
        classes=("particle", "ice", "carbon"),
    )
    return PruningModel(header, network.eval())


def some_crops(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal((count, 2, 32, 32), dtype=np.float32)


def test_one_view_is_the_network_itself(model: PruningModel) -> None:
    crops = some_crops(5)
    found = embed(model, crops, views=1, precision="float32")
    with torch.inference_mode():
        output = model.network(torch.from_numpy(crops))
    mean = (output.first.softmax(1) + output.second.softmax(1)) / 2
    np.testing.assert_allclose(found.embedding, output.embedding, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.log_probability, mean.log(), rtol=1e-4, atol=1e-5)
    assert found.embedding.dtype == found.log_probability.dtype == np.float32


@pytest.mark.parametrize("views", [2, 8])
def test_views_are_averaged_as_probabilities(model: PruningModel, views: int) -> None:
    crops = some_crops(4)
    found = embed(model, crops, views=views, precision="float32")
    single = [
        embed(model, view(torch.from_numpy(crops), k).numpy(), views=1, precision="float32")
        for k in range(views)
    ]
    embedding = np.mean([one.embedding for one in single], axis=0)
    probability = np.mean([np.exp(one.log_probability) for one in single], axis=0)
    assert np.ptp([one.embedding for one in single], axis=0).max() > 0.05
    np.testing.assert_allclose(found.embedding, embedding, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.exp(found.log_probability), probability, rtol=1e-4)
    np.testing.assert_allclose(np.exp(found.log_probability).sum(axis=1), 1.0, rtol=1e-5)


def test_the_eight_views_are_different_and_closed() -> None:
    crop = torch.arange(16.0).reshape(1, 1, 4, 4)
    views = {tuple(view(crop, k).flatten().tolist()) for k in range(8)}
    assert len(views) == 8
    again = {tuple(view(view(crop, j), k).flatten().tolist()) for j in range(8) for k in range(8)}
    assert again == views
    assert torch.equal(view(crop, 0), crop)
    assert torch.equal(view(crop, 1), crop.flip(-1).flip(-2))


def test_all_views_together_do_not_depend_on_orientation(model: PruningModel) -> None:
    crops = some_crops(3)
    turned = view(torch.from_numpy(crops), 6).numpy()
    one, other = (embed(model, c, views=8, precision="float32") for c in (crops, turned))
    np.testing.assert_allclose(one.embedding, other.embedding, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.log_probability, other.log_probability, atol=1e-4)


def test_the_size_of_batches_does_not_matter(model: PruningModel) -> None:
    crops = some_crops(7)
    one, other = (embed(model, crops, batch_size=size, precision="float32") for size in (3, 256))
    np.testing.assert_allclose(one.embedding, other.embedding, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.log_probability, other.log_probability, atol=1e-4)


def test_no_crops_give_empty_tables(model: PruningModel) -> None:
    found = embed(model, some_crops(0))
    assert found.embedding.shape == (0, 32)
    assert found.log_probability.shape == (0, 3)


def test_bfloat16_agrees_with_float32_to_its_rounding(model: PruningModel) -> None:
    crops = some_crops(16)
    exact = embed(model, crops, precision="float32").embedding
    rounded = embed(model, crops, precision="bfloat16").embedding
    difference = np.linalg.norm(rounded - exact) / np.linalg.norm(exact)
    assert 0.0 < difference < 0.05


def test_the_model_is_left_as_it_was(model: PruningModel) -> None:
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    embed(model, some_crops(2), precision="bfloat16")
    after = model.network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("views", [0, 9])
def test_there_are_one_to_eight_views(model: PruningModel, views: int) -> None:
    with pytest.raises(UsageError, match=f"1 to 8 views, not {views}"):
        Embedder(model, views=views)


def test_crops_of_another_size_are_refused(model: PruningModel) -> None:
    with pytest.raises(ValueError, match=r"\(2, 32, 32\) wanted, \(1, 32, 32\) given"):
        embed(model, some_crops(2)[:, :1])

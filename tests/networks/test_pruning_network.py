import torch
from torch import nn

from nunatak.networks.pruning_network import (
    BranchOutput,
    PruningNetwork,
    folded,
    freeze_batch_norm,
    log_probability,
)


def test_shapes_of_what_it_says() -> None:
    network = PruningNetwork(width=4, in_channels=2, classes=8, categories=40)
    output = network(torch.randn(3, 2, 64, 64))
    assert output.first.shape == output.second.shape == (3, 8)
    assert output.embedding.shape == (3, 32)
    assert output.category is not None
    assert output.category.shape == (3, 40)


def test_without_categories_there_is_no_such_head() -> None:
    network = PruningNetwork(width=4)
    assert network(torch.randn(2, 2, 64, 64)).category is None
    assert not any(name.startswith("category") for name in network.state_dict())


def test_both_branches_start_from_the_backbone_s_maps() -> None:
    torch.manual_seed(0)
    network = PruningNetwork(width=4, classes=3).eval()
    crops = torch.randn(2, 2, 64, 64)
    output = network(crops)
    maps = network.backbone.feature_maps(crops)
    compressed = torch.relu(network.compress[1](network.compress[0](maps)))
    assert compressed.shape == (2, 16, 2, 2)
    torch.testing.assert_close(output.embedding, network.backbone.features(crops))
    torch.testing.assert_close(output.first, network.first(maps.mean(dim=(2, 3))))
    torch.testing.assert_close(output.second, network.second(compressed.mean(dim=(2, 3))))


def test_the_probability_is_the_mean_of_both_branches_in_full_precision() -> None:
    logits = torch.tensor([[0.0, 0.0], [3.0, -1.0]], dtype=torch.bfloat16)
    output = BranchOutput(logits, logits.flip(1), torch.zeros(2, 1), None)
    assert log_probability(output).dtype == torch.float32
    torch.testing.assert_close(log_probability(output).exp(), torch.full((2, 2), 0.5))
    agreed = log_probability(output._replace(second=logits))
    torch.testing.assert_close(agreed, logits.float().log_softmax(dim=1))


def test_the_smallest_probability_has_a_logarithm() -> None:
    logits = torch.tensor([[200.0, -200.0]])
    output = BranchOutput(logits, logits, torch.zeros(1, 1), None)
    torch.testing.assert_close(log_probability(output), torch.tensor([[0.0, -400.0]]))


def test_frozen_statistics_stay_while_scales_learn() -> None:
    network = PruningNetwork(width=4).train()
    freeze_batch_norm(network)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    assert network.compress.training
    output = network(torch.randn(4, 2, 64, 64) + 3.0)
    (output.first.sum() + output.second.sum()).backward()
    for name, buffer in network.named_buffers():
        torch.testing.assert_close(buffer, before[name], rtol=0, atol=0, msg=name)
    scale = network.backbone.bn1.weight.grad
    assert scale is not None
    assert scale.abs().max() > 0


def test_a_folded_copy_says_the_same() -> None:
    torch.manual_seed(0)
    network = PruningNetwork(width=4).train()
    network(torch.randn(8, 2, 64, 64) * 2.0 + 1.0)  # statistics worth folding
    network.eval()
    crops = torch.randn(3, 2, 64, 64)
    copied = folded(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in copied.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    for one, other in zip(network(crops)[:3], copied(crops)[:3], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)

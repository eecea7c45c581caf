import pytest
import torch

from nunatak.networks.decoder import Decoder


@pytest.mark.parametrize(
    ("side", "patch_side"), [(1, 71), (1, 91), (1, 31), (1, 127), (3, 71), (9, 20), (5, 5), (1, 3)]
)
def test_the_whole_patch_is_rebuilt(side: int, patch_side: int) -> None:
    decoder = Decoder(channels=6, side=side, patch_side=patch_side, width=4)
    assert decoder(torch.zeros(2, 6, side, side)).shape == (2, 1, patch_side, patch_side)


def test_every_feature_and_every_pixel_take_part() -> None:
    torch.manual_seed(0)
    decoder = Decoder(channels=3, side=2, patch_side=31, width=4)
    features = torch.randn(2, 3, 2, 2, requires_grad=True)
    image = decoder(features)
    assert image.std() > 0
    assert (image[0] != image[1]).all()
    image.square().sum().backward()
    assert features.grad is not None
    assert (features.grad != 0).all()


def test_it_is_small_beside_the_published_one() -> None:
    decoder = Decoder(channels=128, side=1, patch_side=71)
    assert decoder.sides == [5, 9, 18, 36, 71]
    assert sum(p.numel() for p in decoder.parameters()) < 600_000


def test_it_learns_to_rebuild() -> None:
    torch.manual_seed(1)
    patches = torch.randn(4, 1, 7, 7)
    decoder = Decoder(channels=4, side=1, patch_side=7, width=8)
    codes = torch.eye(4)[:, :, None, None]
    optimiser = torch.optim.Adam(decoder.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        loss = (decoder(codes) - patches).square().mean()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.1 * patches.square().mean().item()


def test_features_larger_than_their_patch_are_refused() -> None:
    with pytest.raises(ValueError, match="features of side 9 for a patch of side 7"):
        Decoder(channels=1, side=9, patch_side=7)

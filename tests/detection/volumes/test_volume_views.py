import pytest
import torch

from nunatak.detection.volumes.volume_views import (
    FLIP_VIEWS,
    ONE_VIEW,
    View,
    mean_over_views,
    scored_view,
)
from nunatak.networks.unet3d import UNet3d


def test_there_are_eight_mirror_images_and_the_first_is_the_volume() -> None:
    assert len(set(FLIP_VIEWS)) == 8
    assert FLIP_VIEWS[0] == ()
    assert set(ONE_VIEW) < set(FLIP_VIEWS)


def test_they_are_symmetries_of_a_missing_wedge_and_a_quarter_turn_is_not() -> None:
    k = torch.arange(-8, 9).double()
    kz, ky, kx = torch.meshgrid(k, k, k, indexing="ij")
    measured = kz.abs() <= kx.abs() * 3**0.5  # tilted by up to 60° about y
    for view in FLIP_VIEWS:
        assert torch.equal(measured.flip(view), measured)
    assert not torch.equal(measured.rot90(1, (1, 2)), measured)
    assert ky.shape == kx.shape


class Pointing(torch.nn.Module):
    """Sees a mark and points along x, y and z by 1/2, 1 and 3/2 voxels from where it lies."""

    def forward(self, volumes: torch.Tensor) -> torch.Tensor:
        coarse = torch.nn.functional.avg_pool3d(volumes, 2)
        way = torch.tensor([0.5, 1.0, 1.5]).reshape(1, 3, 1, 1, 1)
        return torch.cat([coarse, way * torch.ones_like(coarse)], dim=1)


@pytest.mark.parametrize("view", FLIP_VIEWS)
def test_scores_come_back_to_their_place_and_offsets_are_turned(view: View) -> None:
    volume = torch.randn(1, 1, 4, 6, 8)
    output = scored_view(Pointing(), volume, view)
    torch.testing.assert_close(output[:, :1], torch.nn.functional.avg_pool3d(volume, 2))
    signs = [-1.0 if axis in view else 1.0 for axis in (-1, -2, -3)]
    expected = torch.tensor([0.5, 1.0, 1.5]) * torch.tensor(signs)
    assert output[0, 1:].mean(dim=(1, 2, 3)).tolist() == expected.tolist()


def test_the_mean_is_symmetric() -> None:
    torch.manual_seed(0)
    network = UNet3d(channels=(3, 4), classes=2).eval().requires_grad_(requires_grad=False)
    volume = torch.randn(1, 1, 8, 12, 16)
    plain = mean_over_views(network, volume, FLIP_VIEWS)
    mirrored = scored_view(lambda v: mean_over_views(network, v, FLIP_VIEWS), volume, (-1, -3))
    torch.testing.assert_close(mirrored, plain)
    assert not torch.allclose(network(volume), plain, atol=1e-3)
    torch.testing.assert_close(mean_over_views(network, volume, ONE_VIEW), network(volume))

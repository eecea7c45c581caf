import math

import numpy as np
import pytest
import torch

from nunatak.errors import BadInput
from nunatak.networks.drop_block import (
    BLOCK_ZYX,
    DropBlock3d,
    _cuboids,
    drop_blocks,
    drop_cuboids,
    set_drop_rate,
)


def dropped_share(rate: float, shape: tuple[int, int, int], block: tuple[int, int, int]) -> float:
    """Expected share of dropped voxels: each is covered by the blocks that begin around it."""
    gamma = rate / math.prod(block)
    covers = np.ones(())
    for length, b in zip(shape, block, strict=True):
        corners = length - b + 1
        gamma *= length / corners
        place = np.arange(length)
        begin = np.minimum(place, corners - 1) - np.maximum(place - b + 1, 0) + 1
        covers = np.multiply.outer(covers, begin)
    return float(np.mean(1 - (1 - gamma) ** covers))


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("block", [BLOCK_ZYX, (2, 4, 1)])
def test_share_of_dropped_voxels(rate: float, block: tuple[int, int, int]) -> None:
    shape = (12, 20, 16)
    ones = torch.ones(400, 1, *shape)
    generator = torch.Generator().manual_seed(0)
    share = (drop_blocks(ones, rate, block, generator) == 0).float().mean().item()
    expected = dropped_share(rate, shape, block)
    assert share == pytest.approx(expected, rel=0.03)
    # Overlap is all that is missing to the rate.
    assert 1 - math.exp(-1.1 * rate) > expected > 0.85 * rate


def test_what_is_dropped_are_blocks_of_all_channels() -> None:
    ones = torch.ones(1, 3, 9, 15, 15)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        gone = drop_blocks(ones, 0.005, (3, 5, 5), generator)[0] == 0
        assert torch.equal(gone[0], gone[1])
        assert torch.equal(gone[0], gone[2])
        if gone.any():
            break
    z, y, x = (places.unique() for places in gone[0].nonzero(as_tuple=True))
    assert (len(z), len(y), len(x)) == (3, 5, 5)
    assert gone[0].sum() == 75


def test_mean_of_every_map_is_kept() -> None:
    maps = torch.full((8, 2, 10, 12, 14), 3.0)
    dropped = drop_blocks(maps, 0.2, generator=torch.Generator().manual_seed(2))
    assert (dropped == 0).any()
    np.testing.assert_allclose(dropped.mean(dim=(2, 3, 4)), 3.0, rtol=1e-5)


def test_blocks_larger_than_the_map_are_cut() -> None:
    maps = torch.ones(200, 1, 2, 3, 4)
    dropped = drop_blocks(maps, 0.3, (3, 5, 5), torch.Generator().manual_seed(0))
    whole = (dropped == 0).all(dim=4).all(dim=3).all(dim=2).float().mean()
    assert whole == pytest.approx(0.3, abs=0.1)
    assert torch.isfinite(dropped).all()


def test_gradient_is_that_of_what_is_kept() -> None:
    maps = torch.randn(1, 1, 6, 8, 8, dtype=torch.float64, requires_grad=True)

    def drop(values: torch.Tensor) -> torch.Tensor:
        return drop_blocks(values, 0.2, (2, 3, 3), torch.Generator().manual_seed(5))

    assert (drop(maps) == 0).any()
    assert torch.autograd.gradcheck(drop, maps)


def test_module_is_the_identity_outside_training() -> None:
    block = DropBlock3d(0.5)
    maps = torch.randn(1, 2, 8, 8, 8)
    assert block.eval()(maps) is maps
    assert (block.train()(maps) == 0).any()
    set_drop_rate(block, 0.0)
    assert block(maps) is maps


def test_cuboids_hide_and_leave_the_rest() -> None:
    volumes = torch.randn(2, 1, 32, 40, 36, generator=torch.Generator().manual_seed(0)) + 2
    before = volumes.clone()
    changed = drop_cuboids(volumes, 8, np.random.default_rng(3))
    assert torch.equal(volumes, before)
    for old, new in zip(before[:, 0], changed[:, 0], strict=True):
        share = (old != new).float().mean().item()
        assert 0.06 < share <= 0.1
        # Neither zeros nor another grey level.
        assert new.std().item() == pytest.approx(old.std().item(), rel=0.02)
        assert new.mean().item() == pytest.approx(old.mean().item(), abs=1e-4)
    assert not torch.equal(before[0] != changed[0], before[1] != changed[1])


def test_cuboids_have_the_shape_of_the_blocks_of_features() -> None:
    places = _cuboids((300, 300, 300), 20, 0.1, np.random.default_rng(4))
    sides = np.array([[axis.stop - axis.start for axis in place] for place in places])
    assert sides.min(axis=0).tolist() == [6, 10, 10]
    assert sides.max(axis=0).tolist() == [12, 20, 20]
    np.testing.assert_allclose(sides.mean(axis=0) / BLOCK_ZYX, 3.0, rtol=0.02)


def test_noise_has_the_spectrum_of_what_was_there() -> None:
    # The whole volume is above the share; all of it but one plane, once that is drawn, is not.
    z, y, x = np.indices((4, 8, 9))
    wave = np.cos(2 * np.pi * (x + 2 * y) / 8) + 0.1 * z
    volume = torch.from_numpy(wave.astype(np.float32))[None, None]
    rng = np.random.default_rng(0)
    for _ in range(60):
        changed = drop_cuboids(volume, 15, rng, share=0.99)
        if not torch.equal(changed, volume):
            break
    hidden = (changed != volume).any(dim=2).any(dim=2).flatten()
    assert hidden.sum() == 8
    before, after = volume[..., hidden], changed[..., hidden]
    torch.testing.assert_close(
        torch.fft.fftn(after).abs(), torch.fft.fftn(before).abs(), atol=1e-3, rtol=1e-3
    )
    assert np.corrcoef(after.ravel(), before.ravel())[0, 1] < 0.9


def test_one_seed_one_result() -> None:
    volumes = torch.randn(1, 1, 16, 16, 16)
    first, second = (drop_cuboids(volumes, 6, np.random.default_rng(9)) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(BadInput, match="cannot be dropped"):
        drop_blocks(torch.ones(1, 1, 4, 4, 4), rate)
    with pytest.raises(BadInput, match="cannot be dropped"):
        set_drop_rate(DropBlock3d(), rate)


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(BadInput, match="no volume"):
        drop_blocks(torch.ones(1, 1, 4, 4, 4), 0.1, (0, 3, 3))
    with pytest.raises(BadInput, match="at least 2 voxels"):
        drop_cuboids(torch.ones(1, 1, 4, 4, 4), 1, np.random.default_rng(0))

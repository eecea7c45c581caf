import pytest
import torch

from nunatak.objectives.autoencoder import reconstruction_loss


def test_squared_norm_of_a_region_and_mean_over_regions() -> None:
    patches = torch.zeros(2, 1, 3, 3)
    rebuilt = torch.stack([torch.full((1, 3, 3), 1.0), torch.full((1, 3, 3), 2.0)])
    # 9 pixels of error 1, 9 of error 2.
    assert reconstruction_loss(patches, rebuilt, weight=0.1).item() == pytest.approx(
        0.1 * (9 + 36) / 2
    )


def test_nothing_to_rebuild_costs_nothing() -> None:
    rebuilt = torch.empty(0, 1, 3, 3, requires_grad=True)
    loss = reconstruction_loss(torch.empty(0, 1, 3, 3), rebuilt, weight=1.0)
    loss.backward()
    assert loss.item() == 0.0


def test_half_precision_is_widened() -> None:
    patches = torch.full((1, 1, 71, 71), 1.001, dtype=torch.bfloat16)
    loss = reconstruction_loss(patches, torch.zeros_like(patches), weight=1.0)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(71 * 71)

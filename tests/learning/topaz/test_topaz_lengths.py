import logging

import pytest
import torch

from nunatak.errors import UsageError
from nunatak.learning.topaz.lengths import (
    device_name,
    picking_diameter_px,
    training_diameter_px,
)


def relion_radii(diameter_A: float, pixel_size_A: float) -> tuple[int, int]:
    """What RELION derives from a particle's diameter: ``-r`` of training and of picking."""
    binning = max(4, round(2 * diameter_A / pixel_size_A / 71))
    small_px = diameter_A / (pixel_size_A * binning)
    return round(small_px / 8), round(small_px / 2)


@pytest.mark.parametrize("diameter_A", [60.0, 90.0, 122.0, 180.0, 300.0, 777.0])
@pytest.mark.parametrize("pixel_size_A", [0.66, 0.885, 1.05, 1.77])
def test_one_particle_has_one_size_in_training_and_picking(
    diameter_A: float, pixel_size_A: float
) -> None:
    trained, picked = relion_radii(diameter_A, pixel_size_A)
    diameter_px = training_diameter_px(trained)
    assert picking_diameter_px(picked, trained_diameter_px=diameter_px) == diameter_px


def test_another_particle_has_its_own_size() -> None:
    assert picking_diameter_px(17, trained_diameter_px=16.0) == 34.0
    assert picking_diameter_px(17) == 34.0


@pytest.mark.parametrize("radius_px", [0, -1])
def test_no_radius_is_refused(radius_px: int) -> None:
    with pytest.raises(UsageError, match="--diameter"):
        training_diameter_px(radius_px)


def test_devices(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [device_name(index) for index in (None, -1, 2)] == ["auto", "cpu", "cuda:2"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        assert device_name(0) == "cpu"
    assert "on the processor (-d 0)" in caplog.text

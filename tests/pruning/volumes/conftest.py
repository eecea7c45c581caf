"""Tomograms with picks, and small models whose weights are random but fixed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.table import PickSet
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel
from nunatak.pruning.volumes.slab_spec import SlabSpec

VOXEL_A = 10.0


@pytest.fixture(scope="session")
def slab_model() -> PruningModel:
    """What it says means nothing but never changes."""
    crop = SlabSpec(side_px=32, thickness_diameters=0.4)
    header = PrunerHeader(
        name="tiny-3d",
        ndim=3,
        network=PruningNetworkParameters(width=2, in_channels=crop.channels),
        crop=crop,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = PruningNetwork(**header.network.model_dump())
    return PruningModel(header, network.eval().requires_grad_(requires_grad=False))


@pytest.fixture
def voxels() -> NDArray[np.float32]:
    """Noise with a dark ball of 100 Å at x 20, y 24, z 18."""
    z, y, x = np.ogrid[:36, :48, :44]
    volume = np.random.default_rng(3).normal(0.0, 1.0, (36, 48, 44)).astype(np.float32)
    volume[(x - 20) ** 2 + (y - 24) ** 2 + (z - 18) ** 2 <= 25] -= 4.0
    return volume


@pytest.fixture
def picks(tmp_path: Path, voxels: NDArray[np.float32]) -> PickSet:
    """Three picks each in an MRC file and in an OME-Zarr with the same voxels; one is outside."""
    (tmp_path / "tomograms").mkdir()
    write_mrc_volume(tmp_path / "tomograms" / "a.mrc", voxels, VOXEL_A)
    write_ome_zarr(tmp_path / "tomograms" / "b.zarr", voxels, VOXEL_A)
    table = pd.DataFrame(
        {
            "image": ["tomograms/a.mrc", "tomograms/b.zarr"] * 3,
            "x_px": [20.0, 20.0, 10.5, 10.5, 20.0, 20.0],
            "y_px": [24.0, 24.0, 30.0, 30.0, 24.0, 24.0],
            "z_px": [18.0, 18.0, 9.0, 9.0, 80.0, 80.0],
            "diameter_A": [100.0, 100.0, 130.0, 130.0, 100.0, 100.0],
            "score": np.arange(6.0),
        }
    )
    return PickSet(table, source=tmp_path / "picks.star")

"""A detector for tomograms that is made by hand, and scenes in which the truth is known."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.networks.specs import NetworkSpec
from nunatak.networks.unet3d import UNet3d

VOXEL_SIZE_A = 10.0
SIGMA_A = 25.0
SIDES_A = (375.0, 615.0, 525.0)  # z, y, x
CLASSES = ("dark", "light")


def _spot_network() -> UNet3d:
    """Answer to what is darker (first class) or lighter (second) than its surroundings.

    The offset points up the slope of either, along each axis.
    """
    network = UNet3d(classes=2, channels=(8, 1)).eval().requires_grad_(requires_grad=False)
    for module in (network.stem, network.down, network.reduce, network.up):
        for name, parameter in module.named_parameters():
            # The scales of the batch normalisations stay 1.
            if parameter.ndim > 1 or name.endswith("bias"):
                parameter.zero_()
    first, residual = network.stem[0][0], network.stem[1]
    smooth, out = residual.first[0], residual.second[0]
    first.weight[0, :, 1, 1, 1] = -1 / 8
    first.weight[1, :, 1, 1, 1] = 1 / 8
    for class_ in (0, 1):
        smooth.weight[class_, class_] = 1 / 27
        out.weight[class_, class_, 1, 1, 1] = 1.0
        for axis in range(3):  # x, y, z; the kernel's axes are z, y, x
            for side, place in ((1, 2), (-1, 0)):
                channel = 2 + 2 * axis + (side < 0)
                slope = smooth.weight[channel, class_].movedim(2 - axis, 0)
                slope[place], slope[2 - place] = 1 / 9, -1 / 9
                out.weight[channel, channel, 1, 1, 1] = 1.0
    network.heatmap.weight.zero_()
    network.offset.weight.zero_()
    network.offset.bias.zero_()
    for class_ in (0, 1):
        network.heatmap.weight[class_, class_] = 0.5
        network.heatmap.bias[class_] = -4.0
    for axis in range(3):
        network.offset.weight[axis, 2 + 2 * axis] = 0.2
        network.offset.weight[axis, 3 + 2 * axis] = -0.2
    return network


@pytest.fixture(scope="session")
def spot_model() -> VolumeModel:
    """Finds dark and light spots of `SIGMA_A`, at 10 Å a voxel."""
    header = VolumeModelHeader(
        name="spots",
        network=NetworkSpec.model_validate(
            {"name": "UNet3d", "parameters": {"classes": 2, "channels": (8, 1)}}
        ),
        classes=tuple(VolumeClass(name=name, diameter_A=100.0) for name in CLASSES),
        voxel_size_A=VOXEL_SIZE_A,
        normalisation=VERSION,
        provenance={"made": "by hand"},
    )
    return VolumeModel(header, _spot_network())


@pytest.fixture
def spot_file(spot_model: VolumeModel, tmp_path: Path) -> Path:
    path = tmp_path / "spots.safetensors"
    save_volume_model(spot_model, path)
    return path


@dataclass(frozen=True)
class Scene:
    """Spots in a box of `SIDES_A`.

    Attributes
    ----------
    xyz_A : ndarray, shape (n, 3)
        From the corner of the box, so that the voxel size does not matter.
    class_index : ndarray, shape (n,)
    """

    xyz_A: NDArray[np.float64]
    class_index: NDArray[np.int64]

    def volume(self, voxel_size_A: float = VOXEL_SIZE_A) -> NDArray[np.float32]:
        nz, ny, nx = (round(side / voxel_size_A) for side in SIDES_A)
        places = [(np.arange(n) + 0.5) * voxel_size_A for n in (nz, ny, nx)]
        volume = np.random.default_rng(1).normal(0.0, 0.03, (nz, ny, nx))
        for (x, y, z), class_ in zip(self.xyz_A, self.class_index, strict=True):
            falls = [
                np.exp(-0.5 * ((at - centre) / SIGMA_A) ** 2)
                for at, centre in zip(places, (z, y, x), strict=True)
            ]
            volume += (-1.0, 1.0)[class_] * np.einsum("i,j,k->ijk", *falls)
        return (100.0 + 7.0 * volume).astype(np.float32)

    def xyz_px(self, voxel_size_A: float = VOXEL_SIZE_A) -> NDArray[np.float64]:
        return self.xyz_A / voxel_size_A - 0.5


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Eight dark and five light spots, the first one near a corner."""
    rng = np.random.default_rng(7)
    centres = [np.array([42.0, 57.0, 49.0])]
    while len(centres) < 13:
        centre = rng.uniform(60.0, np.array(SIDES_A[::-1]) - 60.0)
        if min(np.linalg.norm(centre - other) for other in centres) > 130.0:
            centres.append(centre)
    return Scene(np.array(centres), np.array([0] * 8 + [1] * 5))


@pytest.fixture
def write_scene(scene: Scene) -> Callable[..., NDArray[np.float64]]:
    """Write the scene to a file, return the true positions (x, y, z) in its voxels."""

    def write(
        path: Path,
        *,
        voxel_size_A: float = VOXEL_SIZE_A,
        stated_A: float | None = None,
        inverted: bool = False,
    ) -> NDArray[np.float64]:
        volume = scene.volume(voxel_size_A)
        writer = write_ome_zarr if path.suffix == ".zarr" else write_mrc_volume
        writer(path, -volume if inverted else volume, stated_A or voxel_size_A)
        return scene.xyz_px(voxel_size_A)

    return write

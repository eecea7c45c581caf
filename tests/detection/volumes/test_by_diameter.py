"""Models of sizes: a diameter makes a detector of one class."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from nunatak.detection.header import NetworkSpec
from nunatak.detection.volumes.by_diameter import for_diameter, size_shares
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    load_volume_model,
    save_volume_model,
)
from nunatak.errors import UsageError
from nunatak.networks.registry import build
from nunatak.networks.unet3d import split_heads

SIZES_A = (100.0, 200.0, 400.0)


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> VolumeModel:
    spec = NetworkSpec.model_validate(
        {"name": "UNet3d", "parameters": {"classes": 3, "channels": (4, 6)}}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = build(spec).eval()
    thresholds = (0.3, 0.5, 0.9)
    classes = tuple(
        VolumeClass(name=f"{size_A:g} Å", diameter_A=size_A, threshold=threshold)
        for size_A, threshold in zip(SIZES_A, thresholds, strict=True)
    )
    header = VolumeModelHeader(
        name="sizes", network=spec, classes=classes, classes_are="sizes", normalisation="x"
    )
    path: Path = tmp_path_factory.mktemp("sizes") / "sizes.safetensors"
    save_volume_model(VolumeModel(header, network), path)
    header = header.model_copy(update={"normalisation": "clipped-z-score-1"})
    save_volume_model(VolumeModel(header, network), path)
    return load_volume_model(path)


def _logits(model: VolumeModel) -> torch.Tensor:
    image = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1, 8, 8, 8), np.float32))
    with torch.no_grad():
        return split_heads(model.network(image))[0][0]


def test_a_heatmap_between_two_sizes_lies_between_theirs(sizes: VolumeModel) -> None:
    of_sizes = _logits(sizes)
    between = for_diameter(sizes, 200.0 * 2**0.25)
    torch.testing.assert_close(
        _logits(between)[0], 0.75 * of_sizes[1] + 0.25 * of_sizes[2], rtol=1e-4, atol=1e-5
    )
    (kind,) = between.header.classes
    assert kind.threshold == pytest.approx(0.75 * 0.5 + 0.25 * 0.9)
    assert between.header.classes_are == "kinds"
    assert between.header.voxel_size_A == sizes.header.voxel_size_A
    assert (between.path, between.sha256) == (sizes.path, sizes.sha256)


@pytest.mark.parametrize(("diameter_A", "voxel_size_A", "row"), [(800.0, 20.0, 2), (50.0, 5.0, 0)])
def test_beyond_the_sizes_voxels_scale(
    sizes: VolumeModel, diameter_A: float, voxel_size_A: float, row: int
) -> None:
    made = for_diameter(sizes, diameter_A)
    assert made.header.voxel_size_A == pytest.approx(voxel_size_A)
    assert made.header.classes[0].diameter_A == diameter_A
    torch.testing.assert_close(_logits(made)[0], _logits(sizes)[row])


def test_the_model_of_sizes_stays_as_it_was(sizes: VolumeModel) -> None:
    before = _logits(sizes)
    made = for_diameter(sizes, 150.0)
    with torch.no_grad():
        for tensor in made.network.parameters():
            tensor.zero_()
    assert torch.equal(_logits(sizes), before)


def test_shares_are_a_partition() -> None:
    for diameter_A in (10.0, 100.0, 137.0, 399.0, 1e4):
        shares = size_shares(SIZES_A, diameter_A)
        assert shares.sum() == pytest.approx(1.0)
        assert (shares > 0).sum() <= 2


def test_what_makes_no_sense_is_refused(sizes: VolumeModel) -> None:
    with pytest.raises(UsageError, match=r"sizes\.safetensors finds particles that it knows: part"):
        for_diameter(for_diameter(sizes, 150.0), 150.0)
    for wrong in (0.0, -3.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="diameter must be positive"):
            for_diameter(sizes, wrong)
    fields = sizes.header.model_dump()
    fields["classes"] = fields["classes"][::-1]
    with pytest.raises(ValidationError, match="diameters of sizes do not rise"):
        VolumeModelHeader.model_validate(fields)

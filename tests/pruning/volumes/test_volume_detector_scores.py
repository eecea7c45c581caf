"""Logits of a detector by size at the places of picks."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nunatak.detection.volumes.by_diameter import for_diameter
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.working_tomogram import WorkingTomogram
from nunatak.errors import UsageError
from nunatak.images.normalise_volume import VERSION
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec
from nunatak.picks.table import PickSet
from nunatak.pruning.model import PruningModel
from nunatak.pruning.volumes.gather_volumes import gather_volume_features
from nunatak.pruning.volumes.volume_detector_scores import VolumeDetectorScores, largest_in_slab


@pytest.fixture(scope="module")
def sizes() -> VolumeModel:
    spec = NetworkSpec.model_validate(
        {"name": "UNet3d", "parameters": {"classes": 2, "channels": (4, 6)}}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = build(spec).eval().requires_grad_(requires_grad=False)
    classes = tuple(VolumeClass(name=f"{one:g} Å", diameter_A=one) for one in (80.0, 160.0))
    header = VolumeModelHeader(
        name="sizes", network=spec, classes=classes, classes_are="sizes", normalisation=VERSION
    )
    return VolumeModel(header, network)


def expected_logit(model: VolumeModel, path: Path, xyz_px: np.ndarray, diameter_A: float) -> float:
    """What the detector of this one diameter says, searched plainly."""
    one = for_diameter(model, diameter_A)
    working = WorkingTomogram.of(read_tomogram(path), voxel_size_A=one.header.voxel_size_A)
    scorer = VolumeScorer(one.network, precision="float32")
    heat = np.concatenate([slab.values for slab in scorer.slabs(working)], axis=1)[0]
    cells = np.indices(heat.shape)[::-1].reshape(3, -1).T * scorer.stride + scorer.origin_px
    places = np.clip(working.to_source(cells), 0, np.array([43.0, 47.0, 35.0]))
    near = np.linalg.norm(places - xyz_px, axis=1) <= 0.25 * diameter_A / 10.0
    return float(heat.ravel()[near].max())


@pytest.mark.parametrize("diameter_A", [100.0, 220.0])
def test_logits_are_those_of_the_detector_of_the_diameter(
    sizes: VolumeModel, picks: PickSet, tmp_path: Path, diameter_A: float
) -> None:
    path = tmp_path / "tomograms" / "a.mrc"
    places = np.array([[20.0, 24.0, 18.0], [11.0, 31.0, 9.0]])
    scores = VolumeDetectorScores(sizes, precision="float32")
    found = scores.at(read_tomogram(path), places, np.full(2, diameter_A), "dark")
    expected = [expected_logit(sizes, path, one, diameter_A) for one in places]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_gathering_asks_the_detector_where_it_shall(
    sizes: VolumeModel, picks: PickSet, slab_model: PruningModel
) -> None:
    gathered = gather_volume_features(picks, slab_model, views=1, detector=sizes)
    logit = gathered.features.detector_logit
    assert np.isfinite(logit[:4]).all() and np.isnan(logit[4:]).all()
    np.testing.assert_allclose(logit[[0, 2]], logit[[1, 3]], atol=1e-3)  # the same voxels


def test_planes_in_any_portions_give_the_same(rng: np.random.Generator) -> None:
    maps = rng.standard_normal((2, 9, 10, 11)).astype(np.float32)
    cells = rng.uniform(0, 9, (20, 3))
    reach = rng.uniform(0.2, 3.0, 20)
    shares = np.repeat([[1.0, 0.0], [0.25, 0.75]], 10, axis=0)
    whole = largest_in_slab(maps, 0, cells, reach, shares)
    parts = [
        largest_in_slab(maps[:, a:b], a, cells, reach, shares) for a, b in ((0, 4), (4, 5), (5, 9))
    ]
    np.testing.assert_array_equal(whole, np.max(parts, axis=0))
    z, y, x = np.indices(maps.shape[1:])
    for row, (cell, radius) in enumerate(zip(cells, reach, strict=True)):
        nearest = np.rint(cell)
        near = (x - cell[0]) ** 2 + (y - cell[1]) ** 2 + (z - cell[2]) ** 2 <= radius**2
        near |= (x == nearest[0]) & (y == nearest[1]) & (z == nearest[2])
        mixed = np.tensordot(shares[row], maps, axes=1)
        np.testing.assert_allclose(whole[row], mixed[near].max(), rtol=1e-5)


def test_a_detector_of_kinds_is_refused(sizes: VolumeModel) -> None:
    kinds = VolumeModel(sizes.header.model_copy(update={"classes_are": "kinds"}), sizes.network)
    with pytest.raises(UsageError, match="particles that it knows"):
        VolumeDetectorScores(kinds)

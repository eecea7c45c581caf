"""Every network for micrographs is a detector: saved, loaded, described and applied in a model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import nunatak
from nunatak.detection.candidates import find_candidates
from nunatak.detection.header import ModelHeader, NetworkSpec
from nunatak.detection.model import DetectorModel, load_model, save_model
from nunatak.detection.preparation import prepare
from nunatak.detection.scoring import Scorer
from nunatak.geometry import Scale
from nunatak.images import mixture, normalise
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.registry import build
from nunatak.networks.residual_classifiers import ResNet8
from nunatak.networks.specs import PlanarNetworkName


def model_of(
    name: str, *, normalisation: str = normalise.VERSION, **parameters: object
) -> DetectorModel:
    spec = NetworkSpec.model_validate({"name": name, "parameters": parameters})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build(spec).eval().requires_grad_(requires_grad=False)
    header = ModelHeader(
        name=name,
        network=spec,
        output_stride=network.output_stride,
        normalisation=normalisation,
    )
    return DetectorModel(header, network)


def spot_model(output_stride: int) -> DetectorModel:
    """A ResNet8 made by hand, whose logit grows with the darkness of the middle pixel."""
    model = model_of("ResNet8", units=1, batch_norm=False, output_stride=output_stride)
    network = model.network
    assert isinstance(network, ResNet8)
    for parameter in network.parameters():
        parameter.zero_()
    network.layers[0].conv.weight[..., 3, 3] = -1.0
    network.layers[2].projection.weight.fill_(1.0)
    network.layers[4].conv.weight[..., 2, 2] = 1.0
    network.head.weight.fill_(0.5)
    network.head.bias.fill_(-6.0)
    return model


def spots(shape: tuple[int, int], centres: list[tuple[float, float]]) -> np.ndarray:
    rows, columns = np.indices(shape)
    image = np.zeros(shape)
    for x, y in centres:
        image -= 6.0 * np.exp(-0.5 * ((rows - y) ** 2 + (columns - x) ** 2) / 4.0**2)
    return image.astype(np.float32)


@pytest.mark.parametrize("which", ["U-Net", 1, 2, 4])
def test_a_peak_lies_where_the_particle_does(which: str | int, blob_model: DetectorModel) -> None:
    model = blob_model if which == "U-Net" else spot_model(int(which))
    scorer = Scorer(model, device="cpu", precision="float32", tile_px=32)
    centres = [(20.3, 30.9), (71.5, 12.0), (50.0, 60.7)]
    shape = (83, 94)
    found = find_candidates(
        scorer.logits(spots(shape, centres)),
        Scale((2 * shape[0], 2 * shape[1]), shape),
        stride=scorer.stride,
        origin_px=scorer.origin_px,
        floor=0.05,
        min_distance_px=20.0,
    )
    assert len(found) == len(centres)
    # The source image is twice as fine: half-pixel rule.
    expected = (np.array(sorted(centres)) + 0.5) * 2 - 0.5
    positions = np.array(sorted(zip(found.x_px, found.y_px, strict=True)))
    assert np.abs(positions - expected).max() < 0.1 * scorer.stride


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("ResNet8", {"units": 2}),
        ("ResNet16", {"units": 2, "output_stride": 4, "pooling": "max"}),
        ("Conv127", {"units": 2, "unit_scaling": 1, "output_stride": 2}),
    ],
)
def test_tiles_equal_the_whole(name: str, parameters: dict[str, object]) -> None:
    model = model_of(name, **parameters)
    image = np.random.default_rng(1).standard_normal((150, 97), dtype=np.float32)
    whole = Scorer(model, device="cpu", precision="float32").logits(image)
    tiled = Scorer(model, device="cpu", precision="float32", tile_px=50).logits(image)
    stride = model.network.output_stride
    assert whole.shape == (1, -(-150 // stride), -(-97 // stride))
    assert whole.std() > 0
    np.testing.assert_allclose(tiled, whole, atol=2e-6)
    scorer = Scorer(model, device="cpu", precision="float32")
    logits, features = scorer.looked_at(image, np.array([[5.0, 6.0]]), width_px=4.0)
    np.testing.assert_array_equal(logits, whole)
    assert features.shape == (1, 0)  # a classifier of patches tells nothing besides


@pytest.mark.parametrize("name", get_args(PlanarNetworkName))
def test_models_survive_their_file(name: str, tmp_path: Path) -> None:
    parameters = {"width": 2, "depth": 2} if name == "UNet" else {"units": 2}
    model = model_of(name, **parameters)
    path = tmp_path / "m.safetensors"
    save_model(model, path)
    loaded = load_model(path)
    assert loaded.header == model.header
    image = torch.randn(1, 1, 16, 16)
    assert torch.equal(loaded.network(image), model.network(image))


def test_pick_with_a_patch_classifier(
    tmp_path: Path, write_spots: Callable[..., np.ndarray]
) -> None:
    model = model_of("ResNet8", units=4, normalisation=mixture.VERSION)
    assert isinstance(model.network, PatchClassifier)
    save_model(model, tmp_path / "resnet.safetensors")
    write_spots(tmp_path / "m.mrc", shape=(150, 140), count=1)
    result = nunatak.pick(
        [tmp_path / "m.mrc"],
        model=tmp_path / "resnet.safetensors",
        diameter_A=120.0,
        contrast="dark",
        output=tmp_path / "picks.star",
    )
    assert not result.failures
    table = result.picks.table
    # Random weights: what counts is that the scores are those of the network on this image.
    prepared = prepare(
        tmp_path / "m.mrc", diameter_A=120.0, diameter_px=20.0, normalisation=mixture.VERSION
    )
    with torch.inference_mode():
        logits = model.network(torch.from_numpy(prepared.image)[None, None])[0, 0].numpy()
    best = 1 / (1 + np.exp(-logits.max()))
    assert table["score"].max() == pytest.approx(best, abs=5e-3)
    assert (tmp_path / "picks.star").exists()


def test_the_normalisation_is_the_models(
    tmp_path: Path, write_spots: Callable[..., np.ndarray]
) -> None:
    write_spots(tmp_path / "m.mrc", shape=(300, 300), count=2)
    images = [
        prepare(tmp_path / "m.mrc", diameter_A=120.0, diameter_px=20.0, normalisation=name).image
        for name in (normalise.VERSION, mixture.VERSION)
    ]
    assert np.abs(images[0] - images[1]).max() > 0.1


def test_header_and_network_agree_on_the_stride() -> None:
    with pytest.raises(ValidationError, match="output_stride is 2, that of the network is 1"):
        ModelHeader(name="x", network=NetworkSpec(name="ResNet8"), normalisation="x")


def test_a_reader_of_u_nets_alone_would_refuse_the_others() -> None:
    # Schema version 1 stays: whoever knows one network reads its name first.
    written = json.loads(model_of("Conv31", units=2).header.model_dump_json())
    assert written["network"]["name"] == "Conv31"
    assert written["network"]["parameters"]["output_stride"] == written["output_stride"] == 1
    assert "output_stride" not in NetworkSpec().model_dump()["parameters"]

import numpy as np
import pytest
import torch

from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel
from nunatak.detection.scoring import Scorer, spans
from nunatak.errors import ResourceError
from nunatak.networks.unet import UNet


def image_of(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def wide_reaching(header: ModelHeader, depth: int) -> DetectorModel:
    """Positive weights: every input pixel of the receptive field moves the output."""
    parameters = UNetParameters(width=2, depth=depth)
    network = UNet(**parameters.model_dump()).double().eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        parameter.abs_().add_(0.1)
    header = header.model_copy(update={"network": NetworkSpec(parameters=parameters)})
    return DetectorModel(header, network)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_the_margin_covers_the_receptive_field(tiny_header: ModelHeader, depth: int) -> None:
    network = wide_reaching(tiny_header, depth).network
    margin = network.context_px
    side = 4 * margin
    image = torch.rand(1, 1, side, 2**depth, dtype=torch.float64, requires_grad=True)
    output = network(image)
    row = side // 4
    output[0, 0, row : row + 2**depth // 2].sum().backward()
    assert image.grad is not None
    reached = np.flatnonzero(image.grad[0, 0].abs().sum(dim=1).numpy())
    assert row * 2 - reached.min() <= margin
    assert reached.max() - (row * 2 + 2**depth - 1) <= margin
    if depth > 1:
        assert row * 2 - reached.min() > margin / 2  # the bound is not idle


@pytest.mark.parametrize("shape", [(160, 96), (161, 150), (47, 203), (33, 17)])
def test_tiles_equal_the_whole(tiny_model: DetectorModel, shape: tuple[int, int]) -> None:
    image = image_of(shape)
    whole = Scorer(tiny_model, device="cpu", precision="float32").logits(image)
    tiled = Scorer(tiny_model, device="cpu", precision="float32", tile_px=32).logits(image)
    assert whole.shape == (1, -(-shape[0] // 2), -(-shape[1] // 2))
    np.testing.assert_allclose(tiled, whole, atol=2e-6)


@pytest.mark.parametrize("shape", [(160, 96), (161, 150), (47, 203)])
@pytest.mark.parametrize("width_px", [0.0, 10.0])
def test_features_of_tiles_equal_those_of_the_whole(
    tiny_model: DetectorModel, shape: tuple[int, int], width_px: float
) -> None:
    image = image_of(shape)
    # At the borders of tiles, at the image's edge, and beyond it.
    positions = np.random.default_rng(1).uniform([-3, -3], np.add(shape[::-1], 2), (300, 2))
    positions[:4] = [[31.5, 31.5], [32, 63], [0, 0], [shape[1] - 1, shape[0] - 1]]
    whole = Scorer(tiny_model, device="cpu", precision="float32")
    tiled = Scorer(tiny_model, device="cpu", precision="float32", tile_px=32)
    logits, features = whole.looked_at(image, positions, width_px=width_px)
    np.testing.assert_array_equal(logits, whole.logits(image))
    assert features.shape == (300, whole.hidden_channels)
    assert features.std(axis=0).max() > 0.01
    np.testing.assert_allclose(
        tiled.looked_at(image, positions, width_px=width_px)[1], features, atol=1e-5
    )


def test_features_are_those_of_the_positions(tiny_model: DetectorModel) -> None:
    scorer = Scorer(tiny_model, device="cpu", precision="float32")
    image = image_of((64, 96))
    with torch.inference_mode():
        hidden = tiny_model.network.looked_at(torch.from_numpy(image)[None, None])[1][0].numpy()
    rows, columns = np.array([3, 30, 11]), np.array([7, 0, 40])
    centres = 2.0 * np.column_stack([columns, rows]) + 0.5
    alone = scorer.looked_at(image, centres, width_px=2.0)[1]
    np.testing.assert_allclose(alone, hidden[:, rows, columns].T, atol=1e-5)
    wide = scorer.looked_at(image, centres[:1], width_px=6.0)[1]
    np.testing.assert_allclose(wide[0], hidden[:, 2:5, 6:9].mean(axis=(1, 2)), atol=1e-5)


def test_padding_leaves_the_origin_in_place(tiny_model: DetectorModel) -> None:
    scorer = Scorer(tiny_model, device="cpu", precision="float32")
    image = image_of((96, 96))
    cropped = scorer.logits(image[:93, :91])
    np.testing.assert_allclose(cropped[:, :20, :20], scorer.logits(image)[:, :20, :20], atol=2e-6)


def test_bfloat16_agrees_with_float32(tiny_model: DetectorModel) -> None:
    image = image_of((128, 128))
    exact = Scorer(tiny_model, device="cpu", precision="float32").logits(image)
    low = Scorer(tiny_model, device="cpu", precision="bfloat16").logits(image)
    assert low.dtype == np.float32
    assert not np.array_equal(low, exact)
    assert np.abs(low - exact).max() < 0.05 * np.ptp(exact)


def test_read_only_and_strided_images(tiny_model: DetectorModel) -> None:
    scorer = Scorer(tiny_model, device="cpu", precision="float32")
    image = image_of((40, 48))
    expected = scorer.logits(image)
    image.flags.writeable = False
    assert np.array_equal(scorer.logits(image), expected)
    assert np.array_equal(scorer.logits(np.asfortranarray(image)), expected)


def test_the_given_network_is_left_alone(tiny_model: DetectorModel) -> None:
    before = {k: (v.dtype, v.stride()) for k, v in tiny_model.network.state_dict().items()}
    Scorer(tiny_model, device="cpu", precision="bfloat16").logits(image_of((32, 32)))
    after = {k: (v.dtype, v.stride()) for k, v in tiny_model.network.state_dict().items()}
    assert before == after


def test_out_of_memory_is_said_in_words(
    tiny_model: DetectorModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Scorer, "_forward", fail)
    with pytest.raises(ResourceError, match="too little free memory for an image of 32 × 16"):
        Scorer(tiny_model, device="cpu").logits(image_of((16, 32)))


@pytest.mark.parametrize("length", [8, 48, 49, 64, 95, 96, 97, 1000])
def test_kept_spans_cover_an_axis_once(length: int) -> None:
    parts = spans(length, tile_px=32, margin_px=8)
    covered = [i for part in parts for i in range(part.kept_start, part.kept_stop)]
    assert covered == list(range(length))
    for part in parts:
        assert part.start == max(0, part.kept_start - 8) or len(parts) == 1
        assert part.stop == min(length, part.kept_stop + 8)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_cuda_agrees_with_the_processor(tiny_model: DetectorModel, precision: str) -> None:
    image = image_of((160, 150))
    expected = Scorer(tiny_model, device="cpu", precision="float32").logits(image)
    found = Scorer(tiny_model, device="cuda", precision=precision, tile_px=64).logits(image)
    assert np.abs(found - expected).max() < 0.05 * np.ptp(expected)

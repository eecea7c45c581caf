import tracemalloc

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nunatak.detection.volumes.volume_peaks import find_volume_peaks
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_views import FLIP_VIEWS, ONE_VIEW, View
from nunatak.errors import BadInput, ResourceError
from nunatak.networks.interface import DetectorNetwork
from nunatak.networks.unet3d import UNet3d


class Toy(DetectorNetwork):
    """Moves with the volume by any even shift: means of 2³ voxels, then one convolution."""

    output_stride = 2
    output_origin_px = 0.5
    size_multiple = 4

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.mix = torch.nn.Conv3d(1, 5, 3, padding=1, bias=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.mix(torch.nn.functional.avg_pool3d(image, 2))


def noise(shape: tuple[int, int, int], seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def joined(scorer: VolumeScorer, volume: NDArray[np.float32]) -> NDArray[np.float32]:
    slabs = list(scorer.slabs(volume))
    ends = np.cumsum([slab.values.shape[1] for slab in slabs])
    assert [slab.start for slab in slabs] == [0, *ends[:-1]]
    return np.concatenate([slab.values for slab in slabs], axis=1)


@pytest.mark.parametrize("shape", [(50, 61, 47), (33, 24, 90), (7, 5, 3)])
@pytest.mark.parametrize("views", [ONE_VIEW, FLIP_VIEWS])
def test_blended_windows_equal_the_whole(
    shape: tuple[int, int, int], views: tuple[View, ...]
) -> None:
    plan = {"device": "cpu", "precision": "float32", "views": views}
    volume = noise(shape)
    whole = joined(VolumeScorer(Toy(), **plan), volume)
    windows = {"window_px": (24, 28, 32), "margin_px": 2, "overlap_px": 8}
    blended = joined(VolumeScorer(Toy(), **plan, **windows), volume)
    assert whole.shape == (5, *(-(-n // 2) for n in shape))
    np.testing.assert_allclose(blended, whole, atol=1e-5)


def test_windows_of_the_unet_equal_the_whole_with_its_own_context() -> None:
    torch.manual_seed(0)
    network = UNet3d(channels=(3, 4), classes=2)
    volume = noise((50, 42, 131))
    plan = {"device": "cpu", "precision": "float32"}
    whole = joined(VolumeScorer(network, **plan), volume)
    windows = {"window_px": (64, 64, 96), "margin_px": network.context_px, "overlap_px": 8}
    np.testing.assert_allclose(
        joined(VolumeScorer(network, **plan, **windows), volume), whole, atol=1e-5
    )
    # With less margin windows disagree; the blend keeps what it must, and nothing more.
    narrow = {"window_px": (64, 64, 40), "margin_px": 0, "overlap_px": 8}
    assert np.abs(joined(VolumeScorer(network, **plan, **narrow), volume) - whole).max() > 1e-4


def identity_like() -> UNet3d:
    """Score what is bright, and point to which of its 2³ voxels is."""
    network = UNet3d(classes=1, channels=(8,)).eval().requires_grad_(requires_grad=False)
    first, shortcut = network.stem[0], network.stem[1].second
    first[0].weight.zero_()
    for channel in range(8):
        first[0].weight[channel, channel, 1, 1, 1] = 1.0
    shortcut[0].weight.zero_()
    network.heatmap.weight.fill_(20.0)
    for axis, bit in enumerate((0, 1, 2)):  # x, y, z: the channel is 4 dz + 2 dy + dx
        side = [1.0 if channel >> bit & 1 else -1.0 for channel in range(8)]
        # 2 tanh(1/4 artanh) is half a voxel: from the corner of eight voxels to one's centre.
        network.offset.weight[axis] = torch.atanh(torch.tensor(0.25)) * torch.tensor(side)
    network.offset.bias.zero_()
    return network


@pytest.mark.parametrize("views", [ONE_VIEW, FLIP_VIEWS])
def test_a_delta_is_found_where_it_is(views: tuple[View, ...]) -> None:
    rng = np.random.default_rng(1)
    volume = np.zeros((45, 53, 37), np.float32)
    deltas = [(0, 0, 0), (44, 52, 36), (21, 30, 17), (22, 10, 5)]
    deltas += [tuple(4 * rng.integers(1, 8, 3) + rng.integers(0, 2, 3)) for _ in range(6)]
    for place in deltas:
        volume[place] = 1.0
    scorer = VolumeScorer(
        identity_like(),
        device="cpu",
        precision="float32",
        views=views,
        window_px=(24, 24, 24),
        margin_px=2,
        overlap_px=4,
    )
    found = find_volume_peaks(
        scorer.slabs(volume),
        volume.shape,
        stride=scorer.stride,
        origin_px=scorer.origin_px,
        thresholds=[0.5],
    )
    expected = sorted({tuple(float(p) for p in place[::-1]) for place in deltas})
    assert len(found) == len(expected)
    order = np.lexsort(found.xyz_px.round().T[::-1])
    assert np.abs(found.xyz_px[order] - np.array(expected)).max() < 0.05


class Endless:
    """A volume that exists only where it is read."""

    def __init__(self, length: int) -> None:
        self.shape = (length, 48, 48)
        self.read: list[tuple[int, int]] = []

    def __getitem__(self, planes: slice) -> NDArray[np.float32]:
        self.read.append((planes.start, planes.stop))
        return np.zeros((planes.stop - planes.start, 48, 48), np.float32)


def test_memory_does_not_grow_with_the_volume() -> None:
    scorer = VolumeScorer(
        Toy(), device="cpu", precision="float32", window_px=(32, 48, 48), margin_px=2, overlap_px=4
    )
    peaks = []
    for length in (128, 512):
        volume = Endless(length)
        tracemalloc.start()
        planes = sum(slab.values.shape[1] for slab in scorer.slabs(volume))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert planes == length // 2
        assert max(stop - start for start, stop in volume.read) <= 32
        assert volume.read[-1][1] == length
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 0.5 * planes * 5 * 24**2 * np.dtype(np.float32).itemsize


def test_bfloat16_agrees_with_float32() -> None:
    torch.manual_seed(0)
    network = UNet3d(channels=(4, 6))
    volume = noise((24, 24, 24))
    exact = joined(VolumeScorer(network, device="cpu", precision="float32"), volume)
    low = joined(VolumeScorer(network, device="cpu", precision="bfloat16"), volume)
    assert low.dtype == np.float32
    assert not np.array_equal(low, exact)
    assert np.abs(low - exact).max() < 0.05


def test_read_only_and_foreign_volumes() -> None:
    scorer = VolumeScorer(Toy(), device="cpu", precision="float32")
    volume = noise((12, 9, 10))
    expected = joined(scorer, volume)
    volume.flags.writeable = False
    before = volume.copy()
    assert np.array_equal(joined(scorer, volume), expected)
    assert np.array_equal(volume, before)
    assert np.array_equal(joined(scorer, np.asfortranarray(volume).astype(">f4")), expected)


def test_the_given_network_is_left_alone() -> None:
    network = UNet3d(channels=(3,)).train()
    strides = [parameter.stride() for parameter in network.parameters()]
    joined(VolumeScorer(network, device="cpu", precision="bfloat16"), noise((8, 8, 8)))
    assert network.training
    assert [parameter.stride() for parameter in network.parameters()] == strides


def test_bad_input_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"margin of 3 .* multiples of 2"):
        VolumeScorer(Toy(), device="cpu", margin_px=3)
    scorer = VolumeScorer(Toy(), device="cpu", precision="float32")
    for shape in [(8, 8), (0, 8, 8)]:
        with pytest.raises(BadInput, match="is no volume"):
            next(scorer.slabs(np.zeros(shape, np.float32)))

    def fail(_self: Toy, _image: torch.Tensor) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Toy, "forward", fail)
    with pytest.raises(ResourceError, match="too little free memory for windows of 8 × 12 × 16"):
        next(scorer.slabs(noise((7, 10, 14))))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_cuda_agrees_with_the_processor(precision: str) -> None:
    torch.manual_seed(0)
    network = UNet3d(channels=(8, 16, 16), classes=2)
    volume = noise((50, 61, 70))
    expected = joined(VolumeScorer(network, device="cpu", precision="float32"), volume)
    found = joined(VolumeScorer(network, device="cuda", precision=precision), volume)
    assert np.abs(found - expected).max() < 0.05 * np.ptp(expected)

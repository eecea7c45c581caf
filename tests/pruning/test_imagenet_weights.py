import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nunatak.errors import BadInput, FormatError
from nunatak.networks.resnet18 import ResNet18
from nunatak.pruning.imagenet_weights import load_imagenet


@pytest.fixture(scope="module")
def source() -> ResNet18:
    """A narrow network with weights as a file has them; the code is the same at any width."""
    torch.manual_seed(1)
    network = ResNet18(4, 3, classes=7)
    network(torch.randn(4, 3, 64, 64))  # statistics of its own
    return network.eval()


def photograph(*, grey: bool) -> Tensor:
    colours = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    return colours[:, :1].repeat(1, 3, 1, 1) if grey else colours


def written(state: dict[str, Tensor], folder: Path, container: str) -> Path:
    if container == "safetensors":
        path = folder / "resnet18.safetensors"
        save_file(state, path)
        return path
    path = folder / "resnet18.pth"
    torch.save(state, path, _use_new_zipfile_serialization=container == "zip")
    return path


@pytest.mark.parametrize("container", ["zip", "chain of pickles", "safetensors"])
def test_every_container_gives_the_same_network(
    source: ResNet18, tmp_path: Path, container: str
) -> None:
    path = written(source.state_dict(), tmp_path, container)
    network = ResNet18(4, 3, classes=7).eval()
    load_imagenet(network, path)
    images = photograph(grey=False)
    assert torch.equal(network(images), source(images))


def test_early_files_count_no_batches_and_the_last_layer_can_stay_behind(
    source: ResNet18, tmp_path: Path
) -> None:
    state = {k: v for k, v in source.state_dict().items() if "num_batches" not in k}
    network = ResNet18(4, 3, classes=None).eval()
    load_imagenet(network, written(state, tmp_path, "chain of pickles"))
    images = photograph(grey=False)
    assert torch.equal(network(images), source.features(images))


@pytest.mark.parametrize("in_channels", [1, 2, 4])
def test_a_grey_image_in_all_channels_gives_the_maps_of_a_grey_photograph(
    source: ResNet18, tmp_path: Path, in_channels: int
) -> None:
    network = ResNet18(4, in_channels, classes=None).eval()
    load_imagenet(network, written(source.state_dict(), tmp_path, "zip"))
    grey = photograph(grey=True)
    crops = grey[:, :1].repeat(1, in_channels, 1, 1)
    torch.testing.assert_close(network(crops), source.features(grey), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (ResNet18(8, 3, classes=7), "tensor bn1.bias: floating point of shape (4,), while this"),
        (ResNet18(4, 3, classes=9), "tensor fc.bias: floating point of shape (7,)"),
    ],
)
def test_weights_of_another_network_are_named(
    source: ResNet18, tmp_path: Path, network: ResNet18, message: str
) -> None:
    path = written(source.state_dict(), tmp_path, "zip")
    with pytest.raises(FormatError, match=re.escape(message)):
        load_imagenet(network, path)


@pytest.mark.parametrize("missing", ["conv1.weight", "layer4.1.bn2.running_var"])
def test_a_missing_tensor_is_named(source: ResNet18, tmp_path: Path, missing: str) -> None:
    state = {k: v for k, v in source.state_dict().items() if k != missing}
    with pytest.raises(FormatError, match=f"tensor {re.escape(missing)}: absent"):
        load_imagenet(ResNet18(4, 2, classes=None), written(state, tmp_path, "zip"))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "exploded",))

    path = tmp_path / "resnet18.pth"
    torch.save({"conv1.weight": Bomb()}, path)
    with pytest.raises(FormatError, match="Nothing in it was run"):
        load_imagenet(ResNet18(4), path)
    assert not (tmp_path / "exploded").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.pth: cannot read"):
        load_imagenet(ResNet18(4), tmp_path / "gone.pth")

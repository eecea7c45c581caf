"""Start a ResNet-18 from weights learnt on photographs, read from a local file."""

from os import PathLike
from pathlib import Path

from torch import Tensor

from nunatak.detection.model_file import read_content
from nunatak.detection.topaz.inert_pickle import Unreadable
from nunatak.detection.topaz.modules import take_apart
from nunatak.detection.topaz.torch_file import read_torch_file
from nunatak.detection.weights import check_tensors, read_tensors
from nunatak.errors import FormatError
from nunatak.networks.resnet18 import ResNet18

_FIRST = "conv1.weight"
_LAST = "fc."
_COUNTER = "num_batches_tracked"

_HINT = "Give the weights of a ResNet-18 of width 64, such as resnet18-f37072fd.pth"


def load_imagenet(network: ResNet18, path: str | PathLike[str]) -> None:
    """Replace a network's weights by those of a file.

    Parameters
    ----------
    network
        Changed in place, on its device. Of another number of channels than the file's three, each
        of its channels gets the mean of the three colours' filters, scaled such that a grey
        photograph in all channels gives the same maps as in colour. Without a last layer, the
        file's is left out.
    path
        A state dict with the field's names: of ``torch.save`` in either of its containers, such
        as torchvision's ``resnet18-*.pth``, or safetensors. Nothing in it is run.

    Raises
    ------
    BadInput
        If it cannot be read.
    FormatError
        If it holds something else, or weights of another network.
    """
    path = Path(path)
    tensors = _tensors(path)
    own = network.state_dict()
    if network.fc is None:
        tensors = {name: t for name, t in tensors.items() if not name.startswith(_LAST)}
    # Files of early versions do not count batches, which matters to no trained statistic.
    tensors = {name: t for name, t in own.items() if name.endswith(_COUNTER)} | tensors
    if _FIRST in tensors:
        tensors[_FIRST] = _for_channels(tensors[_FIRST], network.conv1.in_channels)
    check_tensors(network, tensors, path=path, wanted_by="this ResNet-18", hint=_HINT)
    network.load_state_dict(tensors)


def _tensors(path: Path) -> dict[str, Tensor]:
    content = read_content(path)
    if path.suffix == ".safetensors":
        return read_tensors(content, path=path)
    try:
        return dict(take_apart(read_torch_file(content)).tensors)
    except Unreadable as error:
        raise FormatError(
            path,
            f"no weights can be read from it: {error}",
            hint=f"Nothing in it was run. {_HINT}",
        ) from error


def _for_channels(colours: Tensor, in_channels: int) -> Tensor:
    """Turn filters of colours, shape (width, 3, y, x), into those of so many channels."""
    if colours.ndim != 4 or colours.shape[1] in (in_channels, 0):
        return colours
    scaled = colours.sum(dim=1, keepdim=True) / in_channels
    return scaled.repeat(1, in_channels, 1, 1)

"""From records of tensors to tensors, within the bounds of what the file holds."""

from math import prod
from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from torch import Tensor

from nunatak.detection.topaz.inert_pickle import Call, Name, Unreadable
from nunatak.detection.topaz.torch_file import TorchFile, storage_of

_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
}
_MOST_DIMENSIONS = 8
_PARAMETER = Name("torch._utils", "_rebuild_parameter")
_TENSORS = (Name("torch._utils", "_rebuild_tensor"), Name("torch._utils", "_rebuild_tensor_v2"))


def is_tensor(record: object) -> bool:
    """Whether a record describes a tensor or a parameter."""
    return isinstance(record, Call) and record.function in (_PARAMETER, *_TENSORS)


def tensor_of(record: object, file: TorchFile) -> Tensor:
    """Make the tensor that a record describes.

    Returns
    -------
    Tensor
        With memory of its own.

    Raises
    ------
    Unreadable
        If the record makes no sense, or asks for numbers that the file does not hold.
    """
    match record:
        case Call(function, (data, *_)) if function == _PARAMETER:
            if not isinstance(data, Call) or data.function not in _TENSORS:
                raise Unreadable("a parameter that is no tensor")
            return tensor_of(data, file)
        case Call(function, (storage, int(offset), tuple(shape), tuple(strides), *_)) if (
            function in _TENSORS
        ):
            numbers = _numbers(storage, file)
            _check_bounds(offset, shape, strides, len(numbers))
            steps = [step * numbers.itemsize for step in strides]
            part = as_strided(numbers[offset:], shape, steps, writeable=False)
            # torch wants memory that may be written to, in the byte order of this computer.
            return torch.from_numpy(part.astype(part.dtype.newbyteorder("="), order="C"))
    raise Unreadable("a tensor that is described in an unknown way")


def _numbers(record: object, file: TorchFile) -> NDArray[Any]:
    storage = storage_of(record)
    raw = file.storages.get(storage.key, b"")
    if len(raw) < storage.size_bytes:
        raise Unreadable(
            f"the file is cut: storage {storage.key} holds {len(raw)} bytes, "
            f"{storage.size_bytes} are needed"
        )
    return np.frombuffer(raw, _DTYPES[storage.kind], storage.count)


def _check_bounds(
    offset: int, shape: tuple[object, ...], strides: tuple[object, ...], count: int
) -> None:
    sides = [side for side in shape if isinstance(side, int) and side >= 0]
    steps = [step for step in strides if isinstance(step, int) and step >= 0]
    if len(sides) != len(shape) or len(steps) != len(shape) or len(shape) > _MOST_DIMENSIONS:
        raise Unreadable("a tensor whose shape makes no sense")
    size: int = prod(sides)
    last = offset + sum((side - 1) * step for side, step in zip(sides, steps, strict=True))
    # Repeated numbers (strides of 0) could make a giant out of a small file.
    if offset < 0 or size > count or (size and last >= count):
        raise Unreadable(f"a tensor of shape {tuple(sides)} in a storage of {count} numbers")

"""The parts of a saved model by name, whether it was saved whole or as its weights alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from nunatak.detection.topaz.inert_pickle import Call, Name, Reference, Unreadable
from nunatak.detection.topaz.tensors import is_tensor, tensor_of
from nunatak.detection.topaz.torch_file import TorchFile

_MOST_LEVELS = 10
_MOST_PARTS = 1000
_MOST_TENSORS = 1000
_ORDERED_DICT = Name("collections", "OrderedDict")


@dataclass(frozen=True)
class Part:
    """A module of a model that was saved whole.

    Attributes
    ----------
    kind : str
        Name of its class, without the module's.
    attributes : mapping of str to object
        What it remembers, as records.
    """

    kind: str
    attributes: Mapping[str, object]


@dataclass(frozen=True)
class SavedModel:
    """A model taken apart.

    Attributes
    ----------
    tensors : mapping of str to Tensor
        Weights and buffers by their full name, as in a state dict.
    parts : mapping of str to Part
        Modules by their full name, the whole at ``""``; empty where only weights were saved.
    """

    tensors: Mapping[str, Tensor]
    parts: Mapping[str, Part]


def take_apart(file: TorchFile) -> SavedModel:
    """Collect the tensors of a saved model.

    Raises
    ------
    Unreadable
        If the file holds no model.
    """
    records: dict[str, object] = {}
    parts: dict[str, Part] = {}
    weights = _mapping(file.root)
    if weights is not None:
        if not weights or not all(map(is_tensor, weights.values())):
            raise Unreadable("a dictionary, but not of tensors alone")
        return SavedModel(_tensors(weights, file), parts)
    waiting = [("", file.root)]
    while waiting:
        prefix, record = waiting.pop()
        part = _part(record)
        if prefix.count(".") > _MOST_LEVELS or max(len(parts), len(records)) > _MOST_PARTS:
            raise Unreadable("a model of too many parts, or one that contains itself")
        parts[prefix.removesuffix(".")] = part
        records |= {prefix + name: record for name, record in _own_tensors(part).items()}
        children = _mapping(part.attributes.get("_modules")) or {}
        waiting += [
            (f"{prefix}{name}.", child) for name, child in children.items() if child is not None
        ]
    return SavedModel(_tensors(records, file), parts)


def _tensors(records: Mapping[str, object], file: TorchFile) -> dict[str, Tensor]:
    # Many tensors of one storage could make a giant out of a small file.
    left = sum(map(len, file.storages.values()))
    tensors: dict[str, Tensor] = {}
    for name, record in records.items():
        tensor = tensor_of(record, file)
        left -= tensor.nbytes
        if left < 0 or len(tensors) >= _MOST_TENSORS:
            raise Unreadable("more tensors than the file has numbers for, or than a network has")
        tensors[name] = tensor
    return tensors


def _part(record: object) -> Part:
    function = record.function if isinstance(record, Call) else None
    match function:
        case Reference(("module", Name() as name, *_)):  # with its source code, in old files
            function = name
    state = record.state if isinstance(record, Call) else None
    if not isinstance(function, Name) or not isinstance(state, dict) or "_modules" not in state:
        raise Unreadable("neither the weights of a network nor a network")
    return Part(function.name, {str(key): value for key, value in state.items()})


def _own_tensors(part: Part) -> dict[str, object]:
    found: dict[str, object] = {}
    for kind in ("_parameters", "_buffers"):
        found |= _mapping(part.attributes.get(kind)) or {}
    return {name: record for name, record in found.items() if record is not None}


def _mapping(record: object) -> dict[str, object] | None:
    """Items of a dictionary or an ordered dictionary; None for anything else."""
    if isinstance(record, Call) and record.function == _ORDERED_DICT:
        record = record.items
    if not isinstance(record, dict):
        return None
    return {str(key): value for key, value in record.items()}

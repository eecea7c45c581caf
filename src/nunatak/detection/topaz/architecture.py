"""Which of our networks a saved model is, and which of its weights is which of ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from pydantic import ValidationError
from torch import Tensor

from nunatak.detection.topaz.inert_pickle import Unreadable
from nunatak.detection.topaz.modules import SavedModel
from nunatak.networks.specs import NetworkSpec

_LAYERS = "features.features"
_WEIGHT = re.compile(r"features\.features\.(\d+)\.(.+)")
_RESIDUAL_NAMES = {
    "conv": "conv",
    "bn": "norm",
    "conv0": "first",
    "bn0": "first_norm",
    "conv1": "second",
    "bn1": "second_norm",
    "proj": "projection",
}
_RESIDUAL_UNITS = {3: "ResNet8", 7: "ResNet16"}
_PLAIN_CONVOLUTIONS = {3: "Conv31", 4: "Conv63", 5: "Conv127"}
KNOWN = "ResNet8, ResNet16, Conv31, Conv63 and Conv127"


@dataclass(frozen=True)
class Recognised:
    """A saved model in our words.

    Attributes
    ----------
    spec : NetworkSpec
        The network.
    tensors : mapping of str to Tensor
        Its weights by our names; shapes are not yet compared with the network's.
    """

    spec: NetworkSpec
    tensors: Mapping[str, Tensor]


def recognise(saved: SavedModel) -> Recognised:
    """Find out which network a saved model is.

    Raises
    ------
    Unreadable
        If it is none of `KNOWN`, or has what ours do not have.
    """
    layers: dict[int, dict[str, Tensor]] = {}
    tensors: dict[str, Tensor] = {}
    for name, tensor in saved.tensors.items():
        if name in {"classifier.weight", "classifier.bias"}:
            tensors[name.replace("classifier", "head")] = tensor
        elif (found := _WEIGHT.fullmatch(name)) and len(found[1]) < 4:
            layers.setdefault(int(found[1]), {})[found[2]] = tensor
        else:
            raise Unreadable(
                f"a tensor {name[:80]!r}, which no picking network has; known: {KNOWN}"
            )
    is_residual = any("conv0.weight" in layer for layer in layers.values())
    recognised = (_residual if is_residual else _plain)(layers, _Extras.of(saved, layers))
    counted = dict(_with_counters({**recognised.tensors, **tensors}))
    return Recognised(recognised.spec, counted)


@dataclass(frozen=True)
class _Extras:
    """Layers without weights."""

    pools: bool
    dropout: float

    @classmethod
    def of(cls, saved: SavedModel, layers: Mapping[int, object]) -> "_Extras":
        if not saved.parts:
            # Where only weights were saved, a gap in their numbers may be pooling or dropout.
            if sorted(layers) != list(range(len(layers))):
                raise Unreadable(
                    "the weights alone do not tell whether the network has pooling or dropout"
                )
            return cls(pools=False, dropout=0.0)
        parts = [part for name, part in saved.parts.items() if name.startswith(f"{_LAYERS}.")]
        kinds = {part.kind for part in parts}
        chances = [part.attributes.get("p") for part in parts if part.kind == "Dropout"]
        chance = chances[0] if chances else 0.0
        if not isinstance(chance, float | int):
            raise Unreadable("a dropout without a probability")
        return cls(pools=bool(kinds & {"MaxPool", "MaxPool2d", "AvgPool2d"}), dropout=float(chance))


def _residual(layers: Mapping[int, Mapping[str, Tensor]], extras: _Extras) -> Recognised:
    count = sum("conv0.weight" in layer for layer in layers.values())
    if count not in _RESIDUAL_UNITS:
        raise Unreadable(f"a network of {count} residual units; known: {KNOWN}")
    tensors = {}
    # Ours have the same layers in the same order.
    for index, layer in layers.items():
        for name, tensor in layer.items():
            part, _, kind = name.partition(".")
            if part not in _RESIDUAL_NAMES:
                raise Unreadable(f"a part {part[:80]!r}, which no residual unit has")
            tensors[f"layers.{index}.{_RESIDUAL_NAMES[part]}.{kind}"] = tensor
    spec = _spec(
        _RESIDUAL_UNITS[count],
        units=_channels(layers.get(0, {}).get("conv.weight")),
        batch_norm=any("norm.running_var" in name for name in tensors),
        dropout=extras.dropout,
        pooling="max" if extras.pools else "none",
    )
    return Recognised(spec, tensors)


def _plain(layers: Mapping[int, Mapping[str, Tensor]], extras: _Extras) -> Recognised:
    convolutions = [i for i in sorted(layers) if _is_convolution(layers[i])]
    if len(convolutions) not in _PLAIN_CONVOLUTIONS:
        raise Unreadable(f"a network of {len(convolutions)} convolutions; known: {KNOWN}")
    if extras.pools:
        raise Unreadable(
            "a plain convolutional network with pooling: Topaz pads its pooling, so that the score "
            "of a place depends on where the patch around it ends, and no network here repeats that"
        )
    tensors = {}
    number = -1
    for index in sorted(layers):
        number += _is_convolution(layers[index])
        ours = number * (2 if extras.dropout else 1)
        for kind, tensor in layers[index].items():
            tensors[f"layers.{ours}.{_plain_name(layers[index])}.{kind}"] = tensor
    channels = [_channels(layers[index]["weight"]) for index in convolutions]
    spec = _spec(
        _PLAIN_CONVOLUTIONS[len(convolutions)],
        units=channels[0],
        unit_scaling=channels[1] // max(1, channels[0]),
        batch_norm=any("running_var" in layer for layer in layers.values()),
        dropout=extras.dropout,
    )
    return Recognised(spec, tensors)


def _plain_name(layer: Mapping[str, Tensor]) -> str:
    if _is_convolution(layer):
        return "conv"
    return "norm" if "running_var" in layer else "activation"


def _is_convolution(layer: Mapping[str, Tensor]) -> bool:
    return "weight" in layer and layer["weight"].ndim == 4


def _channels(weight: Tensor | None) -> int:
    if weight is None or weight.ndim != 4:
        raise Unreadable("a first layer that is no convolution")
    return weight.shape[0]


def _spec(name: str, **parameters: object) -> NetworkSpec:
    try:
        return NetworkSpec.model_validate({"name": name, "parameters": parameters})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise Unreadable(f"a {name} with {where} {first['input']!r}: {first['msg']}") from error


def _with_counters(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Add the counters of seen batches, which old versions of torch did not keep."""
    for name, tensor in tensors.items():
        yield name, tensor
        counter = name.replace("running_var", "num_batches_tracked")
        if counter != name and counter not in tensors:
            yield counter, torch.tensor(0)

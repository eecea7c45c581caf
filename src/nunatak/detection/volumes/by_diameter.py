"""Find particles of any kind by their diameter, with a model whose heatmaps are sizes."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nunatak.detection.header import NetworkSpec
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.errors import UsageError
from nunatak.networks.registry import build
from nunatak.networks.unet3d import CLASS_TENSORS

PARTICLE = "particle"
"""Name of the class that a diameter alone makes."""


def for_diameter(model: VolumeModel, diameter_A: float) -> VolumeModel:
    """Make a detector of one class of a model of sizes.

    The heatmap of a diameter between two sizes lies between theirs: a heatmap's logits are a
    linear function of the network's features, so that its weights can be interpolated. Beyond
    the smallest and the largest size, the voxels are taken smaller or larger instead.

    Parameters
    ----------
    model
        Of sizes.
    diameter_A
        Of the particles (longest extent), Å.

    Returns
    -------
    VolumeModel
        Of the same file.

    Raises
    ------
    UsageError
        If the model is one of kinds, or the diameter is not positive.

    Examples
    --------
    >>> general = load_volume_model("general-3d")  # doctest: +SKIP
    >>> for_diameter(general, 250.0).header.classes[0].diameter_A  # doctest: +SKIP
    250.0
    """
    header = model.header
    if header.classes_are != "sizes":
        named = ", ".join(f"{kind.name} ({kind.diameter_A:g} Å)" for kind in header.classes)
        raise UsageError(
            f"{model.path or header.name} finds particles that it knows: {named}. Leave the "
            "diameter out."
        )
    if not 0 < diameter_A < float("inf"):
        raise UsageError(f"A diameter must be positive, but is {diameter_A} Å.")
    sizes_A = [size.diameter_A for size in header.classes]
    shares = size_shares(sizes_A, diameter_A)
    seen_A = float(np.clip(diameter_A, sizes_A[0], sizes_A[-1]))
    parameters = header.network.parameters.model_dump()
    spec = NetworkSpec.model_validate(
        {"name": header.network.name, "parameters": {**parameters, "classes": 1}}
    )
    network = build(spec)
    tensors = dict(model.network.state_dict())  # copied where they are loaded
    for name in CLASS_TENSORS:
        tensors[name] = mixed(tensors[name], shares)[None]
    network.load_state_dict(tensors)
    thresholds = [size.threshold for size in header.classes]
    one = VolumeClass(
        name=PARTICLE, diameter_A=diameter_A, threshold=float(np.dot(shares, thresholds))
    )
    changes = {
        "network": spec,
        "classes": (one,),
        "classes_are": "kinds",
        "voxel_size_A": header.voxel_size_A * diameter_A / seen_A,
    }
    made = header.model_copy(update=changes)
    return VolumeModel(made, network.eval().requires_grad_(False), model.path, model.sha256)


def size_shares(sizes_A: Sequence[float], diameter_A: float) -> NDArray[np.float64]:
    """Return how much each size says about a diameter: linear in its logarithm.

    Parameters
    ----------
    sizes_A
        Rising, Å.
    diameter_A
        Å.

    Returns
    -------
    ndarray, shape (sizes,), float64
        At most two are not 0; their sum is 1.

    Examples
    --------
    >>> size_shares([100.0, 200.0, 400.0], 200.0 * 2**0.25).round(2).tolist()
    [0.0, 0.75, 0.25]
    >>> size_shares([100.0, 200.0, 400.0], 50.0).tolist()
    [1.0, 0.0, 0.0]
    """
    place = np.interp(np.log(diameter_A), np.log(sizes_A), np.arange(len(sizes_A)))
    return np.maximum(0.0, 1.0 - np.abs(np.arange(len(sizes_A)) - place))


def mixed(rows: Tensor, shares: NDArray[np.float64]) -> Tensor:
    """Return the mean of rows, weighted by shares that sum up to 1."""
    weights = torch.from_numpy(shares).to(rows)
    return torch.einsum("s,s...->...", weights, rows)

"""Topaz's published configuration: a patch classifier, learned from scratch."""

from collections.abc import Mapping
from typing import Any

from nunatak.errors import UsageError
from nunatak.learning.settings import LearningSettings, changed
from nunatak.networks.specs import NetworkSpec

UPDATES_PER_EPOCH = 1000
EPOCHS = 10

RECEPTIVE_FIELD_PX = 71
"""Of ResNet8; a particle spans half of it, as the authors advise and RELION arranges."""

PUBLISHED = LearningSettings(
    start=None,
    network=NetworkSpec(name="ResNet8", parameters={"units": 32}),
    objective="ge-binomial",
    teacher=False,
    autoencoder_weight=0.0,
    steps=EPOCHS * UPDATES_PER_EPOCH,
    batch_size=256,
    learning_rate=2e-4,
    weight_decay=0.0,
    schedule="constant",
    averaging=0.0,
    gradient_clip=None,
    normalisation="mixture",
    diameter_px=RECEPTIVE_FIELD_PX / 2,
    positive_radius_px=3.0,
    positive_share=1 / 16,
    validate_every=UPDATES_PER_EPOCH,
    patience=None,
)
"""What ``topaz train`` does by default (Bepler et al., Nature Methods 2019, and topaz-em 0.3).

One thing is not published: the weights of the best validation are kept, not those of the last
update, as for every training of nunatak.
"""

NETWORKS: Mapping[str, str] = {
    "resnet8": "ResNet8",
    "resnet16": "ResNet16",
    "conv31": "Conv31",
    "conv63": "Conv63",
    "conv127": "Conv127",
}
"""Topaz's names of the networks."""

_FIELDS = {
    "autoencoder": "autoencoder_weight",
    "learning_rate": "learning_rate",
    "minibatch_size": "batch_size",
    "minibatch_balance": "positive_share",
    "l2": "weight_decay",
}


def as_called(
    flags: Mapping[str, Any], *, radius_px: float, diameter_px: float
) -> LearningSettings:
    """Return the published configuration with what Topaz's own flags change in it.

    Parameters
    ----------
    flags
        Values by the names of the flags of ``topaz train``, with underscores.
    radius_px
        Of the positive regions, pixels of the images given.
    diameter_px
        Of the particle, pixels of the images given, which are not resampled.

    Raises
    ------
    UsageError
        If a value is impossible.

    Examples
    --------
    >>> settings = as_called({"num_epochs": 2, "model": "conv31"}, radius_px=4, diameter_px=32)
    >>> settings.steps, settings.network.name, settings.positive_radius_px
    (2000, 'Conv31', 4.0)
    """
    epoch = flags.get("epoch_size", UPDATES_PER_EPOCH)
    changes: dict[str, Any] = {
        "diameter_px": diameter_px,
        "positive_radius_px": radius_px,
        "steps": flags.get("num_epochs", EPOCHS) * epoch,
        "validate_every": epoch,
        "network": {"name": _network_name(flags), "parameters": _network_parameters(flags)},
    }
    changes |= {field: flags[name] for name, field in _FIELDS.items() if name in flags}
    if "method" in flags:
        changes["objective"] = str(flags["method"]).lower()
    return changed(PUBLISHED, changes)


def _network_name(flags: Mapping[str, Any]) -> str:
    name = flags.get("model", "resnet8")
    if name not in NETWORKS:
        raise UsageError(f"--model {name}: Topaz's networks are {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def _network_parameters(flags: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {"units": flags.get("units", 32)}
    parameters |= {name: flags[name] for name in ("dropout", "pooling") if name in flags}
    if "bn" in flags:
        parameters["batch_norm"] = flags["bn"] == "on"
    if "unit_scaling" in flags and _network_name(flags).startswith("Conv"):
        parameters["unit_scaling"] = flags["unit_scaling"]
    return parameters

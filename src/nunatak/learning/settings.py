"""Everything that determines a training on labels; recorded in the model file."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)

from nunatak.detection.header import NetworkSpec
from nunatak.errors import UsageError
from nunatak.objectives.priors import ObjectiveName
from nunatak.training.config import Schedule

Normalisation = Literal["background", "mixture"]

FROM_SCRATCH: Mapping[str, Any] = MappingProxyType(
    {"steps": 600, "learning_rate": 1e-3, "validate_every": 100}
)
"""Defaults of a training from random weights, which need longer, and a higher rate."""


class LearningSettings(BaseModel):
    """How to learn from labels.

    The defaults are those of a training that starts from a model; without one, those of
    `FROM_SCRATCH` come first.

    Attributes
    ----------
    seed : int
        Of all randomness: split, sampling, augmentation, first weights.
    start : str or None
        Model to start from, a file or a shipped model's name; None for random weights.
    network : NetworkSpec
        What to train from scratch; a start model brings its own.
    objective : str
        Name in `nunatak.objectives.registry.OBJECTIVES`.
    teacher : bool
        Whether the averaged network labels the unlabelled part for its student. Score-map
        networks only.
    anchor : float or None
        Weight of staying near the start (`nunatak.objectives.anchor`); None chooses it from the
        number of labels: see `anchor_weight`. Score-map networks with a start only.
    autoencoder_weight : float
        Weight of the reconstruction term; 0 leaves it out. Patch classifiers only.
    steps : int or None
        Of the optimiser, at most; None chooses them from the number of labels: see
        `training_steps`.
    batch_size, weight_decay : int, float
        Of the optimiser.
    learning_rate : float or None
        Of the optimiser; None chooses it from the number of labels: see `learning_rate`.
    schedule : str
        Of the learning rate; see `nunatak.training.schedule`.
    averaging : float
        Momentum of the averaged weights, which are the teacher and the result; 0 is no averaging.
        The default spans fifty steps, a fraction of even a short training.
    gradient_clip : float or None
        Largest norm of the whole gradient; None for no limit.
    normalisation : str
        Grey scale of the working images: ``"background"`` (`nunatak.images.normalise`) or
        ``"mixture"`` (`nunatak.images.mixture`). A start model brings its own.
    diameter_px : float
        Diameter of a particle in the working images, pixels. A start model brings its own.
    positive_radius_px : float
        Pixels up to so far from a label are positive places. Patch classifiers only.
    positive_share : float
        Share of a minibatch that are positives. Patch classifiers only.
    validation_share : float
        Share of the labelled micrographs that are kept for validation, whole.
    validate_every : int
        Steps between two validations.
    patience : int or None
        Validations without progress after which training stops; None never stops early.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, ge=0)
    start: str | None = "general-2d"
    network: NetworkSpec = NetworkSpec()
    objective: ObjectiveName = "pu"
    teacher: bool = False
    anchor: float | None = Field(None, ge=0)
    autoencoder_weight: float = Field(0.0, ge=0)
    steps: int | None = Field(None, gt=0)
    batch_size: int = Field(16, gt=0)
    learning_rate: float | None = Field(None, gt=0)
    weight_decay: float = Field(1e-3, ge=0)
    schedule: Schedule = "one-cycle"
    averaging: float = Field(0.98, ge=0, lt=1)
    gradient_clip: float | None = Field(5.0, gt=0)
    normalisation: Normalisation = "background"
    diameter_px: float = Field(20.0, gt=0)
    positive_radius_px: float = Field(3.0, ge=0)
    positive_share: float = Field(1 / 16, gt=0, lt=1)
    validation_share: float = Field(0.25, ge=0, lt=1)
    validate_every: int = Field(25, gt=0)
    patience: int | None = Field(5, gt=0)

    @field_validator("network")
    @classmethod
    def _for_micrographs(cls, network: NetworkSpec) -> NetworkSpec:
        if network.parameters.ndim != 2:
            raise ValueError(f"{network.name} is no network for micrographs")
        return network

    @model_validator(mode="wrap")
    @classmethod
    def _from_scratch(cls, given: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, dict) or given.get("start", "") is not None:
            return validated(given)
        defaults = {name: value for name, value in FROM_SCRATCH.items() if name not in given}
        settings = validated({**defaults, **given})
        # Nobody has set them: another start brings other defaults (see `changed`).
        settings.model_fields_set.difference_update(defaults)
        return settings


def anchor_weight(labels: int) -> float:
    """Return how strongly to stay near the start with so many labels.

    Chosen on training micrographs of three data sets: ten labels say little next to hundreds of
    simulated complexes, a thousand nearly everything.

    Examples
    --------
    >>> anchor_weight(10), round(anchor_weight(100), 3)
    (4.0, 0.126)
    """
    return float(4.0 * (10.0 / max(labels, 1)) ** 1.5)


def learning_rate(labels: int) -> float:
    """Return the learning rate for so many labels and a trained start.

    Chosen on training micrographs of three data sets. With 300 labels or more a rate of 4e-4
    gained there what 1e-4 did and as much again; with 30 labels and fewer it gained nothing.

    Examples
    --------
    >>> learning_rate(10), round(learning_rate(100), 6), learning_rate(1000)
    (0.0001, 0.000206, 0.0004)
    """
    return float(1e-4 * min(max((labels / 30.0) ** 0.6, 1.0), 4.0))


def training_steps(labels: int) -> int:
    """Return the number of steps for so many labels and a trained start.

    Chosen on training micrographs of two data sets: over 100 steps, 400 gained 0.003 of average
    precision with 450 labels and 0.006 to 0.012 with 2600.

    Examples
    --------
    >>> training_steps(10), training_steps(300), training_steps(600), training_steps(5000)
    (100, 100, 200, 400)
    """
    return round(100 * min(max(labels / 300, 1.0), 4.0))


def changed(settings: LearningSettings, changes: Mapping[str, Any]) -> LearningSettings:
    """Return settings with some fields replaced, and checked.

    Raises
    ------
    UsageError
        If there is no such field, or a value is impossible.

    Examples
    --------
    >>> changed(LearningSettings(), {"steps": 20}).steps
    20
    >>> scratch = changed(LearningSettings(), {"start": None})
    >>> scratch.steps, changed(scratch, {"start": "general-2d"}).steps
    (600, None)
    """
    try:
        # What nobody has set is left out, for its default may depend on the changes.
        given = settings.model_dump(exclude_unset=True)
        return LearningSettings.model_validate({**given, **changes})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{field}: {first['msg']} (given: {first['input']!r}).") from error

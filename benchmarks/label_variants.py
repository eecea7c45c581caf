"""The trainings that the study of label efficiency compares: the default, and one change each.

The default is whatever `LearningSettings` says. A variant states its factor outright, so that a
new default moves no variant; one that equals the default is trained once and shown twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nunatak.learning.settings import FROM_SCRATCH, LearningSettings
from training_sets import Count

ALL_COUNTS: tuple[Count, ...] = (10, 30, 100, 300, None)
THREE_COUNTS: tuple[Count, ...] = (10, 100, None)

AUTOENCODER_WEIGHT = 1e-3

_SCRATCH = {"start": None, **FROM_SCRATCH}
"""Random weights need longer than trained ones, and a higher rate."""

_RESNET8 = {
    "start": None,
    "network": {"name": "ResNet8", "parameters": {"output_stride": 2}},
    "teacher": False,
    "diameter_px": 35.5,
    "steps": 400,
    "batch_size": 64,
    "positive_share": 0.25,
    "learning_rate": 2e-4,
    "schedule": "constant",
    "validate_every": 100,
}
"""A patch classifier as published (particles of half its receptive field, no teacher), but with
minibatches of a quarter of the size, which hold as many positives: an update of 256 patches takes
half a second."""


@dataclass(frozen=True)
class Variant:
    """A way to train.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    counts : tuple of int or None
        Numbers of labels at which it is tried; None for all.
    changes : mapping
        Attributes of `LearningSettings` that differ from the default.
    """

    name: str
    title: str
    counts: tuple[Count, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, seed: int) -> LearningSettings:
        """Return the settings with a seed."""
        return LearningSettings.model_validate({"seed": seed, **self.changes})


DEFAULT = Variant("default", "default", ALL_COUNTS)
PN_SCRATCH = Variant(
    "pn-scratch", "PN from scratch", (100,), {**_SCRATCH, "objective": "pn", "teacher": False}
)

VARIANTS = (
    DEFAULT,
    PN_SCRATCH,
    *(
        Variant(f"objective-{name}", f"objective {title}", THREE_COUNTS, {"objective": name})
        for name, title in (
            ("pn", "PN"),
            ("pu", "PU"),
            ("ge-kl", "GE-KL"),
            ("ge-binomial", "GE-binomial"),
        )
    ),
    Variant("teacher", "with the teacher", THREE_COUNTS, {"teacher": True}),
    Variant("no-teacher", "without the teacher", THREE_COUNTS, {"teacher": False}),
    Variant("scratch", "from scratch", THREE_COUNTS, _SCRATCH),
    Variant("resnet8", "ResNet8 from scratch", (10, 30, 100), _RESNET8),
    Variant(
        "resnet8-autoencoder",
        "ResNet8 from scratch, autoencoder",
        (10, 30),
        {**_RESNET8, "autoencoder_weight": AUTOENCODER_WEIGHT},
    ),
)
"""In the order of their importance, in which they are trained."""


def count_title(count: Count) -> str:
    """Return a number of labels as a word."""
    return "all" if count is None else str(count)

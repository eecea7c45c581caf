"""The trainings on tomograms that are compared: the default, baselines, and one change each.

The default is whatever `VolumeLearningSettings` says. Every other arm states its factors
outright, so that a new default moves none of them. Steps and crops are the study's, the same for
all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nunatak.learning.volumes.volume_settings import LabelsAre, VolumeLearningSettings

GENERAL_3D = "general-3d"
FRACTIONS = (0.05, 0.01, 0.25, 1.0, 0.1)
"""Of the labels, those first that say most."""
FEW_LABELS = (0.05, 0.01, 0.1)
"""Of the labels, for the study of longer trainings, which take hours."""

_MAIN = (0.05, 0.01, 0.25, 1.0)
_FEW = (0.05, 0.01, 0.25)
_ABLATION = (0.05,)


@dataclass(frozen=True)
class Arm:
    """A way to train.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    fractions : tuple of float
        Of the labels, at which it is tried.
    few_labels_are : str
        What a part of the labels is taken for: ``"complete"`` learns everything else as empty,
        ``"sparse"`` leaves it open. All labels are complete in every arm.
    changes : mapping
        Attributes of `VolumeLearningSettings`.
    """

    name: str
    title: str
    fractions: tuple[float, ...]
    few_labels_are: LabelsAre
    changes: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, name: str, title: str, changes: Mapping[str, Any]) -> "Arm":
        """Return the same way to train with further changes."""
        return replace(self, name=name, title=title, changes={**self.changes, **changes})

    def labels_are(self, fraction: float) -> LabelsAre:
        """Return what a fraction of the labels is taken for."""
        return "complete" if fraction == 1.0 else self.few_labels_are

    def settings(self, seed: int, *, steps: int, fraction: float) -> VolumeLearningSettings:
        """Return the settings.

        Parameters
        ----------
        seed
            Of the training.
        steps
            Of all arms.
        fraction
            Of the labels. Parts of the labels are too few to keep some aside for validation.

        Returns
        -------
        VolumeLearningSettings
            With everything chosen that labels choose: arms that come to the same are one.
        """
        common: dict[str, Any] = {
            "seed": seed,
            "steps": steps,
            "batch_size": 4,
            "crop_px": 48,
            "validate_every": max(1, steps // 4),
        }
        if fraction < 1.0:
            common["validation_share"] = 0.0
        settings = VolumeLearningSettings.model_validate({**common, **self.changes})
        return settings.for_labels(self.labels_are(fraction), with_unlabelled=True)


_STRONG = {"strong_augmentation": True, "feature_drop_rate": 0.0, "input_drop": False}
_NO_TEACHER = {"teacher": False, **_STRONG}
_TEACHER = {
    "teacher": True,
    "teacher_views": 4,
    "adaptive_thresholds": True,
    **_STRONG,
}
_SCRATCH = {"start": None, "learning_rate": 1e-3, "confusion_weight": 0.0}
_ALL_AT_ONCE = {"head_first": 0.0, "body_rate": 1.0, "learning_rate": 1e-3}
_GENERAL = {
    "start": GENERAL_3D,
    "head_first": 0.3,
    "body_rate": 0.1,
    "learning_rate": 3e-3,
    "confusion_weight": 2.0,
}
"""Supervised training from the general model is held back as the default is: only what learns
without labels is to tell them apart."""

_SUPERVISED = {"objective": "focal", **_NO_TEACHER}
_TAUGHT = {"objective": "focal", **_GENERAL, **_TEACHER}
_SEMI_SCRATCH = {"objective": "focal", **_SCRATCH, **_TEACHER}

_SEMIETPICKER = {
    **_SCRATCH,
    "objective": "focal",
    "teacher": True,
    "averaging": 0.999,
    "burn_in": 0.15,
    "teacher_views": 4,
    "adaptive_thresholds": False,
    "fixed_threshold": 0.7,
    "strong_augmentation": True,
    "feature_drop_rate": 0.1,
    "input_drop": True,
}
"""In the manner of SemiETPicker (arXiv 2510.22454), which publishes neither code nor settings:
values of the works that it builds on (a fixed threshold as in Unbiased Teacher and FixMatch, an
average as in Mean Teacher, DropBlock as published)."""

SUPERVISED_SCRATCH = Arm(
    "supervised-scratch",
    "supervised, from scratch",
    _MAIN,
    "complete",
    {**_SCRATCH, **_SUPERVISED},
)
SEMI_SCRATCH = Arm(
    "semi-scratch",
    "semi-supervised, from scratch",
    _MAIN,
    "sparse",
    _SEMI_SCRATCH,
)
DEFAULT = Arm("default", "default", FRACTIONS, "sparse")
SUPERVISED_GENERAL = Arm(
    "supervised-general",
    "supervised, from the general model",
    _MAIN,
    "complete",
    {**_GENERAL, **_SUPERVISED},
)
SEMIETPICKERS = (
    Arm("semietpicker", "SemiETPicker's manner", _FEW, "complete", _SEMIETPICKER),
    Arm(
        "semietpicker-sparse",
        "SemiETPicker's manner, the rest left open",
        _FEW,
        "sparse",
        _SEMIETPICKER,
    ),
)
"""Its two readings, the better of which counts: what few labels are taken for. A third one, with an
average of 0.99, was the same training: averages warm up, and 0.99 is reached after 890 steps."""
TAUGHT = Arm("taught", "teacher, from the general model", _ABLATION, "sparse", _TAUGHT)
TAUGHT_SCRATCH = Arm("taught-scratch", "teacher, from scratch", _ABLATION, "sparse", _SEMI_SCRATCH)
ABLATION = (
    TAUGHT,
    TAUGHT.changed(
        "no-teacher", "- with PU in place of the teacher", {**_NO_TEACHER, "objective": "pu"}
    ),
    TAUGHT.changed("with-pu", "- with PU beside the teacher", {"objective": "pu"}),
    TAUGHT.changed("one-view", "- with one view", {"teacher_views": 1}),
    TAUGHT.changed(
        "fixed-threshold",
        "- with fixed thresholds",
        {"adaptive_thresholds": False, "fixed_threshold": 0.7},
    ),
    TAUGHT.changed("feature-drop", "- with DropBlock on features", {"feature_drop_rate": 0.1}),
    TAUGHT.changed("input-drop", "- with DropBlock on the input", {"input_drop": True}),
    TAUGHT.changed("all-at-once", "- with all weights learning alike from the start", _ALL_AT_ONCE),
    TAUGHT.changed(
        "no-confusion", "- without the loss that keeps classes apart", {"confusion_weight": 0.0}
    ),
    TAUGHT_SCRATCH,
    TAUGHT_SCRATCH.changed("scratch-with-pu", "- with PU beside the teacher", {"objective": "pu"}),
    TAUGHT_SCRATCH.changed("scratch-one-view", "- with one view", {"teacher_views": 1}),
)
"""Each one change of the teacher above it, which is what the default was when this was written.
Three settings make the change to "alike": the rate is that of trainings from scratch, for all
weights."""

LONG_ARMS = (SUPERVISED_SCRATCH, SEMI_SCRATCH, DEFAULT, SUPERVISED_GENERAL)
"""Those that are trained for longer, too: with and without a teacher, from either start."""
ARMS = (*LONG_ARMS, *SEMIETPICKERS, *ABLATION)
"""In the order of their importance, in which they are trained."""


def percent(fraction: float) -> str:
    """Return a fraction of the labels as a word.

    Examples
    --------
    >>> percent(0.05), percent(1.0)
    ('5 %', '100 %')
    """
    return f"{100 * fraction:g} %"

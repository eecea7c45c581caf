"""The result of judging picks class by class: for programs (`to_dict`) and people (`to_text`)."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nunatak.picks.bootstrap import MicroMacro
from nunatak.picks.counted import counted
from nunatak.picks.evaluation import (
    Evaluation,
    OperatingPoint,
    listed,
    plain,
    row,
    unselected_truths_note,
)
from nunatak.picks.judged import IMAGE_NOUN


@dataclass(frozen=True)
class ClassResult:
    """How good the picks of one class are."""

    name: str
    evaluation: Evaluation


@dataclass(frozen=True)
class AverageDistance:
    """Mean distance between right picks and their truths over all classes.

    Attributes
    ----------
    unit : str
        As of `nunatak.picks.evaluation.LocalisationError`.
    mean : MicroMacro
        Micro: over the right picks of all classes. Macro: the mean of the classes' own mean
        distances, of those that have a right pick.
    """

    unit: str
    mean: MicroMacro


@dataclass(frozen=True)
class ClassAverages:
    """What one selection of the candidates achieves over all classes.

    Attributes
    ----------
    name : str
        How the selection came about, in words; a threshold of the best F1 is the class's own.
    selected, true_positives, truths : int
        Sums over the classes.
    precision, recall, f1 : MicroMacro
        Micro: of these sums, so that a frequent class weighs more. Macro: the mean of the
        classes' own figures (of those that have one), so that each weighs the same.
    localisation : tuple of AverageDistance
        In pixels (voxels), and in Å where every pixel size is known.
    """

    name: str
    selected: int
    true_positives: int
    truths: int
    precision: MicroMacro
    recall: MicroMacro
    f1: MicroMacro
    localisation: tuple[AverageDistance, ...]


@dataclass(frozen=True)
class ClassEvaluation:
    """How good a set of picks of several classes is.

    Attributes
    ----------
    classes : tuple of ClassResult
        The classes of the truth set, by name.
    average_precision : MicroMacro
        Micro: all classes' candidates ranked together by score. Macro: mean over classes
        (without an interval).
    averages : tuple of ClassAverages
        One for each of the classes' operating points, in their order.
    left_out, left_out_truths : tuple of str
        Images not judged, as in `Evaluation`.
    n_left_out_picks : int
        Picks, of any class, on the images left out.
    n_unselected_truths : int
        Candidates of the truth set, of any class, that are marked as not selected, left out.
    left_out_classes : tuple of str
        Classes of the picks that the truth set does not contain.
    n_left_out_class_picks : int
        Picks of those, on judged images.
    n_resamples, seed : int
        Of the bootstrap behind all intervals.
    ndim : int
        2 for micrographs, 3 for tomograms.
    """

    classes: tuple[ClassResult, ...]
    average_precision: MicroMacro
    averages: tuple[ClassAverages, ...]
    left_out: tuple[str, ...]
    n_left_out_picks: int
    left_out_truths: tuple[str, ...]
    n_unselected_truths: int
    left_out_classes: tuple[str, ...]
    n_left_out_class_picks: int
    n_resamples: int
    seed: int
    ndim: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curves in plain types fit for JSON (NaN becomes None)."""
        classes = [{"name": one.name, **one.evaluation.to_dict()} for one in self.classes]
        return {**plain(self), "classes": classes}

    def curve_table(self) -> pd.DataFrame:
        """Return the precision-recall curves of all classes, one row a class and threshold."""
        curves = [one.evaluation.curve.to_table() for one in self.classes]
        keys = [one.name for one in self.classes]
        return pd.concat(curves, keys=keys, names=["class_name", None]).reset_index(level=0)

    def to_text(self) -> str:
        """Return tables for people."""
        noun = IMAGE_NOUN[self.ndim]
        images = len(self.classes[0].evaluation.images)
        truths = sum(point.truths for point in self.averages[:1])
        candidates = sum(len(one.evaluation.judged.score) for one in self.classes)
        averages_header = f"{'':26}{'all classes pooled':24}mean over classes"
        lines = [
            f"{counted(images, noun)}, {counted(len(self.classes), 'class', 'classes')}, "
            f"{counted(truths, 'true position')}, {counted(candidates, 'pick')}; each class "
            "matched one to one on its own",
            "",
            f"{'class':26}{'within':>10}{'true':>8}{'picks':>8}{'average precision':>20}",
            *(_class_line(one) for one in self.classes),
            "",
            averages_header,
            row("average precision", self.average_precision),
        ]
        for number, averages in enumerate(self.averages):
            points = [(one.name, one.evaluation.points[number]) for one in self.classes]
            distance = averages.localisation[-1]
            lines += [
                "",
                f"{averages.name}: {averages.selected} selected, "
                f"{averages.true_positives} of them right",
                f"  {'class':24}{'score ≥':>10}{'selected':>9}{'right':>7}{'precision':>10}"
                f"{'recall':>8}{'F1':>8}  mean distance",
                *(_point_line(name, point) for name, point in points),
                averages_header,
                row("precision", averages.precision),
                row("recall", averages.recall),
                row("F1", averages.f1),
                row(f"mean distance, {distance.unit}", distance.mean),
            ]
        return "\n".join([*lines, *self._footnotes(noun, images)])

    def _footnotes(self, noun: str, images: int) -> list[str]:
        notes = unselected_truths_note(self.n_unselected_truths)
        if self.left_out_classes:
            notes.append(
                "Not in the truth set, left out: "
                f"{counted(len(self.left_out_classes), 'class', 'classes')} with "
                f"{counted(self.n_left_out_class_picks, 'pick')} ({listed(self.left_out_classes)})."
            )
        if self.left_out:
            notes.append(
                f"Not in the truth set, left out: {counted(len(self.left_out), noun)} with "
                f"{counted(self.n_left_out_picks, 'pick')} ({listed(self.left_out)})."
            )
        if self.left_out_truths:
            notes.append(
                f"Not mentioned by the picks, left out: {counted(len(self.left_out_truths), noun)} "
                f"({listed(self.left_out_truths)})."
            )
        if images > 1 and self.n_resamples:
            notes.append(
                f"[ ]: 95 % intervals from {self.n_resamples} resamples of the {noun}s, "
                f"seed {self.seed}."
            )
        return ["", *notes] if notes else []


def _class_line(one: ClassResult) -> str:
    result = one.evaluation
    in_px = result.radius_A is None
    within = f"{result.radius_px:g} px" if in_px else f"{result.radius_A:g} Å"
    return (
        f"  {one.name:24}{within:>10}{result.judged.truths.sum():8}{len(result.judged.score):8}"
        f"{_figure(result.average_precision.micro.value):>20}"
    )


def _point_line(name: str, point: OperatingPoint) -> str:
    is_threshold = point.threshold is not None and math.isfinite(point.threshold)
    threshold = f"{point.threshold:.4g}" if is_threshold else "-"
    error = point.localisation[-1]
    distance = "-" if math.isnan(error.mean) else f"{error.mean:.2f} {error.unit}"
    precision, recall, f1 = (
        _figure(rate.micro.value) for rate in (point.precision, point.recall, point.f1)
    )
    return (
        f"  {name:24}{threshold:>10}{point.selected:9}{point.true_positives:7}{precision:>10}"
        f"{recall:>8}{f1:>8}  {distance}"
    )


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"

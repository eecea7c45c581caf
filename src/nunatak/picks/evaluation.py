"""The result of judging picks by a truth set: for programs (`to_dict`) and people (`to_text`)."""

import math
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.picks.bootstrap import Estimate, MicroMacro
from nunatak.picks.counted import counted
from nunatak.picks.curve import PrecisionRecallCurve
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.metrics import Counts, JudgedPicks

FloatArray = NDArray[np.float64]

_ONLY_IN_MEMORY = frozenset({"curve", "counts", "distance_sums", "judged", "ndim"})
"""Fields with a number for every candidate or image, or said otherwise: not for JSON."""


@dataclass(frozen=True)
class LocalisationError:
    """Distances between right picks and their truths; NaN where there are none.

    Attributes
    ----------
    mean, median, rms : float
        In ``unit``.
    unit : str
        ``"px"``, in tomograms ``"voxels"``, or ``"Å"``.
    """

    mean: float
    median: float
    rms: float
    unit: str

    @classmethod
    def of(cls, distance: FloatArray, unit: str) -> "LocalisationError":
        """Summarise distances, shape (n,)."""
        if len(distance) == 0:
            return cls(math.nan, math.nan, math.nan, unit)
        rms = float(np.sqrt(np.mean(distance**2)))
        return cls(float(np.mean(distance)), float(np.median(distance)), rms, unit)


@dataclass(frozen=True)
class OperatingPoint:
    """What one selection of the candidates achieves.

    Attributes
    ----------
    name : str
        How the selection came about, in words.
    threshold : float or None
        Candidates with at least this score are selected; None for another kind of selection.
    selected, true_positives : int
        Candidates selected, and the right ones among them.
    precision, recall, f1 : MicroMacro
    localisation : tuple of LocalisationError
        In pixels (voxels), and in Å where every pixel size is known.
    counts : Counts
        The same of every image.
    distance_sums : ndarray, shape (n_units, n_images), float64
        Sum over the right picks of an image, in the units of ``localisation``.
    """

    name: str
    threshold: float | None
    selected: int
    true_positives: int
    precision: MicroMacro
    recall: MicroMacro
    f1: MicroMacro
    localisation: tuple[LocalisationError, ...]
    counts: Counts
    distance_sums: FloatArray


@dataclass(frozen=True)
class ImageResult:
    """One image's share; ``selected`` and ``true_positives`` at the best F1's threshold."""

    image: str
    truths: int
    candidates: int
    selected: int
    true_positives: int
    average_precision: float


@dataclass(frozen=True)
class Evaluation:
    """How good a set of picks is.

    Attributes
    ----------
    radius_A, radius_px : float or None
        The matching radius as it was given.
    images : tuple of ImageResult
        The judged micrographs or tomograms.
    left_out : tuple of str
        Images with picks or without, of which the truth set says nothing.
    n_left_out_picks : int
        Picks on those.
    left_out_truths : tuple of str
        Images of the truth set left out because the picks do not mention them.
    n_unselected_truths : int
        Candidates of the truth set that are marked as not selected, left out.
    is_scored : bool
        Whether the picks carry scores; if not, the curve is a single point.
    curve : PrecisionRecallCurve
        All images pooled.
    average_precision : MicroMacro
    best_f1 : Estimate
        Pooled; every resample chooses its own threshold.
    points : tuple of OperatingPoint
        The best F1 first.
    n_resamples, seed : int
        Of the bootstrap behind all intervals.
    judged : JudgedPicks
        All candidates of the judged images, in the order of ``images``.
    ndim : int
        2 for micrographs, 3 for tomograms.
    """

    radius_A: float | None
    radius_px: float | None
    images: tuple[ImageResult, ...]
    left_out: tuple[str, ...]
    n_left_out_picks: int
    left_out_truths: tuple[str, ...]
    n_unselected_truths: int
    is_scored: bool
    curve: PrecisionRecallCurve
    average_precision: MicroMacro
    best_f1: Estimate
    points: tuple[OperatingPoint, ...]
    n_resamples: int
    seed: int
    judged: JudgedPicks
    ndim: int

    @property
    def noun(self) -> str:
        """What one of the images is called."""
        return IMAGE_NOUN[self.ndim]

    @property
    def without_picks(self) -> tuple[str, ...]:
        """Images whose every truth is a miss because there is no candidate at all."""
        return tuple(one.image for one in self.images if one.truths and not one.candidates)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curve in plain types fit for JSON (NaN becomes None)."""
        return {**plain(self), "without_picks": list(self.without_picks)}

    def curve_table(self) -> pd.DataFrame:
        """Return the precision-recall curve, one row a threshold."""
        return self.curve.to_table()

    def to_text(self) -> str:
        """Return a table for people."""
        truths = sum(one.truths for one in self.images)
        candidates = sum(one.candidates for one in self.images)
        radius = f"{self.radius_px:g} px" if self.radius_A is None else f"{self.radius_A:g} Å"
        lines = [
            f"{counted(len(self.images), self.noun)}, {counted(truths, 'true position')}, "
            f"{counted(candidates, 'pick')}; matched one to one within {radius}",
            "",
            f"{'':26}{'all picks pooled':24}mean over {self.noun}s",
            row("average precision", self.average_precision),
        ]
        for point in self.points:
            lines += ["", *_point_lines(point)]
        return "\n".join([*lines, "", *self._footnotes()])

    def _footnotes(self) -> list[str]:
        notes = unselected_truths_note(self.n_unselected_truths)
        if not self.is_scored:
            notes.append("The picks carry no scores: the curve is a single point.")
        if self.without_picks:
            notes.append(
                "Without any pick, counted as misses: "
                f"{counted(len(self.without_picks), self.noun)} "
                f"({listed(self.without_picks)})."
            )
        if self.left_out:
            notes.append(
                f"Not in the truth set, left out: {counted(len(self.left_out), self.noun)} "
                f"with {counted(self.n_left_out_picks, 'pick')} ({listed(self.left_out)})."
            )
        if self.left_out_truths:
            notes.append(
                "Not mentioned by the picks, left out: "
                f"{counted(len(self.left_out_truths), self.noun)} "
                f"({listed(self.left_out_truths)})."
            )
        if len(self.images) > 1 and self.n_resamples:
            notes.append(
                f"[ ]: 95 % intervals from {self.n_resamples} resamples of the {self.noun}s, "
                f"seed {self.seed}."
            )
        return notes


def _point_lines(point: OperatingPoint) -> list[str]:
    where = "" if point.threshold is None else f" (score ≥ {point.threshold:.4g})"
    lines = [
        f"{point.name}{where}: {point.selected} selected, {point.true_positives} of them right",
        row("precision", point.precision),
        row("recall", point.recall),
        row("F1", point.f1),
    ]
    for error in point.localisation:
        if not math.isnan(error.rms):
            lines.append(
                f"  {'distance to truth':24}mean {error.mean:.2f}, median {error.median:.2f}, "
                f"rms {error.rms:.2f} {error.unit}"
            )
    return lines


def row(name: str, figure: MicroMacro) -> str:
    """Lay out a figure with its name, the micro and the macro value."""
    return f"  {name:24}{_shown(figure.micro):24}{_shown(figure.macro)}".rstrip()


def _shown(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "not defined"
    interval = "" if math.isnan(estimate.low) else f" [{estimate.low:.3f}, {estimate.high:.3f}]"
    return f"{estimate.value:.4f}{interval}"


def unselected_truths_note(count: int) -> list[str]:
    """Say how many candidates of the truth set were left out, if any were."""
    return (
        [f"Not selected in the truth set, left out: {counted(count, 'candidate')}."]
        if count
        else []
    )


def listed(names: tuple[str, ...], most: int = 3) -> str:
    """Name the first few of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def plain(value: object) -> Any:
    """Return a result in types fit for JSON; a number that is not finite becomes None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if is_dataclass(value):
        names = (field.name for field in fields(value))
        return {name: plain(getattr(value, name)) for name in names if name not in _ONLY_IN_MEMORY}
    return value

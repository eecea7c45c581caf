"""Judge picks by a truth set."""

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nunatak.picks.bootstrap import curve_estimates, rate_estimates, resampling_weights
from nunatak.picks.counted import counted
from nunatak.picks.evaluation import Evaluation, ImageResult, LocalisationError, OperatingPoint
from nunatak.picks.judged import JudgedImage, Judgement, Unlabelled, bring_together
from nunatak.picks.matching import Matching, credited, match
from nunatak.picks.metrics import Counts, JudgedPicks, average_precision_per_image
from nunatak.picks.radius import Radius
from nunatak.picks.table import PickSet

_log = logging.getLogger(__name__)

Selection = Callable[[JudgedImage], NDArray[np.bool_]]


def evaluate(
    picks: PickSet,
    truth: PickSet,
    *,
    radius_A: float | None = None,
    radius_px: float | None = None,
    pixel_size_A: float | None = None,
    threshold: float | None = None,
    unlabelled: Unlabelled = Unlabelled.LEAVE_OUT,
    only_common: bool = False,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Judge picks by true positions.

    Picks and truths are matched one to one, optimally at every threshold, within a radius; a
    micrograph of the truth set without picks counts as missed.

    Parameters
    ----------
    picks
        The candidates, all of them, with their scores.
    truth
        The true positions.
    radius_A, radius_px
        Greatest distance between a pick and the truth it stands for; one of the two.
    pixel_size_A
        Pixel size of all micrographs, for a radius in Å where the tables state none.
    threshold
        Also judge the picks with at least this score.
    unlabelled
        Whether micrographs that the truth set does not contain are left out (and counted), or
        judged as empty.
    only_common
        Leave out micrographs of the truth set that the picks do not mention at all.
    n_resamples
        Bootstrap samples behind the intervals; 0 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    Evaluation

    Raises
    ------
    UsageError
        If not exactly one radius is given, or it is not positive.
    Mismatch
        If the two sets have no micrograph in common, a name is ambiguous, or pixel sizes differ.
    BadInput
        If there is no truth, only some picks have a score, or the pixel size is needed and
        unknown.
    """
    judgement = bring_together(
        picks,
        truth,
        radius=Radius(radius_A=radius_A, radius_px=radius_px),
        pixel_size_A=pixel_size_A,
        unlabelled=unlabelled,
        only_common=only_common,
    )
    if judgement.left_out:
        _log.warning(
            "%s with %s %s not in the truth set and left out",
            counted(len(judgement.left_out), "micrograph"),
            counted(judgement.n_left_out_picks, "pick"),
            "is" if len(judgement.left_out) == 1 else "are",
        )
    judged = _judged_picks(judgement)
    weights = resampling_weights(len(judgement.images), n_resamples, np.random.default_rng(seed))
    average_precision, best_f1 = curve_estimates(judged, weights)
    curve = judged.curve
    best = float(curve.threshold[curve.best]) if curve.best >= 0 else float("inf")
    points = [
        _operating_point(judgement, weights, name, level, selection)
        for name, level, selection in _selections(judgement, best, threshold)
    ]
    return Evaluation(
        radius_A=radius_A,
        radius_px=radius_px,
        images=_image_results(judgement, judged, judged.counts_at(best)),
        left_out=judgement.left_out,
        n_left_out_picks=judgement.n_left_out_picks,
        left_out_truths=judgement.left_out_truths,
        is_scored=judgement.is_scored,
        curve=curve,
        average_precision=average_precision,
        best_f1=best_f1,
        points=tuple(points),
        n_resamples=n_resamples,
        seed=seed,
    )


def _judged_picks(judgement: Judgement) -> JudgedPicks:
    images = judgement.images
    marks = [credited(one.candidates_px, one.score, one.truths_px, one.radius_px) for one in images]
    return JudgedPicks(
        image=np.repeat(np.arange(len(images)), [len(one.score) for one in images]),
        score=np.concatenate([one.score for one in images]),
        credited=np.concatenate(marks),
        truths=np.array([len(one.truths_px) for one in images], dtype=np.int64),
    )


def _selections(
    judgement: Judgement, best: float, threshold: float | None
) -> list[tuple[str, float | None, Selection]]:
    """List what is to be judged: a name, the threshold if it is one, and the selection."""

    def at_least(level: float) -> Selection:
        return lambda one: one.score >= level

    selections: list[tuple[str, float | None, Selection]] = []
    if judgement.is_scored:
        selections.append(("Best F1, threshold chosen on this truth", best, at_least(best)))
        if threshold is not None:
            selections.append(("Threshold as given", threshold, at_least(threshold)))
    else:
        selections.append(("All picks", None, at_least(-np.inf)))
    if any(one.selected is not None for one in judgement.images):
        selections.append(("As selected in the file", None, _own_selection))
    return selections


def _own_selection(one: JudgedImage) -> NDArray[np.bool_]:
    # A micrograph without a pick has no column either.
    return np.zeros(len(one.score), dtype=np.bool_) if one.selected is None else one.selected


def _operating_point(
    judgement: Judgement,
    weights: NDArray[np.float64],
    name: str,
    threshold: float | None,
    selection: Selection,
) -> OperatingPoint:
    chosen = [selection(one) for one in judgement.images]
    pairs = [
        match(one.candidates_px[kept], one.truths_px, one.radius_px)
        for one, kept in zip(judgement.images, chosen, strict=True)
    ]
    counts = Counts(
        selected=np.array([int(kept.sum()) for kept in chosen], dtype=np.int64),
        true_positives=np.array([len(found) for found in pairs], dtype=np.int64),
        truths=np.array([len(one.truths_px) for one in judgement.images], dtype=np.int64),
    )
    rated = rate_estimates(counts, weights)
    return OperatingPoint(
        name=name,
        threshold=threshold,
        selected=int(counts.selected.sum()),
        true_positives=int(counts.true_positives.sum()),
        precision=rated["precision"],
        recall=rated["recall"],
        f1=rated["f1"],
        localisation=_localisation(judgement.images, pairs),
    )


def _localisation(
    images: tuple[JudgedImage, ...], pairs: list[Matching]
) -> tuple[LocalisationError, ...]:
    distance_px = np.concatenate([found.distance_px for found in pairs])
    in_px = LocalisationError.of(distance_px, "px")
    # A micrograph without a pair has no distance, and no need of a pixel size.
    if any(
        one.pixel_size_A is None and len(found) for one, found in zip(images, pairs, strict=True)
    ):
        return (in_px,)
    sizes_A = np.repeat([one.pixel_size_A or 0.0 for one in images], [len(one) for one in pairs])
    return in_px, LocalisationError.of(distance_px * sizes_A, "Å")


def _image_results(
    judgement: Judgement, judged: JudgedPicks, at_best: Counts
) -> tuple[ImageResult, ...]:
    own = average_precision_per_image(judged)
    return tuple(
        ImageResult(
            image=one.name,
            truths=len(one.truths_px),
            candidates=len(one.score),
            selected=int(at_best.selected[number]),
            true_positives=int(at_best.true_positives[number]),
            average_precision=float(own[number]),
        )
        for number, one in enumerate(judgement.images)
    )

"""Judge picks by a truth set."""

import logging

import numpy as np

from nunatak.picks.bootstrap import curve_estimates, resampling_weights
from nunatak.picks.counted import counted
from nunatak.picks.evaluation import Evaluation, ImageResult
from nunatak.picks.judged import Judgement, Unlabelled, bring_together
from nunatak.picks.matching import credited
from nunatak.picks.metrics import Counts, JudgedPicks, average_precision_per_image
from nunatak.picks.operating_points import operating_point, selections
from nunatak.picks.radius import Radius
from nunatak.picks.table import PickSet

_log = logging.getLogger(__name__)


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

    Picks and truths are matched one to one, optimally at every threshold, within a radius: in
    the plane for micrographs, in space for tomograms. An image of the truth set without picks
    counts as missed. Classes are not looked at; see `nunatak.picks.evaluate_classes`.

    Parameters
    ----------
    picks
        The candidates, all of them, with their scores.
    truth
        The true positions. Candidates that are marked as not selected are left out, and counted.
    radius_A, radius_px
        Greatest distance between a pick and the truth it stands for; one of the two.
    pixel_size_A
        Pixel size of all images, for a radius in Å where the tables state none.
    threshold
        Also judge the picks with at least this score.
    unlabelled
        Whether images that the truth set does not contain are left out (and counted), or
        judged as empty.
    only_common
        Leave out images of the truth set that the picks do not mention at all.
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
        If one set is of micrographs and the other of tomograms, the two have no image in
        common, a name is ambiguous, or pixel sizes differ.
    BadInput
        If there is no truth, only some picks have a score, or the pixel size is needed and
        unknown.
    """
    radius = Radius(radius_A=radius_A, radius_px=radius_px)
    judgement = bring_together(
        picks,
        truth,
        radius=radius,
        pixel_size_A=pixel_size_A,
        unlabelled=unlabelled,
        only_common=only_common,
    )
    warn_of_left_out(judgement)
    return rated(judgement, radius, threshold=threshold, n_resamples=n_resamples, seed=seed)


def warn_of_left_out(judgement: Judgement) -> None:
    """Log which images of the picks are not judged, and which candidates are not true."""
    if judgement.n_unselected_truths:
        _log.warning(
            "%s of the truth set %s not selected, and left out",
            counted(judgement.n_unselected_truths, "candidate"),
            "is" if judgement.n_unselected_truths == 1 else "are",
        )
    if judgement.left_out:
        _log.warning(
            "%s with %s %s not in the truth set and left out",
            counted(len(judgement.left_out), judgement.noun),
            counted(judgement.n_left_out_picks, "pick"),
            "is" if len(judgement.left_out) == 1 else "are",
        )


def rated(
    judgement: Judgement,
    radius: Radius,
    *,
    threshold: float | None,
    n_resamples: int,
    seed: int,
) -> Evaluation:
    """Rate candidates that were brought together with their truth; see `evaluate`."""
    judged = _judged_picks(judgement)
    weights = resampling_weights(len(judgement.images), n_resamples, np.random.default_rng(seed))
    average_precision, best_f1 = curve_estimates(judged, weights)
    curve = judged.curve
    best = float(curve.threshold[curve.best]) if curve.best >= 0 else float("inf")
    points = [
        operating_point(judgement, weights, name, level, selection)
        for name, level, selection in selections(judgement, best, threshold)
    ]
    return Evaluation(
        radius_A=radius.radius_A,
        radius_px=radius.radius_px,
        images=_image_results(judgement, judged, judged.counts_at(best)),
        left_out=judgement.left_out,
        n_left_out_picks=judgement.n_left_out_picks,
        left_out_truths=judgement.left_out_truths,
        n_unselected_truths=judgement.n_unselected_truths,
        is_scored=judgement.is_scored,
        curve=curve,
        average_precision=average_precision,
        best_f1=best_f1,
        points=tuple(points),
        n_resamples=n_resamples,
        seed=seed,
        judged=judged,
        ndim=judgement.ndim,
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

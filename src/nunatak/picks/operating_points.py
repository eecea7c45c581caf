"""What one selection of the candidates achieves: by threshold, or as the file marks them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nunatak.picks.bootstrap import rate_estimates
from nunatak.picks.evaluation import LocalisationError, OperatingPoint
from nunatak.picks.judged import JudgedImage, Judgement
from nunatak.picks.matching import Matching, match
from nunatak.picks.metrics import Counts

Selection = Callable[[JudgedImage], NDArray[np.bool_]]


def selections(
    judgement: Judgement, best: float, threshold: float | None
) -> list[tuple[str, float | None, Selection]]:
    """List what is to be judged: a name, the threshold if it is one, and the selection."""

    def at_least(level: float) -> Selection:
        return lambda one: one.score >= level

    found: list[tuple[str, float | None, Selection]] = []
    if judgement.is_scored:
        found.append(("Best F1, threshold chosen on this truth", best, at_least(best)))
        if threshold is not None:
            found.append(("Threshold as given", threshold, at_least(threshold)))
    else:
        found.append(("All picks", None, at_least(-np.inf)))
    if any(one.selected is not None for one in judgement.images):
        found.append(("As selected in the file", None, _own_selection))
    return found


def _own_selection(one: JudgedImage) -> NDArray[np.bool_]:
    # An image without a pick has no column either.
    return np.zeros(len(one.score), dtype=np.bool_) if one.selected is None else one.selected


def operating_point(
    judgement: Judgement,
    weights: NDArray[np.float64],
    name: str,
    threshold: float | None,
    selection: Selection,
) -> OperatingPoint:
    """Match what is selected to the truth, and rate it.

    Parameters
    ----------
    judgement
        The images.
    weights
        From `nunatak.picks.bootstrap.resampling_weights`.
    name, threshold, selection
        From `selections`.
    """
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
    distances = _distances(judgement, pairs)
    return OperatingPoint(
        name=name,
        threshold=threshold,
        selected=int(counts.selected.sum()),
        true_positives=int(counts.true_positives.sum()),
        precision=rated["precision"],
        recall=rated["recall"],
        f1=rated["f1"],
        localisation=tuple(
            LocalisationError.of(np.concatenate(each), unit) for unit, each in distances
        ),
        counts=counts,
        distance_sums=np.array([[one.sum() for one in each] for _, each in distances]),
    )


def _distances(
    judgement: Judgement, pairs: list[Matching]
) -> list[tuple[str, list[NDArray[np.float64]]]]:
    """Return a unit, and each image's distances in it: pixels, and Å if every size is known."""
    images = judgement.images
    in_px = [found.distance_px for found in pairs]
    found = [("px" if judgement.ndim == 2 else "voxels", in_px)]
    # An image without a pair has no distance, and no need of a pixel size.
    if all(
        one.pixel_size_A is not None or not len(each)
        for one, each in zip(images, in_px, strict=True)
    ):
        in_A = [each * (one.pixel_size_A or 0.0) for one, each in zip(images, in_px, strict=True)]
        found.append(("Å", in_A))
    return found

"""Decide by cross-validation within the labels whether to fine-tune the classifier, and do it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.options import Contrast
from nunatak.detection.precision import choose_device
from nunatak.errors import BadInput, UsageError
from nunatak.objectives.two_branch import MultiLossKind, MultiLossWeights
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import DUPLICATE
from nunatak.pruning.cross_validation import stratified_folds
from nunatak.pruning.embedding import USUAL_VIEWS
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.fine_tune import class_indices, epochs_for, fine_tune, fine_tune_wins, rehearse
from nunatak.pruning.gather import Gathered, gather_features
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_crops import crops_of_picks

FineTune = Literal["auto", "never", "always"]

FEWEST_TO_TRY = 10
"""Labels of particles, and of junk, from which on fine-tuning is tried unasked: with fewer the
gain is never larger than what chance allows."""

MOST_TO_TRY = 2000
"""Labels of both kinds up to which fine-tuning is tried unasked: with more it takes long and much
memory, and so many labels serve the linear head well."""

FEWEST_AT_ALL = 2
"""Each fold must leave a label of either kind to learn from."""


@dataclass(frozen=True)
class Seeing:
    """How the picks' images are found and read: as of `nunatak.pruning.gather.gather_features`."""

    diameter_A: float
    micrographs: Micrographs = ()
    pixel_size_A: float | None = None
    override_pixel_size: bool = False
    workers: int | None = None
    device: str = "auto"
    views: int = USUAL_VIEWS
    on_image: Callable[[int], None] | None = None

    def gather(
        self, picks: PickSet, model: PruningModel, contrast: Contrast, *, with_detector: bool
    ) -> Gathered:
        """Look at every pick."""
        return gather_features(
            picks,
            model,
            diameter_A=self.diameter_A,
            contrast=contrast,
            workers=self.workers,
            device=self.device,
            views=self.views,
            with_detector=with_detector,
            on_image=self.on_image,
            micrographs=self.micrographs,
            pixel_size_A=self.pixel_size_A,
            override_pixel_size=self.override_pixel_size,
        )


@dataclass(frozen=True, eq=False)
class Tuned:
    """A fine-tuned classifier, and how it judges labels that it has not seen.

    Attributes
    ----------
    model : PruningModel
        Trained on all labels.
    out_of_fold : ndarray, shape (k,), float64
        Log-odds of a particle of each label.
    """

    model: PruningModel
    out_of_fold: NDArray[np.float64]


def is_worth_trying(labels: MatchedLabels, wanted: FineTune) -> bool:
    """Tell whether to try fine-tuning.

    Parameters
    ----------
    labels
        That the classifier can learn from.
    wanted
        ``"auto"`` tries with enough labels of both kinds.

    Raises
    ------
    UsageError
        If fine-tuning is asked for and there are too few labels.
    """
    fewest = min(int(labels.is_particle.sum()), int((~labels.is_particle).sum()))
    if wanted == "always" and fewest < FEWEST_AT_ALL:
        raise UsageError(
            f"Fine-tuning needs labels of at least {FEWEST_AT_ALL} particles and {FEWEST_AT_ALL} "
            f"pieces of junk, and there are {int(labels.is_particle.sum())} and "
            f"{int((~labels.is_particle).sum())}. Label more, or leave --fine-tune always out."
        )
    is_tried = fewest >= FEWEST_TO_TRY and len(labels) <= MOST_TO_TRY
    return wanted == "always" or (wanted == "auto" and is_tried)


def tuned(
    picks: PickSet,
    labels: MatchedLabels,
    model: PruningModel,
    features: PickFeatures,
    linear_logit: NDArray[np.float64],
    *,
    wanted: FineTune,
    loss: MultiLossKind,
    weights: MultiLossWeights,
    contrast: Side,
    seeing: Seeing,
    seed: int,
) -> tuple[Tuned | None, dict[str, Any]]:
    """Fine-tune the classifier where that judges unseen labels better than a linear head.

    Parameters
    ----------
    picks
        All of them.
    labels
        Of picks that were seen, none of them called a duplicate.
    model
        To start from.
    features
        Of all picks, by that model.
    linear_logit : ndarray, shape (k,), float64
        What the linear head says of each label, out of fold.
    wanted
        ``"always"`` fine-tunes even where it does not win.
    loss, weights, seed
        As of `nunatak.pruning.fine_tune.fine_tune`.
    contrast
        Particles in the stored images.
    seeing
        How to read the labelled picks' images.

    Returns
    -------
    Tuned or None
        None where the linear head is better.
    dict
        What the comparison found: JSON values.

    Raises
    ------
    BadInput
        If the images of labelled picks changed since they were seen.
    """
    crops = _crops(picks, labels, model, contrast, seeing)
    index = class_indices(
        labels.class_name.astype(str), features.log_probability[labels.row], model.header.classes
    )
    device = str(choose_device(seeing.device))
    fold = stratified_folds(labels.is_particle, np.random.default_rng(seed))
    epochs = epochs_for(len(index))
    rehearsal = rehearse(
        model,
        crops,
        index,
        fold,
        loss=loss,
        weights=weights,
        seed=seed,
        epochs=epochs,
        device=device,
    )
    wins = fine_tune_wins(rehearsal.logit, linear_logit, labels.is_particle)
    account = {
        "fine_tuning_log_loss": float(rehearsal.log_loss[rehearsal.stop_after - 1]),
        "fine_tuning_wins": wins,
    }
    if not wins and wanted != "always":
        return None, account
    best = fine_tune(
        model,
        crops,
        index,
        loss=loss,
        weights=weights,
        seed=seed,
        epochs=epochs,
        stop_after=rehearsal.stop_after,
        device=device,
    )
    return Tuned(best, rehearsal.logit), account


def learnable(labels: MatchedLabels, judged: NDArray[np.bool_]) -> MatchedLabels:
    """Return the labels of picks that were seen, and that teach."""
    return _some(labels, judged[labels.row] & _teaches(labels))


def teaching(labels: MatchedLabels) -> MatchedLabels:
    """Return the labels that say what a particle looks like: a duplicate looks like one, too."""
    return _some(labels, _teaches(labels))


def _teaches(labels: MatchedLabels) -> NDArray[np.bool_]:
    return np.asarray(labels.class_name != DUPLICATE, dtype=np.bool_)


def _some(labels: MatchedLabels, kept: NDArray[np.bool_]) -> MatchedLabels:
    return replace(labels, row=labels.row[kept], class_name=labels.class_name[kept], unmatched=())


def _crops(
    picks: PickSet, labels: MatchedLabels, model: PruningModel, contrast: Side, seeing: Seeing
) -> NDArray[np.float32]:
    few = replace(picks, table=picks.table.iloc[labels.row], images=())
    side = model.header.crop.side_px
    crops = np.full((len(few), model.header.crop.channels, side, side), np.nan, dtype=np.float32)
    for part in crops_of_picks(
        few,
        diameter_A=seeing.diameter_A,
        spec=model.header.crop,
        contrast=contrast,
        pixel_size_A=seeing.pixel_size_A,
        override_pixel_size=seeing.override_pixel_size,
        micrographs=seeing.micrographs,
        workers=seeing.workers,
    ):
        crops[part.rows] = part.crops
    unseen = np.isnan(crops).any(axis=(1, 2, 3))
    if unseen.any():
        image = few.table["image"].iloc[int(np.flatnonzero(unseen)[0])]
        raise BadInput(
            f"{image}: {int(unseen.sum())} labelled picks could be read before and cannot be read "
            "now. Has the image changed?"
        )
    return crops

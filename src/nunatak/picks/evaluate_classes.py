"""Judge picks of several classes, each class by its own truths alone."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, Mismatch
from nunatak.images.pixel_size import same
from nunatak.picks.bootstrap import resampling_weights
from nunatak.picks.class_averages import average_precision_over_classes, averages_over_classes
from nunatak.picks.class_evaluation import ClassEvaluation, ClassResult
from nunatak.picks.class_names import class_names, of_class
from nunatak.picks.counted import counted
from nunatak.picks.evaluate import rated, warn_of_left_out
from nunatak.picks.evaluation import listed
from nunatak.picks.judged import Unlabelled, bring_together
from nunatak.picks.radius import Radius
from nunatak.picks.selection import true_positions
from nunatak.picks.table import PickSet

_log = logging.getLogger(__name__)


def evaluate_classes(
    picks: PickSet,
    truth: PickSet,
    *,
    radius_A: float | None = None,
    radius_px: float | None = None,
    diameters_A: Mapping[str, float] | None = None,
    pixel_size_A: float | None = None,
    threshold: float | None = None,
    unlabelled: Unlabelled = Unlabelled.LEAVE_OUT,
    only_common: bool = False,
    n_resamples: int = 1000,
    seed: int = 0,
) -> ClassEvaluation:
    """Judge each class on its own, as `nunatak.evaluate` does, and average over the classes.

    A pick is right if it lies near a truth of its own class. An image of the truth set without
    a truth of a class is known to hold none of it. Classes that the truth set does not contain
    are left out, and counted: what was not labelled is not false.

    Parameters
    ----------
    picks
        The candidates with their ``class_name`` and, if they have one, their score.
    truth
        The true positions with their ``class_name``. Candidates that are marked as not selected
        are left out, and counted.
    radius_A, radius_px
        Greatest distance between a pick and the truth it stands for, of all classes. By default
        half the radius of the class's particle: a quarter of its ``diameter_A`` in the truth.
    diameters_A
        Particle diameters, ångström, of classes for which the truth states none.
    pixel_size_A
        Pixel or voxel size of all images, for a radius in Å where the tables state none.
    threshold
        Also judge the picks with at least this score.
    unlabelled
        Whether images that the truth set does not contain are left out (and counted), or judged
        as empty.
    only_common
        Leave out images of the truth set that the picks do not mention at all.
    n_resamples
        Bootstrap samples of the images behind the intervals; 0 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    ClassEvaluation

    Raises
    ------
    UsageError
        If both radii are given, or one is not positive.
    Mismatch
        If the two sets have no class in common, the truth states two diameters for a class, and
        as in `nunatak.evaluate`.
    BadInput
        If a position has no class, no radius is given and a class has no diameter, and as in
        `nunatak.evaluate`.
    """
    # The first view is of all classes: it finds what is wrong with the two sets as a whole.
    whole = bring_together(
        picks,
        truth,
        radius=Radius(radius_px=1.0),
        pixel_size_A=pixel_size_A,
        unlabelled=unlabelled,
        only_common=only_common,
    )
    warn_of_left_out(whole)
    truth = true_positions(truth)
    picked, true = class_names(picks, "the picks"), class_names(truth, "the truth")
    names = sorted(set(true))
    _require_common(set(picked), names, truth)
    is_given = radius_A is not None or radius_px is not None
    one_radius = Radius(radius_A=radius_A, radius_px=radius_px) if is_given else None
    classes = []
    for name in names:
        true_ones = of_class(truth, true, name)
        radius = one_radius or _own_radius(name, true_ones, diameters_A or {})
        judgement = bring_together(
            of_class(picks, picked, name),
            true_ones,
            radius=radius,
            pixel_size_A=pixel_size_A,
            unlabelled=unlabelled,
            only_common=only_common,
        )
        # A class without a candidate cannot say by itself whether the picks carry scores.
        judgement = replace(judgement, is_scored=whole.is_scored)
        evaluation = rated(
            judgement, radius, threshold=threshold, n_resamples=n_resamples, seed=seed
        )
        classes.append(ClassResult(name, evaluation))
    on_judged_images = picked[~picks.table["image"].isin(whole.left_out)]
    left_out = tuple(sorted(set(on_judged_images) - set(names)))
    n_left_out = int(on_judged_images.isin(left_out).sum())
    _warn_of_left_out_classes(left_out, n_left_out)
    weights = resampling_weights(len(whole.images), n_resamples, np.random.default_rng(seed))
    return ClassEvaluation(
        classes=tuple(classes),
        average_precision=average_precision_over_classes(
            [one.evaluation for one in classes], weights
        ),
        averages=tuple(
            averages_over_classes(points, weights)
            for points in zip(*(one.evaluation.points for one in classes), strict=True)
        ),
        left_out=whole.left_out,
        n_left_out_picks=whole.n_left_out_picks,
        left_out_truths=whole.left_out_truths,
        n_unselected_truths=whole.n_unselected_truths,
        left_out_classes=left_out,
        n_left_out_class_picks=n_left_out,
        n_resamples=n_resamples,
        seed=seed,
        ndim=whole.ndim,
    )


def _require_common(picked: set[str], true: list[str], truth: PickSet) -> None:
    if not true:
        raise BadInput(f"{truth.source or 'The truth'}: no position, hence no class, in it.")
    if picked and picked.isdisjoint(true):
        raise Mismatch(
            f"Picks and truth have no class in common: the picks are of "
            f"{listed(tuple(sorted(picked)))}, the truth of {listed(tuple(true))}. Give the "
            "classes the same names (column class_name)."
        )


def _warn_of_left_out_classes(names: tuple[str, ...], n_picks: int) -> None:
    if names:
        _log.warning(
            "%s with %s %s not in the truth set and left out (%s)",
            counted(len(names), "class", "classes"),
            counted(n_picks, "pick"),
            "is" if len(names) == 1 else "are",
            listed(names),
        )


def _own_radius(name: str, truth: PickSet, diameters_A: Mapping[str, float]) -> Radius:
    """Return half the radius of a class's particle, by the truths of that class."""
    table = truth.table
    stated_A = table["diameter_A"].dropna() if "diameter_A" in table else pd.Series(dtype=float)
    origin = truth.source or "The truth"
    if len(stated_A) == 0 and name not in diameters_A:
        raise BadInput(
            f"{origin}: no diameter (column diameter_A) of class {name}, half the radius of which "
            "is the matching radius. Add the column, or give one radius for all classes (--radius "
            "or --radius-px)."
        )
    if len(stated_A) and not same(stated_A.min(), stated_A.max()):
        raise Mismatch(
            f"{origin}: class {name} has diameters from {stated_A.min():g} to {stated_A.max():g} "
            "Å. State one diameter a class, or give one radius for all classes (--radius)."
        )
    diameter_A = float(stated_A.iloc[0]) if len(stated_A) else diameters_A[name]
    if not diameter_A > 0:
        raise BadInput(
            f"{origin}: class {name} has a diameter of {diameter_A:g} Å. Correct diameter_A, or "
            "give one radius for all classes (--radius)."
        )
    return Radius(radius_A=diameter_A / 4)

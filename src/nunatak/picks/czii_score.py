r"""The score of the challenge "CZII - CryoET Object Identification" (Kaggle, 2024 to 2025).

An F-measure that weighs recall four times as much as precision, for six proteins in tomograms.
It is computed here exactly as there, for figures that can be compared, with what is odd about it:

- Matching is not one to one. A truth is found if any candidate of its class lies within half the
  particle's radius, that distance included; every candidate beyond the number of truths found is
  false. A second candidate on a truth is hence false, but one candidate between two truths finds
  both, and F can exceed 1.
- Counts are summed over tomograms before F is taken, class by class.
- The mean over classes divides by the weights of *all* classes, those without a truth included.

With TP found truths of R, and M candidates, F of a class is
:math:`(1 + \beta^2) TP / (\beta^2 R + M)`. A marginal candidate pays if it is right with a
probability above F/17, so that low thresholds win; `nunatak.picks.evaluate_classes` is the
stricter judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial import KDTree

from nunatak.errors import BadInput, UsageError
from nunatak.picks.class_names import class_names, of_class
from nunatak.picks.counted import counted
from nunatak.picks.czii_result import CziiClass, CziiScore
from nunatak.picks.evaluation import listed
from nunatak.picks.judged import JudgedImage, bring_together
from nunatak.picks.radius import Radius
from nunatak.picks.selection import chosen, count_unselected, true_positions
from nunatak.picks.table import PickSet, coordinate_columns

TOLERANCE = 0.5
"""Greatest distance of a candidate from a truth that it finds, in radii of the particle."""

_ROUNDING = 1e-9
"""Relative; positions in Å that went through voxels and back still meet the tolerance exactly."""


@dataclass(frozen=True)
class CziiParticle:
    """What the score knows about a class: the particle's radius, ångström, and its weight."""

    radius_A: float
    weight: float


CZII_PARTICLES: Mapping[str, CziiParticle] = MappingProxyType(
    {
        "apo-ferritin": CziiParticle(60, 1),
        "beta-amylase": CziiParticle(65, 0),
        "beta-galactosidase": CziiParticle(90, 2),
        "ribosome": CziiParticle(150, 1),
        "thyroglobulin": CziiParticle(130, 2),
        "virus-like-particle": CziiParticle(135, 1),
    }
)
"""The challenge's own table."""

CZII_DIAMETERS_A = {name: 2 * one.radius_A for name, one in CZII_PARTICLES.items()}
"""Particle diameters by that table, ångström."""


def count_found(candidates_px: ArrayLike, truths_px: ArrayLike, radius_px: float) -> int:
    """Count the truths with any candidate within the radius (inclusive).

    Parameters
    ----------
    candidates_px, truths_px
        Positions, shapes ``(n, d)`` and ``(m, d)``, voxels.
    radius_px
        Greatest distance, voxels.

    Examples
    --------
    One candidate between two truths finds both, two candidates on one truth find one.

    >>> count_found([[1, 0, 0]], [[0, 0, 0], [2, 0, 0]], 1.0)
    2
    >>> count_found([[0, 0, 0], [1, 0, 0]], [[0, 0, 0]], 1.0)
    1
    """
    candidates, truths = np.asarray(candidates_px), np.asarray(truths_px)
    if len(candidates) == 0 or len(truths) == 0:
        return 0
    near = KDTree(candidates).query_ball_point(truths, radius_px, return_length=True)
    return int(np.count_nonzero(near))


def czii_score(
    picks: PickSet,
    truth: PickSet,
    *,
    particles: Mapping[str, CziiParticle] = CZII_PARTICLES,
    pixel_size_A: float | None = None,
    only_common: bool = False,
    name: str = "All picks",
) -> CziiScore:
    """Score picks in tomograms as the CZII challenge did: all of them, whatever their score.

    Parameters
    ----------
    picks
        Picks with their ``class_name``. Those in tomograms that the truth set does not contain
        have no part in the score.
    truth
        The true positions with their ``class_name``. A tomogram in ``truth.images`` without a
        position is empty; there every pick of a class that the truth set contains is false.
        Candidates that are marked as not selected are left out, and counted.
    particles
        Radius and weight of every class. Picks of a class in this table that the truth set does
        not contain have no part in the score.
    pixel_size_A
        Side of a voxel of all tomograms, where the tables state none.
    only_common
        Leave out tomograms of the truth set that the picks do not mention, as the challenge
        would not.
    name
        What the picks are, in words.

    Returns
    -------
    CziiScore

    Raises
    ------
    BadInput
        If picks or truths have no or an unknown class, the truth set holds no position or one
        twice in a tomogram, or the voxel size is unknown.
    Mismatch
        If the picks are of micrographs, or the two sets do not belong together.
    UsageError
        If the table of particles has no weight, or a radius that is not positive.
    """
    total_weight = sum(one.weight for one in particles.values())
    if not total_weight > 0:
        raise UsageError("The weights of the classes are all zero: no score can come of them.")
    n_unselected_truths, truth = count_unselected(truth), true_positions(truth)
    _check_truth(truth)
    picked, true = class_names(picks, "the picks"), class_names(truth, "the truth")
    judged = bring_together(
        picks,
        truth,
        radius=Radius(radius_px=1.0),
        pixel_size_A=pixel_size_A,
        only_common=only_common,
    )
    _require_known(true, particles, truth, "The truth")
    _require_known(
        picked[~picks.table["image"].isin(judged.left_out)], particles, picks, "The picks"
    )
    classes = []
    for kind in sorted(set(true)):
        judgement = bring_together(
            of_class(picks, picked, kind),
            of_class(truth, true, kind),
            radius=Radius(radius_A=TOLERANCE * particles[kind].radius_A),
            pixel_size_A=pixel_size_A,
            only_common=only_common,
        )
        classes.append(_summed(kind, particles[kind].weight, judgement.images))
    return CziiScore(name, tuple(classes), total_weight, n_unselected_truths)


def czii_scores(
    picks: PickSet,
    truth: PickSet,
    *,
    threshold: float | None = None,
    particles: Mapping[str, CziiParticle] = CZII_PARTICLES,
    pixel_size_A: float | None = None,
    only_common: bool = False,
) -> tuple[CziiScore, ...]:
    """Score all picks, and those of each selection there is, as `czii_score` does.

    Parameters
    ----------
    picks, truth, particles, pixel_size_A, only_common
        As in `czii_score`.
    threshold
        Also score the picks with at least this score.

    Returns
    -------
    tuple of CziiScore
        Of all picks; with a threshold, of those that pass it; of those that the file marks as
        selected, where it does.

    Raises
    ------
    UsageError
        If a threshold is given and the picks have no scores, and as in `czii_score`.
    BadInput, Mismatch
        As in `czii_score`.
    """
    selections = [("All picks", picks)]
    if threshold is not None:
        selections.append(("Threshold as given", chosen(picks, threshold=threshold)))
    if "selected" in picks.table:
        selections.append(("As selected in the file", chosen(picks, selected_only=True)))
    return tuple(
        czii_score(
            kept,
            truth,
            particles=particles,
            pixel_size_A=pixel_size_A,
            only_common=only_common,
            name=name,
        )
        for name, kept in selections
    )


def _check_truth(truth: PickSet) -> None:
    origin = truth.source or "The truth"
    if len(truth) == 0:
        raise BadInput(f"{origin}: no position in it, by which picks could be scored.")
    if truth.ndim != 3:
        raise BadInput(
            f"{origin}: positions (x, y) on micrographs; the CZII score is of positions (x, y, z) "
            "in tomograms. Leave it out (--by-class judges classes on micrographs as well)."
        )
    # Whatever the class: the challenge allowed no two truths in one place.
    twice = truth.table.duplicated(["image", *coordinate_columns(truth.table)])
    if twice.any():
        first, number = int(np.flatnonzero(twice)[0]), int(twice.sum())
        x_px, y_px, z_px = truth.positions_px[first]
        raise BadInput(
            f"{origin}: {counted(number, 'position')} {'occurs' if number == 1 else 'occur'} twice "
            f"in a tomogram (first: row "
            f"{first + 1}, image {truth.table['image'][first]}, x {x_px:g}, y {y_px:g}, z "
            f"{z_px:g}), which the CZII score does not allow. Remove the duplicates."
        )


def _require_known(
    names: pd.Series, particles: Mapping[str, CziiParticle], picks: PickSet, role: str
) -> None:
    unknown = tuple(sorted(set(names) - set(particles)))
    if unknown:
        raise BadInput(
            f"{picks.source or role}: the CZII score does not know "
            f"{'class' if len(unknown) == 1 else 'classes'} {listed(unknown)}, only "
            f"{', '.join(particles)}. Rename or remove the positions (column class_name)."
        )


def _summed(name: str, weight: float, images: tuple[JudgedImage, ...]) -> CziiClass:
    found = (
        count_found(one.candidates_px, one.truths_px, one.radius_px * (1 + _ROUNDING))
        for one in images
    )
    return CziiClass(
        name=name,
        weight=weight,
        truths=sum(len(one.truths_px) for one in images),
        candidates=sum(len(one.candidates_px) for one in images),
        true_positives=sum(found),
    )

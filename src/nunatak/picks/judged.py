"""Bring picks and truth together, micrograph by micrograph or tomogram by tomogram."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch
from nunatak.images.pixel_size import same
from nunatak.picks.formats.tomograms.relion_tomo_names import matched
from nunatak.picks.names import NameIndex, Resolution, stem_of
from nunatak.picks.radius import Radius
from nunatak.picks.selection import count_unselected, true_positions
from nunatak.picks.table import Z_COLUMN, PickSet

FloatArray = NDArray[np.float64]


IMAGE_NOUN = {2: "micrograph", 3: "tomogram"}
"""What an image is called, by the number of its axes."""


class Unlabelled(StrEnum):
    """What to do with picks on images that the truth set does not contain."""

    LEAVE_OUT = "leave-out"
    COUNT_AS_FALSE = "count-as-false"


@dataclass(frozen=True)
class JudgedImage:
    """Picks and truth of one micrograph or tomogram.

    Attributes
    ----------
    name : str
        As the truth set names it.
    candidates_px, truths_px : ndarray, shapes (n, ndim) and (m, ndim), float64
        Positions ``(x, y[, z])``, pixels of the stored image.
    score : ndarray, shape (n,), float64
        All zero where the picks carry no score.
    selected : ndarray of bool, shape (n,), or None
        The picks' own selection, where the file has one.
    radius_px : float
        Matching radius.
    pixel_size_A : float or None
        Of a tomogram the side of a voxel.
    """

    name: str
    candidates_px: FloatArray
    score: FloatArray
    selected: NDArray[np.bool_] | None
    truths_px: FloatArray
    radius_px: float
    pixel_size_A: float | None


@dataclass(frozen=True)
class Judgement:
    """The judged images, and what is left out of the judgement.

    Attributes
    ----------
    images : tuple of JudgedImage
    is_scored : bool
        Whether the picks carry scores.
    left_out : tuple of str
        Images of the picks that the truth set does not contain.
    n_left_out_picks : int
        Picks on those.
    left_out_truths : tuple of str
        Images of the truth set that the picks do not mention, where only common ones count.
    n_unselected_truths : int
        Candidates of the truth set that are marked as not selected, which are not true.
    ndim : int
        2 for micrographs, 3 for tomograms.
    """

    images: tuple[JudgedImage, ...]
    is_scored: bool
    left_out: tuple[str, ...]
    n_left_out_picks: int
    left_out_truths: tuple[str, ...] = ()
    n_unselected_truths: int = 0
    ndim: int = 2

    @property
    def noun(self) -> str:
        """What one of the images is called."""
        return IMAGE_NOUN[self.ndim]


def bring_together(
    picks: PickSet,
    truth: PickSet,
    *,
    radius: Radius,
    pixel_size_A: float | None = None,
    unlabelled: Unlabelled = Unlabelled.LEAVE_OUT,
    only_common: bool = False,
) -> Judgement:
    """Collect what is needed to judge the picks, in the order of the truth set's images.

    Parameters
    ----------
    picks
        The candidates. Without a ``score`` column all count as equally good. Without any
        candidate, and any image named, every truth is missed.
    truth
        The true positions. Images in ``truth.images`` without a position are known to be
        empty: every pick there is false. Candidates marked as not selected are left out.
    radius
        Matching radius, a distance in the plane or, in tomograms, in space.
    pixel_size_A
        Overrides nothing: must agree with what the tables state (within 1 %).
    unlabelled
        By default only images of the truth set are judged.
    only_common
        Leave out images of the truth set that the picks do not mention, which otherwise are
        missed.

    Returns
    -------
    Judgement

    Raises
    ------
    Mismatch
        If one set is of micrographs and the other of tomograms, the two have no image in
        common, a name is ambiguous, or pixel sizes differ.
    BadInput
        If there is no truth, only some picks have a score, or the radius cannot be converted.
    """
    n_unselected_truths, truth = count_unselected(truth), true_positions(truth)
    ndim = _common_ndim(picks, truth)
    noun = IMAGE_NOUN[ndim]
    if not truth.images:
        raise BadInput(f"{truth.source or 'The truth'}: no {noun} and no position in it.")
    truth_name_of = _matched_names(picks.images, truth.images, noun)
    if only_common and not truth_name_of:
        raise Mismatch(f"No {noun} is common to both: the picks name no {noun}.")
    left_out = tuple(name for name in picks.images if name not in truth_name_of)
    mentioned = set(truth_name_of.values())
    names = [name for name in truth.images if name in mentioned or not only_common]
    left_out_truths = tuple(name for name in truth.images if only_common and name not in mentioned)
    if unlabelled is Unlabelled.COUNT_AS_FALSE:
        names += left_out
        truth_name_of |= {name: name for name in left_out}
    score = _scores(picks)
    table = picks.table.assign(
        image=picks.table["image"].map(truth_name_of), score=0.0 if score is None else score
    )
    picked = dict(list(table.dropna(subset=["image"]).groupby("image", sort=False)))
    true = dict(list(truth.table.groupby("image", sort=False)))
    no_picks, no_truths = table.iloc[:0], truth.table.iloc[:0]
    return Judgement(
        images=tuple(
            _judged_image(
                name,
                picked.get(name, no_picks),
                true.get(name, no_truths),
                radius,
                pixel_size_A,
                ndim=ndim,
            )
            for name in names
        ),
        is_scored=score is not None,
        left_out=left_out if unlabelled is Unlabelled.LEAVE_OUT else (),
        n_left_out_picks=int(table["image"].isna().sum()),
        left_out_truths=left_out_truths,
        n_unselected_truths=n_unselected_truths,
        ndim=ndim,
    )


def _common_ndim(picks: PickSet, truth: PickSet) -> int:
    """Return the number of axes of both sets; one without a row agrees with any other."""
    if len(picks) and len(truth) and picks.ndim != truth.ndim:
        of_picks, of_truth = (
            f"(x, y, z) in {IMAGE_NOUN[3]}s" if one.ndim == 3 else f"(x, y) on {IMAGE_NOUN[2]}s"
            for one in (picks, truth)
        )
        raise Mismatch(
            f"{picks.source or 'The picks'}: positions {of_picks}, but "
            f"{truth.source or 'the truth'} has positions {of_truth}. Picks and truth must be of "
            f"the same images; those of tomograms need z ({Z_COLUMN}) in both."
        )
    return truth.ndim if len(truth) or not len(picks) else picks.ndim


def _matched_names(picked: tuple[str, ...], true: tuple[str, ...], noun: str) -> dict[str, str]:
    """Return the truth set's name of each image of the picks that it contains.

    Where nothing was picked and no image is named, there is nothing to match.
    """
    resolution = NameIndex(true).resolve_all(picked)
    if noun == IMAGE_NOUN[3]:
        resolution = _with_tilt_series(resolution, true)
    if picked and not resolution.found:
        first = next(iter(resolution.unmatched.values()))
        raise Mismatch(f"Picks and truth have no {noun} in common. {first}")
    # An image that may well be in the truth set must not be left out as if it were not.
    true_stems = {stem_of(name) for name in true}
    for name, reason in resolution.unmatched.items():
        if stem_of(name) in true_stems and name not in resolution.others:
            raise Mismatch(reason)
    return resolution.found


def _with_tilt_series(resolution: Resolution, true: tuple[str, ...]) -> Resolution:
    """Also match tomograms by their tilt series, which is all that some formats name them by.

    Picks in ``rec_TS_01.mrc`` are in truth of RELION's tomogram or copick's run ``TS_01``.
    """
    by_series = matched(resolution.unmatched, true)
    found = resolution.found | by_series
    for name, image in by_series.items():
        others = [other for other in found if found[other] == image and other != name]
        if others:
            raise Mismatch(
                f"{name} and {others[0]} would both be {image} of the truth set. Give the "
                "tomograms (--tomograms), or rename one of the two."
            )
    unmatched = {
        name: reason for name, reason in resolution.unmatched.items() if name not in by_series
    }
    return replace(resolution, found=found, unmatched=unmatched)


def _judged_image(
    name: str,
    picked: pd.DataFrame,
    true: pd.DataFrame,
    radius: Radius,
    pixel_size_A: float | None,
    *,
    ndim: int,
) -> JudgedImage:
    chosen_A = _pixel_size(
        name,
        {
            "--pixel-size": pixel_size_A,
            "the pick set": _stated_pixel_size(picked),
            "the truth set": _stated_pixel_size(true),
        },
    )
    # Where one side is empty nothing can match, whatever the radius is in pixels.
    radius_px = radius.in_px(chosen_A, name) if len(picked) and len(true) else 1.0
    return JudgedImage(
        name=name,
        candidates_px=_positions_px(picked, ndim),
        score=picked["score"].to_numpy(np.float64),
        selected=picked["selected"].to_numpy(np.bool_) if "selected" in picked else None,
        truths_px=_positions_px(true, ndim),
        radius_px=radius_px,
        pixel_size_A=chosen_A,
    )


def _positions_px(rows: pd.DataFrame, ndim: int) -> FloatArray:
    # Not a plain selection: a table without a row may lack z.
    return rows.reindex(columns=["x_px", "y_px", Z_COLUMN][:ndim]).to_numpy(np.float64)


def _scores(picks: PickSet) -> pd.Series | None:
    """Return the scores, or None where no pick has one."""
    if "score" not in picks.table or picks.table["score"].isna().all():
        return None
    missing = int(picks.table["score"].isna().sum())
    if missing:
        raise BadInput(
            f"{picks.source or 'The picks'}: {missing} of {len(picks)} picks have no score. "
            "Score all of them or none."
        )
    return picks.table["score"]


def _stated_pixel_size(rows: pd.DataFrame) -> float | None:
    stated = rows["pixel_size_A"].dropna() if "pixel_size_A" in rows else rows["x_px"].iloc[:0]
    return float(stated.iloc[0]) if len(stated) else None


def _pixel_size(image: str, stated_A: dict[str, float | None]) -> float | None:
    known = [(origin, size) for origin, size in stated_A.items() if size is not None]
    for origin, size in known[1:]:
        if not same(known[0][1], size):
            raise Mismatch(
                f"{image}: two pixel sizes: {known[0][0]} says {known[0][1]:.5g} Å, {origin} says "
                f"{size:.5g} Å. Positions in pixels of different sizes cannot be compared; "
                "convert one of the two first (nunatak convert)."
            )
    return known[0][1] if known else None

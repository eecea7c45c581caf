"""Picks as circles on the picture of a micrograph or of a slab."""

import pandas as pd

from nunatak.reports.axes import counted
from nunatak.reports.classes import CLASS, class_names
from nunatak.reports.pictures import Overview
from nunatak.reports.views import CIRCLES_DRAWN, Layer, View, circles, score_text


def overlaid(overview: Overview, picks: pd.DataFrame) -> View:
    """Put picks onto an overview; of a tomogram, those whose centres lie in the slab.

    Parameters
    ----------
    overview
        What is seen.
    picks
        All rows of its image, best first, with ``score``, ``selected`` and ``diameter_A``.
    """
    slab = overview.slab
    if slab is not None:
        picks = picks[slab.holds(picks[f"{slab.normal}_px"])]
    axes = ("x", "y") if slab is None else slab.axes
    chosen, others = picks[picks["selected"]], picks[~picks["selected"]]
    not_drawn = sum(max(0, len(rows) - CIRCLES_DRAWN) for rows in (chosen, others))
    in_slab = "" if slab is None else f"{counted(len(chosen), 'selected pick')} centred there"
    notes = (
        overview.caption,
        in_slab,
        f"{not_drawn} of the lowest are not drawn" if not_drawn else "",
    )
    return View(
        caption="; ".join(note for note in notes if note),
        picture=overview.picture,
        shape=overview.shape,
        layers=(
            _layer("selected", "selected", chosen, axes, overview.pixel_size_A),
            _layer("rejected", "not selected", others, axes, overview.pixel_size_A),
        ),
    )


def _layer(
    kind: str, label: str, picks: pd.DataFrame, axes: tuple[str, str], pixel_size_A: float
) -> Layer:
    labels = [score_text(score) for score in picks["score"]]
    if CLASS in picks:
        names = class_names(picks)
        labels = [f"{name} {score}".rstrip() for name, score in zip(names, labels, strict=True)]
    along, down = (picks[f"{axis}_px"] for axis in axes)
    return Layer(kind, label, circles(along, down, picks["diameter_A"] / 2 / pixel_size_A, labels))

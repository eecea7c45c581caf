"""Independent places of a score map: one peak a cell."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision

CELL_DIAMETERS = 0.7
"""Side of a cell, particle diameters; see `cell_peaks`."""

_LEAST_SHARE = 0.5
"""Share of a cell that must be unlabelled for the cell to count."""

_NO_PEAK = -50.0
"""Logit of a cell without a peak: a probability of 2e-22 and no gradient."""


@dataclass(frozen=True)
class CellPeaks:
    """The best peak of each cell.

    Attributes
    ----------
    logits : Tensor, shape (N,), float32
        Of the highest local maximum on unlabelled places, a cell each; -50 where there is none.
    covered : Tensor, scalar, float32
        Share of the unlabelled area that lies in these cells.
    """

    logits: Tensor
    covered: Tensor


def cell_side(diameter_px: float, *, stride: int) -> int:
    """Choose the side of a cell, score-map pixels, for a diameter in image pixels."""
    return max(1, round(CELL_DIAMETERS * diameter_px / stride))


def cell_peaks(logits: Tensor, unlabelled: Tensor, *, cell_px: int) -> CellPeaks:
    """Divide score maps into square cells and find the best peak of each.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w)
    unlabelled : Tensor, same shape, bool
    cell_px
        Side of a cell, score-map pixels; `cell_side` has the recommended one. The grid starts
        at the first pixel: crops that are cut at random shift it at random.

    Returns
    -------
    CellPeaks
        Of the N cells of which at least half is unlabelled.

    Notes
    -----
    An objective that compares the number of positives with Binom(N, π) supposes N independent
    places that hold a particle each with probability π. Pixels are no such places: a particle
    lights up a disc of some a pixels, all or none, so that K particles give a K positive pixels
    with variance ``a² Var K`` where the binomial of pixels has ``a E K``: a times too narrow.
    Peaks are counted instead. A particle is one local maximum, thus in one cell, also if its
    disc touches four; the maximum is sought on the whole map, so that the flank of a labelled
    particle is none.

    Side s of a cell: particles keep apart by a hard core of h diameters D, and at intensity ρ
    the number in an area A scatters with variance ``≈ ρA (1 - π h² ρ)``, as each forbids a disc
    of radius h to the others. The binomial of cells has ``ρA (1 - s² ρ)``. They agree at
    ``s = h √π``, at h = 0.4 (views of a flat particle, or fields that overlap) 0.7 D. With a
    larger core the true scatter is smaller, and the binomial errs on the side of leniency;
    two particles in one cell, which would be counted as one, stay rare.
    """
    logits = full_precision(logits)
    with torch.no_grad():
        highest = functional.max_pool2d(logits, 3, stride=1, padding=1)
        candidate = (logits >= highest) & unlabelled
        whole = functional.pad(unlabelled.float(), _padding(logits, cell_px))
        area = functional.avg_pool2d(whole, cell_px) * cell_px**2
    scores = torch.where(candidate, logits, _NO_PEAK)
    padded = functional.pad(scores, _padding(logits, cell_px), value=_NO_PEAK)
    best = functional.max_pool2d(padded, cell_px)
    kept = area >= _LEAST_SHARE * cell_px**2
    return CellPeaks(best[kept], area[kept].sum() / area.sum().clamp_min(1.0))


def _padding(maps: Tensor, cell_px: int) -> tuple[int, int, int, int]:
    """Fill up the last row and column of cells."""
    height, width = maps.shape[-2:]
    return 0, -width % cell_px, 0, -height % cell_px

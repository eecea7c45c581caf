"""Independent places of a score map, or of one class's heatmap: one peak a cell."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision

CELL_DIAMETERS = {2: 0.7, 3: 0.65}
"""Side of a cell, particle diameters, by the number of axes; see `cell_peaks`."""

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
        Share of the unlabelled area, or volume, that lies in these cells.
    """

    logits: Tensor
    covered: Tensor


def cell_side(diameter_px: float, *, stride: int, ndim: int = 2) -> int:
    """Choose the side of a cell, map pixels, for a diameter in pixels of images or tomograms."""
    return max(1, round(CELL_DIAMETERS[ndim] * diameter_px / stride))


def cell_peaks(logits: Tensor, unlabelled: Tensor, *, cell_px: int) -> CellPeaks:
    """Divide score maps into square or cubic cells and find the best peak of each.

    Parameters
    ----------
    logits : Tensor, shape (b, 1, h, w) or (b, 1, d, h, w)
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

    In space a ball is forbidden, of ``4/3 π (h D)³``, and a cell has ``s³``: they agree at
    ``s = h (4π/3)^(1/3)``, at h = 0.4 0.65 D.
    """
    logits = full_precision(logits)
    is_flat = logits.ndim == 4
    max_pool = functional.max_pool2d if is_flat else functional.max_pool3d
    mean_pool = functional.avg_pool2d if is_flat else functional.avg_pool3d
    cell = cell_px ** (logits.ndim - 2)
    with torch.no_grad():
        highest = max_pool(logits, 3, stride=1, padding=1)
        candidate = (logits >= highest) & unlabelled
        whole = functional.pad(unlabelled.float(), _padding(logits, cell_px))
        size = mean_pool(whole, cell_px) * cell
    scores = torch.where(candidate, logits, _NO_PEAK)
    padded = functional.pad(scores, _padding(logits, cell_px), value=_NO_PEAK)
    best = max_pool(padded, cell_px)
    kept = size >= _LEAST_SHARE * cell
    return CellPeaks(best[kept], size[kept].sum() / size.sum().clamp_min(1.0))


def _padding(maps: Tensor, cell_px: int) -> list[int]:
    """Fill up the last cells along every axis; the last axis comes first."""
    return [side for length in reversed(maps.shape[2:]) for side in (0, -length % cell_px)]

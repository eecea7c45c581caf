"""What each row of a label table says: a particle, no particle, or nothing."""

from dataclasses import dataclass

import numpy as np

from nunatak.geometry import FloatArray
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.labels.told_apart import class_names, has_scores, told_apart
from nunatak.learning.labels.words import ONLY_CLASS
from nunatak.picks.table import PickSet

NEGATIVE = -1
"""In place of the index of a class."""


@dataclass
class Rows:
    """Rows of a label table that are still in use; checks remove some.

    Attributes
    ----------
    image : ndarray, shape (n,), object
        Micrograph as the labels name it, later as the list names it.
    xy_px : ndarray, shape (n, 2), float64
        Pixels of the stored image.
    kind : ndarray, shape (n,), int64
        Index of the class, or `NEGATIVE`.
    stated_A : ndarray, shape (n,), float64
        Pixel size that the labels state, NaN where they do not.
    """

    image: np.ndarray
    xy_px: FloatArray
    kind: np.ndarray
    stated_A: FloatArray

    def __len__(self) -> int:
        return len(self.kind)

    def taken(self, mask: np.ndarray) -> "Rows":
        """Return some of the rows, by a mask."""
        return Rows(self.image[mask], self.xy_px[mask], self.kind[mask], self.stated_A[mask])

    @property
    def is_positive(self) -> np.ndarray:
        """Which rows are particles."""
        return np.asarray(self.kind != NEGATIVE)


def rows_of(picks: PickSet) -> tuple[Rows, tuple[str, ...], list[Finding]]:
    """Tell particles from places that are none, as `told_apart` does.

    Returns
    -------
    rows : Rows
    classes : tuple of str
        Names of the kinds of particles, in order of their first appearance; at least one.
    findings : list of Finding
    """
    table = picks.table
    names = class_names(table)
    is_negative, left_out = told_apart(table)
    findings: list[Finding] = []
    classes = tuple(dict.fromkeys(names[~is_negative & ~left_out])) or (ONLY_CLASS,)
    kind = names.map({name: index for index, name in enumerate(classes)}).fillna(NEGATIVE)
    kinds = np.where(is_negative, NEGATIVE, kind.to_numpy()).astype(np.int64)
    stated = table["pixel_size_A"].to_numpy() if "pixel_size_A" in table else np.nan
    rows = Rows(
        table["image"].to_numpy(dtype=object),
        table[["x_px", "y_px"]].to_numpy(np.float64),
        kinds,
        np.broadcast_to(np.asarray(stated, dtype=np.float64), len(table)),
    )
    if left_out.any():
        findings.append(unselected_finding(int(left_out.sum())))
    elif has_scores(table) and "selected" not in table:
        findings.append(scored_finding(len(table)))
    if is_negative.any():
        findings.append(negative_finding(int(is_negative.sum())))
    return rows.taken(~left_out), classes, findings


def unselected_finding(count: int) -> Finding:
    """Say how many candidates, below a threshold or not kept by a pruning, are left out."""
    return Finding(
        kind="not selected",
        severity=Severity.NOTE,
        count=count,
        text=f"{count} candidates are not marked as selected and are left out; a low score does "
        "not make a place empty",
    )


def scored_finding(count: int) -> Finding:
    """Doubt labels that look like a picker's candidates."""
    return Finding(
        kind="scored",
        severity=Severity.WARNING,
        count=count,
        text=f"The {count} labels carry scores, and all of them are taken for particles",
        cause="They look like a picker's candidates, of which the lower ones may be false",
        remedy="If so, keep the good ones: nunatak convert with --threshold",
    )


def negative_finding(count: int) -> Finding:
    """Say how many places are known to be no particle."""
    return Finding(
        kind="negative",
        severity=Severity.NOTE,
        count=count,
        text=f"{count} places are marked as no particle, and are learned as such",
    )

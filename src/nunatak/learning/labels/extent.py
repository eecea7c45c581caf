"""Whether labels lie inside their micrographs and reach across them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nunatak.learning.labels.check import Frames, by_image, is_inside
from nunatak.learning.labels.hypotheses import AS_GIVEN, Hypothesis, ReadAs
from nunatak.learning.labels.report import Finding, Severity, share
from nunatak.learning.labels.rows import Rows
from nunatak.picks import inspection

OUTSIDE_REFUSED = 0.1
"""From this share of labels outside on, their unit or their images are wrong."""

NEARLY_ALL = 0.99
FULL_REACH = 0.8
LEAST_REACH = 0.4
"""A reading explains labels outside if it brings nearly all of them inside, and not all of them
into one corner: they reach that far across the micrographs, the first if any reading does."""


def outside_findings(
    rows: Rows,
    frames: Frames,
    hypotheses: Sequence[Hypothesis],
    read_as: ReadAs,
    *,
    is_doubtful: bool = False,
) -> list[Finding]:
    """Refuse labels of which many lie outside, and say which readings would bring them inside.

    Parameters
    ----------
    rows, frames, hypotheses, read_as
        Labels, their micrographs, what may be wrong, and how they were read.
    is_doubtful
        Whether the micrographs show no particles at the labels either.
    """
    outside = int((~is_inside(rows, frames)).sum())
    if outside < OUTSIDE_REFUSED * len(rows) or not outside:
        return []
    explaining = _explaining(rows, frames, hypotheses)
    if not explaining and not is_doubtful and outside <= len(rows) / 2:
        return []
    cause = "No usual binning explains that: are these the right micrographs?"
    remedy = ""
    if explaining:
        cause = "Perhaps " + ", or ".join(one.cause for one in explaining)
        remedies = dict.fromkeys(read_as.remedy(one) for one in explaining)
        remedy = "; or ".join(remedies).replace("; or C", "; or c")
    return [
        Finding(
            kind="outside",
            severity=Severity.REFUSAL,
            count=outside,
            text=f"{share(outside, len(rows), 'labels')} lie outside their micrograph",
            cause=cause,
            remedy=remedy,
        )
    ]


def corner_findings(rows: Rows, frames: Frames) -> list[Finding]:
    """Suspect the unit of many labels that all keep to one corner, where nobody can look."""
    table = pd.DataFrame({"x_px": rows.xy_px[:, 0], "y_px": rows.xy_px[:, 1]})
    sizes = np.array([frames[str(name)].shape for name in rows.image], dtype=float).reshape(-1, 2)
    sizes_A = {frame.pixel_size_A for frame in frames.values()}
    suspicion = inspection.suspected_unit(
        table,
        inspection.Extents(sizes[:, ::-1], {}),
        sizes_A.pop() if len(sizes_A) == 1 else None,
    )
    if suspicion is None or suspicion.reach > 1:
        return []
    return [
        Finding(
            kind="corner",
            severity=Severity.WARNING,
            count=len(rows),
            text=f"All labels lie in one corner: {str(suspicion)[0].lower()}{str(suspicion)[1:]}",
        )
    ]


def _explaining(rows: Rows, frames: Frames, hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Return the readings that bring nearly all labels inside; those that fill the image first."""
    reaches = {one: _reach(one, rows, frames) for one in hypotheses if one != AS_GIVEN}
    filling = [one for one, reach in reaches.items() if reach >= FULL_REACH]
    return filling or [one for one, reach in reaches.items() if reach >= LEAST_REACH]


def _reach(hypothesis: Hypothesis, rows: Rows, frames: Frames) -> float:
    """Return how far across their images labels would reach; 0 if too many lay outside."""
    inside, reach = 0, 0.0
    for name, numbers in by_image(rows):
        frame = frames[name]
        ny, nx = frame.shape
        x, y = hypothesis.applied(rows.xy_px[numbers], frame.shape, frame.pixel_size_A)
        across, down = (x + 0.5) / nx, (y + 0.5) / ny
        inside += int(((across >= 0) & (across <= 1) & (down >= 0) & (down <= 1)).sum())
        reach = max(reach, float(across.max()), float(down.max()))
    return reach if inside >= NEARLY_ALL * len(rows) else 0.0

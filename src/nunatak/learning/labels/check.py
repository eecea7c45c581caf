"""Labels that cannot be used or look odd: outside, twice, contradictory, crowded, too few."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from nunatak.learning.labels.report import Finding, Severity, first, share
from nunatak.learning.labels.rows import Rows

DUPLICATE_DIAMETERS = 0.1
"""Labels so close together are one label twice."""

CROWDED_DIAMETERS = 0.5
CROWDED_SHARE = 0.2
"""So many labels with another one nearer than half a diameter make the diameter doubtful."""

FEW = 5
_EDGE_TOLERANCE_PX = 1e-3


@dataclass(frozen=True)
class Frame:
    """What is known of a micrograph without its pixels.

    Attributes
    ----------
    shape : tuple of int
        ``(ny, nx)`` in pixels.
    pixel_size_A : float
    """

    shape: tuple[int, int]
    pixel_size_A: float


Frames = Mapping[str, Frame]
"""By the name of the micrograph."""


def by_image(rows: Rows) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each micrograph with the numbers of its rows, in order of first appearance."""
    codes, names = pd.factorize(rows.image)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    for name, numbers in zip(names, np.split(order, ends[:-1]), strict=False):
        yield str(name), numbers


def is_inside(rows: Rows, frames: Frames) -> np.ndarray:
    """Tell which labels lie on their micrograph, its outer edge included."""
    inside = np.zeros(len(rows), dtype=bool)
    for name, numbers in by_image(rows):
        ny, nx = frames[name].shape
        x, y = rows.xy_px[numbers].T
        over = np.maximum.reduce([-x, -y, x - (nx - 1), y - (ny - 1)])
        inside[numbers] = over <= 0.5 + _EDGE_TOLERANCE_PX
    return inside


def without_outside(rows: Rows, frames: Frames) -> tuple[Rows, list[Finding]]:
    """Leave out labels beyond the edge of their micrograph, and count them."""
    inside = is_inside(rows, frames)
    count = int((~inside).sum())
    if not count:
        return rows, []
    outside = rows.taken(~inside)
    examples = (
        f"x {x:.6g}, y {y:.6g} on {name} of {frames[name].shape[1]} × {frames[name].shape[0]}"
        for name, (x, y) in zip(outside.image, outside.xy_px, strict=True)
    )
    finding = Finding(
        kind="outside",
        severity=Severity.ERROR,
        count=count,
        text=f"{share(count, len(rows), 'labels')} lie outside their micrograph and are not used",
        examples=tuple(example for example, _ in zip(examples, range(2), strict=False)),
    )
    return rows.taken(inside), [finding]


def without_duplicates(rows: Rows, frames: Frames, diameter_A: float) -> tuple[Rows, list[Finding]]:
    """Keep each label once, and none of two that contradict each other.

    Of labels of one kind that lie within a tenth of the diameter, the first is kept. Where a
    place is labelled as two kinds, or as particle and as none, nobody knows which is right.
    """
    kept = np.ones(len(rows), dtype=bool)
    torn = np.zeros(len(rows), dtype=bool)
    for name, numbers in by_image(rows):
        reach_px = DUPLICATE_DIAMETERS * diameter_A / frames[name].pixel_size_A
        pairs = KDTree(rows.xy_px[numbers]).query_pairs(reach_px, output_type="ndarray")
        # In order of the first of each pair, so that what is dropped drops nothing itself.
        for one, other in numbers[pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]]:
            if rows.kind[one] != rows.kind[other]:
                torn[[one, other]] = True
            elif kept[one]:
                kept[other] = False
    findings = []
    if torn.any():
        findings.append(_contradictory(rows.taken(torn)))
    double = ~kept & ~torn
    if double.any():
        findings.append(_duplicates(rows.taken(double), len(rows)))
    return rows.taken(kept & ~torn), findings


def _contradictory(rows: Rows) -> Finding:
    return Finding(
        kind="contradictory",
        severity=Severity.WARNING,
        count=len(rows),
        text=f"{len(rows)} labels have one of another kind at their place; neither is used",
        examples=first(str(name) for name in rows.image),
        remedy="Decide what is there",
    )


def _duplicates(rows: Rows, total: int) -> Finding:
    return Finding(
        kind="duplicate",
        severity=Severity.NOTE,
        count=len(rows),
        text=f"{share(len(rows), total, 'labels')} have another one within a tenth of the "
        "particle's diameter, and count once",
        examples=first(str(name) for name in rows.image),
    )


def crowding(rows: Rows, frames: Frames, diameter_A: float) -> list[Finding]:
    """Doubt the diameter, or the unit, where many labels overlap."""
    particles = rows.taken(rows.is_positive)
    crowded = 0
    for name, numbers in by_image(particles):
        if len(numbers) < 2:
            continue
        xy = particles.xy_px[numbers]
        nearest_px = np.asarray(KDTree(xy).query(xy, k=2)[0])[:, 1]
        crowded += int(
            (nearest_px * frames[name].pixel_size_A < CROWDED_DIAMETERS * diameter_A).sum()
        )
    if crowded < FEW or crowded < CROWDED_SHARE * len(particles):
        return []
    return [
        Finding(
            kind="crowded",
            severity=Severity.WARNING,
            count=crowded,
            text=f"{share(crowded, len(particles), 'labels')} lie closer to another one than half "
            f"the diameter of {diameter_A:g} Å",
            cause="The diameter or the pixel size may be wrong, or the unit of the labels",
            remedy="Check them; detections so close together are merged",
        )
    ]


def scarcity(rows: Rows, n_micrographs: int) -> list[Finding]:
    """Say what cannot be done with few labels."""
    particles = rows.taken(rows.is_positive)
    count, images = len(particles), first(str(name) for name in particles.image)
    if not count:
        return [
            Finding(
                kind="no label",
                severity=Severity.REFUSAL,
                count=0,
                text="No usable label of a particle is left",
                remedy="Label some particles: ten are a good start",
            )
        ]
    findings = []
    if count < FEW:
        findings.append(
            Finding(
                kind="few labels",
                severity=Severity.WARNING,
                count=count,
                text=f"Only {count} labels",
                remedy="Label some more: ten on two micrographs are a good start",
            )
        )
    if len(images) == 1:
        findings.append(
            Finding(
                kind="one micrograph",
                severity=Severity.WARNING,
                count=1,
                text=f"All labels are on one micrograph, {images[0]}: nothing is left to validate "
                "on, so that neither the best moment to stop nor a threshold can be measured",
                remedy="Label some particles on a second one" if n_micrographs > 1 else "",
            )
        )
    return findings

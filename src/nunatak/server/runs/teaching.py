"""What people taught about the images, as a training reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from nunatak.learning.regions import Regions
from nunatak.picks.table import PickSet, empty_table
from nunatak.pruning.classes import JUNK
from nunatak.server.review.columns import KEPT, REJECTED, SetColumns
from nunatak.server.review.known import in_complete_regions
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.marks import Labels
from nunatak.workspace.project import Settings
from nunatak.workspace.regions import inside

NOT_PARTICLE = JUNK
"""Class of places that are no particle: one of `nunatak.learning.labels.words.NEGATIVE_CLASSES`."""

APART_RADII = 1.0
"""A candidate farther from all labels than so much of a particle's radius is of another thing."""

Known = list[tuple[tuple[float, float, float], str]]
"""Places x, y, z (0 on micrographs), pixels, each with its class or `NOT_PARTICLE`."""


@dataclass(frozen=True)
class Teaching:
    """Labels to learn from.

    Attributes
    ----------
    picks : PickSet
        Particles, by class, and places that are none, of class `NOT_PARTICLE`; images by path.
    particles, negatives : int
    images : tuple of str
        With at least one of them.
    regions : mapping of str to Regions
        By micrograph: parts that are left out, or completely labelled. None of tomograms.
    """

    picks: PickSet
    particles: int
    negatives: int
    images: tuple[str, ...]
    regions: Mapping[str, Regions] = field(default_factory=dict)


def teaching(
    images: Sequence[ImageRecord],
    labels: Sequence[Labels],
    settings: Settings,
    reviewed: Sequence[SetColumns],
) -> Teaching:
    """Put together what people said: points, decisions about candidates, complete regions.

    What lies in an excluded region is left out. In a completely labelled region, a candidate far
    from every label is no particle. A decision about a candidate at a labelled place adds nothing.

    Parameters
    ----------
    images, labels
        Images, and what is saved of each.
    settings
        Of the project.
    reviewed
        Sets of picks about which people decided something, the newest first.
    """
    rows: list[pd.DataFrame] = []
    for image, said in zip(images, labels, strict=True):
        known = _known_on(image, said, settings, reviewed)
        if known:
            rows.append(_table(image, said, known, settings.ndim))
    filled = [one for one in rows if len(one)]
    table = pd.concat(filled, ignore_index=True) if filled else empty_table(settings.ndim)
    negative = (
        (table["class_name"] == NOT_PARTICLE).to_numpy() if len(table) else np.zeros(0, dtype=bool)
    )
    return Teaching(
        picks=PickSet(table),
        particles=int((~negative).sum()),
        negatives=int(negative.sum()),
        images=tuple(dict.fromkeys(table["image"])),
        regions={
            image.path: _regions(said)
            for image, said in zip(images, labels, strict=True)
            if said.regions and settings.ndim == 2
        },
    )


def _regions(labels: Labels) -> Regions:
    excluded, complete = (
        tuple(np.array(one.outline, dtype=np.float64) for one in labels.regions if one.kind == kind)
        for kind in ("exclude", "complete")
    )
    return Regions(excluded, complete)


def _known_on(
    image: ImageRecord, labels: Labels, settings: Settings, reviewed: Sequence[SetColumns]
) -> Known:
    """Return all places of an image about which something is known."""
    largest_A = settings.largest_diameter_A or 0.0
    near_px = APART_RADII * largest_A / 2 / (image.pixel_size_A or 1.0)
    known = [
        (
            (point.x, point.y, point.z or 0.0),
            point.class_name if point.kind == "particle" else NOT_PARTICLE,
        )
        for point in labels.points
    ]
    for columns in reviewed:
        here = columns.image == image.id
        if here.any():
            known += _decided(columns, here, known, near_px, settings.classes[0].name)
            known += _left_out(columns, here, labels, known, near_px)
    return known


def _table(image: ImageRecord, labels: Labels, known: Known, ndim: int) -> pd.DataFrame:
    """Return known places as a pick table, without those in excluded regions."""
    places = np.array([place for place, _ in known])
    excluded = inside([one for one in labels.regions if one.kind == "exclude"], places)
    table = pd.DataFrame(
        {
            "image": image.path,
            "x_px": places[:, 0],
            "y_px": places[:, 1],
            **({"z_px": places[:, 2]} if ndim == 3 else {}),
            "class_name": [name for _, name in known],
        }
    )
    return table[~excluded]


def _decided(
    columns: SetColumns, here: np.ndarray, known: Known, near_px: float, only_class: str
) -> Known:
    """Candidates that a person kept or rejected, where nothing is labelled."""
    rows = np.flatnonzero(here & np.isin(columns.decided, (KEPT, REJECTED)))
    rows = rows[_is_far(columns, rows, known, near_px)]
    names = [
        _class_of(columns, int(row), only_class) if columns.decided[row] == KEPT else NOT_PARTICLE
        for row in rows
    ]
    return list(zip(_places(columns, rows), names, strict=True))


def _left_out(
    columns: SetColumns, here: np.ndarray, labels: Labels, known: Known, near_px: float
) -> Known:
    """Candidates in completely labelled regions that are not labelled."""
    rows = np.flatnonzero(here)
    rows = rows[in_complete_regions(labels, columns, rows)]
    rows = rows[_is_far(columns, rows, known, near_px)]
    return [(place, NOT_PARTICLE) for place in _places(columns, rows)]


def _is_far(columns: SetColumns, rows: np.ndarray, known: Known, near_px: float) -> np.ndarray:
    if not known or not len(rows):
        return np.ones(len(rows), dtype=np.bool_)
    tree = KDTree(np.array([place for place, _ in known]))
    return np.asarray(tree.query(np.array(_places(columns, rows)))[0] > near_px)


def _places(columns: SetColumns, rows: np.ndarray) -> list[tuple[float, float, float]]:
    z = np.zeros(len(rows)) if columns.z_px is None else columns.z_px[rows]
    return list(zip(columns.x_px[rows], columns.y_px[rows], z, strict=True))


def _class_of(columns: SetColumns, row: int, only_class: str) -> str:
    name = columns.classes[int(columns.class_index[row])]
    return only_class if len(columns.classes) == 1 else name

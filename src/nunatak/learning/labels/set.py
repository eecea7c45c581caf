"""Labels, micrograph by micrograph, in the frame of the stored images."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.geometry import FloatArray
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.learning.labels.check import Frames, by_image
from nunatak.learning.labels.report import LabelReport
from nunatak.learning.labels.rows import Rows
from nunatak.picks.table import PickSet, empty_table


@dataclass(frozen=True)
class MicrographLabels:
    """What a user says about one micrograph.

    Attributes
    ----------
    micrograph : ListedMicrograph
    shape : tuple of int
        ``(ny, nx)`` in pixels.
    pixel_size_A : float
    positives_px : ndarray, shape (n, 2), float64
        Columns x, y: labelled particles, pixels of the stored image, all inside it, each once.
        Of the rest of the micrograph nothing is known: unlabelled is not empty.
    class_index : ndarray, shape (n,), int64
        Into `LabelSet.classes`.
    negatives_px : ndarray, shape (m, 2), float64
        Places that are known to be no particle.
    is_complete : bool or None
        Whether every particle is labelled; None where that is not known.
    """

    micrograph: ListedMicrograph
    shape: tuple[int, int]
    pixel_size_A: float
    positives_px: FloatArray
    class_index: NDArray[np.int64]
    negatives_px: FloatArray
    is_complete: bool | None = None

    @property
    def name(self) -> str:
        """Identity of the micrograph."""
        return self.micrograph.name


@dataclass(frozen=True)
class LabelSet:
    """Usable labels, and an account of all the others.

    Attributes
    ----------
    labelled : tuple of MicrographLabels
        Micrographs with at least one positive or negative, in the order of the list.
    unlabelled : tuple of ListedMicrograph
        The other micrographs of the list, in its order.
    classes : tuple of str
        Names of the kinds of particles, at least one.
    report : LabelReport
        Everything that was found.
    """

    labelled: tuple[MicrographLabels, ...]
    unlabelled: tuple[ListedMicrograph, ...]
    classes: tuple[str, ...]
    report: LabelReport

    def __len__(self) -> int:
        return sum(len(one.positives_px) for one in self.labelled)

    def to_picks(self) -> PickSet:
        """Return the positives as a pick table; micrographs with negatives alone are in it."""
        tables = [
            pd.DataFrame(
                {
                    "image": one.name,
                    "x_px": one.positives_px[:, 0],
                    "y_px": one.positives_px[:, 1],
                    "class_name": [self.classes[index] for index in one.class_index],
                    "pixel_size_A": one.pixel_size_A,
                }
            )
            for one in self.labelled
            if len(one.positives_px)
        ]
        table = pd.concat(tables, ignore_index=True) if tables else empty_table()
        return PickSet(table, images=tuple(one.name for one in self.labelled))


def assembled(
    rows: Rows,
    frames: Frames,
    micrographs: MicrographList,
    classes: tuple[str, ...],
    report: LabelReport,
) -> LabelSet:
    """Sort checked rows by micrograph, in the order of the list."""
    numbers_of = dict(by_image(rows))
    labelled = []
    for one in micrographs:
        if one.name not in numbers_of:
            continue
        here = rows.taken(numbers_of[one.name])
        labelled.append(
            MicrographLabels(
                micrograph=one,
                shape=frames[one.name].shape,
                pixel_size_A=frames[one.name].pixel_size_A,
                positives_px=here.xy_px[here.is_positive],
                class_index=here.kind[here.is_positive],
                negatives_px=here.xy_px[~here.is_positive],
            )
        )
    unlabelled = tuple(one for one in micrographs if one.name not in numbers_of)
    return LabelSet(tuple(labelled), unlabelled, classes, report)

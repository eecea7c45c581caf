"""What a picking run gives back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nunatak.detection.candidates import selected
from nunatak.detection.contrast import Side
from nunatak.detection.finished import Finished
from nunatak.detection.header import ModelClass
from nunatak.detection.options import PickOptions
from nunatak.detection.thresholds import ThresholdChoice
from nunatak.images.micrograph_list import MissingMicrograph
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.table import PickSet, empty_table


@dataclass(frozen=True)
class Failure:
    """A micrograph that could not be picked.

    Attributes
    ----------
    image : str
        Its path as the user named it.
    reason : str
        What was found and what to do.
    """

    image: str
    reason: str

    @classmethod
    def of_missing(cls, micrograph: MissingMicrograph) -> "Failure":
        """Return the failure of a micrograph that was named and cannot be worked on."""
        return cls(micrograph.name, f"{micrograph.name}: {micrograph.reason}.")


@dataclass(frozen=True)
class PickResult:
    """Candidates of a set of micrographs.

    Attributes
    ----------
    picks : PickSet
        All candidates, best first within a micrograph, with columns ``score``, ``selected``,
        ``diameter_A``, ``pixel_size_A`` and, for models of several classes, ``class_name``.
        Every micrograph that could be read is listed in ``images``, also one without any.
    failures : tuple of Failure
        Micrographs that could not be picked.
    options : PickOptions
        The options of the run, defaults filled in, with the threshold that was used.
    contrast : str
        ``"dark"`` or ``"light"``: particles in the micrographs.
    shapes : dict of str to tuple of int
        ``(ny, nx)`` of each picked micrograph.
    notes : dict of str to tuple of str
        Irregularities that were tolerated or repaired, by micrograph; only those that have some.
    seconds : dict of str to float
        Where the time went: ``"total"``, and the stages ``"reading"``, ``"network"`` and
        ``"finding"``, which overlap.
    provenance : dict
        Model, options, versions: JSON values.
    output : Path or None
        The file or folder that was written.
    output_format : PickFormat or None
        In which format.
    is_output_selected : bool
        Whether only the selected candidates were written.
    reused_count : int
        Number of micrographs that an earlier run had finished and that have not changed since.
    threshold_choice : ThresholdChoice or None
        How the threshold was chosen, where a precision was asked for.
    """

    picks: PickSet
    failures: tuple[Failure, ...]
    options: PickOptions
    contrast: Side
    shapes: dict[str, Shape | VolumeShape] = field(repr=False)
    seconds: dict[str, float] = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    output: Path | None = None
    output_format: PickFormat | None = field(default=None, repr=False)
    is_output_selected: bool = False
    reused_count: int = 0
    threshold_choice: ThresholdChoice | None = None

    @property
    def is_selected_by_threshold(self) -> bool:
        """Whether all candidates that pass the threshold, and no others, are selected.

        A margin at the border, or a limit a micrograph, may leave some of them out.
        """
        table = self.picks.table
        return bool((table["selected"] == (table["score"] >= self.options.threshold)).all())

    @property
    def selected_count(self) -> int:
        """Number of candidates that pass the threshold, the border and the limit."""
        return int(self.picks.table["selected"].sum())


def pick_set(
    micrographs: Iterable[Finished], options: PickOptions, classes: Sequence[ModelClass]
) -> PickSet:
    """Join the micrographs' candidates and mark those that are selected.

    Parameters
    ----------
    micrographs
        In the order in which they are to be listed.
    options
        The choices.
    classes
        Of the model.
    """
    images, tables = [], []
    for micrograph in micrographs:
        images.append(micrograph.image)
        if len(micrograph.candidates):
            tables.append(_table(micrograph, options, classes))
    if not tables:
        nothing = empty_table().assign(score=np.empty(0), selected=np.empty(0, dtype=bool))
        return PickSet(nothing, images=tuple(images))
    return PickSet(pd.concat(tables, ignore_index=True), images=tuple(images))


def _table(
    micrograph: Finished, options: PickOptions, classes: Sequence[ModelClass]
) -> pd.DataFrame:
    candidates = micrograph.candidates
    columns: dict[str, Any] = {
        "image": micrograph.image,
        "x_px": candidates.x_px,
        "y_px": candidates.y_px,
        "score": candidates.score,
        "selected": selected(
            candidates,
            micrograph.shape,
            threshold=options.threshold,
            border_px=options.border_A / micrograph.pixel_size_A,
            most=options.max_per_micrograph,
        ),
        "diameter_A": np.array([kind.diameter_A or options.diameter_A for kind in classes])[
            candidates.class_index
        ],
        "pixel_size_A": micrograph.pixel_size_A,
    }
    if len(classes) > 1:
        columns["class_name"] = np.array([kind.name for kind in classes])[candidates.class_index]
    return pd.DataFrame(columns)

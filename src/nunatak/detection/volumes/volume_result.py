"""What picking tomograms gives back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.candidates import Candidates, selected
from nunatak.detection.finished import Finished
from nunatak.detection.result import Failure
from nunatak.detection.thresholds import ThresholdChoice
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_options import VolumePickOptions
from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.table import PickSet, empty_table


@dataclass(frozen=True)
class VolumePickResult:
    """Candidates of a set of tomograms.

    Attributes
    ----------
    picks : PickSet
        All candidates, best first within a tomogram, with columns ``z_px``, ``score``,
        ``selected``, ``class_name``, ``diameter_A`` and ``pixel_size_A`` (the voxel's side).
        Every tomogram that could be read is listed in ``images``, also one without any.
    failures : tuple of Failure
        Tomograms that could not be picked.
    options : VolumePickOptions
        The options of the run, defaults filled in.
    shapes : dict of str to tuple of int
        ``(nz, ny, nx)`` of each picked tomogram.
    voxel_sizes_A : dict of str to float
        Of each picked tomogram, also one without any candidate.
    seconds : dict of str to float
        Where the time went: ``"total"``, and the stages ``"opening"`` (with the grey scale) and
        ``"network"`` (with reading and peaks).
    provenance : dict
        Model, options, versions: JSON values.
    notes : dict of str to tuple of str
        Irregularities that were tolerated or repaired, by tomogram; only those that have some.
    output : Path or None
        The file or folder that was written.
    is_output_selected : bool
        Whether only the selected candidates were written.
    reused_count : int
        Number of tomograms that an earlier run had finished and that have not changed since.
    threshold_choices : dict of str to ThresholdChoice
        By class, where a precision was asked for: what each threshold is expected to give.
    """

    picks: PickSet
    failures: tuple[Failure, ...]
    options: VolumePickOptions
    shapes: dict[str, Shape | VolumeShape] = field(repr=False)
    voxel_sizes_A: dict[str, float] = field(repr=False)
    seconds: dict[str, float] = field(repr=False)
    provenance: dict[str, Any] = field(repr=False)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    output: Path | None = None
    is_output_selected: bool = False
    reused_count: int = 0
    threshold_choices: Mapping[str, ThresholdChoice] = field(default_factory=dict, repr=False)

    @property
    def selected_count(self) -> int:
        """Number of candidates that pass their threshold, the border and the limit."""
        return int(self.picks.table["selected"].sum())

    def with_choices(self, choices: Mapping[str, ThresholdChoice]) -> "VolumePickResult":
        """Return the same candidates, selected by other thresholds.

        Parameters
        ----------
        choices
            One a class.
        """
        thresholds = {name: choice.threshold for name, choice in choices.items()}
        options = self.options.model_copy(update={"thresholds": thresholds})
        table = self.picks.table.copy()
        for image, rows in table.groupby("image", sort=False):
            marked = _selected(rows, self.shapes[str(image)], options)
            table.loc[rows.index, "selected"] = marked
        return replace(
            self,
            picks=replace(self.picks, table=table),
            options=options,
            provenance={
                **self.provenance,
                "options": options.model_dump(mode="json"),
                "threshold_choices": {name: asdict(choice) for name, choice in choices.items()},
            },
            threshold_choices=choices,
        )


def volume_pick_set(
    tomograms: Iterable[Finished], options: VolumePickOptions, classes: Sequence[VolumeClass]
) -> PickSet:
    """Join the tomograms' candidates and mark those that are selected.

    Parameters
    ----------
    tomograms
        In the order in which they are to be listed.
    options
        The choices.
    classes
        Of the model.
    """
    images, tables = [], [_without_rows()]
    for tomogram in tomograms:
        images.append(tomogram.image)
        tables.append(_table(tomogram, options, classes))
    filled = [table for table in tables if len(table)] or tables[:1]
    return PickSet(pd.concat(filled, ignore_index=True), images=tuple(images))


def _table(
    tomogram: Finished, options: VolumePickOptions, classes: Sequence[VolumeClass]
) -> pd.DataFrame:
    candidates = tomogram.candidates
    index = candidates.class_index
    table = pd.DataFrame(
        {
            "image": tomogram.image,
            "x_px": candidates.x_px,
            "y_px": candidates.y_px,
            "z_px": candidates.z_px,
            "score": candidates.score,
            "selected": False,
            "class_name": np.array([kind.name for kind in classes])[index],
            "diameter_A": np.array([kind.diameter_A for kind in classes])[index],
            "pixel_size_A": tomogram.pixel_size_A,
        }
    )
    table["selected"] = _selected(table, tomogram.shape, options)
    return table


def _selected(
    rows: pd.DataFrame, shape: Shape | VolumeShape, options: VolumePickOptions
) -> NDArray[np.bool_]:
    """Tell which candidates of one tomogram pass: rows of the result's table, best first."""
    if not len(rows):
        return np.empty(0, dtype=np.bool_)
    classes, index = np.unique(rows["class_name"].to_numpy(dtype=str), return_inverse=True)
    x_px, y_px, z_px, score = rows[["x_px", "y_px", "z_px", "score"]].to_numpy().T
    return selected(
        Candidates(x_px, y_px, score, index, z_px),
        shape,
        threshold=np.array([options.thresholds[name] for name in classes])[index],
        border_px=options.border_A / float(rows["pixel_size_A"].iloc[0]),
        most=options.max_per_tomogram,
    )


def _without_rows() -> pd.DataFrame:
    return empty_table(3).assign(
        score=np.empty(0),
        selected=np.empty(0, dtype=bool),
        class_name=pd.Series(dtype=str),
        diameter_A=np.empty(0),
        pixel_size_A=np.empty(0),
    )

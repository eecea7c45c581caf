"""Slabs of tomograms of a training with labels and picks on them, and labels worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_validation import HIT_RADII
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.picks.counted import counted
from nunatak.picks.matching import match
from nunatak.reports.page import Wall
from nunatak.reports.slabs import Volume, depth_for
from nunatak.reports.summary import short_names
from nunatak.reports.training_walls import Place, known_score, walls
from nunatak.reports.views import Layer, Panel, View, circles
from nunatak.reports.volume_pictures import densest_slabs, middle_picture, slab_overview

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Points:
    """Labels or candidates in one tomogram.

    Attributes
    ----------
    xyz_px : ndarray, shape (n, 3), float64
        Working voxels.
    score : ndarray, shape (n,), float64
        Probability; of a label, that of the candidate that stands for it, 0 where there is none.
    kind : ndarray, shape (n,), int64
        Number of the class.
    is_selected : ndarray, shape (n,), bool
        Whether the score reaches the class's threshold.
    """

    xyz_px: FloatArray
    score: FloatArray
    kind: NDArray[np.int64]
    is_selected: BoolArray

    def taken(self, rows: BoolArray) -> "Points":
        """Return some of them."""
        return Points(self.xyz_px[rows], self.score[rows], self.kind[rows], self.is_selected[rows])


@dataclass(frozen=True)
class JudgedVolume:
    """A tomogram's labels, and the candidates that stand for none of them."""

    name: str
    volume: WorkingVolume
    classes: tuple[VolumeClass, ...]
    labels: Points
    unlabelled: Points


def judged_examples(result: VolumeTrainingResult) -> list[JudgedVolume]:
    """Tell labels that were found from those that were not, in the examples of a training.

    A candidate stands for a label of its class within half of the particle's radius, one to one.
    """
    header = result.model.header
    names = short_names([volume.name for volume, _ in result.examples])
    radii_px = [kind.diameter_A / 2 / header.voxel_size_A for kind in header.classes]
    return [
        _judged(names[volume.name], volume, found, header.classes, radii_px)
        for volume, found in result.examples
    ]


def panels(examples: Sequence[JudgedVolume], *, voxel_size_A: float) -> tuple[Panel, ...]:
    """Draw each tomogram along z and along y, where the most labels are.

    Parameters
    ----------
    examples
        From `judged_examples`.
    voxel_size_A
        Of their voxels, Å.
    """
    return tuple(_panel(number, one, voxel_size_A) for number, one in enumerate(examples))


def label_walls(examples: Sequence[JudgedVolume], *, voxel_size_A: float) -> tuple[Wall, ...]:
    """Show the highest unlabelled candidates and the lowest labels.

    Parameters
    ----------
    examples, voxel_size_A
        As for `panels`.
    """
    return walls(
        [place for one in examples for place in _places(one, one.unlabelled, voxel_size_A)],
        [place for one in examples for place in _places(one, one.labels, voxel_size_A)],
        are_complete=all(one.volume.is_complete for one in examples),
    )


def _judged(
    name: str,
    volume: WorkingVolume,
    found: VolumeCandidates,
    classes: tuple[VolumeClass, ...],
    radii_px: Sequence[float],
) -> JudgedVolume:
    label_score = np.zeros(len(volume.centres_px))
    is_free = np.ones(len(found), dtype=np.bool_)
    for kind, radius_px in enumerate(radii_px):
        candidates = np.flatnonzero(found.class_index == kind)
        labels = np.flatnonzero(volume.class_index == kind)
        pairs = match(found.xyz_px[candidates], volume.centres_px[labels], HIT_RADII * radius_px)
        is_free[candidates[pairs.candidate]] = False
        label_score[labels[pairs.truth]] = found.score[candidates[pairs.candidate]]
    thresholds = np.array([kind.threshold for kind in classes])

    def points(xyz_px: FloatArray, score: FloatArray, kind: NDArray[np.int64]) -> Points:
        return Points(xyz_px, score, kind, score >= thresholds[kind])

    return JudgedVolume(
        name,
        volume,
        classes,
        points(volume.centres_px, label_score, volume.class_index),
        points(found.xyz_px, found.score, found.class_index).taken(is_free),
    )


def _panel(number: int, one: JudgedVolume, voxel_size_A: float) -> Panel:
    picks = one.unlabelled.taken(one.unlabelled.is_selected)
    is_found = one.labels.is_selected
    return Panel(
        key=str(number),
        title="",
        label=one.name,
        counts=f"{int(is_found.sum())} of {counted(len(is_found), 'label')} found, "
        f"{counted(len(picks.score), 'pick')} without a label",
        views=_views(one, picks, voxel_size_A),
    )


def _views(one: JudgedVolume, picks: Points, voxel_size_A: float) -> tuple[View, ...]:
    diameters_px = np.array([kind.diameter_A for kind in one.classes]) / voxel_size_A
    typical_px = float(np.median(diameters_px[one.labels.kind]))
    volume = Volume.of_array(one.volume.voxels[:])
    is_found = one.labels.is_selected
    kinds = (
        ("found", "label, found", one.labels.taken(is_found)),
        ("missed", "label, missed", one.labels.taken(~is_found)),
        ("unlabelled", "pick without a label", picks),
    )
    views = []
    for slab in densest_slabs(volume, one.labels.xyz_px, depth_for(typical_px)):
        overview = slab_overview(volume, slab, diameter_px=typical_px, voxel_size_A=voxel_size_A)
        across, down = ("xyz".index(axis) for axis in slab.axes)
        layers = []
        for kind, label, points in kinds:
            shown = points.taken(slab.holds(points.xyz_px[:, "xyz".index(slab.normal)]))
            layers.append(
                Layer(
                    kind,
                    label,
                    circles(
                        shown.xyz_px[:, across],
                        shown.xyz_px[:, down],
                        diameters_px[shown.kind] / 2,
                        [_name(one, *both) for both in zip(shown.kind, shown.score, strict=True)],
                    ),
                )
            )
        views.append(View(overview.caption, overview.picture, overview.shape, tuple(layers)))
    return tuple(views)


def _places(one: JudgedVolume, points: Points, voxel_size_A: float) -> list[Place]:
    volume = Volume.of_array(one.volume.voxels[:])
    places = []
    for (x, y, z), score, kind, is_selected in zip(
        points.xyz_px.tolist(), points.score, points.kind, points.is_selected, strict=True
    ):
        diameter_px = one.classes[kind].diameter_A / voxel_size_A
        places.append(
            Place(
                score=float(score),
                is_selected=bool(is_selected),
                where=f"{one.name}, {one.classes[kind].name}, x {x:.0f}, y {y:.0f}, z {z:.0f} "
                f"(voxels of {voxel_size_A:g} Å)",
                draw=partial(middle_picture, volume, (x, y, z), diameter_px=diameter_px),
            )
        )
    return places


def _name(one: JudgedVolume, kind: int, score: float) -> str:
    return f"{one.classes[kind].name} {known_score(score)}".rstrip()

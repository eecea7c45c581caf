"""Bring tomograms and labels together: what is learned from, and what it is judged by."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput, Mismatch
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.images.pixel_size import same
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.learning.split import lost_classes, validation_micrographs
from nunatak.learning.volumes.volume_label_set import NO_LABELS, TomogramLabels
from nunatak.learning.volumes.volume_scratch import VolumeScratch
from nunatak.learning.volumes.working_volumes import WorkingVolume, working_volume
from nunatak.picks.counted import counted
from nunatak.sampling import evenly

_log = logging.getLogger(__name__)

MOST_COUNTED = 6
"""Tomograms in which candidates are counted to choose thresholds by their number."""


@dataclass(frozen=True, kw_only=True)
class VolumeReading:
    """How tomograms are brought to the working size.

    Attributes
    ----------
    working_voxel_size_A : float
        Å.
    voxel_size_A : float or None
        Of all stored tomograms; None takes it from headers and lists.
    override_voxel_size : bool
        Whether it wins over a header that contradicts it.
    axis_order : AxisOrder or None
        Of all tomograms; None asks where a shape leaves a doubt.
    inverted : bool
        Whether particles are lighter than ice as stored.
    scratch : VolumeScratch or None
        Where their voxels are kept; None keeps them in memory.
    """

    working_voxel_size_A: float
    voxel_size_A: float | None = None
    override_voxel_size: bool = False
    axis_order: AxisOrder | None = None
    inverted: bool = False
    scratch: VolumeScratch | None = None

    def read(
        self, one: ListedMicrograph, labels: TomogramLabels, *, is_complete: bool
    ) -> WorkingVolume:
        """Read a tomogram with its labels.

        Raises
        ------
        BadInput, ResourceError
            As `read_tomogram` and `working_volume` do; `Mismatch` if labels were made at another
            voxel size.
        """
        tomogram = read_tomogram(
            one.path,
            voxel_size_A=self.voxel_size_A,
            listed_voxel_size_A=one.pixel_size_A,
            override=self.override_voxel_size,
            axis_order=self.axis_order,
        )
        for size_A in labels.voxel_sizes_A:
            if not same(size_A, tomogram.voxel_size_A):
                raise Mismatch(
                    f"{one.name}: its voxels are {tomogram.voxel_size_A:g} Å, those of its labels "
                    f"{size_A:g} Å. Give labels in voxels of this tomogram, or say how they are "
                    "binned."
                )
        return working_volume(
            tomogram,
            name=one.name,
            voxel_size_A=self.working_voxel_size_A,
            centres_px=labels.centres_px,
            class_index=labels.class_index,
            empty_px=labels.empty_px,
            unclear_px=labels.unclear_px,
            is_complete=is_complete,
            inverted=self.inverted,
            scratch=self.scratch,
        )


@dataclass(frozen=True)
class VolumeTrainingData:
    """What there is to learn from.

    Attributes
    ----------
    training : tuple of WorkingVolume
        The labelled ones first.
    validation : tuple of WorkingVolume
        Kept aside, whole.
    counting : tuple of WorkingVolume
        Without labels and not learned from: candidates are counted there to choose thresholds
        of classes that no tomogram kept aside holds.
    """

    training: tuple[WorkingVolume, ...]
    validation: tuple[WorkingVolume, ...]
    counting: tuple[WorkingVolume, ...] = ()


def gather_volumes(
    listed: MicrographList,
    labels: Mapping[str, TomogramLabels],
    reading: VolumeReading,
    *,
    are_complete: bool,
    with_unlabelled: bool,
    validation_share: float,
    validation: Sequence[str] | None,
    seed: int,
    classes: Sequence[str],
) -> VolumeTrainingData:
    """Read the labelled tomograms, keep some aside, and read the others if they can be of use.

    Parameters
    ----------
    listed
        The tomograms.
    labels
        Of `nunatak.learning.volumes.volume_label_set.sorted_labels`, by the tomogram's name.
    reading
        How to read them.
    are_complete
        Whether all particles of a labelled tomogram are labelled.
    with_unlabelled
        Whether tomograms without labels are learned from. If not, and if those kept aside hold
        no label of some class, some are read to count candidates in.
    validation_share
        Of the labels, to be kept aside where they are complete.
    validation
        Names of the tomograms to keep aside instead, whose labels are taken for complete; None
        chooses.
    seed
        Of the choice.
    classes
        Their names, in the order of the labels' indices.

    Raises
    ------
    BadInput
        If no label, or none of a class, is left to learn from, a tomogram for validation has no
        labels, or one is missing or cannot be read.
    """
    if listed.missing:
        first = listed.missing[0]
        raise BadInput(
            f"{first.name}: {first.reason}. {len(listed.missing)} of the tomograms cannot be used; "
            "correct their names, or leave them out."
        )
    labelled = [one for one in listed if one.name in labels]
    by_class = np.array(
        [np.bincount(labels[one.name].class_index, minlength=len(classes)) for one in labelled]
    )
    if validation is not None:
        aside = {_validation_name(name, labelled) for name in validation}
    elif are_complete:
        chosen = _chosen_aside(by_class, share=validation_share, seed=seed)
        aside = {labelled[index].name for index in chosen}
    else:
        aside = set()
    kept = {index: one.name for index, one in enumerate(labelled) if one.name in aside}
    _refuse_lost_classes(by_class, kept, classes)
    unlabelled = [one for one in listed if one.name not in labels]
    others = unlabelled if with_unlabelled else []
    judges_all = by_class[list(kept)].any(axis=0).all()
    counting = [] if with_unlabelled or judges_all else unlabelled
    counting = [counting[index] for index in evenly(len(counting), MOST_COUNTED)]
    volumes = [
        reading.read(one, labels[one.name], is_complete=are_complete or one.name in aside)
        for one in labelled
    ]
    volumes += [reading.read(one, NO_LABELS, is_complete=False) for one in others]
    _log.info("%d labelled tomograms, %d others, %d aside", len(labelled), len(others), len(aside))
    return VolumeTrainingData(
        training=tuple(volume for volume in volumes if volume.name not in aside),
        validation=tuple(volume for volume in volumes if volume.name in aside),
        counting=tuple(reading.read(one, NO_LABELS, is_complete=False) for one in counting),
    )


def _chosen_aside(by_class: NDArray[np.int64], *, share: float, seed: int) -> list[int]:
    """Choose tomograms to keep aside, by the labels (tomograms, classes), int64."""
    counts = by_class.sum(axis=1).tolist()
    chosen = validation_micrographs(counts, share=share, rng=np.random.default_rng([seed, 1]))
    if not lost_classes(by_class, chosen):
        return chosen
    # A class without a label elsewhere would be learned as background there.
    again = np.random.default_rng([seed, 1])
    return validation_micrographs(counts, share=share, rng=again, by_class=by_class)


def _refuse_lost_classes(
    by_class: NDArray[np.int64], aside: Mapping[int, str], classes: Sequence[str]
) -> None:
    """Refuse to keep aside tomograms, names by index, that hold all labels of a class."""
    lost = lost_classes(by_class, list(aside))
    if not lost:
        return
    is_all = len(lost) == np.count_nonzero(by_class.any(axis=0))
    whose = "" if is_all else f" of {', '.join(classes[kind] for kind in lost)}"
    holders = [name for index, name in aside.items() if by_class[index, lost].any()]
    raise BadInput(
        f"No label{whose} is left to learn from: all lie in the {counted(len(aside), 'tomogram')} "
        f"kept aside for validation ({', '.join(holders[:5])}). Keep fewer aside, or label "
        "particles in another one."
    )


def _validation_name(name: str, labelled: Sequence[ListedMicrograph]) -> str:
    if name not in {one.name for one in labelled}:
        raise BadInput(
            f"{name}: to be kept aside for validation, but not among the labelled tomograms "
            f"({', '.join(one.name for one in labelled[:5])}). Give the name of one of them."
        )
    return name

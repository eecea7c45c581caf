"""Bring tomograms and labels together: what is learned from, and what it is judged by."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.result import Failure
from nunatak.errors import BadInput
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
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
            As `read_tomogram` and `working_volume` do.
        """
        tomogram = read_tomogram(
            one.path,
            voxel_size_A=self.voxel_size_A,
            listed_voxel_size_A=one.pixel_size_A,
            override=self.override_voxel_size,
            axis_order=self.axis_order,
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
    failures : tuple of Failure
        Tomograms, labelled or not, that are missing or could not be read, and took no part.
    """

    training: tuple[WorkingVolume, ...]
    validation: tuple[WorkingVolume, ...]
    counting: tuple[WorkingVolume, ...] = ()
    failures: tuple[Failure, ...] = ()


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
    failures: Sequence[Failure] = (),
) -> VolumeTrainingData:
    """Read the labelled tomograms, keep some aside, and read the others if they can be of use.

    One that is missing or cannot be read is left out. Those kept aside are chosen among the others.

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
    failures
        Tomograms that are known to be of no use, with their labels.

    Raises
    ------
    BadInput
        If no label, or none of a class, is left to learn from, a tomogram for validation has no
        labels, or none of those for validation can be read.
    """
    failed = {one.image: one for one in (*map(Failure.of_missing, listed.missing), *failures)}
    labelled = [one for one in listed if one.name in labels]
    for name in validation or ():
        if name not in failed:
            _refuse_unlabelled(name, labelled)
    by_class = np.array(
        [np.bincount(labels[one.name].class_index, minlength=len(classes)) for one in labelled]
    )
    _refuse_lost_classes(by_class, _named(labelled, validation or ()), classes)
    volumes = _read_each(labelled, labels, reading, is_complete=are_complete, failed=failed)
    unread = {index: failed[one.name] for index, one in enumerate(labelled) if one.name in failed}
    _refuse_unread_classes(by_class, unread, classes)
    by_class = np.delete(by_class, list(unread), axis=0)
    labelled = [one for one in labelled if one.name not in failed]
    if validation is not None:
        aside = {name for name in validation if name not in failed}
        if validation and not aside:
            raise BadInput(
                "None of the tomograms to be kept aside for validation can be read: "
                f"{_reasons(failed[name] for name in validation)}"
            )
    elif are_complete:
        chosen = _chosen_aside(by_class, share=validation_share, seed=seed)
        aside = {labelled[index].name for index in chosen}
    else:
        aside = set()
    kept = _named(labelled, aside)
    _refuse_lost_classes(by_class, kept, classes)
    unlabelled = [one for one in listed if one.name not in labels and one.name not in failed]
    others = unlabelled if with_unlabelled else []
    judges_all = by_class[list(kept)].any(axis=0).all()
    counting = [] if with_unlabelled or judges_all else unlabelled
    counting = [counting[index] for index in evenly(len(counting), MOST_COUNTED)]
    volumes = [
        replace(volume, is_complete=volume.is_complete or volume.name in aside)
        for volume in volumes
    ]
    volumes += _read_each(others, labels, reading, is_complete=False, failed=failed)
    counted_in = _read_each(counting, labels, reading, is_complete=False, failed=failed)
    _log.info("%d labelled tomograms, %d others, %d aside", len(labelled), len(others), len(aside))
    return VolumeTrainingData(
        training=tuple(volume for volume in volumes if volume.name not in aside),
        validation=tuple(volume for volume in volumes if volume.name in aside),
        counting=tuple(counted_in),
        failures=tuple(failed.values()),
    )


def _read_each(
    listed: Sequence[ListedMicrograph],
    labels: Mapping[str, TomogramLabels],
    reading: VolumeReading,
    *,
    is_complete: bool,
    failed: dict[str, Failure],
) -> list[WorkingVolume]:
    """Read tomograms; those that cannot be read are added to ``failed``, by name."""
    volumes = []
    for one in listed:
        known = labels.get(one.name, NO_LABELS)
        try:
            volumes.append(reading.read(one, known, is_complete=is_complete))
        except BadInput as error:
            failed[one.name] = Failure(one.name, str(error))
    return volumes


def _refuse_unread_classes(
    by_class: NDArray[np.int64], unread: Mapping[int, Failure], classes: Sequence[str]
) -> None:
    """Refuse to learn where tomograms that cannot be read, by index, hold all labels of a class."""
    lost = lost_classes(by_class, list(unread))
    if lost:
        raise BadInput(
            f"No label of {', '.join(classes[kind] for kind in lost)} is left to learn from: "
            f"tomograms cannot be read. {_reasons(unread.values())}"
        )


def _named(labelled: Sequence[ListedMicrograph], names: Collection[str]) -> dict[int, str]:
    """Return the names among the labelled tomograms, by index."""
    return {index: one.name for index, one in enumerate(labelled) if one.name in names}


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


def _reasons(failures: Iterable[Failure]) -> str:
    return "; ".join(failure.reason for failure in islice(failures, 3))


def _refuse_unlabelled(name: str, labelled: Sequence[ListedMicrograph]) -> None:
    if name not in {one.name for one in labelled}:
        raise BadInput(
            f"{name}: to be kept aside for validation, but not among the labelled tomograms "
            f"({', '.join(one.name for one in labelled[:5])}). Give the name of one of them."
        )

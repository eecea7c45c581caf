"""What a training learns from: images, labels, split, and the expected number of particles."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.detection.model import DetectorModel
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.calibration import calibrate_on_labels
from nunatak.learning.carried_over import FirstSight
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.found import find_on, label_scores, said_of
from nunatak.learning.gathering import WorkingSize, contrast_of, gather
from nunatak.learning.labels.evidence import ModelEvidence
from nunatak.learning.labels.reader import LabelSource, read_labels
from nunatak.learning.labels.reading import LabelReading
from nunatak.learning.labels.report import LabelReport
from nunatak.learning.regions import Regions
from nunatak.learning.settings import LearningSettings
from nunatak.learning.split import validation_micrographs
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.counted import counted

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingData:
    """Everything that a training needs besides the network.

    Attributes
    ----------
    training, validation : tuple of WorkingImage
        Apart by micrograph. Micrographs of the validation without a label serve nothing.
    contrast : str
        Of the particles as stored.
    report : LabelReport
        About the labels.
    particles : ParticleNumber
        In a micrograph.
    expected_particles : float or None
        The same as the user gave it; None where it was estimated.
    failures : tuple of Failure
        Micrographs that were named and cannot be used, or could not be read.
    left_out : int
        Micrographs without labels that take no part, being too many.
    sight : FirstSight or None
        What the general model makes of the labelled micrographs; None where it finds none of
        the labelled particles, or nothing depends on it.
    shown_from : float or None
        The labels are corrections of the general model's picks from this score on; None: they are
        a random sample of the particles.
    asked_aside : bool
        Whether any micrograph was to be kept aside for validation.
    """

    training: tuple[WorkingImage, ...]
    validation: tuple[WorkingImage, ...]
    contrast: Side
    report: LabelReport
    particles: ParticleNumber
    expected_particles: float | None
    failures: tuple[Failure, ...]
    left_out: int
    sight: FirstSight | None = None
    shown_from: float | None = None
    asked_aside: bool = True


def prepare_training_data(
    micrographs: MicrographList,
    labels: LabelSource,
    *,
    reading: LabelReading,
    general: DetectorModel,
    size: WorkingSize,
    settings: LearningSettings,
    contrast: Side | None,
    expected_particles: float | None,
    validation: Sequence[Path] | None,
    device: str,
    regions: Mapping[str, Regions] = MappingProxyType({}),
    shown_from: float | None = None,
) -> TrainingData:
    """Read and check everything that is to be learned from.

    Parameters
    ----------
    micrographs, labels
        As the user gave them.
    reading
        How files of labels are to be read.
    general
        A detector that knows particles in general: it finds out the contrast, checks where the
        labels lie, and estimates how many particles there are. It has seen no label, so that
        all of them tell about it.
    size
        Working size of the network to be trained; the general model brings its own.
    settings
        For the split and the seed.
    contrast
        None to find out.
    expected_particles
        In a micrograph; None to estimate it.
    validation
        Micrographs to keep aside; None to choose them.
    device
        Of the general model.
    regions
        By micrograph: parts that are left out, or completely labelled.
    shown_from
        Score from which on the general model's candidates were shown to who labelled; None where
        the labels are a random sample of the particles.

    Raises
    ------
    BadInput
        If labels or micrographs cannot be used; see `read_labels` and `gather`.
    """
    if expected_particles is not None and not 0 < expected_particles < math.inf:
        raise BadInput(
            f"{expected_particles:g} particles a micrograph are expected; give a positive number."
        )
    scorer = Scorer(general, device=device)
    general_size = WorkingSize(
        diameter_A=size.diameter_A,
        diameter_px=general.header.diameter_px,
        normalisation=general.header.normalisation,
        contrast=general.header.contrast,
        pixel_size_A=size.pixel_size_A,
        override_pixel_size=size.override_pixel_size,
    )
    side = contrast or contrast_of(
        micrographs, general_size, scorer, level=general.header.default_threshold
    )
    evidence = ModelEvidence(
        general,
        diameter_A=size.diameter_A,
        pixel_size_A=size.pixel_size_A,
        override_pixel_size=size.override_pixel_size,
        inverted=side != general.header.contrast,
        device=device,
    )
    checked = read_labels(
        labels,
        micrographs,
        diameter_A=size.diameter_A,
        pixel_size_A=size.pixel_size_A,
        evidence_of=evidence,
        format=reading.format,
        grid=reading.grid,
        orientation=reading.orientation,
    )
    if len(checked.classes) > 1:
        _log.warning(
            "Labels of %d kinds (%s) are learned as one: a model finds one kind of particle",
            len(checked.classes),
            ", ".join(checked.classes),
        )
    gathered = gather(checked, size, contrast=side, regions=regions)
    aside = _aside(gathered.images, micrographs, validation, settings)
    look: _Look | None = None
    # It takes long: for the number of particles, or for thresholds that no held-out label gives.
    may_give_thresholds = settings.start is not None and (shown_from is not None or not aside)
    if expected_particles is None or may_give_thresholds:
        seen = gathered
        if size != general_size:
            seen = gather(checked, general_size, contrast=side, most_unlabelled=0, regions=regions)
        look = _looked_at(
            seen.images,
            scorer,
            general,
            expected_particles=expected_particles,
            shown_from=shown_from,
            seed=settings.seed,
        )
    if expected_particles is not None:
        particles = ParticleNumber(expected_particles, expected_particles, expected_particles)
    else:
        particles = _at_least_the_labelled(_require(look).particles, seen.images)
    return TrainingData(
        training=tuple(one for i, one in enumerate(gathered.images) if i not in aside),
        validation=tuple(one for i, one in enumerate(gathered.images) if i in aside),
        contrast=side,
        report=checked.report,
        particles=particles,
        expected_particles=expected_particles,
        failures=tuple(map(Failure.of_missing, micrographs.missing)) + gathered.failures,
        left_out=gathered.left_out,
        sight=None if look is None else look.sight,
        shown_from=shown_from,
        asked_aside=validation is not None or settings.validation_share > 0,
    )


@dataclass(frozen=True)
class _Look:
    sight: FirstSight
    particles: ParticleNumber


def _looked_at(
    images: Sequence[WorkingImage],
    scorer: Scorer,
    general: DetectorModel,
    *,
    expected_particles: float | None,
    shown_from: float | None,
    seed: int,
) -> _Look | None:
    """Learn from the labels what the general model's scores mean; None if it finds no label."""
    labelled = [image for image in images if len(image.positives_px)]
    header = general.header
    found = [
        find_on(scorer, image, diameter_px=header.diameter_px, floor=header.score_floor)
        for image in labelled
    ]
    if not label_scores(found).any():
        return None
    calibration = calibrate_on_labels(
        said_of(found, shown_from=shown_from),
        [one.score for one in found],
        score_floor=header.score_floor,
        expected_particles=expected_particles,
        seed=seed,
    )
    n_labels = counted(sum(len(image.positives_px) for image in labelled), "label")
    basis = f"{n_labels} on {counted(len(labelled), 'micrograph')}, by way of the general model"
    score = np.concatenate([one.score for one in found])
    return _Look(FirstSight(calibration.table, score, basis), calibration.particles)


def _require(look: _Look | None) -> _Look:
    if look is None:
        raise BadInput(
            "The general model finds none of the labelled particles, so that the number of "
            "particles cannot be estimated. Check the diameter (Å), the pixel size (Å) and the "
            "contrast, or say how many particles a micrograph holds with --expected-particles."
        )
    return look


def _at_least_the_labelled(
    estimate: ParticleNumber, images: Sequence[WorkingImage]
) -> ParticleNumber:
    numbers = [len(image.positives_px) for image in images if len(image.positives_px)]
    least = float(np.mean(numbers))
    _log.info(
        "about %.0f particles in a micrograph (%.0f to %.0f)",
        estimate.value,
        estimate.low,
        estimate.high,
    )
    return ParticleNumber(
        max(estimate.value, least), max(estimate.low, least), max(estimate.high, least)
    )


def _aside(
    images: Sequence[WorkingImage],
    micrographs: MicrographList,
    validation: Sequence[Path] | None,
    settings: LearningSettings,
) -> set[int]:
    """Numbers of the images that are kept for validation."""
    if validation is None:
        numbers = [len(image.positives_px) for image in images]
        rng = np.random.default_rng([settings.seed, 0])
        return set(validation_micrographs(numbers, share=settings.validation_share, rng=rng))
    listed = {one.path.absolute(): one.name for one in micrographs}
    strangers = [str(path) for path in validation if path.absolute() not in listed]
    if strangers:
        raise BadInput(
            f"{strangers[0]}: to be kept for validation, but not among the micrographs given. "
            "Name it there as well."
        )
    names = {listed[path.absolute()] for path in validation}
    aside = {number for number, image in enumerate(images) if image.name in names}
    if not any(len(images[number].positives_px) for number in aside):
        raise BadInput(
            f"None of the micrographs kept for validation ({min(names)} first) has a "
            "label. Keep some aside that have."
        )
    if not any(len(image.positives_px) for i, image in enumerate(images) if i not in aside):
        raise BadInput(
            "All labels lie on the micrographs kept for validation. Label some of the others, or "
            "keep fewer aside."
        )
    return aside

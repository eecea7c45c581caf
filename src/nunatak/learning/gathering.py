"""Bring micrographs and labels together at the size at which the network sees particles."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from nunatak.detection.contrast import SAMPLE, Side, decide, vote
from nunatak.detection.parallel import Crew, in_order
from nunatak.detection.preparation import Prepared, prepare
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.learning.labels.set import LabelSet
from nunatak.learning.regions import Regions
from nunatak.learning.working_images import WorkingImage, working_image
from nunatak.sampling import evenly

_log = logging.getLogger(__name__)

MOST_UNLABELLED = 100
"""Micrographs without labels that take part: enough to show all kinds of ice, and few enough to
stay in memory."""

_NONE = np.empty((0, 2))


@dataclass(frozen=True)
class WorkingSize:
    """How micrographs are brought to the working size.

    Attributes
    ----------
    diameter_A, diameter_px : float
        Of the particle, and what it becomes.
    normalisation : str
        See `nunatak.images.normalisations`.
    contrast : str
        ``"dark"`` or ``"light"``: of the particles, as the network wants them.
    pixel_size_A : float or None
        For all micrographs; None takes it from headers and lists.
    override_pixel_size : bool
        Whether it wins over a header that contradicts it.
    """

    diameter_A: float
    diameter_px: float
    normalisation: str
    contrast: Side = "dark"
    pixel_size_A: float | None = None
    override_pixel_size: bool = False

    def prepare(self, one: ListedMicrograph) -> Prepared:
        """Read a micrograph (see `nunatak.detection.preparation.prepare`)."""
        return prepare(
            one.path,
            diameter_A=self.diameter_A,
            diameter_px=self.diameter_px,
            normalisation=self.normalisation,
            pixel_size_A=self.pixel_size_A,
            listed_pixel_size_A=one.pixel_size_A,
            override_pixel_size=self.override_pixel_size,
        )


@dataclass(frozen=True)
class Gathered:
    """What there is to learn from.

    Attributes
    ----------
    images : tuple of WorkingImage
        The labelled ones first.
    failures : tuple of Failure
        Micrographs that could not be read.
    left_out : int
        Micrographs without labels that were not read, being too many.
    """

    images: tuple[WorkingImage, ...]
    failures: tuple[Failure, ...]
    left_out: int


def gather(
    labels: LabelSet,
    size: WorkingSize,
    *,
    contrast: Side,
    most_unlabelled: int = MOST_UNLABELLED,
    regions: Mapping[str, Regions] = MappingProxyType({}),
) -> Gathered:
    """Read the labelled micrographs and a sample of the others.

    Parameters
    ----------
    labels
        Checked.
    size
        How to bring them to the working size.
    contrast
        Of the particles as stored.
    most_unlabelled
        Micrographs without labels that take part, at most.
    regions
        By micrograph: parts that are left out, or completely labelled.

    Raises
    ------
    BadInput
        If none of the labelled micrographs can be read.
    """
    others = [labels.unlabelled[i] for i in evenly(len(labels.unlabelled), most_unlabelled)]
    left_out = len(labels.unlabelled) - len(others)
    if others and left_out:
        _log.info(
            "%d of %d micrographs without labels take part", len(others), len(others) + left_out
        )
    marked = {one.micrograph.name: one for one in labels.labelled}
    chosen = [one.micrograph for one in labels.labelled] + others
    images: list[WorkingImage] = []
    failures: list[Failure] = []
    for one, read in zip(chosen, _read_all(chosen, size), strict=True):
        if isinstance(read, Failure):
            failures.append(read)
            continue
        known = marked.get(one.name)
        images.append(
            working_image(
                one.name,
                read,
                inverted=contrast != size.contrast,
                positives=_NONE if known is None else known.positives_px,
                negatives=_NONE if known is None else known.negatives_px,
                regions=regions.get(one.name),
            )
        )
    if not any(len(image.positives_px) for image in images):
        reasons = "; ".join(failure.reason for failure in failures[:3])
        if not failures:
            raise BadInput(
                "All labelled particles lie in parts that are left out. Label others, or leave "
                "less out."
            )
        raise BadInput(f"None of the labelled micrographs can be read: {reasons}")
    return Gathered(tuple(images), tuple(failures), left_out)


def contrast_of(
    micrographs: MicrographList, size: WorkingSize, scorer: Scorer, *, level: float
) -> Side:
    """Find out whether particles are dark or light, as for picking.

    Parameters
    ----------
    micrographs
        A few of them are looked at.
    size
        The scorer's.
    scorer
        A detector that knows particles.
    level
        Probability from which a peak counts.
    """
    everything = list(micrographs)
    sample = [everything[i] for i in evenly(len(everything), SAMPLE)]
    ballots = [
        vote(read.image, scorer, level=level, min_distance_px=0.4 * size.diameter_px)
        for read in _read_all(sample, size)
        if isinstance(read, Prepared)
    ]
    return decide(ballots)


def _read_all(
    micrographs: Sequence[ListedMicrograph], size: WorkingSize
) -> Iterator[Prepared | Failure]:
    """Read micrographs in order, a few at a time and no more ahead than that."""

    def read(number: str) -> Prepared | Failure:
        one = micrographs[int(number)]
        try:
            return size.prepare(one)
        except BadInput as error:
            return Failure(one.name, str(error))

    crew = Crew.of(torch.get_num_threads(), len(micrographs))
    return in_order(read, [str(number) for number in range(len(micrographs))], crew)

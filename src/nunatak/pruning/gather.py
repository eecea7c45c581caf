"""From picks and their images to what the shipped models say of each pick."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike

import numpy as np
import torch
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.model import DetectorModel
from nunatak.detection.options import Contrast
from nunatak.detection.parallel import in_order
from nunatak.detection.precision import Precision
from nunatak.detection.result import Failure
from nunatak.errors import BadInput, UsageError
from nunatak.picks.table import MERGING_COLUMNS, PickSet
from nunatak.pruning.cutting import Cutter, failing_alone
from nunatak.pruning.detector_scores import GENERAL_DETECTOR, DetectorScores
from nunatak.pruning.embedding import USUAL_VIEWS, Embedded, Embedder
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.model import PruningModel
from nunatak.pruning.particle_names import lacks_places
from nunatak.pruning.particle_stack import StackCutter
from nunatak.pruning.pick_crops import cutter_of

_REASONS_SHOWN = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What is known of each of n picks.

    Attributes
    ----------
    features : PickFeatures
        In the order of the pick table; NaN in rows that could not be judged, but for the
        picker's score.
    judged : ndarray, shape (n,), bool
        Whether there was an image of the pick.
    failures : list of Failure
        Micrographs or stacks that are missing, cannot be read, or have picks that are not judged.
    contrast : str
        ``"dark"`` or ``"light"``: particles in the stored images.
    """

    features: PickFeatures
    judged: NDArray[np.bool_]
    failures: list[Failure]
    contrast: Side


def gather_features(
    picks: PickSet,
    model: PruningModel,
    *,
    diameter_A: float,
    contrast: Contrast = "auto",
    workers: int | None = None,
    device: str = "auto",
    views: int = USUAL_VIEWS,
    with_detector: bool = True,
    on_image: Callable[[int], None] | None = None,
    micrographs: Micrographs = (),
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    precision: Precision = "auto",
    detector: DetectorModel | str | PathLike[str] = GENERAL_DETECTOR,
) -> Gathered:
    """Look at every pick with the classifier and the detector.

    Picks are looked at on their micrographs; where none of these can be found, and the pick table
    names particle images, on the particle images, which show the detector nothing. Every image is
    read once, and only the numbers are kept.

    Parameters
    ----------
    picks
        On micrographs, or with particle images.
    model
        The classifier.
    diameter_A
        Of a particle.
    contrast
        Particles in the stored images: ``"dark"``, ``"light"``, or ``"auto"`` to find out.
    workers
        Threads of the processor. Default: torch's own choice.
    device, precision
        Where the networks compute, and in which number format: see
        `nunatak.detection.precision`.
    views
        Of each crop, see `nunatak.pruning.embedding.Embedder`.
    with_detector
        Whether to ask the detector; it costs about as much as reading the micrographs.
    on_image
        Called with the number of images finished since the last call.
    micrographs
        Where to look up the micrographs: see `nunatak.pruning.image_files.micrograph_files`.
    pixel_size_A, override_pixel_size
        Of the micrographs (or particle images), and whether it wins over headers and lists that
        contradict it.
    detector
        The detector, or the path or name of one. It also tells the contrast.

    Raises
    ------
    BadInput
        If no pick at all can be judged, or the picks lie in tomograms.
    ResourceError
        If the device or its memory does not suffice.
    """
    if picks.ndim != 2:
        raise BadInput(
            f"{picks.source}: picks in tomograms where picks on micrographs were expected."
        )
    if model.header.ndim != 2:
        raise UsageError(f"{model.path or model.header.name} judges picks in tomograms.")
    scores = DetectorScores(detector, device=device, precision=precision)
    cutter = cutter_of(
        picks,
        diameter_A=diameter_A,
        spec=model.header.crop,
        contrast=contrast,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        micrographs=micrographs,
        detector=scores if with_detector else None,
        voter=scores,
        threads=workers or torch.get_num_threads(),
    )
    if isinstance(cutter, StackCutter):
        _log.warning("%s", _on_particle_images(picks))
    embedder = Embedder(model, views=views, device=device, precision=precision)
    channels = scores.feature_channels if with_detector else 0
    features = nothing_known(picks, model, detector_channels=channels)
    judged = np.zeros(len(picks), dtype=bool)
    failures = list(cutter.missing)
    for seen in _looked_at(cutter, embedder, on_image or ignore):
        for part, embedded in seen.parts:
            features.embedding[part.rows] = embedded.embedding
            features.log_probability[part.rows] = embedded.log_probability
            features.detector_logit[part.rows] = part.logit
            if features.detector_features is not None and part.features is not None:
                features.detector_features[part.rows] = part.features
            judged[part.rows] = True
        failures += seen.failures
    if len(picks) and not judged.any():
        raise BadInput(_none_judged(failures))
    return Gathered(features, judged, failures, cutter.contrast)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some picks of an image, and what the detector says of them."""

    rows: NDArray[np.int64]
    logit: NDArray[np.float64]
    features: NDArray[np.float32] | None


@dataclass
class _Seen:
    """What came of one image: the detector's and the classifier's judgement of parts of it."""

    parts: list[tuple[_Part, Embedded]]
    failures: list[Failure]


def _looked_at(
    cutter: Cutter, embedder: Embedder, on_image: Callable[[int], None]
) -> Iterator[_Seen]:
    """Cut and judge image by image; the crops are let go at once."""
    on_image(len(cutter.missing))

    def work(image: str) -> _Seen:
        seen = _Seen([], [])
        with failing_alone(image, seen.failures):
            for part in cutter.cut(image):
                said = _Part(part.rows, part.detector_logit, part.detector_features)
                seen.parts.append((said, embedder(part.crops)))
        return seen

    with closing(in_order(work, cutter.images, cutter.crew)) as outcomes:
        for seen in outcomes:
            yield seen
            on_image(1)


def nothing_known(
    picks: PickSet, model: PruningModel, *, detector_channels: int = 0
) -> PickFeatures:
    """Return the features of picks that nobody has looked at, to be filled in.

    Parameters
    ----------
    picks
        The picks.
    model
        The classifier that is going to look at them.
    detector_channels
        Of what the detector is going to say besides its logit.
    """
    count, classes = len(picks), model.header.classes
    channels = model.network.backbone.feature_channels
    unknown = np.full(count, np.nan)
    return PickFeatures(
        embedding=np.full((count, channels), np.nan, dtype=np.float32),
        log_probability=np.full((count, len(classes)), np.nan, dtype=np.float32),
        detector_logit=unknown.copy(),
        picker_score=np.array(picks.table.get("score", unknown), dtype=np.float64),
        classes=classes,
        agreement=agreement_of(picks),
        detector_features=np.full((count, detector_channels), np.nan, dtype=np.float32)
        if detector_channels
        else None,
    )


def _on_particle_images(picks: PickSet) -> str:
    seen = "particle images, which have no surroundings and show the detector nothing"
    if lacks_places(picks):
        return f"no places on micrographs are known, so that picks are judged by their {seen}"
    return (
        f"none of the micrographs was found ({picks.images[0]}), so that picks are judged by "
        f"their {seen}; --micrographs says where the micrographs are"
    )


def agreement_of(picks: PickSet) -> NDArray[np.float64] | None:
    """Return the share of the pickers which picked each particle, of those that looked there.

    Returns
    -------
    ndarray, shape (n,), float64, or None
        NaN where fewer than two looked: one picker agrees with itself. None where the picks are
        not those of a merging.
    """
    if not {*MERGING_COLUMNS} <= set(picks.table.columns):
        return None
    agreement, looked = (picks.table[name].to_numpy(np.float64) for name in MERGING_COLUMNS[:2])
    share = np.full(len(picks), np.nan)
    np.divide(agreement, looked, out=share, where=looked > 1)
    return share


def _none_judged(failures: Sequence[Failure]) -> str:
    if len(failures) == 1:
        return failures[0].reason
    reasons = "".join(f"\n  {failure.reason}" for failure in failures[:_REASONS_SHOWN])
    left = len(failures) - _REASONS_SHOWN
    more = f"\n  and {left} more" if left > 0 else ""
    return f"No pick can be judged:{reasons}{more}"


def ignore(_count: int) -> None:
    """Say nothing."""

"""Answer ``topaz extract``: pick micrographs in pixels, with scores as log-likelihood ratios."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from nunatak.detection.candidates import SCORE_DECIMALS
from nunatak.detection.finished import Finished
from nunatak.detection.header import ModelHeader
from nunatak.detection.job import Job, by_identity, torch_threads
from nunatak.detection.model import DetectorModel, load_model
from nunatak.detection.options import Contrast, resolved_options
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.pick import GENERAL_MODEL
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import UsageError
from nunatak.images.inputs import list_micrographs
from nunatak.learning.topaz.lengths import PIXEL_SIZE_A, picking_diameter_px
from nunatak.learning.topaz.tables import COORDINATE_HEADER, table_text

PROVENANCE_KEY = "topaz_wrapper"
"""Where a model trained through the wrapper keeps what it was called with."""

_CERTAIN = 0.5 * 10.0**-SCORE_DECIMALS
_LARGEST_THRESHOLD = 30.0


@dataclass(frozen=True)
class Extracted:
    """What was found.

    Attributes
    ----------
    text : str
        Table as Topaz writes it, a header line also where nothing was found.
    count : int
        Rows below the header.
    failures : tuple of Failure
        Images that could not be picked.
    """

    text: str
    count: int
    failures: tuple[Failure, ...]


def extract(
    images: Sequence[str | PathLike[str]],
    *,
    radius_px: int,
    threshold: float = -6.0,
    coordinate_scale: float = 1.0,
    model: str | PathLike[str] = GENERAL_MODEL,
    diameter_px: float | None = None,
    contrast: Contrast | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> Extracted:
    """Find particles in images whose pixel size nobody states.

    Parameters
    ----------
    images
        Files or folders.
    radius_px
        Particle radius, pixels of the images; no two picks are closer.
    threshold
        Smallest log-likelihood ratio, the natural logarithm of p / (1 - p).
    coordinate_scale
        Coordinates are multiplied by it: what the images were made smaller by.
    model
        A model file of nunatak, or a shipped model's name.
    diameter_px
        Particle diameter, pixels of the images. Default: from the radius.
    contrast
        Particles against ice. Default: as the model's own images had them.
    device, threads
        See `nunatak.pick`.

    Raises
    ------
    UsageError
        If a number makes no sense.
    BadInput
        If there is no image, or the model cannot be read. A bad image is a failure.
    """
    if not (abs(threshold) <= _LARGEST_THRESHOLD and coordinate_scale > 0):
        raise UsageError(
            f"-t {threshold:g}, scale {coordinate_scale:g}: the threshold is a log-likelihood "
            f"ratio within ±{_LARGEST_THRESHOLD:g}, the scale a positive number."
        )
    detector = _with_floor(load_model(model), float(expit(threshold)))
    header = detector.header
    if diameter_px is None:
        trained_px = _trained_diameter_px(header)
        diameter_px = picking_diameter_px(radius_px, trained_diameter_px=trained_px)
    options = resolved_options(
        header,
        diameter_A=diameter_px * PIXEL_SIZE_A,
        min_distance_A=radius_px * PIXEL_SIZE_A,
        border_A=0.0,
        threshold=header.score_floor,
        wanted_precision=None,
        max_per_micrograph=None,
        contrast=contrast or _contrast(header),
        pixel_size_A=PIXEL_SIZE_A,
        override_pixel_size=True,
        device=device,
        arithmetic="auto",
        threads=threads,
    )
    listed = list_micrographs(images)
    scorer = Scorer(detector, device=options.device, precision=options.arithmetic)
    with torch_threads(options.threads):
        job = Job(detector, options, by_identity(listed), scorer)
        outcomes = list(
            job.results(
                list(job.entries), contrast=job.contrast(), journal=None, stopwatch=Stopwatch()
            )
        )
    finished = [outcome for outcome in outcomes if isinstance(outcome, Finished)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    failures += map(Failure.of_missing, listed.missing)
    columns = _columns(finished, coordinate_scale)
    return Extracted(
        table_text(COORDINATE_HEADER, columns), count=len(columns[0]), failures=tuple(failures)
    )


def _with_floor(detector: DetectorModel, floor: float) -> DetectorModel:
    """Let the threshold alone decide which candidates there are."""
    return replace(detector, header=detector.header.model_copy(update={"score_floor": floor}))


def _wrapper_record(header: ModelHeader) -> dict[str, object]:
    record = header.provenance.get(PROVENANCE_KEY)
    return dict(record) if isinstance(record, dict) else {}


def _trained_diameter_px(header: ModelHeader) -> float | None:
    diameter = _wrapper_record(header).get("diameter_px")
    return diameter if isinstance(diameter, float) else None


def _contrast(header: ModelHeader) -> Contrast:
    """Particles are dark unless the training found them light.

    RELION calls once a micrograph: finding out from a single one would, on an empty one, turn
    contamination into particles.
    """
    return "light" if _wrapper_record(header).get("contrast") == "light" else "dark"


def _columns(finished: Sequence[Finished], coordinate_scale: float) -> list[list[str]]:
    """Cells of the table, best first within an image."""
    names: list[str] = []
    cells: list[list[str]] = [[], [], []]
    for micrograph in finished:
        candidates = micrograph.candidates
        names += [Path(micrograph.image).stem] * len(candidates)
        # Whole pixels: RELION's extraction would cut decimals off.
        cells[0] += _whole(candidates.x_px * coordinate_scale)
        cells[1] += _whole(candidates.y_px * coordinate_scale)
        # A probability is kept to some decimals; beyond them its logit would be infinite.
        ratio = logit(np.clip(candidates.score, _CERTAIN, 1.0 - _CERTAIN))
        cells[2] += [f"{value:.4f}" for value in ratio]
    return [names, *cells]


def _whole(values: NDArray[np.float64]) -> list[str]:
    return [str(value) for value in np.rint(values).astype(np.int64).tolist()]

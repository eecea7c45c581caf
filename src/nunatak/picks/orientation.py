"""Find out how the axes of a pick file relate to the images, by looking at the images.

Programs disagree about which row of an image comes first. A wrong guess leaves picks that look
like picks and lie nowhere near a particle. Particles differ from their surroundings, though:
where the picks fall on particles, the local mean at the particle's scale differs from that at
random positions; where they are mirrored, it does not.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from nunatak import geometry
from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.geometry import FloatArray, Orientation
from nunatak.images.micrograph import Micrograph
from nunatak.picks.names import NameIndex
from nunatak.picks.orientation_report import OrientationReport, OrientationScore
from nunatak.picks.table import PickSet

WORKING_DIAMETER_PX = 10.0
"""Images are binned until the particle has about this diameter: finer detail does not count."""

_CLIP = 4.0
"""Robust standard deviations beyond which gold and carbon edges are cut."""

_MIN_PICKS = 10
_MIN_IMAGES_FOR_SPREAD = 4
"""From so many images on, the standard error comes from their spread, not from the picks'."""


def score_orientations(
    picks: PickSet,
    micrographs: Iterable[Micrograph],
    *,
    diameter_A: float | None = None,
    diameter_px: float | None = None,
    by_default: Orientation = Orientation.IDENTITY,
) -> OrientationReport:
    """Score identity, both mirrors, half turn and transposition of picks against images.

    Parameters
    ----------
    picks
        Picks, read with ``identity`` (and with the right binning).
    micrographs
        Their images, one at a time; images without picks are passed over.
    diameter_A, diameter_px
        Particle diameter, in ångström (each image must have a pixel size) or pixels.
    by_default
        How the format of the picks is read where nothing is said, for the report.

    Returns
    -------
    OrientationReport
        Transposition is scored only if every image is square.

    Raises
    ------
    BadInput
        If fewer than ten picks lie on the images.
    Mismatch
        If two images fit the same picks.
    UsageError
        If no diameter is given, or an image has no pixel size to convert it by.
    """
    names = NameIndex(picks.images)
    taken: dict[str, list[tuple[Orientation, FloatArray]]] = {}
    for micrograph in micrographs:
        path = str(micrograph.info.path)
        image = names.resolve_all([path]).found.get(path)
        xy = picks.table.loc[picks.table["image"] == image, ["x_px", "y_px"]].to_numpy()
        if image is None or not len(xy):
            continue
        if image in taken:
            raise Mismatch(f"{path}: a second image that fits the picks of {image}.")
        diameter = _diameter_px(micrograph, diameter_A, diameter_px)
        taken[image] = _contrasts(micrograph, xy, diameter)
    n_picks = sum(len(scored[0][1]) for scored in taken.values())
    if n_picks < _MIN_PICKS:
        raise BadInput(
            f"Only {n_picks} picks lie on the given images; at least {_MIN_PICKS} are needed. "
            f"The picks name {len(picks.images)} images, such as {', '.join(picks.images[:3])}."
        )
    unmatched = {
        image: "not among the images given" for image in picks.images if image not in taken
    }
    return OrientationReport(
        _ranked(list(taken.values())), n_picks, len(taken), unmatched, by_default
    )


def contrast_map(
    pixels: NDArray[np.generic], diameter_px: float
) -> tuple[NDArray[np.float32], int]:
    """Return how much each place differs from its surroundings at the particle's scale.

    A difference of two Gaussians, clipped against gold and carbon edges, scaled to mean 0 and
    standard deviation 1 over all positions.

    Parameters
    ----------
    pixels
        Image, shape ``(ny, nx)``, any real type.
    diameter_px
        Particle diameter, pixels.

    Returns
    -------
    contrast : ndarray, shape (ny // binning, nx // binning), float32
        Standard deviations.
    binning : int
        By which the image was averaged.
    """
    binning = min(max(1, round(diameter_px / WORKING_DIAMETER_PX)), *pixels.shape)
    ny, nx = (size // binning * binning for size in pixels.shape)
    blocks = pixels[:ny, :nx].astype(np.float32)
    binned = blocks.reshape(ny // binning, binning, nx // binning, binning).mean(axis=(1, 3))
    diameter = diameter_px / binning
    # Clipped twice, because a bead that is smoothed whole shines over half the image.
    tame = _clipped(binned)
    local = ndimage.gaussian_filter(tame, diameter / 4, mode="reflect")
    contrast = _clipped(local - ndimage.gaussian_filter(tame, diameter, mode="reflect"))
    deviation = contrast.std()
    scaled = (contrast - contrast.mean()) / (deviation if deviation > 0 else 1.0)
    return scaled.astype(np.float32), binning


def _clipped(values: NDArray[np.float32]) -> NDArray[np.float32]:
    centre = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - centre))
    if spread == 0:  # more than half the image is one grey: there is no noise to measure by
        return values
    return np.clip(values, centre - _CLIP * spread, centre + _CLIP * spread)


def _diameter_px(
    micrograph: Micrograph, diameter_A: float | None, diameter_px: float | None
) -> float:
    stated = diameter_px if diameter_px is not None else diameter_A
    if stated is not None and not stated > 0:
        raise UsageError(f"The diameter must be a positive number, but is {stated}.")
    if diameter_px is not None:
        return diameter_px
    if diameter_A is None:
        raise UsageError("The particle's diameter is needed (--diameter).")
    if micrograph.pixel_size_A is None:
        raise UsageError(
            f"{micrograph.info.path} has no pixel size to convert the diameter by (--pixel-size)."
        )
    return diameter_A / micrograph.pixel_size_A


def _contrasts(
    micrograph: Micrograph, xy: FloatArray, diameter_px: float
) -> list[tuple[Orientation, FloatArray]]:
    """Return the contrast at each pick under each orientation that the image allows."""
    contrast, binning = contrast_map(micrograph.pixels, diameter_px)
    ny, nx = micrograph.shape
    scored = []
    for orientation in Orientation:
        if orientation is Orientation.TRANSPOSE and ny != nx:
            continue
        x, y = geometry.oriented(xy[:, 0], xy[:, 1], (ny, nx), orientation)
        columns, rows = (
            np.rint(geometry.source_to_resampled(axis, binning)).astype(np.intp) for axis in (x, y)
        )
        inside = (columns >= 0) & (columns < contrast.shape[1])
        inside &= (rows >= 0) & (rows < contrast.shape[0])
        values = np.zeros(len(xy))  # what a random position has on average
        values[inside] = contrast[rows[inside], columns[inside]]
        scored.append((orientation, values))
    return scored


def _ranked(
    scored: list[list[tuple[Orientation, FloatArray]]],
) -> tuple[OrientationScore, ...]:
    common = [
        orientation
        for orientation in Orientation
        if all(orientation in dict(image) for image in scored)
    ]
    values = {o: [dict(image)[o] for image in scored] for o in common}
    means = {o: _mean_and_error(values[o]) for o in common}
    best = max(common, key=lambda o: abs(means[o][0]))
    scores = []
    for orientation in common:
        mean, error = means[orientation]
        behind = 0.0
        if orientation is not best:
            # Each with its own sign: what counts is how far it is from chance.
            signs = np.sign(means[best][0]), np.sign(mean)
            gaps = [
                signs[0] * there - signs[1] * here
                for there, here in zip(values[best], values[orientation], strict=True)
            ]
            gap, gap_error = _mean_and_error(gaps)
            behind = gap / gap_error
        scores.append(OrientationScore(orientation, mean, error, behind))
    return tuple(sorted(scores, key=lambda score: -abs(score.contrast)))


def _mean_and_error(per_image: list[FloatArray]) -> tuple[float, float]:
    """Return the mean over picks and its standard error, from images where they suffice."""
    pooled = np.concatenate(per_image)
    mean = float(pooled.mean())
    if len(per_image) >= _MIN_IMAGES_FOR_SPREAD:
        weights = np.array([len(values) for values in per_image]) / len(pooled)
        means = np.array([values.mean() for values in per_image])
        # Variance of a weighted mean of images that are independent of each other.
        effective = 1 / float((weights**2).sum())
        variance = float((weights * (means - mean) ** 2).sum()) / max(effective - 1, 1e-9)
    else:
        variance = float(pooled.var(ddof=1)) / len(pooled)
    return mean, float(np.sqrt(variance)) or 1e-12

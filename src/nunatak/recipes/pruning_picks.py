"""Picks of simulated fields, good and bad, as a picker might make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.spatial import KDTree

from nunatak.pruning import classes
from nunatak.simulate.crops import CropConfig, DrawnField
from nunatak.simulate.field import JunkClass

CLASS_OF_JUNK: Mapping[JunkClass, str] = MappingProxyType(
    {
        JunkClass.CARBON: classes.CARBON,
        JunkClass.GOLD_FOIL: classes.GOLD,
        JunkClass.GOLD_BEAD: classes.GOLD,
        JunkClass.ICE_CRYSTAL: classes.ICE,
        JunkClass.MOTTLED_ICE: classes.ICE,
        JunkClass.CONTAMINATION: classes.OTHER,
        JunkClass.FILAMENT: classes.OTHER,
        JunkClass.VESICLE: classes.OTHER,
        JunkClass.AGGREGATE: classes.AGGREGATE,
        JunkClass.EMPTY_HOLE: classes.EMPTY,
        JunkClass.NONE: classes.EMPTY,
    }
)
"""What a pick on junk is. A fragment is left out: it may be a whole particle of another kind."""

_SPOILING = (
    *(JunkClass.CARBON, JunkClass.GOLD_FOIL, JunkClass.GOLD_BEAD, JunkClass.ICE_CRYSTAL),
    *(JunkClass.CONTAMINATION, JunkClass.FILAMENT, JunkClass.VESICLE),
)
"""A particle on these is neither asked for nor refused: people judge it differently."""


class PickConfig(BaseModel):
    """How picks are drawn; distances in true particle diameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: CropConfig = CropConfig(
        side_px=448,
        diameter_px=40.0,
        diameter_error=(0.8, 1.25),
        coverage=(0.02, 0.6),
        junk=2.0,
    )
    centred: float = Field(0.12, gt=0)
    """Standard error of a good pick; at most twice that, which alignment still puts right."""
    off_centre: tuple[float, float] = (0.35, 0.65)
    lonely: float = Field(0.7, gt=0)
    """A pick this far from every particle shows none."""
    crowded: float = Field(0.4, gt=0)
    """Particles nearer to each other than this lie on top of each other: no verdict."""
    particles: int = Field(12, gt=0)
    shifted: int = Field(3, ge=0)
    junk_of_a_kind: int = Field(6, ge=0)
    """Most picks a field of whole particles, of shifted ones, and of each kind of junk."""


@dataclass(frozen=True)
class SimulatedPicks:
    """Places in a field, and what is there.

    Attributes
    ----------
    centres_px : ndarray, shape (n, 2), float64
        Columns x, y.
    class_name : ndarray, shape (n,), str
        Of `nunatak.pruning.classes.SEEN_CLASSES`.
    junk : ndarray, shape (n,), uint8
        `JunkClass` under the pick; `JunkClass.NONE` for particles.
    """

    centres_px: NDArray[np.float64]
    class_name: NDArray[np.str_]
    junk: NDArray[np.uint8]


def picks_of(drawn: DrawnField, config: PickConfig, rng: np.random.Generator) -> SimulatedPicks:
    """Pick a simulated field: particles, particles off centre, and every kind of junk in it.

    Half of the junk picks lie anywhere on it, the other half where a picker would be drawn to:
    on a dark spot of about a particle's size.

    Parameters
    ----------
    drawn
        The field.
    config
        How to pick.
    rng
        Source of randomness.

    Returns
    -------
    SimulatedPicks
        In random order; particles too faint to be seen are left out.
    """
    diameter_px = drawn.diameter_A / drawn.scene.pixel_size_A
    centres = np.array([(one.x_px, one.y_px) for one in drawn.scene.particles]).reshape(-1, 2)
    whole = np.array([(one.x_px, one.y_px) for one in drawn.particles]).reshape(-1, 2)
    tree = KDTree(centres) if len(centres) else None
    places: list[tuple[float, float, str, int]] = []
    if drawn.is_visible(config.fields.least_detectability) and tree is not None:
        apart = _clear(whole, tree, drawn, config.crowded * diameter_px)
        apart = rng.permutation(apart)
        for x, y in apart[: config.particles]:
            error = rng.normal(0.0, config.centred / np.sqrt(2), 2)
            error *= min(1.0, 2 * config.centred / max(float(np.hypot(*error)), 1e-9))
            places.append((x + error[0] * diameter_px, y + error[1] * diameter_px, "particle", 0))
        for x, y in apart[: config.shifted]:
            reach, angle = rng.uniform(*config.off_centre), rng.uniform(0, 2 * np.pi)
            shifted = (
                x + reach * diameter_px * np.cos(angle),
                y + reach * diameter_px * np.sin(angle),
            )
            if float(tree.query(shifted)[0]) >= config.off_centre[0] * diameter_px:
                places.append((*shifted, classes.OFF_CENTRE, 0))
    places += _junk_picks(drawn, config, tree, diameter_px, rng)
    ny, nx = drawn.image.shape
    inside = [one for one in places if 0 <= one[0] <= nx - 1 and 0 <= one[1] <= ny - 1]
    order = rng.permutation(len(inside))
    return SimulatedPicks(
        centres_px=np.array([inside[i][:2] for i in order], dtype=np.float64).reshape(-1, 2),
        class_name=np.array([inside[i][2] for i in order], dtype=np.str_),
        junk=np.array([inside[i][3] for i in order], dtype=np.uint8),
    )


def _clear(
    whole: NDArray[np.float64], tree: KDTree, drawn: DrawnField, distance_px: float
) -> NDArray[np.float64]:
    """Particles inside the image that neither lie on another one nor on junk."""
    ny, nx = drawn.image.shape
    column, row = np.rint(whole).astype(np.int64).T
    inside = (column >= 0) & (column < nx) & (row >= 0) & (row < ny)
    whole, column, row = whole[inside], column[inside], row[inside]
    if not len(whole):
        return whole
    distances = np.asarray(tree.query(whole, k=2)[0])
    spoiled = np.isin(drawn.rendered.label[row, column], _SPOILING)
    return whole[(distances[:, 1] > distance_px) & ~spoiled]


def _junk_picks(
    drawn: DrawnField,
    config: PickConfig,
    tree: KDTree | None,
    diameter_px: float,
    rng: np.random.Generator,
) -> list[tuple[float, float, str, int]]:
    label = drawn.rendered.label
    dark = _dark_spots(drawn.image, diameter_px)
    picks = []
    for kind, class_name in CLASS_OF_JUNK.items():
        if kind == JunkClass.AGGREGATE:
            picks += _aggregate_picks(drawn, config, rng)
            continue
        mask = label == kind
        if not mask.any():
            continue
        anywhere = rng.choice(np.argwhere(mask), config.junk_of_a_kind)
        drawn_to = rng.permutation(dark[mask[dark[:, 0], dark[:, 1]]])
        half = config.junk_of_a_kind // 2
        for y, x in [*drawn_to[:half].tolist(), *anywhere[: config.junk_of_a_kind - half].tolist()]:
            if tree is None or float(tree.query((x, y))[0]) >= config.lonely * diameter_px:
                picks.append((float(x), float(y), class_name, int(kind)))
    return picks


def _aggregate_picks(
    drawn: DrawnField, config: PickConfig, rng: np.random.Generator
) -> list[tuple[float, float, str, int]]:
    members = rng.permutation(
        np.array([(one.x_px, one.y_px) for one in drawn.spoiled.aggregates]).reshape(-1, 2)
    )
    kind = int(JunkClass.AGGREGATE)
    return [
        (float(x), float(y), classes.AGGREGATE, kind) for x, y in members[: config.junk_of_a_kind]
    ]


def _dark_spots(image: NDArray[np.float32], diameter_px: float) -> NDArray[np.int64]:
    """Rows and columns of the darkest places within half a diameter."""
    dark = -gaussian_filter(image, 0.25 * diameter_px)
    peaks = dark == maximum_filter(dark, size=max(round(0.5 * diameter_px), 3))
    return np.argwhere(peaks & (dark > np.quantile(dark, 0.6)))

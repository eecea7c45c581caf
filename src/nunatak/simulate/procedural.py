"""Built-in protein complexes, drawn at random, so that nothing has to be downloaded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nunatak.simulate.density import PROTEIN_DENSITY_DA_PER_A3, Density
from nunatak.simulate.lumps import FloatArray, Lumps, filled, furthest_connected, joined
from nunatak.simulate.point_groups import point_group, rotation_about
from nunatak.simulate.subunits import grown

SMALLEST_KDA = 45.0
LARGEST_KDA = 5000.0
LONGEST_ASPECT = 3.6

_POINTS = 4000  # scatterers per complex before thinning; about one per (8 Å)³ at 1 MDa
_BLUR_PER_SPACING = 0.45
_RNA_WEIGHT = 1.5  # nucleic acid scatters more than protein per volume
_DETERGENT_WEIGHT = 0.45


@dataclass(frozen=True)
class _Plan:
    """A complex before it is filled: asymmetric unit, point group, and what to call it."""

    kind: str
    group: str
    unit: Lumps


def procedural_complex(rng: np.random.Generator) -> Density:
    """Draw a protein-like complex.

    Bumpy domains of 10 to 50 kDa are grown into subunits, and subunits are brought as far apart
    as their contacts allow under a point group (C1-C12, D2-D8, T, O, I) or a helix: clusters,
    rings, barrels, cages, rods, tripods, membrane proteins in their detergent belt, capped
    barrels and ribosome-like giants come out. All parts touch. Masses run from 45 kDa to 5 MDa,
    aspect ratios up to 3.6.

    Parameters
    ----------
    rng
        The only source of randomness: the same state gives the same complex.

    Returns
    -------
    Density
        Named ``procedural-<kind>-<group>-<mass>kDa``; axes of symmetry as in
        `nunatak.simulate.point_groups.point_group`, through the origin.

    Examples
    --------
    >>> complex_ = procedural_complex(np.random.default_rng(7))
    >>> 45 <= complex_.mass_kDa <= 5000
    True
    """
    makers = list(_MAKERS)
    chances = np.array([chance for _, chance in makers])
    maker = makers[int(rng.choice(len(makers), p=chances / chances.sum()))][0]
    while True:
        plan = maker(rng)
        if not plan.unit.repeated(point_group(plan.group)).is_connected():
            continue
        density = _scatterers(plan, rng)
        if (
            SMALLEST_KDA <= density.mass_kDa <= LARGEST_KDA
            and max(_extent_ratios(density)) <= LONGEST_ASPECT
        ):
            return density


def _extent_ratios(density: Density) -> tuple[float, float]:
    """Longest to middle principal extent (rods), and middle to shortest (discs)."""
    share = (density.potential_VA3 / density.potential_VA3.sum()).astype(np.float64)
    moments = (density.positions_A * share[:, None]).T @ density.positions_A
    shortest, middle, longest = np.sqrt(np.linalg.eigvalsh(moments))
    return float(longest / middle), float(middle / shortest)


def _scatterers(plan: _Plan, rng: np.random.Generator) -> Density:
    rotations = point_group(plan.group)
    positions, weights, spacing_A = filled(plan.unit, rotations, _POINTS, rng)
    mass_kDa = float(weights.sum()) * spacing_A**3 * PROTEIN_DENSITY_DA_PER_A3 / 1000.0
    return Density.from_scatterers(
        f"procedural-{plan.kind}-{plan.group}-{mass_kDa:.0f}kDa",
        positions,
        weights,
        mass_kDa=mass_kDa,
        blur_A=_BLUR_PER_SPACING * spacing_A,
    )


def _around(rng: np.random.Generator, unit: Lumps, group: str, tilt_rad: float) -> Lumps:
    """Move a subunit off the symmetry centre until its mates barely or firmly touch.

    ``tilt_rad`` is the angle of the way out above the x, y plane.
    """
    rotations = point_group(group)
    azimuth_rad = rng.uniform(0, 2 * np.pi)
    out = rotation_about((0, 0, 1), azimuth_rad) @ [np.cos(tilt_rad), 0.0, np.sin(tilt_rad)]

    def moved(distance_A: float) -> Lumps:
        return unit.moved(np.eye(3), distance_A * out)

    upper_A = 2.0 * _size_A(unit) * max(2.0, len(rotations) ** 0.5)
    loosest_A = furthest_connected(lambda d: moved(d).repeated(rotations), upper_A)
    return moved(loosest_A * rng.uniform(0.75, 1.0))


def _size_A(unit: Lumps) -> float:
    return float((np.linalg.norm(unit.centres_A, axis=1) + unit.radii_A).max())


def _any_shape(rng: np.random.Generator) -> tuple[float, float, float]:
    a, b, c = np.exp(0.45 * rng.standard_normal(3))
    return float(a), float(b), float(c)


def _cluster(rng: np.random.Generator) -> _Plan:
    unit = grown(
        rng,
        int(rng.integers(2, 14)),
        shape=_any_shape(rng),
        compactness=int(rng.integers(1, 9)),
        stalks=0.15,
    )
    return _Plan("cluster", "C1", unit)


def _giant(rng: np.random.Generator) -> _Plan:
    unit = grown(rng, int(rng.integers(30, 90)), shape=_any_shape(rng), compactness=12)
    is_rna = rng.random(len(unit.weights)) < rng.uniform(0.0, 0.5)
    weights = unit.weights * np.where(is_rna, _RNA_WEIGHT, 1.0)
    return _Plan("giant", "C1", Lumps(unit.centres_A, unit.radii_A, weights))


def _ring(rng: np.random.Generator) -> _Plan:
    group = f"C{rng.integers(2, 13)}"
    unit = grown(rng, int(rng.integers(1, 6)), shape=_any_shape(rng))
    return _Plan("ring", group, _around(rng, unit, group, 0.0))


def _barrel(rng: np.random.Generator) -> _Plan:
    group = f"D{rng.integers(2, 9)}"
    unit = grown(rng, int(rng.integers(1, 5)), shape=_any_shape(rng))
    return _Plan("barrel", group, _around(rng, unit, group, rng.uniform(0.2, 1.1)))


def _cage(rng: np.random.Generator) -> _Plan:
    group = str(rng.choice(["T", "O", "O", "I", "I"]))
    most = {"T": 7, "O": 5, "I": 4}[group]
    unit = grown(rng, int(rng.integers(1, most)), shape=_any_shape(rng))
    return _Plan("cage", group, _around(rng, unit, group, np.arcsin(rng.uniform(-1, 1))))


def _rod(rng: np.random.Generator) -> _Plan:
    """Return a stretch of a helix, two to four times as long as wide."""
    unit = grown(rng, int(rng.integers(1, 4)), shape=_any_shape(rng))
    unit = unit.moved(
        np.eye(3), -unit.centres_A[0]
    )  # a domain on the axis surely touches its mates
    twist_rad = rng.uniform(0.3, np.pi)

    def helix(off_axis_A: float, rise_A: float, copies: int = 6) -> Lumps:
        mates = [
            unit.moved(np.eye(3), np.array([off_axis_A, 0, 0])).moved(
                rotation_about((0, 0, 1), i * twist_rad), np.array([0, 0, i * rise_A])
            )
            for i in range(copies)
        ]
        return joined(mates)

    size_A = _size_A(unit)
    furthest_A = furthest_connected(lambda d: helix(d, 0.0), 4.0 * size_A)
    off_axis_A = rng.random() * min(furthest_A, 1.2 * size_A)  # farther out it is a corkscrew
    rise_A = furthest_connected(lambda rise: helix(off_axis_A, rise), 4.0 * size_A)
    rise_A *= rng.uniform(0.3, 0.9)
    length_A = 2.0 * (off_axis_A + size_A) * rng.uniform(1.5, 3.5)
    return _Plan("rod", "C1", helix(off_axis_A, rise_A, int(np.clip(length_A / rise_A, 3, 40))))


def _tripod(rng: np.random.Generator) -> _Plan:
    """Return three or four arms on a hub, as antibodies and clathrin have them."""
    body = grown(rng, int(rng.integers(1, 3)))
    for azimuth_rad in np.linspace(0, 2 * np.pi, int(rng.integers(3, 5)), endpoint=False):
        arm = grown(rng, int(rng.integers(2, 6)), shape=(1.0, 0.35, 0.35))
        lift = rotation_about((0, 1, 0), rng.normal(0, 0.4))
        turn = rotation_about((0, 0, 1), azimuth_rad + rng.normal(0, 0.3)) @ lift
        body = joined([body, _landed(arm.moved(turn, np.zeros(3)), body, turn[:, 0])])
    return _Plan("tripod", "C1", body)


def _membrane(rng: np.random.Generator) -> _Plan:
    """Return a protein through a belt of detergent or lipid."""
    group = f"C{rng.integers(1, 7)}"
    unit = grown(rng, int(rng.integers(1, 5)), shape=(0.6, 0.6, 1.5))
    unit = _around(rng, unit, group, 0.0)
    across_A = float(np.hypot(unit.centres_A[:, 0], unit.centres_A[:, 1]).max())
    height_A = float(rng.uniform(-0.5, 0.5) * np.ptp(unit.centres_A[:, 2]))
    order = len(point_group(group))
    belt_A = across_A + rng.uniform(10.0, 25.0)
    # Spheres of half a membrane's thickness along a wedge of the belt, and one to plug the middle.
    count = int(np.ceil(2 * np.pi * belt_A / order / 12.0))
    angles = np.arange(count) * 2 * np.pi / order / count
    rings = [
        np.stack([r * np.cos(angles), r * np.sin(angles), np.full(count, height_A)], axis=1)
        for r in np.arange(0.0, belt_A, 14.0)
    ]
    centres = np.concatenate(rings)
    thickness = np.full(len(centres), rng.uniform(17.0, 22.0))
    belt = Lumps(centres, thickness, np.full(len(centres), _DETERGENT_WEIGHT))
    return _Plan("membrane", group, joined([unit, belt]))


def _capped(rng: np.random.Generator) -> _Plan:
    """Return a barrel with an asymmetric cap on one or both ends, as the 26S proteasome is."""
    barrel = _barrel(rng)
    core = barrel.unit.repeated(point_group(barrel.group))
    parts = [core]
    for side in (1.0, -1.0)[: int(rng.integers(1, 3))]:
        cap = grown(rng, int(rng.integers(2, 9)), shape=_any_shape(rng), stalks=0.1)

        parts.append(_landed(cap, core, np.array([0.0, 0.0, side])))
    return _Plan("capped", "C1", joined(parts))


def _landed(part: Lumps, body: Lumps, direction: FloatArray) -> Lumps:
    """Shift a part along a direction to where it just holds on to a body."""

    def at(distance_A: float) -> Lumps:
        return part.moved(np.eye(3), distance_A * direction)

    upper_A = _size_A(body) + 2.0 * _size_A(part)
    return at(0.95 * furthest_connected(lambda d: joined([body, at(d)]), upper_A))


_MAKERS: tuple[tuple[Callable[[np.random.Generator], _Plan], float], ...] = (
    (_cluster, 0.20),
    (_ring, 0.18),
    (_barrel, 0.18),
    (_cage, 0.10),
    (_giant, 0.10),
    (_capped, 0.08),
    (_rod, 0.06),
    (_tripod, 0.05),
    (_membrane, 0.05),
)

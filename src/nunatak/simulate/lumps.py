"""Unions of spheres: how procedural proteins are shaped before they become scatterers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from nunatak.simulate.density import PROTEIN_DENSITY_DA_PER_A3

FloatArray = NDArray[np.float64]

# Spheres count as touching when they interpenetrate by a tenth: a contact, not a tangent point.
_CONTACT = 0.9


CORE = 0.85
"""Radius of a domain's central sphere relative to the domain's."""


@dataclass(frozen=True)
class Lumps:
    """Spheres whose union is the protein.

    Attributes
    ----------
    centres_A : ndarray, shape (n, 3), float64
        Columns x, y, z.
    radii_A : ndarray, shape (n,), float64
    weights : ndarray, shape (n,), float64
        Potential relative to protein: 1 for protein, more for nucleic acid, less for detergent.
    """

    centres_A: FloatArray
    radii_A: FloatArray
    weights: FloatArray

    def moved(self, rotation: FloatArray, shift_A: FloatArray) -> "Lumps":
        """Rotate about the origin, then shift."""
        return Lumps(self.centres_A @ rotation.T + shift_A, self.radii_A, self.weights)

    def repeated(self, rotations: FloatArray) -> "Lumps":
        """Return all symmetry mates as one union."""
        return joined([self.moved(rotation, np.zeros(3)) for rotation in rotations])

    def is_connected(self) -> bool:
        """Say whether every sphere can be reached from every other through contacts."""
        reach_A = _CONTACT * (self.radii_A[:, None] + self.radii_A[None, :])
        touching = _squared_distances(self.centres_A, self.centres_A) < reach_A**2
        # Sparse, because a dense graph is checked and masked before it is walked.
        parts, _ = connected_components(csr_array(touching.astype(np.int8)), directed=False)
        return bool(parts == 1)


def joined(parts: list[Lumps]) -> Lumps:
    """Put several unions into one."""
    return Lumps(
        np.concatenate([part.centres_A for part in parts]),
        np.concatenate([part.radii_A for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def domain_radius_A(mass_kDa: float) -> float:
    """Radius of a compact globular domain of a given mass, Å."""
    volume_A3 = mass_kDa * 1000.0 / PROTEIN_DENSITY_DA_PER_A3
    return float((3.0 * volume_A3 / (4.0 * np.pi)) ** (1.0 / 3.0))


def domain(radius_A: float, weight: float, rng: np.random.Generator) -> Lumps:
    """Return one bumpy globular domain about the origin: a core and a few bumps."""
    bumps = int(rng.integers(4, 8))
    directions = rng.standard_normal((bumps, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    centres = directions * (radius_A * rng.uniform(0.5, 0.8, (bumps, 1)))
    return Lumps(
        np.concatenate([np.zeros((1, 3)), centres]),
        np.concatenate([[CORE * radius_A], radius_A * rng.uniform(0.35, 0.6, bumps)]),
        np.full(bumps + 1, weight),
    )


def furthest_connected(build: Callable[[float], Lumps], upper: float) -> float:
    """Return the largest parameter between 0 and ``upper`` at which a union is connected.

    Parameters
    ----------
    build
        Makes the union; connected at 0 and ever looser as the parameter grows.
    upper
        A parameter at which it has fallen apart.
    """
    low, high = 0.0, upper
    for _ in range(12):
        middle = 0.5 * (low + high)
        if build(middle).is_connected():
            low = middle
        else:
            high = middle
    return low


def filled(
    unit: Lumps, rotations: FloatArray, points: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, float]:
    """Fill a union and its symmetry mates evenly with scatterers.

    A jittered grid fills the asymmetric unit and is then repeated; where mates overlap, their
    scatterers share the space, so that the density neither doubles nor breaks the symmetry.

    Parameters
    ----------
    unit
        The asymmetric unit.
    rotations : ndarray, shape (order, 3, 3)
        The point group.
    points
        About how many scatterers to make in all.
    rng
        Places the grid.

    Returns
    -------
    positions_A : ndarray, shape (n, 3), float64
    weights : ndarray, shape (n,), float64
        Relative potentials; their sum times ``spacing_A ** 3`` is the volume of the union
        weighted by its parts' potential.
    spacing_A : float
        Of the grid.
    """
    bounds = 4.0 / 3.0 * np.pi * float((unit.radii_A**3).sum())
    spacing_A = (0.4 * bounds * len(rotations) / points) ** (1.0 / 3.0)
    low = (unit.centres_A - unit.radii_A[:, None]).min(axis=0)
    high = (unit.centres_A + unit.radii_A[:, None]).max(axis=0)
    axes = [
        np.arange(a - spacing_A * rng.random(), b, spacing_A)
        for a, b in zip(low, high, strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    grid += rng.uniform(-0.25, 0.25, grid.shape) * spacing_A
    weights = _weights_at(cKDTree(grid), unit)
    grid, weights = grid[weights > 0], weights[weights > 0]
    tree = cKDTree(grid)
    mates = [unit.moved(rotation, np.zeros(3)) for rotation in rotations[1:]]
    weights /= 1 + sum(((_weights_at(tree, mate) > 0) for mate in mates), np.zeros(len(grid)))
    positions = np.concatenate([grid @ rotation.T for rotation in rotations])
    return positions, np.tile(weights, len(rotations)), spacing_A


def _weights_at(points: cKDTree, lumps: Lumps) -> FloatArray:
    """Largest weight of the spheres that cover each point; 0 outside of the union."""
    weights = np.zeros(points.n)
    covered = points.query_ball_point(lumps.centres_A, lumps.radii_A)
    for indices, weight in zip(covered, lumps.weights, strict=True):
        weights[indices] = np.maximum(weights[indices], weight)
    return weights


def _squared_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    squared: FloatArray = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return squared

"""Densities: a particle as a cloud of scatterers in vitreous ice."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nunatak.errors import BadInput

POTENTIAL_PER_ATOM_VA3 = 70.0
"""Integrated potential of one heavy protein atom, net of the ice that it displaces, V·Å³."""

DALTON_PER_ATOM = 14.5
"""Protein mass per heavy (not hydrogen) atom, hydrogens included."""

PROTEIN_DENSITY_DA_PER_A3 = 0.81
"""Mass per volume of packed protein (partial specific volume 0.74 cm³/g)."""

# Merged scatterers stand for the cubic cell they were gathered from. A Gaussian of 0.45 cell
# leaves a ripple of 4 % between neighbouring cells and is barely wider than the cell itself.
_BLUR_PER_CELL = 0.45

# The few atoms farthest out (termini, glycans, one flexible stalk) do not make the diameter.
_DIAMETER_QUANTILE = 0.99


@dataclass(frozen=True)
class Density:
    """A particle: scatterers whose potentials add up when projected.

    Attributes
    ----------
    name : str
        Where it came from: a file's stem or a procedural description.
    positions_A : ndarray, shape (n, 3), float32
        Columns x, y, z; the potential-weighted centre lies at the origin.
    potential_VA3 : ndarray, shape (n,), float32
        Integrated potential of each scatterer net of displaced ice, V·Å³.
    blur_A : float
        Standard deviation of the Gaussian that each scatterer stands for; 0 for atoms.
    diameter_A : float
        Twice the radius about the centre that holds 99 % of the potential: about what a user
        enters as the particle's (longest) diameter.
    mass_kDa : float
        Molecular mass.
    """

    name: str
    positions_A: NDArray[np.float32]
    potential_VA3: NDArray[np.float32]
    blur_A: float
    diameter_A: float
    mass_kDa: float

    @classmethod
    def from_scatterers(
        cls,
        name: str,
        positions_A: ArrayLike,
        weights: ArrayLike,
        *,
        mass_kDa: float,
        blur_A: float = 0.0,
    ) -> "Density":
        """Centre scatterers and share out among them the potential of a protein's mass.

        Parameters
        ----------
        name
            See `Density`.
        positions_A
            Shape (n, 3), Å, any origin.
        weights
            Shape (n,), not negative, any scale: relative potential of each scatterer. Those of
            zero weight are dropped.
        mass_kDa
            Mass of the whole, which sets the total potential: 70 V·Å³ per 14.5 Da.
        blur_A
            See `Density`.

        Raises
        ------
        BadInput
            If there is no scatterer or a number is not finite or not positive.
        """
        positions = np.asarray(positions_A, dtype=np.float64).reshape(-1, 3)
        shares = np.asarray(weights, dtype=np.float64)
        if len(positions) == 0 or shares.shape != (len(positions),):
            raise BadInput(
                f"{name}: a density needs at least one scatterer and one weight for each; "
                f"found {len(positions)} positions and weights of shape {shares.shape}"
            )
        if not (np.isfinite(positions).all() and np.isfinite(shares).all() and shares.min() >= 0):
            raise BadInput(f"{name}: positions must be finite, weights finite and not negative")
        if not (mass_kDa > 0 and shares.sum() > 0):
            raise BadInput(
                f"{name}: mass ({mass_kDa:g} kDa) and the sum of weights must be positive"
            )
        positions, shares = positions[shares > 0], shares[shares > 0] / shares.sum()
        positions = positions - shares @ positions
        total_VA3 = POTENTIAL_PER_ATOM_VA3 * mass_kDa * 1000.0 / DALTON_PER_ATOM
        return cls(
            name=name,
            positions_A=positions.astype(np.float32),
            potential_VA3=(shares * total_VA3).astype(np.float32),
            blur_A=float(blur_A),
            diameter_A=_diameter_A(positions, shares),
            mass_kDa=float(mass_kDa),
        )

    def thinned(self, max_points: int, rng: np.random.Generator) -> "Density":
        """Merge scatterers cell by cell until at most ``max_points`` are left.

        Scatterers in one cell of a cubic grid become one at their weighted centre, so that the
        total potential, the centre and the diameter stay; ``blur_A`` grows by the cell's size.

        Parameters
        ----------
        max_points
            Largest number of scatterers to keep, at least 1.
        rng
            Places the grid, so that merging twice does not repeat its artefacts.

        Returns
        -------
        Density
            This very object if it is small enough already.
        """
        if max_points < 1:
            raise BadInput(f"{self.name}: cannot thin to {max_points} points; at least 1 is needed")
        if len(self.potential_VA3) <= max_points:
            return self
        offset = rng.random(3)
        corner_A = self.positions_A - self.positions_A.min(axis=0)
        low_A, high_A = 0.0, float(corner_A.max()) + 1.0
        for _ in range(16):
            middle_A = 0.5 * (low_A + high_A)
            if _cells(corner_A, middle_A, offset).max() < max_points:
                high_A = middle_A
            else:
                low_A = middle_A
        cell = _cells(corner_A, high_A, offset)
        if cell.max() >= max_points:  # fewer than eight points asked for
            cell = np.zeros_like(cell)
        potential = np.bincount(cell, weights=self.potential_VA3)
        moments = [
            np.bincount(cell, weights=self.potential_VA3 * self.positions_A[:, axis])
            for axis in range(3)
        ]
        return replace(
            self,
            positions_A=(np.stack(moments, axis=1) / potential[:, None]).astype(np.float32),
            potential_VA3=potential.astype(np.float32),
            blur_A=float(np.hypot(self.blur_A, _BLUR_PER_CELL * high_A)),
        )


def _cells(
    positions_A: NDArray[np.float32], cell_A: float, offset: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return for each point the number of its cell, counting occupied cells only."""
    index = np.floor(positions_A / cell_A + offset).astype(np.int64)
    index -= index.min(axis=0)
    size = index.max(axis=0) + 1
    flat = (index[:, 2] * size[1] + index[:, 1]) * size[0] + index[:, 0]
    numbered = np.unique(flat, return_inverse=True)[1]
    return np.asarray(numbered, dtype=np.int64)


def _diameter_A(positions_A: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    radius_A = np.linalg.norm(positions_A, axis=1)
    order = np.argsort(radius_A)
    held = np.cumsum(shares[order])
    last = min(int(np.searchsorted(held, _DIAMETER_QUANTILE)), len(order) - 1)
    return float(2.0 * radius_A[order[last]])

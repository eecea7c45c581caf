"""Subunits grown at random from globular domains."""

import numpy as np

from nunatak.simulate.lumps import FloatArray, Lumps, domain, domain_radius_A, joined

_TEXTURE = 0.12  # spread of potential from domain to domain, relative


def grown(
    rng: np.random.Generator,
    domains: int,
    *,
    shape: tuple[float, float, float] = (1.0, 1.0, 1.0),
    compactness: int = 4,
    stalks: float = 0.0,
) -> Lumps:
    """Grow a subunit domain by domain; each new domain touches an earlier one.

    Parameters
    ----------
    rng
        Source of randomness.
    domains
        How many, of 12 to 45 kDa (the same for all, give or take a factor of two).
    shape
        Relative extents along x, y and z that the subunit tends to.
    compactness
        Among so many random places for a domain the one closest to the centre is taken.
    stalks
        Chance that a thin protrusion is added.

    Returns
    -------
    Lumps
        Connected, with the mean of its spheres' centres at the origin.
    """
    radius_A = domain_radius_A(rng.uniform(12.0, 45.0))
    centres = [np.zeros(3)]
    radii = [radius_A * rng.uniform(0.8, 1.2)]
    while len(centres) < domains:
        new_radius = radius_A * rng.uniform(0.7, 1.25)
        placed = _place(
            rng, np.array(centres), np.array(radii), new_radius, shape=shape, tries=compactness
        )
        centres.append(placed)
        radii.append(new_radius)
    parts = [
        domain(radius, float(np.exp(_TEXTURE * rng.standard_normal())), rng).moved(
            np.eye(3), centre
        )
        for radius, centre in zip(radii, centres, strict=True)
    ]
    if rng.random() < stalks:
        parts.append(_stalk(rng, parts[-1]))
    lumps = joined(parts)
    return lumps.moved(np.eye(3), -lumps.centres_A.mean(axis=0))


def _place(
    rng: np.random.Generator,
    centres: FloatArray,
    radii: FloatArray,
    new_radius: float,
    *,
    shape: tuple[float, float, float],
    tries: int,
) -> FloatArray:
    parents = rng.integers(len(centres), size=4 * tries)
    direction = rng.standard_normal((len(parents), 3)) * np.asarray(shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    # Below 0.9 of the sum of the cores' radii (0.85 each) domains touch; see `Lumps.is_connected`.
    distance = (radii[parents] + new_radius) * rng.uniform(0.64, 0.75, len(parents))
    candidates = centres[parents] + direction * distance[:, None]
    # Room first: how deep the candidate would sink into other domains; then the shape wanted.
    gaps = np.linalg.norm(candidates[:, None] - centres, axis=2) / (radii + new_radius)
    roomy = np.flatnonzero(gaps.min(axis=1) > 0.6)[:tries]
    if len(roomy) == 0:
        roomy = np.array([int(np.argmax(gaps.min(axis=1)))])
    reach = np.linalg.norm(candidates[roomy] / np.asarray(shape), axis=1)
    best: FloatArray = candidates[roomy[int(np.argmin(reach))]]
    return best


def _stalk(rng: np.random.Generator, root: Lumps) -> Lumps:
    """Return a thin coiled-coil-like protrusion growing out of a domain."""
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    steps = np.arange(int(rng.integers(4, 10)))[:, None]
    start = root.centres_A[0] + direction * root.radii_A[0]
    bend = 0.04 * rng.standard_normal(3)
    radius_A = rng.uniform(7.0, 10.0)
    centres = start + radius_A * (steps * direction + steps**2 * bend)
    return Lumps(centres, np.full(len(steps), radius_A), np.ones(len(steps)))

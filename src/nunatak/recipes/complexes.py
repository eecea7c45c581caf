"""The complexes that a recipe trains on."""

from collections.abc import Sequence
from os import PathLike

import numpy as np

from nunatak.errors import BadInput
from nunatak.simulate.density import Density
from nunatak.simulate.density_files import load_densities
from nunatak.simulate.procedural import procedural_complex


def procedural_complexes(count: int, *, scatterers: int, seed: int) -> list[Density]:
    """Draw built-in complexes, thinned for speed.

    Parameters
    ----------
    count
        How many.
    scatterers
        Most scatterers in one.
    seed
        One seed, one list.
    """
    rng = np.random.default_rng(seed)
    return [procedural_complex(rng).thinned(scatterers, rng) for _ in range(count)]


def map_complexes(
    folder: str | PathLike[str] | None,
    *,
    exclude: Sequence[str] = (),
    scatterers: int,
    seed: int,
) -> list[Density]:
    """Load density maps, thinned for speed.

    Parameters
    ----------
    folder
        Of maps or atomic models; None for none.
    exclude
        File stems to leave out, such as those of proteins to be judged on.
    scatterers
        Most scatterers in one.
    seed
        Of the thinning.

    Raises
    ------
    BadInput
        If a name in ``exclude`` is not in the folder.
    """
    if folder is None:
        return []
    found = load_densities(folder)
    unknown = set(exclude) - {density.name for density in found}
    if unknown:
        raise BadInput(
            f"{folder}: nothing to exclude under the name {', '.join(sorted(unknown))}. "
            f"Found: {', '.join(density.name for density in found)}."
        )
    rng = np.random.default_rng(seed)
    return [density.thinned(scatterers, rng) for density in found if density.name not in exclude]


def balanced(
    procedural: Sequence[Density], maps: Sequence[Density], *, map_share: float
) -> list[Density]:
    """Repeat the maps so that they make up a share of the list.

    Parameters
    ----------
    procedural, maps
        Complexes of either kind.
    map_share
        Fraction of the result, 0 to 1 (exclusive), that maps should fill.
    """
    if not maps:
        return list(procedural)
    wanted = map_share / (1 - map_share) * len(procedural)
    return [*procedural, *(list(maps) * max(1, round(wanted / len(maps))))]

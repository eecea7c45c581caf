"""Whether picks can be pruned, and how large their particle is."""

from collections.abc import Mapping, Sized

import numpy as np

from nunatak.errors import BadInput, UsageError
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.table import PickSet
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.volumes.class_diameters import Diameter

_SAME_DIAMETER = 1.1
"""Diameters that differ by less are one: two people's rulers differ by as much."""


def diameter_of(picks: PickSet, stated_A: Diameter | None = None) -> float:
    """Return the diameter of the particle, ångström.

    Parameters
    ----------
    picks
        On micrographs; may state it in their column ``diameter_A``.
    stated_A
        Goes before what the picks say.

    Raises
    ------
    UsageError
        If neither states it, the picks state several, or classes are named.
    """
    if isinstance(stated_A, Mapping):
        raise UsageError(
            "--diameter: picks on micrographs are judged as particles of one kind. Give a number "
            "without a class."
        )
    if stated_A is not None:
        return stated_A
    sizes_A = picks.table["diameter_A"].to_numpy() if "diameter_A" in picks.table else np.empty(0)
    sizes_A = sizes_A[sizes_A > 0]
    origin = f"{picks.source}: " if picks.source else ""
    if len(sizes_A) == 0:
        raise UsageError(
            f"{origin}the picks do not say how large the particle is. Give --diameter, its longest "
            "extent in Å."
        )
    if sizes_A.max() > _SAME_DIAMETER * sizes_A.min():
        raise UsageError(
            f"{origin}the picks state diameters from {sizes_A.min():g} to {sizes_A.max():g} Å. "
            "Give --diameter, that of the particle to keep."
        )
    return float(np.median(sizes_A))


def refuse_unprunable(picks: PickSet) -> None:
    """Refuse picks that cannot be judged at all.

    Raises
    ------
    BadInput
        If there are none.
    """
    origin = str(picks.source or "the picks")
    if len(picks) == 0:
        raise BadInput(f"{origin}: no picks, so that there is nothing to prune.")


def refuse_other_images(
    picks: PickSet, *, micrographs: Micrographs = (), tomograms: Micrographs = ()
) -> None:
    """Refuse images of the kind that the picks are not on.

    Raises
    ------
    UsageError
        If there are any.
    """
    others = tomograms if picks.ndim == 2 else micrographs
    if not isinstance(others, Sized) or len(others):
        place, its = (("on", "without z"), ("in", "with z"))[picks.ndim - 2]
        raise UsageError(
            f"{picks.source or 'The picks'}: picks {place} {IMAGE_NOUN[picks.ndim]}s, {its}. Give "
            f"--{IMAGE_NOUN[picks.ndim]}s instead of --{IMAGE_NOUN[5 - picks.ndim]}s."
        )

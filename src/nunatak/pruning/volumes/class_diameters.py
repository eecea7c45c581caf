"""How large the particle is that each pick in a tomogram is of."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput, UsageError
from nunatak.picks.counted import counted
from nunatak.picks.table import PickSet
from nunatak.pruning.kinds import kinds_of

Diameter = float | Mapping[str, float]
"""Of all particles, or of those of each class by name; ångström."""

_MOST_NAMED = 10


def diameters_A(picks: PickSet, stated: Diameter | None = None) -> NDArray[np.float64]:
    """Return the diameter of the particle that each pick is of, ångström.

    Parameters
    ----------
    picks
        In tomograms.
    stated
        Goes before what the table says; of classes that it does not name, and with None of all,
        the table's column ``diameter_A`` is taken.

    Returns
    -------
    ndarray, shape (n,), float64

    Raises
    ------
    UsageError
        If a diameter is not positive, or a class is named of which there are no picks.
    BadInput
        If the diameter of a pick is not known.
    """
    unknown_A = np.full(len(picks), np.nan)
    if stated is None:
        stated = {}
    if not isinstance(stated, Mapping):
        _refuse_no_size(stated)
        return np.full(len(picks), float(stated))
    found_A = np.array(picks.table.get("diameter_A", unknown_A), dtype=np.float64)
    kinds = kinds_of(picks.table)
    strange = [name for name in stated if not (kinds == name).any()]
    if strange:
        there = ", ".join(sorted({*kinds.tolist()} - {""})[:_MOST_NAMED]) or "no classes"
        raise UsageError(
            f"--diameter {strange[0]}={stated[strange[0]]:g}: no pick is of this class. "
            f"{picks.source or 'The picks'}: there are {there} (column class_name)."
        )
    for name, size_A in stated.items():
        _refuse_no_size(size_A)
        found_A[kinds == name] = size_A
    bad = np.flatnonzero(~(np.isfinite(found_A) & (found_A > 0)))
    if len(bad):
        raise _unknown(picks, kinds, bad)
    return found_A


def one_diameter_A(stated: Diameter | None) -> float | None:
    """Return the diameter of all particles, ångström, where one was stated for all."""
    return None if isinstance(stated, Mapping) else stated


def _refuse_no_size(size_A: float) -> None:
    if not (np.isfinite(size_A) and size_A > 0):
        raise UsageError(f"A diameter of {size_A:g} Å is no size. Give the longest extent in Å.")


def _unknown(picks: PickSet, kinds: NDArray[np.object_], bad: NDArray[np.int64]) -> BadInput:
    names = sorted({*kinds[bad].tolist()} - {""})
    example = f"--diameter {names[0]}=300" if names else "--diameter 300"
    of_classes = f" (class {', '.join(names[:_MOST_NAMED])})" if names else ""
    return BadInput(
        f"{picks.source or 'The picks'}: the diameter of {len(bad)} of "
        f"{counted(len(picks), 'pick')}{of_classes} is not known (first: row {bad[0] + 1}). Give "
        f"it in Å with --diameter, such as {example}."
    )

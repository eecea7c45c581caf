"""What labels in tomograms say of their particles' diameters."""

import pandas as pd

from nunatak.errors import Mismatch, UsageError
from nunatak.learning.labels.told_apart import told_apart
from nunatak.learning.labels.words import ONLY_CLASS
from nunatak.learning.volumes.volume_label_set import CLASS, class_names
from nunatak.picks.table import PickSet

ROUNDING = 0.01
"""Diameters of one class that differ by no larger a share are one, written with other digits."""

_EXAMPLE_A = 130


def stated_diameters_A(labels: PickSet) -> dict[str, float]:
    """Return the diameters of the classes whose labels agree about it, by name.

    Of those that differ by rounding, the commonest counts.
    """
    return {
        name: float(sizes_A.mode().iloc[0])
        for name, sizes_A in _by_class(labels).items()
        if _is_one(sizes_A)
    }


def refuse_two_diameters(labels: PickSet, known: dict[str, float]) -> None:
    """Refuse labels of a class that state several diameters, where nobody else states one.

    Parameters
    ----------
    labels
        In tomograms.
    known
        Diameters by class that are settled, Å.

    Raises
    ------
    Mismatch
        If there is such a class.
    """
    for name, sizes_A in _by_class(labels).items():
        if name not in known and not _is_one(sizes_A):
            shown = sorted(set(sizes_A))
            raise Mismatch(
                f"{labels.source or 'the labels'}: {len(shown)} diameters are stated of {name}, "
                f"from {shown[0]:g} to {shown[-1]:g} Å. Say which is right, such as --diameter "
                f"{name}={sizes_A.mode().iloc[0]:g}."
            )


def refuse_no_diameter(labels: PickSet, known: dict[str, float]) -> None:
    """Ask for the diameters of the classes that have none.

    Parameters
    ----------
    labels, known
        As for `refuse_two_diameters`.

    Raises
    ------
    UsageError
        If there is such a class.
    """
    lacking = [name for name in class_names(labels) if name not in known]
    if not lacking:
        return
    if lacking == [ONLY_CLASS] and not known:
        raise UsageError(
            "No diameter is known of the particles: their labels state none. Give it in Å "
            f"(longest extent), such as --diameter {_EXAMPLE_A}."
        )
    raise UsageError(
        f"No diameter is known of {', '.join(lacking[:10])}: their labels state none. Give that "
        f"of each in Å (longest extent), such as --diameter {lacking[0]}={_EXAMPLE_A}."
    )


def _by_class(labels: PickSet) -> dict[str, "pd.Series[float]"]:
    """Return the diameters that are stated of each class, Å, label by label."""
    if "diameter_A" not in labels.table or CLASS not in labels.table:
        return {}
    is_negative, is_left_out = told_apart(labels.table)
    particles = labels.table[~is_negative & ~is_left_out]
    stated = particles.dropna(subset=[CLASS, "diameter_A"]).groupby(CLASS)["diameter_A"]
    return {str(name): sizes_A for name, sizes_A in stated if name}


def _is_one(sizes_A: "pd.Series[float]") -> bool:
    return bool(sizes_A.max() <= (1 + ROUNDING) * sizes_A.min())

"""What is asked about a set of picks: which may be labelled, and which judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nunatak.pruning.classes import EMPTY, JUNK, OFF_CENTRE, PARTICLE
from pruning_sets import PruningSet, three_way

Protocol = Literal["apart", "published"]

BALANCED = 100
"""Picks of each of three classes that the published protocol has of a data set."""

UNPUBLISHED = (EMPTY, OFF_CENTRE)
"""Kinds of junk that the published images, picked by hand, do not hold."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Labelled and judged picks: positions in the table of a set.

    Attributes
    ----------
    labelled, judged : ndarray, int64
    """

    labelled: NDArray[np.int64]
    judged: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Task:
    """A set and how its picks are parted.

    Attributes
    ----------
    data : PruningSet
    protocol : str
        ``"apart"``: labels are drawn on a random half of the micrographs, and all picks of the
        other half judge. ``"published"``: 100 particles, contaminants and pieces of carbon each;
        what is not labelled judges.
    """

    data: PruningSet
    protocol: Protocol = "apart"

    @property
    def name(self) -> str:
        """For programs."""
        return self.data.name if self.protocol == "apart" else f"{self.data.name}-balanced"

    @property
    def class_name(self) -> NDArray[np.str_]:
        """What each pick of the set is called here."""
        named = self.data.class_name
        return named if self.protocol == "apart" else three_way(named)

    def called(self, classes: Sequence[str]) -> NDArray[np.str_]:
        """Return what each of a classifier's classes is called here."""
        names = np.array(classes)
        if self.protocol == "published":
            return three_way(names)
        has_kinds = self.data.is_simulated
        return names if has_kinds else np.where(names == PARTICLE, PARTICLE, JUNK)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The picks that take part: the same ones for all draws."""
        if self.protocol == "apart":
            return np.arange(len(self.class_name))
        rng = np.random.default_rng(0)
        shown = ~np.isin(self.data.class_name, UNPUBLISHED)
        return np.sort(
            np.concatenate(
                [
                    rng.permutation(np.flatnonzero(shown & (self.class_name == name)))[:BALANCED]
                    for name in np.unique(self.class_name)
                ]
            )
        )

    def drawn(self, count: int, seed: int) -> Draw:
        """Draw so many labels of each class; with one seed fewer labels are a part of more.

        Parameters
        ----------
        count
            Labels a class; of a class with fewer picks, all of them.
        seed
            Of the draw.
        """
        rng = np.random.default_rng([seed, 2])
        rows = self.rows
        if self.protocol == "apart":
            images = self.data.picks.table["image"].to_numpy()
            names = rng.permutation(np.array(sorted(set(images))))
            pool = np.isin(images[rows], names[: len(names) // 2])
        else:
            pool = np.ones(len(rows), dtype=np.bool_)
        labelled = [
            rng.permutation(rows[pool & (self.class_name[rows] == name)])[:count]
            for name in np.unique(self.class_name[rows])
        ]
        chosen = np.sort(np.concatenate(labelled))
        judged = rows[~pool] if self.protocol == "apart" else np.setdiff1d(rows, chosen)
        return Draw(chosen, judged)

    def described(self) -> dict[str, Any]:
        """Say what is asked: JSON values."""
        return {**self.data.described(), "protocol": self.protocol}


def tasks_of(sets: Sequence[PruningSet]) -> list[Task]:
    """Ask every set with micrographs apart, and each simulated one as published besides."""
    apart = [Task(one) for one in sets]
    return apart + [Task(one, "published") for one in sets if one.is_simulated]

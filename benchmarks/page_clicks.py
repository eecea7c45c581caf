"""What a person clicks who corrects the picks on a screen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.picks.matching import match

FEWEST_PARTICLES = 4
"""Without so many the page does not train: a person then confirms some circles."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Screen:
    """One micrograph with its circles, and where the particles are.

    Attributes
    ----------
    image : str
    shown_px, particles_px : ndarray, shape (n, 2), float64
        Columns x, y, pixels.
    """

    image: str
    shown_px: FloatArray
    particles_px: FloatArray


def corrections(
    screens: Sequence[Screen], count: int, *, radius_px: float, seed: int
) -> pd.DataFrame:
    """Draw corrections: one on each screen in turn, a missed particle, then a wrong circle.

    Where one kind has run out, the other is clicked; where both have, a circle is confirmed.

    Parameters
    ----------
    screens
        The micrographs that the person looks at.
    count
        Clicks; a few more where there would be too few particles to train.
    radius_px
        Greatest distance between a circle's centre and the particle that it stands for.
    seed
        Of the draw.

    Returns
    -------
    DataFrame
        Columns ``image``, ``x``, ``y``, ``kind`` (``particle`` or ``not_particle``).
    """
    left = [_Left.of(screen, radius_px, seed, turn) for turn, screen in enumerate(screens)]
    rows: list[tuple[str, float, float, str]] = []
    turn = 0
    while len(rows) < count and any(one.clicks() for one in left):
        one = left[turn % len(left)]
        wants_particle = (turn // len(left)) % 2 == 0
        rows += one.click(wants_particle=wants_particle)
        turn += 1
    while sum(kind == "particle" for *_, kind in rows) < FEWEST_PARTICLES:
        confirmed = [row for one in left for row in one.confirm()][:1]
        if not confirmed:
            break
        rows += confirmed
    return pd.DataFrame(rows, columns=["image", "x", "y", "kind"])


@dataclass
class _Left:
    """What there is still to click on a screen."""

    image: str
    missed: list[FloatArray]
    wrong: list[FloatArray]
    right: list[FloatArray]

    @classmethod
    def of(cls, screen: Screen, radius_px: float, seed: int, turn: int) -> "_Left":
        rng = np.random.default_rng([seed, turn])
        found = np.zeros(len(screen.particles_px), np.bool_)
        right = np.zeros(len(screen.shown_px), np.bool_)
        if len(found) and len(right):
            pairs = match(screen.shown_px, screen.particles_px, radius_px)
            found[pairs.truth], right[pairs.candidate] = True, True
        parts = (screen.particles_px[~found], screen.shown_px[~right], screen.shown_px[right])
        return cls(screen.image, *(list(rng.permutation(part)) for part in parts))

    def clicks(self) -> int:
        return len(self.missed) + len(self.wrong) + len(self.right)

    def click(self, *, wants_particle: bool) -> list[tuple[str, float, float, str]]:
        if self.missed and (wants_particle or not self.wrong):
            return [(self.image, *map(float, self.missed.pop()), "particle")]
        if self.wrong:
            return [(self.image, *map(float, self.wrong.pop()), "not_particle")]
        return self.confirm()

    def confirm(self) -> list[tuple[str, float, float, str]]:
        if not self.right:
            return []
        return [(self.image, *map(float, self.right.pop()), "particle")]

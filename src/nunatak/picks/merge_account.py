"""Say in words what became of the picks that were merged."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.picks.counted import counted

IntArray = NDArray[np.int64]

_HARDLY_ANY = 0.1
"""Share of picks with a counterpart: pickers that look at one image agree on more than this, and
places that have nothing to do with each other on less."""

_ENOUGH = 20
"""Fewer particles may have no counterpart by chance."""


def account(
    particles: pd.DataFrame,
    cluster: IntArray,
    number: IntArray,
    *,
    labels: Sequence[str],
    looked: Mapping[str, int],
    min_agree: int,
    noun: str,
) -> list[str]:
    """Return sentences: how many picks of each set agree, and how many particles are kept.

    Parameters
    ----------
    particles
        All particles, with ``agreement`` and ``looked``.
    cluster, number
        Particle (row of ``particles``) and set (from 0) of each pick, shapes (n,).
    labels
        Of the sets.
    looked
        By how many sets each image was looked at.
    min_agree
        As in `nunatak.picks.merge.merge`.
    noun
        What an image is called.
    """
    agreement = particles["agreement"].to_numpy()
    sentences, shares = [], []
    for place, label in enumerate(labels):
        own = agreement[cluster[number == place]]
        sentence = f"{label}: {counted(len(own), 'pick')}"
        if len(own):
            shares.append(np.mean(own > 1))
            sentence += f", {np.mean(own > 1):.1%} of them with a counterpart in another set"
        sentences.append(f"{sentence}.")
    by_all = sum(1 for count in looked.values() if count == len(labels))
    sentences.append(
        f"{counted(len(looked), noun)}, of which all {len(labels)} sets looked at {by_all}; "
        f"{counted(len(particles), 'particle')}"
        + "".join(
            f", {int((agreement == count).sum())} picked by {counted(count, 'set')}"
            for count in range(1, len(labels) + 1)
        )
        + "."
    )
    together = particles["looked"].to_numpy() > 1
    if together.sum() >= _ENOUGH and max(shares) < _HARDLY_ANY:
        sentences.append(
            "Hardly any picks of different sets coincide. Check that all count in the same "
            f"pixels of the same {noun}s, and that none is mirrored (nunatak orientation)."
        )
    if min_agree > 1:
        sentences.append(_kept(particles, looked, min_agree, noun))
    return sentences


def _kept(particles: pd.DataFrame, looked: Mapping[str, int], min_agree: int, noun: str) -> str:
    agree = int((particles["agreement"] >= min_agree).sum())
    text = f"Kept: {counted(agree, 'particle')} that {min_agree} or more sets picked"
    few = sum(1 for count in looked.values() if count < min_agree)
    if few:
        unanimous = int(
            (
                (particles["looked"] < min_agree) & (particles["agreement"] == particles["looked"])
            ).sum()
        )
        text += (
            f", and {unanimous} on {counted(few, noun)} that fewer sets looked at, where all of "
            "these picked them"
        )
    return f"{text}."

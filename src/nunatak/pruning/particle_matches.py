"""Find particles again by their images, where nobody knows their places."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import Mismatch
from nunatak.picks.table import PickSet
from nunatak.pruning.particle_names import has_particle_images, particle_names
from nunatak.pruning.turns import in_turn


def same_particles(picks: PickSet, labelled: PickSet) -> NDArray[np.int64]:
    """Return the pick that has the same particle image as each labelled row.

    Parameters
    ----------
    picks, labelled
        With particle images, whose stacks are named alike in both.

    Returns
    -------
    ndarray, shape (m,), int64
        Rows of ``picks``, equal ones in turn; -1 where there is none.

    Raises
    ------
    Mismatch
        If one of the two names no particle images.
    BadInput
        If a name of a particle image cannot be read.
    """
    if not has_particle_images(labelled):
        raise Mismatch(
            f"{labelled.source or 'the labels'}: no particle images are named, and the picks are "
            "known by these alone. Give labels with rlnImageName, or blob/path and blob/idx."
        )
    if not has_particle_images(picks):
        raise Mismatch(
            f"{labelled.source or 'the labels'}: these are particle images without a place on a "
            "micrograph, and the picks name no particle images. Give labels with coordinates, or "
            "picks with rlnImageName, or blob/path and blob/idx."
        )
    known, names = pd.factorize(_keys(picks))
    asked = pd.Index(names).get_indexer(pd.Index(_keys(labelled)))
    rows = np.full(len(asked), -1, dtype=np.int64)
    rows[asked >= 0] = in_turn(known, asked[asked >= 0])
    return rows


def _keys(picks: PickSet) -> "pd.Series[str]":
    names = particle_names(picks)
    sections = pd.Series(names.section.astype(str), index=names.stack.index, dtype=str)
    return sections + "@" + names.stack

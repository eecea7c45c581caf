"""Where the image of each particle lies: which section of which stack, with which pixel size.

RELION names it ``000001@stack.mrcs`` (``rlnImageName``, counted from 1) and states the pixel size
with the optics group; CryoSPARC has ``blob/path`` and ``blob/idx``, counted from 0, and
``blob/psize_A``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput
from nunatak.picks.formats.relion_columns import (
    DETECTOR,
    MAGNIFICATION,
    OPTICS_GROUP,
    PARTICLE_IMAGE,
)
from nunatak.picks.judged import IMAGE_NOUN
from nunatak.picks.table import PickSet

BLOB_PATH, BLOB_INDEX, BLOB_PIXEL_SIZE = "blob/path", "blob/idx", "blob/psize_A"
IMAGE_PIXEL_SIZE = "rlnImagePixelSize"


@dataclass(frozen=True, eq=False)
class ParticleNames:
    """The particle images of n picks.

    Attributes
    ----------
    stack : Series of str
        File, as the pick file names it.
    section : ndarray, shape (n,), int64
        0 is the first image of the file.
    pixel_size_A : ndarray, shape (n,), float64
        Of the particle image; NaN where only the stack's header may know it.
    """

    stack: "pd.Series[str]"
    section: NDArray[np.int64]
    pixel_size_A: NDArray[np.float64]


def has_particle_images(picks: PickSet) -> bool:
    """Whether the pick table names an image of each particle."""
    columns = set(picks.table.columns)
    return PARTICLE_IMAGE in columns or {BLOB_PATH, BLOB_INDEX} <= columns


def stacks_of(table: pd.DataFrame) -> "pd.Series[str]":
    """Return the stack of each particle image, unchecked, of a table that names them."""
    if PARTICLE_IMAGE in table.columns:
        return table[PARTICLE_IMAGE].astype(str).str.replace(r"^\d+@", "", regex=True)
    return table[BLOB_PATH].astype(str).str.removeprefix(">")


def lacks_places(picks: PickSet) -> bool:
    """Whether the picks are particle images of which no place on a micrograph is known.

    Their ``image`` is the stack then: see `nunatak.pruning.particle_tables`.
    """
    if picks.ndim != 2 or not has_particle_images(picks):
        return False
    return bool((picks.table["image"] == stacks_of(picks.table)).all())


def image_noun(picks: PickSet) -> str:
    """Return what an image of the picks is called: ``"micrograph"``, ``"tomogram"``, ``"stack"``.

    A stack is a file of particle images whose places are not known.
    """
    return "stack" if lacks_places(picks) else IMAGE_NOUN[picks.ndim]


def particle_names(picks: PickSet) -> ParticleNames:
    """Read where the particle images lie.

    Parameters
    ----------
    picks
        With ``rlnImageName``, or ``blob/path`` and ``blob/idx``.

    Raises
    ------
    BadInput
        If the columns are not there, or a name or a number in them cannot be read.
    """
    table = picks.table
    if PARTICLE_IMAGE in table.columns:
        parts = table[PARTICLE_IMAGE].astype(str).str.extract(r"^(?:(\d{1,9})@)?(.+)$")
        number = pd.to_numeric(parts[0]).fillna(1).to_numpy(dtype=np.int64)
        bad = parts[1].isna().to_numpy() | (number < 1)
        _refuse(picks, PARTICLE_IMAGE, bad, "a name such as 000001@stack.mrcs, counted from 1")
        return ParticleNames(parts[1].astype(str), number - 1, _sizes_of_groups_A(picks))
    if not has_particle_images(picks):
        raise BadInput(
            f"{picks.source}: names no particle images: neither {PARTICLE_IMAGE} (RELION) nor "
            f"{BLOB_PATH} and {BLOB_INDEX} (CryoSPARC). Give the micrographs (--micrographs)."
        )
    index = pd.to_numeric(table[BLOB_INDEX], errors="coerce").to_numpy(dtype=np.float64)
    bad = ~(np.isfinite(index) & (index >= 0) & (index == np.floor(index)))
    _refuse(picks, BLOB_INDEX, bad, "a whole number from 0")
    unknown_A = pd.Series(np.nan, index=table.index)
    sizes_A = pd.to_numeric(table.get(BLOB_PIXEL_SIZE, unknown_A), errors="coerce")
    return ParticleNames(
        table[BLOB_PATH].astype(str).str.removeprefix(">"),
        index.astype(np.int64),
        sizes_A.to_numpy(dtype=np.float64),
    )


def _refuse(picks: PickSet, column: str, bad: NDArray[np.bool_], expected: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise BadInput(
            f"{picks.source}, {column}: {picks.table[column].iloc[row]!r} in row {row + 1}, "
            f"expected {expected}. Correct or remove the {int(bad.sum())} rows that have none."
        )


def _sizes_of_groups_A(picks: PickSet) -> NDArray[np.float64]:
    """Return the pixel size of RELION's particle images: that of the group, or of the row."""
    table, optics = picks.table, picks.optics
    sizes_A = np.full(len(table), np.nan)
    if optics is not None and {IMAGE_PIXEL_SIZE, OPTICS_GROUP} <= set(optics.columns):
        of_group_A = pd.to_numeric(optics[IMAGE_PIXEL_SIZE], errors="coerce")
        known_A = dict(zip(optics[OPTICS_GROUP].astype(str), of_group_A, strict=True))
        if OPTICS_GROUP in table.columns:
            sizes_A = table[OPTICS_GROUP].astype(str).map(known_A).to_numpy(dtype=np.float64)
        elif len(known_A) == 1:
            sizes_A[:] = of_group_A.iloc[0]
    elif {DETECTOR, MAGNIFICATION} <= set(table.columns):
        # RELION 3.0: micrometres on the detector, at the magnification of the particle images.
        detector, magnification = (
            pd.to_numeric(table[name], errors="coerce") for name in (DETECTOR, MAGNIFICATION)
        )
        sizes_A = (detector * 1e4 / magnification).to_numpy(dtype=np.float64)
    return np.where(np.isfinite(sizes_A) & (sizes_A > 0), sizes_A, np.nan)

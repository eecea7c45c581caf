"""The numbers by which CryoSPARC knows picks and images."""

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.errors import BadInput

UID = "uid"


def uids(texts: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return a number for each text, the same for the same text everywhere and always."""
    return np.array(
        [int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") for text in texts],
        dtype=np.uint64,
    )


def pick_uids(table: pd.DataFrame) -> NDArray[np.uint64]:
    """Return the picks' own numbers, or such as follow from image, position and row alone."""
    if UID in table.columns:
        own = whole_column(table, UID, 0)
        if len(np.unique(own)) == len(own):
            return own
    keys = zip(table["image"], table["x_px"].tolist(), table["y_px"].tolist(), strict=True)
    return uids(f"{row}\n{image}\n{x}\n{y}".encode() for row, (image, x, y) in enumerate(keys))


def whole_column(table: pd.DataFrame, name: str, default: int) -> NDArray[np.uint64]:
    """Return a column of whole numbers, or the default in each row if there is none.

    Raises
    ------
    BadInput
        If a cell is not a whole number.
    """
    if name not in table.columns:
        return np.full(len(table), default, dtype=np.uint64)
    try:
        return np.array([int(cell) for cell in table[name].tolist()], dtype=np.uint64)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"Column {name} does not hold whole numbers: {error}.") from error

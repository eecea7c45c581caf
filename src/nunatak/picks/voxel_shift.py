"""What two roundings of one voxel size do to positions that became voxels by them."""

import numpy as np
import pandas as pd

from nunatak.picks.table import PickSet

NOTED_FROM_PX = 0.5
"""Shifts below this say nothing: picks are no better."""


def shift_note(picks: PickSet, truth: PickSet) -> str | None:
    """Say how far positions in tomograms may be apart because two files round the voxel size.

    Files in ångström state a size that may be rounded (10 for 10.012 Å). Where one of two sets
    became voxels by another size than the other, the same particle lies elsewhere, the further
    from the origin the more. Sizes more than 1 % apart are refused by whoever compares the two.

    Parameters
    ----------
    picks, truth
        Picks in tomograms; of others nothing is said.

    Returns
    -------
    str or None
        A sentence for people; None where the sizes agree or are not stated, or where the largest
        shift is less than half a voxel.
    """
    if picks.ndim != 3 or truth.ndim != 3:
        return None
    one_A, other_A = _sizes_A(picks), _sizes_A(truth)
    if not len(one_A) or not len(other_A):
        return None
    apart = np.abs(one_A[:, None] / other_A[None, :] - 1)
    row = int(apart.min(axis=1).argmax())
    column = int(apart[row].argmin())
    furthest_px = float(np.abs(picks.positions_px).max(initial=0.0))
    shift_px = furthest_px * float(apart[row, column])
    if shift_px < NOTED_FROM_PX:
        return None
    return (
        f"The picks are in voxels of {one_A[row]:.6g} Å, the truth in voxels of "
        f"{other_A[column]:.6g} Å: if either was made from positions in ångström, the same "
        f"particle may be up to {shift_px * one_A[row]:.3g} Å away in the other. Give the "
        "tomograms (--tomograms), so that both are read by the exact size."
    )


def _sizes_A(picks: PickSet) -> np.ndarray:
    column = picks.table.get("pixel_size_A", pd.Series(dtype=np.float64))
    return np.unique(column.dropna().to_numpy(dtype=np.float64))

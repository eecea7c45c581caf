"""Views of slabs that are as likely as the slabs themselves."""

import torch
from torch import Tensor

from nunatak.pruning.volumes.slab_spec import PLANES

VIEWS = ("", "xyz", "x", "yz", "y", "xz", "z", "xy")
"""Axes that are mirrored in each view.

The eight mirror images are the symmetries of a missing wedge about one tilt axis with a symmetric
range; a quarter turn in the plane xy, which exchanges the slabs xz and yz, is none, for it turns
the tilt axis. Every even number of views makes up for what a stride does to one end of an axis
and not to the other."""


def slab_view(slabs: Tensor, index: int) -> Tensor:
    """Mirror the tomogram that slabs are from.

    Parameters
    ----------
    slabs : Tensor, shape (..., 6, side, side)
        See `nunatak.pruning.volumes.slabs.cut_slabs`.
    index
        Of `VIEWS`; 0 is the slabs themselves.

    Returns
    -------
    Tensor, same shape
    """
    if not VIEWS[index]:
        return slabs
    seen = torch.empty_like(slabs)
    for plane, axes in enumerate(PLANES):
        mirrored = [dim for dim, axis in zip((-2, -1), axes, strict=True) if axis in VIEWS[index]]
        # Close-ups and surroundings of one plane are as many channels apart as there are planes.
        seen[..., plane :: len(PLANES), :, :] = slabs[..., plane :: len(PLANES), :, :].flip(
            mirrored
        )
    return seen

"""Loss of the way from a voxel to its particle's centre."""

from torch import Tensor
from torch.nn import functional

from nunatak.objectives.logistic import full_precision

TRANSITION_PX = 1.0
"""Error beyond which the loss grows linearly, voxels of the volume."""


def offset_loss(
    offset_px: Tensor,
    target_px: Tensor,
    inside: Tensor,
    *,
    ignored: Tensor | None = None,
    transition_px: float = TRANSITION_PX,
) -> Tensor:
    """Smooth L1 of the three components, summed, as a mean over the voxels where they count.

    Parameters
    ----------
    offset_px, target_px : Tensor, shape (b, 3, mz, my, mx)
        Voxels of the volume; see `nunatak.networks.unet3d.split_heads` and
        `nunatak.objectives.volume_targets.VolumeTargets`.
    inside : Tensor, shape (b, 1, mz, my, mx), bool
        Within one standard deviation of a labelled particle. Elsewhere there is no centre to
        point to, and nothing is asked.
    ignored : Tensor, shape (b, 1, mz, my, mx), bool, optional
        Where it does not count either.
    transition_px
        ``e² / (2 t)`` below this error ``t``, ``e - t / 2`` above it.

    Returns
    -------
    Tensor, scalar
        In voxels; 0 with zero gradient where nothing counts.

    Notes
    -----
    Girshick, arXiv 1504.08083, eq. 3, with the transition as a parameter.
    """
    counts = inside if ignored is None else inside & ~ignored
    offset_px = full_precision(offset_px)
    losses = functional.smooth_l1_loss(
        offset_px, target_px.to(offset_px), reduction="none", beta=transition_px
    )
    return (losses * counts).sum() / counts.sum().clamp_min(1)

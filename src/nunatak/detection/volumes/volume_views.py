"""Views of a volume that are as likely as the volume itself."""

from itertools import combinations

from torch import Tensor, nn

from nunatak.networks.unet3d import OFFSET_AXES

View = tuple[int, ...]
"""Axes that are mirrored, counted from the last: -1 is x, -2 is y, -3 is z."""

ONE_VIEW: tuple[View, ...] = ((),)
"""The volume as it is."""

FLIP_VIEWS: tuple[View, ...] = tuple(
    axes for count in range(4) for axes in combinations((-1, -2, -3), count)
)
"""The eight mirror images, the volume itself first.

They are the symmetries of a missing wedge about one tilt axis with a symmetric range: each maps
the wedge onto itself. A quarter turn about z does not; it swaps the tilt axis. Mirror images have
the other hand, which a particle's place does not depend on."""


def scored_view(network: nn.Module, volumes: Tensor, view: View) -> Tensor:
    """Score a mirror image, and mirror the answer back.

    Parameters
    ----------
    network
        As `nunatak.networks.unet3d.UNet3d`.
    volumes : Tensor, shape (b, 1, nz, ny, nx)
    view
        Axes to mirror.

    Returns
    -------
    Tensor, shape (b, classes + 3, mz, my, mx)
        In the frame of the volumes: offsets point the other way along mirrored axes.
    """
    if not view:  # flipping nothing copies everything
        answer: Tensor = network(volumes)
        return answer
    output: Tensor = network(volumes.flip(view)).flip(view)
    for axis in view:
        # The offset's components are x, y, z, the axes of the arrays z, y, x.
        output[:, -axis - 1 - OFFSET_AXES].neg_()
    return output


def mean_over_views(network: nn.Module, volumes: Tensor, views: tuple[View, ...]) -> Tensor:
    """Average the answers to some views: logits, and offsets.

    See `scored_view` for the parameters. Not for training: it works in place.
    """
    total = scored_view(network, volumes, views[0])
    for view in views[1:]:
        total += scored_view(network, volumes, view)
    return total.div_(len(views)) if len(views) > 1 else total

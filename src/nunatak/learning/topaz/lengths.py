"""What RELION's Topaz wrapper means by a radius, and which device it asks for.

RELION makes each micrograph smaller before it calls Topaz, so that a particle spans about
35 pixels, half of the receptive field, and then speaks in whole pixels of the small image. Its
header still states the pixel size of the full one, which is therefore never used.
"""

import logging

import torch

from nunatak.errors import UsageError

_log = logging.getLogger(__name__)

DIAMETER_IN_TRAINING_RADII = 8
"""``train -r``: a quarter of the particle's radius."""

DIAMETER_IN_PICKING_RADII = 2
"""``extract -r``: the particle's radius."""

PIXEL_SIZE_A = 1.0
"""Lengths are given in pixels: they are passed on as if a pixel were 1 Å."""


def training_diameter_px(radius_px: int) -> float:
    """Particle diameter that ``train -r`` stands for.

    Raises
    ------
    UsageError
        If the radius is not positive.
    """
    return float(DIAMETER_IN_TRAINING_RADII * _positive(radius_px))


def picking_diameter_px(radius_px: int, *, trained_diameter_px: float | None = None) -> float:
    """Particle diameter that ``extract -r`` stands for.

    Parameters
    ----------
    radius_px
        As given.
    trained_diameter_px
        Particle diameter with which the model was trained, if it is known. RELION rounds both
        radii; where one particle explains both, the diameter of training is used, so that the
        network sees particles at the size that it learned.

    Raises
    ------
    UsageError
        If the radius is not positive.

    Examples
    --------
    A particle of 34 pixels, at the size at which it was trained; another, much larger.

    >>> picking_diameter_px(17, trained_diameter_px=32.0)
    32.0
    >>> picking_diameter_px(40, trained_diameter_px=32.0)
    80.0
    """
    stated = float(DIAMETER_IN_PICKING_RADII * _positive(radius_px))
    if trained_diameter_px is None:
        return stated
    rounding = (DIAMETER_IN_TRAINING_RADII + DIAMETER_IN_PICKING_RADII) / 2
    return trained_diameter_px if abs(trained_diameter_px - stated) <= rounding else stated


def device_name(index: int | None) -> str:
    """Turn ``-d`` into a device: negative is the processor, None whatever there is.

    As Topaz does, a device that is asked for on a machine without any becomes the processor.
    """
    if index is None:
        return "auto"
    if index < 0:
        return "cpu"
    if not torch.cuda.is_available():
        _log.warning("no CUDA device can be used here: computing on the processor (-d %d)", index)
        return "cpu"
    return f"cuda:{index}"


def _positive(radius_px: int) -> int:
    if radius_px < 1:
        raise UsageError(
            f"-r {radius_px}: a radius in pixels of the images given must be 1 or more. Give "
            "--diameter in pixels if the particle is that small."
        )
    return radius_px

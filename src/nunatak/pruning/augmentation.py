"""Vary crops of picks as another micrograph, or another picker, would have varied them."""

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

_CLIP = 5.0
"""As in `nunatak.pruning.crops`: what lies beyond says nothing more."""


class CropAugmentation(BaseModel):
    """How much crops are varied.

    Attributes
    ----------
    free_rotation : float
        Share of crops turned by any angle; the others are turned by whole quarters, which keeps
        every pixel as it is. Half of all crops are mirrored.
    shift : float
        Greatest shift along either axis, as a share of the close-up's side.
    contrast : float
        Standard deviation of the logarithm of the contrast, drawn for each channel.
    noise : float
        Greatest standard deviation of added white noise, in standard deviations of the background.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    free_rotation: float = Field(0.5, ge=0.0, le=1.0)
    shift: float = Field(0.05, ge=0.0, lt=0.5)
    contrast: float = Field(0.1, ge=0.0, le=1.0)
    noise: float = Field(0.3, ge=0.0, le=5.0)


DEFAULT_AUGMENTATION = CropAugmentation()


def augmented(
    crops: Tensor,
    generator: torch.Generator,
    *,
    context_ratio: float,
    how: CropAugmentation = DEFAULT_AUGMENTATION,
) -> Tensor:
    """Return crops in other poses, with other contrast and more noise.

    Parameters
    ----------
    crops : Tensor, shape (n, 2, side, side), float32
        Close-ups and surroundings, on the CPU.
    generator
        Source of all randomness.
    context_ratio
        What a pixel of the close-up is of a pixel of the surroundings.
    how
        How much.

    Returns
    -------
    Tensor, shape (n, 2, side, side), float32
        Both channels of a crop are turned and shifted alike.
    """
    n, channels, side = crops.shape[:3]
    free = torch.rand(n, generator=generator) < how.free_rotation
    anywhere = 2 * math.pi * torch.rand(n, generator=generator)
    quarters = math.pi / 2 * torch.randint(4, (n,), generator=generator)
    reach_px = how.shift * side
    shift_px = reach_px * (2 * torch.rand(n, 2, generator=generator) - 1)
    # Only whole pixels where nothing is turned freely: interpolation would smooth the noise of
    # all crops, and a network must also know crops as they are cut.
    shift_px = torch.where(free[:, None], shift_px, shift_px.round())
    posed = turned(
        crops,
        torch.where(free, anywhere, quarters),
        mirrored=torch.rand(n, generator=generator) < 0.5,
        shift_px=shift_px,
        context_ratio=context_ratio,
    )
    log_contrast = how.contrast * torch.randn(n, channels, 1, 1, generator=generator)
    strength = how.noise * torch.rand(n, 1, 1, 1, generator=generator)
    noise = strength * torch.randn(posed.shape, generator=generator)
    return (posed * log_contrast.exp() + noise).clamp(-_CLIP, _CLIP)


def turned(
    crops: Tensor,
    angle_rad: Tensor,
    *,
    mirrored: Tensor,
    shift_px: Tensor,
    context_ratio: float,
    mode: Literal["bilinear", "nearest"] = "bilinear",
    padding: Literal["reflection", "zeros"] = "reflection",
) -> Tensor:
    """Shift crops, mirror them left to right, and turn them about their centre, in this order.

    Parameters
    ----------
    crops : Tensor, shape (n, channels, side, side), float32
        The first channel is the close-up; all others are surroundings.
    angle_rad : Tensor, shape (n,), radians
        From the x towards the y axis.
    mirrored : Tensor, shape (n,), bool
    shift_px : Tensor, shape (n, 2), pixels of the close-up
        Along x and y.
    context_ratio
        What a pixel of the close-up is of a pixel of the surroundings; a whole shift of the
        close-up is rounded to whole pixels there.
    mode
        Of interpolation.
    padding
        What is beyond the edge.

    Returns
    -------
    Tensor
        Of the same shape. Whole shifts and quarter turns are exact where nothing comes in from
        beyond the edge.
    """
    side = crops.shape[-1]
    whole = (shift_px == shift_px.round()).all(dim=1, keepdim=True)
    wide_px = shift_px * context_ratio
    wide_px = torch.where(whole, wide_px.round(), wide_px)
    sign = torch.where(mirrored, -1.0, 1.0)
    cosine, sine = angle_rad.cos(), angle_rad.sin()
    channels = []
    for number in range(crops.shape[1]):
        # Where a pixel of the result comes from, with the half-width as the unit of length.
        x, y = (-2 / side * (shift_px if number == 0 else wide_px)).unbind(1)
        source = torch.stack(
            [
                torch.stack([sign * cosine, sign * sine, x], dim=1),
                torch.stack([-sine, cosine, y], dim=1),
            ],
            dim=1,
        )
        one = crops[:, number : number + 1]
        grid = functional.affine_grid(source, list(one.shape), align_corners=False)
        channels.append(
            functional.grid_sample(one, grid, mode=mode, padding_mode=padding, align_corners=False)
        )
    return torch.cat(channels, dim=1)

"""Crops in other poses, with other contrast and noise."""

import math

import pytest
import torch
from torch import Tensor

from nunatak.pruning.augmentation import CropAugmentation, augmented, turned

STILL = CropAugmentation(free_rotation=0.0, shift=0.0, contrast=0.0, noise=0.0)
RATIO = 0.4


def crops(n: int = 4, side: int = 16) -> Tensor:
    return torch.randn(n, 2, side, side, generator=torch.Generator().manual_seed(1)).clamp(-4, 4)


def posed(image: Tensor, *, angle: float = 0.0, mirrored: bool = False, x: float = 0.0) -> Tensor:
    n = len(image)
    return turned(
        image,
        torch.full((n,), angle),
        mirrored=torch.full((n,), mirrored),
        shift_px=torch.tensor([[x, 0.0]]).repeat(n, 1),
        context_ratio=RATIO,
    )


def test_a_quarter_turn_and_a_mirror_image_keep_every_pixel() -> None:
    image = crops()
    torch.testing.assert_close(
        posed(image, angle=math.pi / 2), image.rot90(-1, (2, 3)), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(posed(image, mirrored=True), image.flip(3), atol=1e-4, rtol=0)


def test_the_surroundings_move_less_than_the_close_up() -> None:
    image = crops()
    moved = posed(image, x=5.0)
    torch.testing.assert_close(moved[:, 0, :, 5:], image[:, 0, :, :-5], atol=1e-4, rtol=0)
    torch.testing.assert_close(moved[:, 1, :, 2:], image[:, 1, :, :-2], atol=1e-4, rtol=0)


def test_a_spot_goes_where_it_is_turned_to() -> None:
    image = torch.zeros(1, 2, 33, 33)
    image[:, :, 16, 26] = 1.0
    half = posed(image, angle=math.pi / 4)
    row, column = divmod(int(half[0, 0].argmax()), 33)
    # Ten pixels to the right, turned by 45 degrees from x towards y, which is down.
    assert (row, column) == (16 + 7, 16 + 7)


def test_all_eight_poses_come_up_and_nothing_else() -> None:
    image = crops(1).repeat(200, 1, 1, 1)
    varied = augmented(image, torch.Generator().manual_seed(0), context_ratio=RATIO, how=STILL)
    poses = torch.stack(
        [flipped.rot90(k, (1, 2)) for flipped in (image[0], image[0].flip(2)) for k in range(4)]
    )
    distance = (varied[:, None] - poses[None]).abs().amax(dim=(2, 3, 4))
    assert distance.amin(dim=1).max() < 1e-4
    assert set(distance.argmin(dim=1).tolist()) == set(range(8))


def test_contrast_and_noise_vary_within_the_clip() -> None:
    image = torch.zeros(300, 2, 8, 8)
    noisy = augmented(
        image,
        torch.Generator().manual_seed(0),
        context_ratio=RATIO,
        how=STILL.model_copy(update={"noise": 0.5}),
    )
    spread = noisy.std(dim=(1, 2, 3))
    assert 0.4 < spread.max() < 0.65
    assert spread.min() < 0.05
    louder = augmented(
        torch.full((300, 2, 8, 8), 2.0),
        torch.Generator().manual_seed(0),
        context_ratio=RATIO,
        how=STILL.model_copy(update={"contrast": 0.2}),
    )
    assert (louder[:, 0, 0, 0] / 2).log().std() == pytest.approx(0.2, rel=0.15)
    assert not torch.equal(louder[:, 0], louder[:, 1])
    assert louder.max() <= 5.0


def test_one_seed_one_result() -> None:
    first, second = (
        augmented(crops(), torch.Generator().manual_seed(3), context_ratio=RATIO) for _ in range(2)
    )
    assert torch.equal(first, second)
    other = augmented(crops(), torch.Generator().manual_seed(4), context_ratio=RATIO)
    assert not torch.equal(first, other)

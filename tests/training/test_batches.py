import numpy as np
import pytest
import torch

from nunatak.simulate.crops import TrainingCrop
from nunatak.training.batches import assemble


def _crop() -> TrainingCrop:
    """A dark spot at (20.5, 10.5) on a clean image, and one place to ignore."""
    image = np.zeros((48, 48), np.float32)
    image[10:12, 20:22] = -5.0
    return TrainingCrop(
        image=image,
        centres_px=np.array([[20.5, 10.5]], np.float32),
        ignored_px=np.array([[36.5, 30.5, 4.0]], np.float32),
    )


@pytest.mark.parametrize("seed", range(16))
def test_labels_follow_the_image_through_every_augmentation(seed: int) -> None:
    batch = assemble([_crop()], stride=2, sigma_px=2.4, rng=np.random.default_rng(seed))
    spot = int(batch.image[0, 0].argmin())
    y, x = divmod(spot, 48)
    peak_y, peak_x = divmod(int(batch.target[0, 0].argmax()), 24)
    assert (peak_y, peak_x) == (y // 2, x // 2)
    assert (batch.weight == 0).sum() > 0
    ignored_y, ignored_x = torch.nonzero(batch.weight[0, 0] == 0).float().mean(dim=0).tolist()
    # The ignored disc keeps its offset (16, 20) from the spot, up to turns and mirrors.
    offset = sorted((abs(2 * ignored_x + 0.5 - x), abs(2 * ignored_y + 0.5 - y)))
    assert offset == pytest.approx([16, 20], abs=2.0)


def test_all_eight_turns_occur() -> None:
    rng = np.random.default_rng(0)
    corners = set()
    for _ in range(80):
        image = assemble([_crop()], stride=2, sigma_px=2.4, rng=rng).image[0, 0]
        corners.add(int(image.argmin()))
    assert len(corners) == 8


def test_one_seed_one_batch() -> None:
    first, second = (
        assemble([_crop(), _crop()], stride=2, sigma_px=2.4, rng=np.random.default_rng(5))
        for _ in range(2)
    )
    assert torch.equal(first.image, second.image)
    assert torch.equal(first.target, second.target)

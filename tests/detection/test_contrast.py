from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nunatak.detection.contrast import ContrastVote, decide, spread, vote
from nunatak.detection.model import DetectorModel
from nunatak.detection.preparation import prepare
from nunatak.detection.scoring import Scorer


@pytest.mark.parametrize("trained", ["dark", "light"])
@pytest.mark.parametrize("light", [False, True])
def test_the_side_with_the_particles_wins(
    tmp_path: Path,
    blob_model: DetectorModel,
    write_spots: Callable[..., np.ndarray],
    light: bool,
    trained: str,
) -> None:
    # The blob detector answers to dark spots; told that it was trained on light ones, it means
    # that its images had been inverted.
    model = replace(blob_model, header=blob_model.header.model_copy(update={"contrast": trained}))
    write_spots(tmp_path / "m.mrc", light=light)
    image = prepare(tmp_path / "m.mrc", diameter_A=120.0, diameter_px=20.0).image
    cast = vote(image, Scorer(model, device="cpu"), level=0.5, min_distance_px=10.0)
    assert decide([cast]) == ("dark" if light == (trained == "light") else "light")


def test_the_majority_of_micrographs_decides_not_the_sum() -> None:
    assert decide([ContrastVote(2, 1), ContrastVote(3, 0), ContrastVote(0, 500)]) == "dark"
    assert decide([ContrastVote(0, 9), ContrastVote(3, 70), ContrastVote(500, 0)]) == "light"


@pytest.mark.parametrize(
    "vote",
    [
        ContrastVote(0, 0),
        ContrastVote(0, 2.9),  # chance
        ContrastVote(8, 15),  # more, but not clearly
        ContrastVote(5, 0),
    ],
)
def test_particles_are_dark_unless_light_ones_are_plain_to_see(vote: ContrastVote) -> None:
    assert decide([vote]) == "dark"


def test_without_a_micrograph_particles_are_dark() -> None:
    assert decide([]) == "dark"


def test_the_sample_spans_the_list() -> None:
    assert spread(1) == [0]
    assert spread(5) == [0, 1, 2, 3, 4]
    assert spread(1001) == [0, 250, 500, 750, 1000]


def test_only_the_middle_of_a_large_image_is_scored(blob_model: DetectorModel) -> None:
    rows, columns = np.indices((60, 3000))
    image = np.zeros((60, 3000), dtype=np.float32)
    for x, sign in [(40, -1), (100, -1), (160, -1), (1500, 1)]:
        image += sign * 4 * np.exp(-((rows - 30) ** 2 + (columns - x) ** 2) / 32)
    scorer = Scorer(blob_model, device="cpu")
    cast = vote(image.astype(np.float32), scorer, level=0.5, min_distance_px=10.0)
    assert cast.dark == 0.0
    assert 0.5 < cast.light <= 1.0

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nunatak.detection.contrast import ContrastVote, decide, vote
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
    ballots = [ContrastVote(20, 1), ContrastVote(30, 0), ContrastVote(0, 500)]
    assert decide(ballots) == "dark"


def test_a_tie_goes_to_the_larger_sum() -> None:
    assert decide([ContrastVote(20, 1), ContrastVote(0, 90)]) == "light"
    assert decide([ContrastVote(90, 1), ContrastVote(0, 20)]) == "dark"


def test_the_undecided_abstain() -> None:
    nearly_empty, both = ContrastVote(0.5, 2.9), ContrastVote(90, 100)
    assert decide([nearly_empty, nearly_empty, both]) == "dark"
    assert decide([nearly_empty, nearly_empty, both, ContrastVote(3, 40)]) == "light"
    assert decide([nearly_empty], otherwise="light") == "light"
    assert decide([]) == "dark"


def test_only_the_middle_of_a_large_image_is_scored(blob_model: DetectorModel) -> None:
    rows, columns = np.indices((60, 3000))
    image = np.zeros((60, 3000), dtype=np.float32)
    for x, sign in [(40, -1), (100, -1), (160, -1), (1500, 1)]:
        image += sign * 4 * np.exp(-((rows - 30) ** 2 + (columns - x) ** 2) / 32)
    scorer = Scorer(blob_model, device="cpu")
    cast = vote(image.astype(np.float32), scorer, level=0.5, min_distance_px=10.0)
    assert cast.dark == 0.0
    assert 0.5 < cast.light <= 1.0

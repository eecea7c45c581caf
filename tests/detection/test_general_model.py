"""The shipped general model on real micrographs, through the whole of `pick`."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

import nunatak
from nunatak.detection.contrast import vote
from nunatak.detection.model import load_model
from nunatak.detection.preparation import prepare
from nunatak.detection.result import PickResult
from nunatak.detection.scoring import Scorer
from nunatak.picks.evaluate import evaluate
from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet

pytestmark = pytest.mark.realdata

DIAMETER_A = 122.0
PIXEL_SIZE_A = 1.5


@pytest.fixture(scope="module")
def apoferritin(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "empiar10146" / "micrographs").glob("*.mrc"))[:2]


@pytest.fixture(scope="module")
def picked(apoferritin: list[Path]) -> PickResult:
    return pick_in("float32", apoferritin)


def pick_in(precision: str, files: list[Path]) -> PickResult:
    return nunatak.pick(
        files,
        diameter_A=DIAMETER_A,
        pixel_size_A=PIXEL_SIZE_A,
        override_pixel_size=True,
        arithmetic=precision,  # type: ignore[arg-type]
        device="cpu",
    )


def test_apoferritin_is_found_without_a_label(
    shared_data: Path, apoferritin: list[Path], picked: PickResult
) -> None:
    labels = read_picks(shared_data / "empiar10146" / "particles.star")
    names = {path.name for path in apoferritin}
    here = labels.table["image"].map(lambda image: Path(image).name in names)
    judged = evaluate(
        picked.picks,
        PickSet(labels.table[here]),
        radius_A=DIAMETER_A / 4,
        pixel_size_A=PIXEL_SIZE_A,
        n_resamples=0,
    )
    assert judged.best_f1.value > 0.93
    assert picked.contrast == "dark"


def test_bfloat16_picks_the_same_particles(apoferritin: list[Path], picked: PickResult) -> None:
    low = pick_in("bfloat16", apoferritin)
    for image in picked.picks.images:
        exact, rounded = (
            r.picks.table[(r.picks.table["image"] == image) & (r.picks.table["score"] > 0.4)]
            for r in (picked, low)
        )
        assert abs(len(exact) - len(rounded)) <= 0.02 * len(exact)
        points, others = (t[["x_px", "y_px"]].to_numpy() for t in (exact, rounded))
        distance = np.hypot(*(points[:, None] - others[None]).transpose(2, 0, 1))
        nearest = distance.min(axis=1)
        assert np.quantile(nearest, 0.95) < 1.0  # of 81 pixels a particle
        partner = rounded["score"].to_numpy()[distance.argmin(axis=1)][nearest < 5.0]
        assert np.abs(exact["score"].to_numpy()[nearest < 5.0] - partner).max() < 0.03


@pytest.mark.parametrize(
    ("folder", "diameter_A", "pixel_size_A"),
    [("empiar10146", 122.0, 1.5), ("empiar10028", 300.0, 5.36), ("empiar10017", 180.0, 3.54)],
)
def test_the_contrast_is_never_in_doubt(
    shared_data: Path, folder: str, diameter_A: float, pixel_size_A: float
) -> None:
    file = min((shared_data / folder / "micrographs").glob("*.mrc"))
    model = load_model("general-2d")
    image = prepare(
        file,
        diameter_A=diameter_A,
        diameter_px=model.header.diameter_px,
        pixel_size_A=pixel_size_A,
        override_pixel_size=True,
    ).image
    scorer = Scorer(model, device="cpu")
    level = model.header.default_threshold
    for sign in (1, -1):
        cast = vote(sign * image, scorer, level=level, min_distance_px=8.0)
        right, wrong = (cast.dark, cast.light)[::sign]
        assert right > 10 * wrong


def test_inverted_micrographs_give_the_same_picks(
    tmp_path: Path, apoferritin: list[Path], picked: PickResult
) -> None:
    with mrcfile.open(apoferritin[0]) as file:
        pixels = -file.data.astype(np.float32)
    with mrcfile.new(tmp_path / "inverted.mrc") as file:
        file.set_data(pixels)
    inverted = pick_in("float32", [tmp_path / "inverted.mrc"])
    assert inverted.contrast == "light"
    table = picked.picks.table
    expected = table[(table["image"] == str(apoferritin[0])) & table["selected"]]
    assert inverted.selected_count == pytest.approx(len(expected), rel=0.02)

from pathlib import Path

import mrcfile
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nunatak.errors import BadInput, UsageError
from nunatak.learning.topaz.extract import extract

CENTRES = np.array([[60.0, 70.0], [150.0, 64.0], [100.0, 150.0], [200.0, 170.0], [55.0, 200.0]])


@pytest.fixture(scope="module")
def micrograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark, lumpy balls of 34 pixels, as RELION hands a micrograph on: no mean, unit deviation."""
    path = tmp_path_factory.mktemp("proc") / "rank000000.mrc"
    rng = np.random.default_rng(4)
    rows, columns = np.indices((251, 260))
    image, lumps = (
        rng.standard_normal((251, 260)),
        gaussian_filter(rng.standard_normal((251, 260)), 2.5),
    )
    for x, y in CENTRES:
        distance = np.hypot(rows - y, columns - x)
        thickness = np.sqrt(np.clip(1 - (distance / 17) ** 2, 0, None))
        image -= thickness * (2.0 + 1.2 * lumps / lumps.std())
    image = (image - image.mean()) / image.std()
    with mrcfile.new(path) as file:
        file.set_data(image.astype(np.float32))
        file.voxel_size = 0.885  # of the full micrograph, as RELION leaves it
    return path


def rows_of(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_particles_come_in_pixels_of_the_full_micrograph(micrograph: Path) -> None:
    found = extract([micrograph], radius_px=17, threshold=0.0, coordinate_scale=6)
    header, *rows = rows_of(found.text)
    assert header == ["image_name", "x_coord", "y_coord", "score"]
    assert {row[0] for row in rows} == {"rank000000"}
    positions = np.array([[int(row[1]), int(row[2])] for row in rows])
    distances = np.linalg.norm(positions[:, None] - 6 * CENTRES[None], axis=2)
    assert found.count == len(rows) == len(CENTRES)
    assert distances.min(axis=0).max() < 6 * 2.5
    scores = [float(row[3]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.0


def test_the_threshold_is_a_log_likelihood_ratio(micrograph: Path) -> None:
    few = extract([micrograph], radius_px=17, threshold=0.0)
    many = extract([micrograph], radius_px=17, threshold=-6.0)
    scores = np.array([float(row[3]) for row in rows_of(many.text)[1:]])
    assert many.count > few.count == (scores >= 0.0).sum()
    # Below the floor of the model itself, which is a probability of 0.05.
    assert -6.001 <= scores.min() < -3.0


def test_nothing_found_is_a_table_all_the_same(micrograph: Path) -> None:
    found = extract([micrograph], radius_px=17, threshold=30.0)
    assert (found.count, found.failures) == (0, ())
    assert found.text == "image_name\tx_coord\ty_coord\tscore\n"


def test_a_bad_image_is_a_failure_and_the_table_is_there(tmp_path: Path, micrograph: Path) -> None:
    blank = tmp_path / "blank.mrc"
    with mrcfile.new(blank) as file:
        file.set_data(np.zeros((251, 260), np.float32))
    found = extract([blank], radius_px=17)
    assert found.text == "image_name\tx_coord\ty_coord\tscore\n"
    assert [failure.image for failure in found.failures] == [str(blank)]
    both = extract([blank, micrograph, tmp_path / "gone.mrc"], radius_px=17, threshold=0.0)
    assert both.count == len(CENTRES)
    assert len(both.failures) == 2


def test_light_particles_are_found_when_asked_for(tmp_path: Path, micrograph: Path) -> None:
    light = tmp_path / "light.mrc"
    with mrcfile.open(micrograph) as source, mrcfile.new(light) as file:
        file.set_data(-source.data)
    found = extract([light], radius_px=17, threshold=0.0, contrast="light")
    assert found.count == len(CENTRES)


def test_no_image_and_senseless_numbers_are_refused(micrograph: Path) -> None:
    with pytest.raises(BadInput):
        extract(["nowhere.mrc"], radius_px=17)
    with pytest.raises(UsageError, match="log-likelihood"):
        extract([micrograph], radius_px=17, threshold=float("nan"))
    with pytest.raises(UsageError, match="radius"):
        extract([micrograph], radius_px=0)

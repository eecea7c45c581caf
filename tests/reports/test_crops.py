import base64
import io

import numpy as np
import pytest
from PIL import Image

from nunatak.reports.crops import CROP_PX, crop, overview_picture, pick_picture


def decoded(uri: str, kind: str) -> np.ndarray:
    prefix, data = uri.split(",")
    assert prefix == f"data:image/{kind};base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_crop_is_centred_on_the_position() -> None:
    pixels = np.arange(100.0).reshape(10, 10)
    square = crop(pixels, 4.2, 6.9, 5)
    assert square[2, 2] == pixels[7, 4]
    assert square.shape == (5, 5)


@pytest.mark.parametrize(("x_px", "y_px"), [(0, 0), (9, 9), (0, 9), (-30, 4), (50, 50)])
def test_a_crop_beyond_the_border_is_filled_with_the_median(x_px: float, y_px: float) -> None:
    square = crop(np.full((10, 10), 7, dtype=np.int8), x_px, y_px, 6)
    assert square.shape == (6, 6)
    assert set(np.unique(square)) <= {0.0, 7.0}
    if 0 <= x_px < 10:
        assert (square == 7).all()


def test_a_particle_lies_in_the_middle_of_its_picture(rng: np.random.Generator) -> None:
    y, x = np.mgrid[:200, :300]
    pixels = 100 * np.exp(-((x - 220) ** 2 + (y - 60) ** 2) / 50) + rng.normal(size=(200, 300))
    picture = decoded(pick_picture(pixels, 220, 60, diameter_px=40.0), "png").astype(float)
    assert picture.shape == (CROP_PX, CROP_PX)
    rows, columns = np.nonzero(picture > 200)
    assert rows.mean() == pytest.approx(31.5, abs=1.5)
    assert columns.mean() == pytest.approx(31.5, abs=1.5)


def test_an_overview_keeps_the_proportions_and_is_never_enlarged(rng: np.random.Generator) -> None:
    large = decoded(overview_picture(rng.normal(size=(1501, 3000)), diameter_px=60.0), "jpeg")
    assert large.shape == (500, 1000)
    small = decoded(overview_picture(rng.normal(size=(60, 40)), diameter_px=10.0), "jpeg")
    assert small.shape == (60, 40)


def test_hot_pixels_do_not_take_the_contrast(rng: np.random.Generator) -> None:
    pixels = rng.normal(size=(400, 400))
    pixels[10, 10] = 1e6
    assert decoded(overview_picture(pixels, diameter_px=20.0), "jpeg").std() > 30


def test_an_image_without_contrast_is_grey() -> None:
    assert (decoded(overview_picture(np.zeros((50, 50)), diameter_px=9.0), "jpeg") == 128).all()

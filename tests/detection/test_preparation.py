import re
import warnings
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.detection.preparation import prepare
from nunatak.errors import BadInput


def write(path: Path, pixels: np.ndarray, pixel_size_A: float = 2.0) -> Path:
    with mrcfile.new(path) as file:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # mrcfile's about NaN
            file.set_data(pixels.astype(np.float32))
        file.voxel_size = pixel_size_A
    return path


def test_the_particle_spans_its_working_size(
    tmp_path: Path, write_spots: Callable[..., np.ndarray]
) -> None:
    path = tmp_path / "m.mrc"
    write_spots(path)
    prepared = prepare(path, diameter_A=120.0, diameter_px=20.0)
    assert prepared.image.shape == prepared.scale.resampled_shape == (233, 200)
    assert prepared.scale.source_shape == (700, 601)
    assert prepared.pixel_size_A == 2.0
    assert prepared.image.dtype == np.float32
    assert abs(float(np.median(prepared.image))) < 0.1
    assert prepared.state.size_bytes == path.stat().st_size


def test_an_unknown_pixel_size_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "m.mrc", np.random.default_rng(0).normal(size=(64, 64)), 0.0)
    with pytest.raises(BadInput, match=re.escape(f"{path}: the header states no pixel size")):
        prepare(path, diameter_A=120.0, diameter_px=20.0)
    assert prepare(path, diameter_A=20.0, diameter_px=20.0, pixel_size_A=1.0).pixel_size_A == 1.0


@pytest.mark.parametrize(
    ("diameter_A", "message"),
    [(1e6, "holds no particle of 1000000.0 Å"), (0.01, "spans 0.005 pixels of 2 Å")],
)
def test_a_diameter_that_makes_no_sense_names_the_file(
    tmp_path: Path, diameter_A: float, message: str
) -> None:
    path = write(tmp_path / "m.mrc", np.random.default_rng(0).normal(size=(64, 64)))
    with pytest.raises(BadInput, match=re.escape(message)) as caught:
        prepare(path, diameter_A=diameter_A, diameter_px=20.0)
    assert str(path) in str(caught.value)


def test_bad_pixels_are_flat_at_the_working_size(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).normal(size=(400, 400))
    pixels[100:132, 200:232] = np.nan
    path = write(tmp_path / "m.mrc", pixels)
    prepared = prepare(path, diameter_A=160.0, diameter_px=20.0)
    assert prepared.image.shape == (100, 100)
    assert np.all(prepared.image[26:32, 51:57] == 0.0)
    assert np.isfinite(prepared.image).all()

"""Picks outside, on the border, twice, or in the wrong unit."""

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.inspection import (
    count_duplicates,
    extents_of,
    is_on_border,
    is_outside,
    suspected_unit,
)

IMAGES = ImageCatalogue({"m/a.mrc": (100, 200)})


def table(x: list[float], y: list[float], image: str = "m/a.mrc") -> pd.DataFrame:
    return pd.DataFrame({"image": image, "x_px": x, "y_px": y})


def test_the_outer_edge_of_the_pixels_is_the_limit() -> None:
    picks = table([-0.5, -0.6, 199.5, 199.6, 10, 10], [10, 10, 10, 10, 99.5, 100])
    outside = is_outside(picks, extents_of(picks, IMAGES))
    assert outside.tolist() == [False, True, False, True, False, True]


def test_picks_on_the_edge_stay_inside_through_float32_fractions() -> None:
    images = ImageCatalogue({"m/a.mrc": (7676, 7420)})
    edge = np.array([[-0.5, -0.5], [7419.5, 7675.5]])
    size = np.array([7420, 7676])
    for way in (-np.inf, np.inf):  # one step of float32 away, whichever way it was rounded
        fractions = np.nextafter(((edge + 0.5) / size).astype(np.float32), np.float32(way))
        x, y = (fractions.astype(np.float64) * size - 0.5).T.tolist()
        picks = table(x, y)
        assert not is_outside(picks, extents_of(picks, images)).any()
    beyond = table([-0.502], [10])
    assert is_outside(beyond, extents_of(beyond, images)).all()


def test_boxes_that_just_fit_are_not_on_the_border() -> None:
    # A box of 20 pixels around 9.5 covers pixels 0 to 19.
    picks = table([9.5, 9.4, 189.5, 189.6, -5], [50, 50, 50, 50, 50])
    on_border = is_on_border(picks, extents_of(picks, IMAGES), 20)
    assert on_border.tolist() == [False, True, False, True, False]


def test_unknown_images_are_neither() -> None:
    picks = table([-5], [-5], "m/b.mrc")
    extents = extents_of(picks, IMAGES)
    assert list(extents.unknown) == ["m/b.mrc"]
    assert is_on_border(picks, extents, 20).tolist() == [False]


def test_duplicates_count_within_an_image_only() -> None:
    picks = pd.concat([table([1, 1.5, 50], [1, 1, 50]), table([1], [1], "m/b.mrc")])
    assert count_duplicates(picks, 0.5) == 1
    assert count_duplicates(picks, 0.4) == 0


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (0.25, "pixels binned by 4"),
        (0.125, "pixels binned by 8"),
        (0.5, "pixels binned by 2"),
        (4.0, "pixels of an image 4 times larger"),
        (1.32, "ångström"),
        (0.3, None),
    ],
)
def test_a_wrong_unit_is_suspected(
    factor: float, unit: str | None, rng: np.random.Generator
) -> None:
    picks = table(
        (rng.uniform(5, 195, 400) * factor).tolist(), (rng.uniform(5, 95, 400) * factor).tolist()
    )
    suspicion = suspected_unit(picks, extents_of(picks, IMAGES), pixel_size_A=1.32)
    assert suspicion is not None
    if unit is not None:
        assert unit in suspicion.factors
        assert f"may be {unit}" in str(suspicion) or f"or {unit}" in str(suspicion)


def test_good_picks_and_few_picks_raise_no_suspicion(rng: np.random.Generator) -> None:
    good = table(rng.uniform(-3, 203, 400).tolist(), rng.uniform(-3, 103, 400).tolist())
    assert suspected_unit(good, extents_of(good, IMAGES)) is None
    few = table([3.0] * 20, [3.0] * 20)
    assert suspected_unit(few, extents_of(few, IMAGES)) is None
    unknown = table([3.0] * 200, [3.0] * 200, "m/b.mrc")
    assert suspected_unit(unknown, extents_of(unknown, IMAGES)) is None


def test_few_picks_are_suspected_that_mostly_lie_beyond_the_edge() -> None:
    x, y = np.linspace(180, 50, 10), np.linspace(10, 70, 10)
    picks = table((x * 8).tolist(), (y * 8).tolist())
    for number in (10, 3):
        some = picks.iloc[:number]
        suspicion = suspected_unit(some, extents_of(some, IMAGES))
        assert suspicion is not None
        assert suspicion.factors["pixels of an image 8 times larger"] == 1 / 8
    assert suspected_unit(picks.iloc[:2], extents_of(picks.iloc[:2], IMAGES)) is None
    # Four of ten may be strays.
    x[:4] *= 8
    strays = table(x.tolist(), y.tolist())
    assert suspected_unit(strays, extents_of(strays, IMAGES)) is None


def test_half_a_pixel_hides_no_binning_of_a_thin_tomogram(rng: np.random.Generator) -> None:
    thin = ImageCatalogue({"m/a.mrc": (48, 96, 96)})
    xyz = rng.uniform(0, 1, (78, 3)) * [95, 95, 47]
    xyz[0] = [50, 50, 47.4]
    names = {"x_px": xyz[:, 0] / 8, "y_px": xyz[:, 1] / 8, "z_px": xyz[:, 2] / 8}
    picks = pd.DataFrame({"image": "m/a.mrc", **names})
    suspicion = suspected_unit(picks, extents_of(picks, thin))
    assert suspicion is not None
    assert suspicion.factors == {"pixels binned by 8": 8.0}

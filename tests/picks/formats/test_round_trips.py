"""Every pair of formats, through nunatak's frame, at odd sizes and binnings other than 1."""

import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.geometry import Orientation
from nunatak.picks.formats import (
    FORMATS,
    FileGrid,
    FormatContext,
    GridRule,
    ImageCatalogue,
    PickFormat,
)
from nunatak.picks.table import PickSet

SHAPES = {"a/one.mrc": (41, 97), "a/two.mrc": (383, 512), "b/three.mrc": (1023, 767)}
IMAGES = ImageCatalogue(SHAPES)
SQUARE = ImageCatalogue(dict.fromkeys(SHAPES, (1023, 1023)))
"""What is not square cannot be transposed onto itself."""

FLOAT32_FRACTION = 2.0**-24
"""Half the spacing of float32 just below 1."""

PLANAR = [name for name, fmt in FORMATS.items() if 2 in fmt.capabilities.dimensions]
"""Formats that hold picks on micrographs."""

ratios = st.sampled_from([1.0, 2.0, 3.0, 383 / 95, 1023 / 127, 0.5])
grids = st.builds(FileGrid, ratios, ratios, st.sampled_from(GridRule))
orientations = st.sampled_from(Orientation)


@st.composite
def pick_sets(draw: st.DrawFn) -> PickSet:
    rows = []
    for image, (ny, nx) in SHAPES.items():
        # Beyond the edges too: nothing may be clipped.
        position = st.tuples(st.floats(-20, nx + 20), st.floats(-20, ny + 20))
        rows += [(image, x, y) for x, y in draw(st.lists(position, min_size=1, max_size=4))]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px"])
    scores = draw(st.lists(st.floats(-1e3, 1e3), min_size=len(rows), max_size=len(rows)))
    return PickSet(table.assign(score=scores, pixel_size_A=1.06))


def context_for(fmt: PickFormat, grid: FileGrid, orientation: Orientation | None) -> FormatContext:
    return FormatContext(
        images=SQUARE if orientation is Orientation.TRANSPOSE else IMAGES,
        # Fractions of an image have no binning.
        grid=FileGrid() if fmt.name == "cryosparc" else grid,
        orientation=orientation,
        box_px=37,
        round_coordinates=False,
    )


def through(picks: PickSet, fmt: PickFormat, context: FormatContext) -> PickSet:
    with tempfile.TemporaryDirectory() as folder:
        many = fmt.capabilities.multi_image and fmt.name != "relion-autopick"
        path = Path(folder) / ("picks" + fmt.suffixes[0] if many else "job")
        written = fmt.write(picks, path, context)
        if fmt.capabilities.multi_image:
            return fmt.read(path, context)
        parts = [fmt.read(file, context) for file in written]
    return PickSet(
        pd.concat([part.table for part in parts], ignore_index=True),
        images=tuple(image for part in parts for image in part.images),
    )


def tolerance_px(fmt: PickFormat, context: FormatContext) -> float:
    if fmt.capabilities.integer:
        return 0.5 * max(context.grid.ratio_x, context.grid.ratio_y) + 1e-9
    if fmt.name == "cryosparc":
        return (1023 + 40) * FLOAT32_FRACTION * 1.01
    return 1e-9


def assert_same(before: PickSet, after: PickSet, tolerance: float, *, scores: bool) -> None:
    one = before.table.sort_values("image", kind="stable")
    two = after.table.sort_values("image", kind="stable")
    assert list(one["image"]) == list(two["image"])
    for column in ("x_px", "y_px"):
        np.testing.assert_allclose(two[column], one[column], rtol=0, atol=tolerance)
    if "pixel_size_A" in two and "pixel_size_A" in one:
        np.testing.assert_allclose(two["pixel_size_A"], one["pixel_size_A"], rtol=1e-6)
    if scores:
        np.testing.assert_allclose(two["score"], one["score"], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", PLANAR)
@settings(max_examples=8, deadline=None)
@given(picks=pick_sets(), grid=grids, orientation=st.none() | orientations)
def test_each_format_round_trips(
    name: str, picks: PickSet, grid: FileGrid, orientation: Orientation | None
) -> None:
    fmt = FORMATS[name]
    context = context_for(fmt, grid, orientation)
    back = through(picks, fmt, context)
    assert_same(picks, back, tolerance_px(fmt, context), scores=fmt.capabilities.score)
    assert ("pixel_size_A" in back.table) == fmt.capabilities.pixel_size


@pytest.mark.parametrize("name", [n for n in PLANAR if not FORMATS[n].capabilities.integer])
@settings(max_examples=4, deadline=None)
@given(picks=pick_sets())
def test_on_the_stored_grid_lossless_formats_are_exact(name: str, picks: PickSet) -> None:
    fmt = FORMATS[name]
    whole = PickSet(picks.table.round({"x_px": 0, "y_px": 0}))
    context = FormatContext(images=ImageCatalogue(dict.fromkeys(SHAPES, (1024, 512))), box_px=36)
    back = through(whole, fmt, context)
    assert_same(whole, back, 0.0, scores=False)


@pytest.mark.parametrize(("first", "second"), list(product(PLANAR, PLANAR)))
def test_every_pair_of_formats_agrees(first: str, second: str, rng: np.random.Generator) -> None:
    one, two = FORMATS[first], FORMATS[second]
    ratios = rng.uniform(1.5, 8.5, size=4)
    contexts = (
        context_for(one, FileGrid(ratios[0], ratios[1], GridRule.MEAN), None),
        context_for(two, FileGrid(ratios[2], ratios[3], GridRule.FOURIER), Orientation.FLIP_X),
    )
    picks = random_picks(rng)
    between = through(picks, one, contexts[0])
    after = through(between, two, contexts[1])
    assert_same(between, after, tolerance_px(two, contexts[1]), scores=False)
    total = tolerance_px(one, contexts[0]) + tolerance_px(two, contexts[1])
    has_scores = one.capabilities.score and two.capabilities.score
    assert_same(picks, after, total, scores=has_scores)


def random_picks(rng: np.random.Generator) -> PickSet:
    rows = [
        (image, rng.uniform(-20, nx + 20), rng.uniform(-20, ny + 20))
        for image, (ny, nx) in SHAPES.items()
        for _ in range(3)
    ]
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px"])
    return PickSet(table.assign(score=rng.normal(size=len(table)), pixel_size_A=1.06))

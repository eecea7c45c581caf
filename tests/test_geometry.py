"""Conventions are converted without loss, and agree with how arrays are really resampled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.geometry import (
    Orientation,
    Scale,
    centre_to_corner,
    centre_to_float_corner,
    corner_to_centre,
    decimated_to_source,
    flipped,
    float_corner_to_centre,
    fraction_to_position,
    oriented,
    oriented_fractions,
    position_to_fraction,
    resampled_to_source,
    source_to_decimated,
    source_to_resampled,
)

POSITIONS = st.floats(-1e5, 1e5)
SIZES = st.integers(1, 20_000)
RATIOS = st.floats(0.05, 50.0)


@given(POSITIONS, RATIOS)
def test_resampling_round_trips(position_px: float, ratio: float) -> None:
    there = source_to_resampled(position_px, ratio)
    assert resampled_to_source(there, ratio) == pytest.approx(position_px, abs=1e-6)


@given(SIZES, SIZES)
def test_resampling_keeps_the_outer_edges_in_place(source: int, resampled: int) -> None:
    ratio = source / resampled
    assert resampled_to_source(-0.5, ratio) == pytest.approx(-0.5)
    assert resampled_to_source(resampled - 0.5, ratio) == pytest.approx(source - 0.5)


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_half_pixel_rule_is_that_of_averaging(ratio: int) -> None:
    # The mean position of the pixels that were averaged into pixel j is where pixel j lies.
    blocks = np.arange(12 * ratio, dtype=float).reshape(12, ratio).mean(axis=1)
    np.testing.assert_allclose(resampled_to_source(np.arange(12), ratio), blocks)


def test_decimation_keeps_the_first_pixel_in_place() -> None:
    source = np.arange(20.0)
    np.testing.assert_array_equal(decimated_to_source(np.arange(5), 4.0), source[::4])


@given(POSITIONS, RATIOS)
def test_decimation_round_trips(position_px: float, ratio: float) -> None:
    there = source_to_decimated(position_px, ratio)
    assert decimated_to_source(there, ratio) == pytest.approx(position_px, abs=1e-6)


@given(POSITIONS, SIZES)
def test_flipping_twice_changes_nothing(position_px: float, size_px: int) -> None:
    assert flipped(flipped(position_px, size_px), size_px) == pytest.approx(position_px, abs=1e-9)


@given(st.floats(-1e4, 1e4), st.integers(1, 1000))
def test_box_corner_and_centre_round_trip(centre_px: float, box_px: int) -> None:
    corner = centre_to_corner(centre_px, box_px)
    assert corner_to_centre(corner, box_px) == pytest.approx(centre_px, abs=1e-9)


@pytest.mark.parametrize(("box_px", "centre_px"), [(4, 12.0), (5, 12.0), (1, 10.0)])
def test_box_centre_follows_relions_integer_division(box_px: int, centre_px: float) -> None:
    assert corner_to_centre(10, box_px) == centre_px


@given(st.floats(-1e4, 1e4), st.integers(1, 1000))
def test_fractional_corner_and_centre_round_trip(centre_px: float, box_px: int) -> None:
    corner = centre_to_float_corner(centre_px, box_px)
    assert float_corner_to_centre(corner, box_px) == pytest.approx(centre_px, abs=1e-9)


def test_an_odd_box_has_its_fractional_centre_at_the_half() -> None:
    assert float_corner_to_centre(10.25, 5) == 12.75


@given(POSITIONS, SIZES)
def test_fractions_round_trip(position_px: float, size_px: int) -> None:
    fraction = position_to_fraction(position_px, size_px)
    assert fraction_to_position(fraction, size_px) == pytest.approx(position_px, abs=1e-6)


@given(st.sampled_from(Orientation), st.floats(0, 1), st.floats(0, 1))
def test_orientations_of_fractions_are_their_own_inverse(
    orientation: Orientation, x: float, y: float
) -> None:
    there = oriented_fractions(x, y, orientation)
    assert oriented_fractions(*there, orientation) == (
        pytest.approx(x, abs=1e-12),
        pytest.approx(y, abs=1e-12),
    )


@pytest.mark.parametrize("orientation", [o for o in Orientation if o is not Orientation.TRANSPOSE])
def test_mirrored_fractions_lie_one_pixel_beyond_mirrored_pixels(orientation: Orientation) -> None:
    # pyem's rule has no half pixel: the mirror image of 0 is the size, not the size minus one.
    nx, ny = 40, 30
    x, y = oriented_fractions(0.25, 0.1, orientation)
    x_px, y_px = oriented(10, 3, (ny, nx), orientation)
    assert fraction_to_position(x, nx) - x_px == pytest.approx(float(x != 0.25))
    assert fraction_to_position(y, ny) - y_px == pytest.approx(float(y != 0.1))


@pytest.mark.parametrize("orientation", list(Orientation))
@pytest.mark.parametrize("shape", [(5, 8), (7, 7), (1, 3)])
def test_orientations_move_points_as_they_move_pixels(
    orientation: Orientation, shape: tuple[int, int]
) -> None:
    stored = np.arange(np.prod(shape)).reshape(shape)
    moved_as = {
        Orientation.IDENTITY: lambda image: image,
        Orientation.FLIP_Y: np.flipud,
        Orientation.FLIP_X: np.fliplr,
        Orientation.ROTATE_180: lambda image: np.rot90(image, 2),
        Orientation.TRANSPOSE: np.transpose,
    }
    foreign = moved_as[orientation](stored)
    y, x = np.indices(foreign.shape)
    x_stored, y_stored = oriented(x.ravel(), y.ravel(), shape, orientation)
    values = stored[y_stored.astype(int), x_stored.astype(int)]
    np.testing.assert_array_equal(values, foreign.ravel())


@given(st.sampled_from(Orientation), POSITIONS, POSITIONS, SIZES, SIZES)
def test_orientations_are_their_own_inverse(
    orientation: Orientation, x_px: float, y_px: float, ny: int, nx: int
) -> None:
    foreign_shape = (nx, ny) if orientation is Orientation.TRANSPOSE else (ny, nx)
    x, y = oriented(*oriented(x_px, y_px, (ny, nx), orientation), foreign_shape, orientation)
    assert (x, y) == (pytest.approx(x_px, abs=1e-9), pytest.approx(y_px, abs=1e-9))


def test_scale_is_exact_on_each_axis() -> None:
    scale = Scale(source_shape=(4092, 5760), resampled_shape=(511, 719))
    assert scale.ratio_y == 4092 / 511
    assert scale.ratio_x == 5760 / 719

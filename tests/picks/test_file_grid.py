"""The grid in which a file counts."""

import numpy as np
import pytest

from nunatak.errors import UsageError
from nunatak.geometry import Scale
from nunatak.picks.file_grid import FileGrid, GridRule


def grid_positions(grid: FileGrid, x: float, y: float) -> tuple[float, float]:
    px, py = grid.to_source(np.array([x]), np.array([y]))
    return float(px[0]), float(py[0])


def test_both_rules_of_binning() -> None:
    assert grid_positions(FileGrid.binned(4), 10, 0) == (40, 0)
    assert grid_positions(FileGrid.binned(4, GridRule.MEAN), 10, 0) == (41.5, 1.5)


def test_the_ratio_is_exact_along_each_axis() -> None:
    grid = FileGrid.between(Scale((4092, 5760), (511, 720)))
    assert grid_positions(grid, 720, 511) == pytest.approx((5760, 4092))
    assert str(grid) == "units of 8 (x) and 8.00783 (y) stored pixels (fourier rule)"


def test_angstrom() -> None:
    assert grid_positions(FileGrid.in_angstrom(1.25), 125, 0) == pytest.approx((100, 0))


@pytest.mark.parametrize("ratio", [0, -1, float("inf"), float("nan")])
def test_impossible_binnings_are_refused(ratio: float) -> None:
    with pytest.raises(UsageError, match="A binning must be a positive number"):
        FileGrid.binned(ratio)


def test_an_impossible_pixel_size_is_refused() -> None:
    with pytest.raises(UsageError, match="pixel size"):
        FileGrid.in_angstrom(0)

"""Grids and catalogues of images."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.errors import Mismatch, UsageError
from nunatak.geometry import Scale
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.picks.context import FileGrid, FormatContext, GridRule, ImageCatalogue


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


def test_impossible_boxes_and_pixel_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        FormatContext(box_px=0)
    with pytest.raises(UsageError, match="pixel size"):
        FileGrid.in_angstrom(0)


def test_headers_are_read_only_when_a_size_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "mic_1.mrc"
    catalogue = ImageCatalogue(paths=[path])
    assert catalogue.image_for("mic_1") == str(path)
    with mrcfile.new(path, np.zeros((30, 50), np.float32)) as file:
        file.voxel_size = 1.5
    assert catalogue.shape("mic_1") == (30, 50)
    assert catalogue.pixel_size_A("mic_1") == pytest.approx(1.5)


def test_listed_images_go_by_the_name_of_their_list(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "a.mrc", np.zeros((30, 50), np.float32)) as file:
        file.voxel_size = 1.5
    listed = MicrographList((ListedMicrograph(tmp_path / "a.mrc", "MotionCorr/a.mrc", 2.5),))
    catalogue = ImageCatalogue.listed(listed)
    assert catalogue.names == ("MotionCorr/a.mrc",)
    assert catalogue.shape("a") == (30, 50)
    assert catalogue.pixel_size_A("a") == 2.5
    assert ImageCatalogue.listed(listed, pixel_size_A=3.0).pixel_size_A("a") == 3.0


def test_a_volume_is_no_micrograph(tmp_path: Path) -> None:
    path = tmp_path / "volume.mrc"
    with mrcfile.new(path, np.zeros((4, 30, 50), np.float32)) as file:
        file.set_volume()
    with pytest.raises(Mismatch, match="a volume where a micrograph was expected"):
        ImageCatalogue(paths=[path]).shape("volume")


def test_an_empty_catalogue_takes_names_as_they_are_but_knows_no_size() -> None:
    catalogue = ImageCatalogue(pixel_size_A=2.0)
    assert catalogue.image_for("mic") == "mic"
    assert catalogue.pixel_size_A("mic") == 2.0
    with pytest.raises(Mismatch, match="Give the images"):
        catalogue.shape("mic")

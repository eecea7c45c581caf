"""Catalogues of images."""

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.write_volume import write_ome_zarr
from nunatak.picks.image_catalogue import ImageCatalogue


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


def tomogram(folder: Path, shape: tuple[int, int, int], size_zyx_A: tuple[float, ...]) -> Path:
    path = folder / "TS_1.mrc"
    with mrcfile.new(path, np.zeros(shape, np.float32), overwrite=True) as file:
        file.set_volume()
        file.voxel_size = size_zyx_A[::-1]
    return path


def test_a_tomogram_whose_rows_may_be_its_thickness_is_asked_about(tmp_path: Path) -> None:
    path = tomogram(tmp_path, (40, 11, 36), (10, 10, 10))
    listed = list_tomograms([path])
    for catalogue in (ImageCatalogue.of_tomograms(listed), ImageCatalogue(paths=[path])):
        assert catalogue.pixel_size_A("TS_1") == 10
        with pytest.raises(BadInput, match="--axis-order xzy"):
            catalogue.volume_shape("TS_1")
    for order, shape in ((AxisOrder.XYZ, (40, 11, 36)), (AxisOrder.XZY, (11, 40, 36))):
        known = ImageCatalogue.of_tomograms(listed, axis_order=order)
        assert known.volume_shape("TS_1") == shape
        assert ImageCatalogue(paths=[path], axis_order=order).volume_shape("TS_1") == shape


def test_the_axes_of_an_ome_zarr_have_names(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "TS_1.zarr", np.ones((40, 11, 36), np.float32), 10.0)
    listed = list_tomograms([tmp_path])
    assert ImageCatalogue.of_tomograms(listed).volume_shape("TS_1") == (40, 11, 36)
    wrong = ImageCatalogue.of_tomograms(listed, axis_order=AxisOrder.XZY)
    with pytest.raises(UsageError, match="an OME-Zarr names its axes"):
        wrong.volume_shape("TS_1")


@pytest.mark.parametrize("space_group", [0, 1])
def test_voxels_that_are_not_cubic_are_no_unknown_size(tmp_path: Path, space_group: int) -> None:
    path = tomogram(tmp_path, (9, 20, 31), (12, 10, 10))
    with mrcfile.open(path, mode="r+") as file:
        file.header.ispg = space_group
    listed = list_tomograms([path])
    with pytest.raises(Mismatch, match=r"TS_1\.mrc: voxels are not cubic.*10 Å in y, 12 Å in z"):
        ImageCatalogue.of_tomograms(listed).pixel_size_A("TS_1")
    assert ImageCatalogue.of_tomograms(listed, 10.0).pixel_size_A("TS_1") == 10
    path = tomogram(tmp_path, (9, 20, 31), (10.05, 10, 10))
    assert ImageCatalogue.of_tomograms(listed).pixel_size_A("TS_1") == pytest.approx(10)


def test_a_stated_size_wins_over_a_header_only_where_that_was_asked_for(tmp_path: Path) -> None:
    listed = list_tomograms([tomogram(tmp_path, (9, 20, 31), (10, 10, 10))])
    with pytest.raises(Mismatch, match="10 Å by its header, and of 5 Å"):
        ImageCatalogue.of_tomograms(listed, 5.0).pixel_size_A("TS_1")
    overridden = ImageCatalogue.of_tomograms(listed, 5.0, override=True)
    assert overridden.pixel_size_A("TS_1") == 5

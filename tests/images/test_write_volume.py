"""Tomograms that were written are read back, here and by other programs' rules."""

import errno
import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import zarr
from mrc_samples import noise

from nunatak.errors import ResourceError, UsageError
from nunatak.images import write_volume
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr

SHAPE = (17, 32, 45)


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "f2", "f4", ">f4"])
def test_mrc_volumes_come_back(tmp_path: Path, dtype: str) -> None:
    voxels = noise(SHAPE, dtype)
    path = tmp_path / "new" / "tomo.mrc"
    write_mrc_volume(path, voxels, 10.012, label="made by a test")
    tomogram = read_tomogram(path)
    np.testing.assert_array_equal(tomogram.slab(0, 17), voxels)
    assert tomogram.voxel_size_A == pytest.approx(10.012)
    assert tomogram.info.notes == ()
    if dtype != "f2":  # the validator sums squares in half precision, which overflows
        assert mrcfile.validate(path)
    with mrcfile.open(path) as mrc:
        assert mrc.is_volume()
        assert mrc.header.ispg == 1
        assert mrc.header.dmax == pytest.approx(voxels.max())
        assert "made by a test" in mrc.get_labels()
    assert [entry.name for entry in path.parent.iterdir()] == ["tomo.mrc"]


@pytest.mark.parametrize("dtype", ["i1", "i2", "u1", "u2", "f2", "f4"])
def test_ome_zarr_comes_back(tmp_path: Path, dtype: str) -> None:
    voxels = noise(SHAPE, dtype)
    path = tmp_path / "tomo.zarr"
    write_ome_zarr(path, voxels, 10.012)
    tomogram = read_tomogram(path)
    np.testing.assert_array_equal(tomogram.slab(0, 17), voxels)
    assert tomogram.voxel_size_A == 10.012
    assert tomogram.info.notes == ()
    assert tomogram.info.dtype == np.dtype(dtype)


def test_double_precision_is_stored_in_single(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).normal(size=(4, 8, 8))
    write_mrc_volume(tmp_path / "a.mrc", voxels, 10)
    write_ome_zarr(tmp_path / "a.zarr", voxels, 10)
    for path in (tmp_path / "a.mrc", tmp_path / "a.zarr"):
        np.testing.assert_array_equal(read_tomogram(path).slab(0, 4), voxels.astype("f4"))


def test_the_layout_is_that_of_copick(tmp_path: Path) -> None:
    path = tmp_path / "wbp.zarr"
    write_ome_zarr(path, noise((8, 150, 16)), 5)
    group = zarr.open_group(str(path), mode="r")
    assert group.metadata.zarr_format == 2
    (multiscale,) = group.attrs["multiscales"]
    assert multiscale["version"] == "0.4"
    assert [axis["name"] for axis in multiscale["axes"]] == ["z", "y", "x"]
    assert {axis["unit"] for axis in multiscale["axes"]} == {"angstrom"}
    assert [one["path"] for one in multiscale["datasets"]] == ["0", "1", "2"]
    assert multiscale["datasets"][1]["coordinateTransformations"] == [
        {"type": "scale", "scale": [10, 10, 10]},
        {"type": "translation", "translation": [2.5, 2.5, 2.5]},
    ]
    assert [group[name].shape for name in "012"] == [(8, 150, 16), (4, 75, 8), (2, 37, 4)]
    assert (path / "0" / "0" / "1" / "0").is_file()
    assert json.loads((path / "0" / ".zarray").read_text())["dimension_separator"] == "/"


def test_a_level_is_the_mean_of_eight_and_lies_where_it_says(tmp_path: Path) -> None:
    # Odd sides, and a ramp, on which a mean is exact at its own place.
    z, y, x = np.meshgrid(*(np.arange(side) for side in (9, 11, 13)), indexing="ij")
    ramp = (1.0 * x + 100 * y + 10_000 * z).astype("f4")
    path = tmp_path / "ramp.zarr"
    write_ome_zarr(path, ramp, 10)
    for wanted_A, shape in ((20, (4, 5, 6)), (40, (2, 2, 3))):
        level = read_tomogram(path, wanted_voxel_size_A=wanted_A)
        assert level.shape == shape
        nz, ny, nx = shape
        points = np.array([[0.0, 0, 0], [nx - 1, 0, 0], [1, ny - 1, nz - 1]])
        full = level.to_level_0(points)
        voxels = level.slab(0, nz)
        for (x0, y0, z0), (fx, fy, fz) in zip(points.astype(int), full, strict=True):
            assert voxels[z0, y0, x0] == fx + 100 * fy + 10_000 * fz


def test_means_of_integers_are_rounded(tmp_path: Path) -> None:
    block = np.array([0, 0, 0, 0, 0, 1, 2, 2], "i2").reshape(2, 2, 2)  # a mean of 0.625
    volume = np.concatenate([block, block + 10], axis=2)
    write_ome_zarr(tmp_path / "a.zarr", volume, 10, levels=2)
    level = read_tomogram(tmp_path / "a.zarr", wanted_voxel_size_A=20)
    np.testing.assert_array_equal(level.slab(0, 1), [[[1, 11]]])


def test_no_level_without_voxels(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", noise((3, 64, 64)), 10, levels=5)
    assert sorted(entry.name for entry in (tmp_path / "a.zarr").iterdir() if entry.is_dir()) == [
        "0",
        "1",
    ]


def test_chunks_of_zeros_are_stored_too(tmp_path: Path) -> None:
    voxels = np.zeros((8, 16, 200), "f4")
    voxels[:, :, :10] = noise((8, 16, 10))
    write_ome_zarr(tmp_path / "a.zarr", voxels, 10)
    assert read_tomogram(tmp_path / "a.zarr").info.notes == ()


def test_only_a_zarr_is_replaced_and_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write_ome_zarr(path, noise((4, 8, 8)), 10)
    newer = noise((4, 8, 8), seed=1)
    with pytest.raises(UsageError, match="exists already"):
        write_ome_zarr(path, newer, 10)
    write_ome_zarr(path, newer, 10, levels=1, overwrite=True)
    np.testing.assert_array_equal(read_tomogram(path).slab(0, 4), newer)
    assert not (path / "1").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("years of work")
    with pytest.raises(UsageError, match="exists already"):
        write_ome_zarr(other, newer, 10, overwrite=True)
    assert (other / "chapter.txt").read_text() == "years of work"


def test_a_full_disk_leaves_the_old_tomogram_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zarr"
    voxels = noise((4, 8, 8))
    write_ome_zarr(path, voxels, 10)
    written = write_volume._write_level

    def full_at_level_1(folder: Path, volume: np.ndarray) -> None:
        if folder.name == "1":
            raise OSError(errno.ENOSPC, "No space left on device")
        written(folder, volume)

    monkeypatch.setattr(write_volume, "_write_level", full_at_level_1)
    with pytest.raises(ResourceError, match="No space left on device"):
        write_ome_zarr(path, voxels + 1, 10, overwrite=True)
    with pytest.raises(ResourceError, match="No space left on device"):
        write_ome_zarr(tmp_path / "b.zarr", voxels, 10)
    np.testing.assert_array_equal(read_tomogram(path).slab(0, 4), voxels)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_tomogram_that_cannot_be_exchanged_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zarr"
    voxels = noise((4, 8, 8))
    write_ome_zarr(path, voxels, 10)
    rename = Path.rename

    def refuse_the_new_one(self: Path, target: Path) -> Path:
        if target == path and self.parent.name.startswith(".writing-") and self.name == path.name:
            raise OSError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new_one)
    with pytest.raises(ResourceError, match="Permission denied"):
        write_ome_zarr(path, voxels + 1, 10, overwrite=True)
    np.testing.assert_array_equal(read_tomogram(path).slab(0, 4), voxels)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


@pytest.mark.parametrize(
    ("volume", "size_A", "message"),
    [
        (noise((8, 8)), 10, r"shape \(8, 8\) is no volume"),
        (np.zeros((0, 8, 8), "f4"), 10, "is no volume"),
        (noise((4, 8, 8)), 0, "a voxel size of 0 Å"),
        (noise((4, 8, 8)), float("nan"), "a voxel size of nan Å"),
        (np.zeros((4, 8, 8), "c8"), 10, "voxels of type complex64"),
        (np.zeros((4, 8, 8), "i4"), 10, "voxels of type int32"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, volume: np.ndarray, size_A: float, message: str
) -> None:
    for write, name in ((write_mrc_volume, "a.mrc"), (write_ome_zarr, "a.zarr")):
        with pytest.raises(UsageError, match=message):
            write(tmp_path / name, volume, size_A)
    with pytest.raises(UsageError, match="0 levels"):
        write_ome_zarr(tmp_path / "a.zarr", noise((4, 8, 8)), 10, levels=0)
    assert not list(tmp_path.iterdir())

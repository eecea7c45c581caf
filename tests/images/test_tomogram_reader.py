"""MRC tomograms: axis orders, voxel sizes, bad voxels, and no more memory than a slab needs."""

import gzip
import itertools
import logging
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput, Mismatch, UsageError
from nunatak.images.describe import describe
from nunatak.images.reader import read_info
from nunatak.images.tomogram_reader import read_tomogram

SHAPE = (9, 20, 31)


def volume_bytes(voxels: np.ndarray, size_A: float = 10.0, **fields: float) -> bytes:
    nz = voxels.shape[0]
    implied = {"ispg": 1, "mz": nz, "cell_z": nz * size_A}
    return mrc_bytes(voxels, pixel_size_A=size_A, **(implied | fields))


@pytest.fixture
def write(tmp_path: Path):
    def written(content: bytes, name: str = "tomo.mrc") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def test_a_volume_is_read_as_z_y_x_with_its_voxel_size(write) -> None:
    voxels = noise(SHAPE)
    tomogram = read_tomogram(write(volume_bytes(voxels)))
    assert tomogram.shape == SHAPE
    assert tomogram.voxel_size_A == pytest.approx(10)
    assert tomogram.info.kind == "tomogram"
    assert tomogram.info.notes == ()
    np.testing.assert_array_equal(tomogram.slab(2, 5), voxels[2:5])
    part = tomogram.box(slice(1, 3), slice(4, 20), slice(0, 7))
    np.testing.assert_array_equal(part, voxels[1:3, 4:20, :7])


def test_slabs_put_together_are_the_tomogram(write) -> None:
    voxels = noise(SHAPE, "i2")
    tomogram = read_tomogram(write(volume_bytes(voxels)))
    starts, slabs = zip(*tomogram.slabs(4), strict=True)
    assert starts == (0, 4, 8)
    np.testing.assert_array_equal(np.concatenate(slabs), voxels)


@pytest.mark.parametrize("part", [(3, 3), (-1, 2), (8, 10), (4, 2)])
def test_what_lies_outside_is_refused(write, part: tuple[int, int]) -> None:
    tomogram = read_tomogram(write(volume_bytes(noise(SHAPE))))
    with pytest.raises(UsageError, match="no part of a tomogram of 9 voxels along z"):
        tomogram.slab(*part)
    with pytest.raises(UsageError, match="at least 1 section"):
        next(tomogram.slabs(0))


@pytest.mark.parametrize("stored", list(itertools.permutations("xyz")), ids="".join)
def test_every_axis_order_of_the_header_is_undone(write, stored: tuple[str, ...]) -> None:
    voxels = noise((16, 18, 19))
    slow_first = ["zyx".index(axis) for axis in reversed(stored)]
    mapc, mapr, maps = ("xyz".index(axis) + 1 for axis in stored)
    # The cell and its intervals are given along x, y, z, whatever the order in the file.
    fields = {"mx": 19, "my": 18, "mz": 16, "cell_x": 190, "cell_y": 180, "cell_z": 160}
    content = volume_bytes(voxels.transpose(slow_first), mapc=mapc, mapr=mapr, maps=maps, **fields)
    tomogram = read_tomogram(write(content))
    assert tomogram.voxel_size_A == pytest.approx(10)
    np.testing.assert_array_equal(tomogram.slab(0, 16), voxels)
    np.testing.assert_array_equal(tomogram.slab(5, 7), voxels[5:7])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "u2", "f2"])
def test_every_mode_in_both_byte_orders(write, dtype: str, order: str) -> None:
    voxels = noise(SHAPE, dtype)
    slab = read_tomogram(write(volume_bytes(voxels, order=order))).slab(1, 4)
    np.testing.assert_array_equal(slab, voxels[1:4])
    assert slab.dtype == ("f4" if dtype == "f2" else dtype)
    assert slab.dtype.isnative


def test_a_volume_is_described(write) -> None:
    text = describe(read_info(write(volume_bytes(noise(SHAPE)))))
    assert text["kind"] == "volume"
    assert text["voxel size"] == "10 Å"
    assert text["field of view"] == "310 × 200 × 90 Å"


def test_imod_sections_are_a_tomogram_with_a_note(write) -> None:
    voxels = noise(SHAPE)
    tomogram = read_tomogram(write(volume_bytes(voxels, ispg=0), "tomo.rec"))
    np.testing.assert_array_equal(tomogram.slab(0, 9), voxels)
    assert "9 sections a stack of images" in tomogram.info.notes[0]
    # One interval for nine sections says nothing about z; x and y still do.
    assert read_tomogram(
        write(volume_bytes(voxels, ispg=0, mz=1, cell_z=90.0))
    ).voxel_size_A == pytest.approx(10)


@pytest.mark.parametrize("name", ["particles.mrcs", "TS_01.st", "TS_01.ali"])
def test_stacks_by_name_are_refused(write, name: str) -> None:
    path = write(volume_bytes(noise(SHAPE), ispg=0), name)
    with pytest.raises(BadInput, match="a stack of 9 images by its header and its name"):
        read_tomogram(path)


def test_what_is_no_tomogram_is_named(write, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="one section of 31 × 20 pixels, not a tomogram"):
        read_tomogram(write(mrc_bytes(noise())))
    with pytest.raises(BadInput, match="No such file"):
        read_tomogram(tmp_path / "absent.mrc")
    with pytest.raises(BadInput, match="not a file"):
        read_tomogram(tmp_path)
    with pytest.raises(BadInput, match=r"s3://bucket/tomo\.zarr: not on a disk"):
        read_tomogram("s3://bucket/tomo.zarr")
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, noise(SHAPE))
    with pytest.raises(BadInput, match="a TIFF stack; tomograms are read from MRC and OME-Zarr"):
        read_tomogram(stack)


class TestVoxelSize:
    def test_unknown_is_asked_for(self, write) -> None:
        path = write(volume_bytes(noise(SHAPE), cell_x=0, cell_y=0, cell_z=0))
        with pytest.raises(BadInput, match=r"voxel size is not known.*--pixel-size"):
            read_tomogram(path)
        assert read_tomogram(path, voxel_size_A=7.84).voxel_size_A == 7.84
        assert read_tomogram(path, listed_voxel_size_A=10.012).voxel_size_A == 10.012

    def test_voxels_that_are_not_cubic_are_refused(self, write) -> None:
        path = write(volume_bytes(noise(SHAPE), cell_z=9 * 10.2))
        with pytest.raises(Mismatch, match=r"not cubic: .*10 Å in x, 10 Å in y, 10\.2 Å in z"):
            read_tomogram(path)
        with pytest.raises(Mismatch, match="not cubic"):
            read_tomogram(path, voxel_size_A=10)
        assert read_tomogram(path, voxel_size_A=10, override=True).voxel_size_A == 10
        assert "not cubic" in read_info(path).notes[0]
        assert describe(read_info(path))["voxel size"] == "10 Å in x, 10 Å in y, 10.2 Å in z"
        # The largest and the smallest count, not their means.
        path = write(volume_bytes(noise(SHAPE), cell_y=20 * 10.09, cell_z=9 * 10.12))
        with pytest.raises(Mismatch, match="not cubic"):
            read_tomogram(path)
        assert read_info(path).pixel_size_A is None

    @pytest.mark.parametrize("ispg", [1, 0])
    def test_of_sizes_within_1_percent_all_readers_take_that_along_x(
        self, write, ispg: int
    ) -> None:
        voxels = noise(SHAPE)
        path = write(volume_bytes(voxels, ispg=ispg, cell_y=20 * 10.08, cell_z=9 * 10.05))
        assert read_tomogram(path).voxel_size_A == pytest.approx(10)
        assert read_info(path).pixel_size_A == pytest.approx(10)

    def test_contradictions_are_refused(self, write) -> None:
        path = write(volume_bytes(noise(SHAPE)))
        with pytest.raises(Mismatch, match="two pixel sizes"):
            read_tomogram(path, voxel_size_A=10.2)
        with pytest.raises(Mismatch, match="the list says 5 Å"):
            read_tomogram(path, listed_voxel_size_A=5)
        assert read_tomogram(path, voxel_size_A=5, override=True).voxel_size_A == 5
        with pytest.raises(UsageError, match="not a pixel size"):
            read_tomogram(path, voxel_size_A=-1)


class TestBadVoxels:
    def test_few_are_replaced_the_same_in_every_part(self, write, caplog) -> None:
        voxels = noise(SHAPE)
        expected = voxels.copy()
        voxels[0, 0, :3] = (np.nan, np.inf, -np.inf)
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        finite = voxels[np.isfinite(voxels)].astype(np.float64)
        assert tomogram.replacement == np.median(finite)
        expected[0, 0, :3] = np.median(finite)
        with caplog.at_level(logging.WARNING):
            slab = tomogram.slab(0, 2)
        np.testing.assert_array_equal(slab, expected[:2])
        assert "NaN or infinite voxels (3, in sections 0 to 0) are taken" in caplog.text
        np.testing.assert_array_equal(tomogram.slab(0, 1), slab[:1])

    def test_they_are_counted_once_where_they_are(self, write, caplog) -> None:
        voxels = noise(SHAPE)
        voxels[2, 5, :3] = np.nan
        voxels[6, 7, 8] = np.inf
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        with caplog.at_level(logging.WARNING):
            tomogram.slab(0, 2)
            assert caplog.messages == []
            for z0 in (0, 1, 5):  # parts that overlap, as windows do
                tomogram.slab(z0, z0 + 4)
        (message,) = caplog.messages
        assert "NaN or infinite voxels (4, in sections 2 to 6) are taken" in message

    def test_many_are_refused(self, write) -> None:
        voxels = noise(SHAPE)
        voxels[4] = np.nan
        with pytest.raises(BadInput, match=r"620 of 5580 voxels \(11\.1%\) are NaN"):
            read_tomogram(write(volume_bytes(voxels)))

    def test_many_in_the_middle_but_few_in_all_are_accepted(self, write) -> None:
        voxels = noise((80, 80, 80))
        voxels[38:42, 20:48, 20:48] = np.nan  # more than 1 % of the 64³ in the middle
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        assert np.isfinite(tomogram.slab(0, 80)).all()

    def test_many_in_all_are_refused_where_few_are_read(self, write) -> None:
        voxels = noise((80, 20, 20))
        voxels[:5, 0, :4] = np.nan
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        assert np.isfinite(tomogram.slab(4, 6)).all()
        voxels[:2] = np.nan
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        with pytest.raises(BadInput, match="812 of 32000"):
            tomogram.slab(4, 6)

    def test_many_far_from_the_middle_are_refused_when_read(self, write) -> None:
        voxels = noise((80, 20, 20))
        voxels[:2] = np.nan
        tomogram = read_tomogram(write(volume_bytes(voxels)))
        with pytest.raises(BadInput, match="800 of 32000"):
            tomogram.slab(0, 10)
        np.testing.assert_array_equal(tomogram.slab(2, 10), voxels[2:10])

    @pytest.mark.parametrize("dtype", ["i2", "f4"])
    def test_blank_is_refused_but_a_blank_middle_is_not(self, write, dtype: str) -> None:
        voxels = np.full((80, 80, 80), 3, dtype)
        with pytest.raises(BadInput, match="every voxel is 3"):
            read_tomogram(write(volume_bytes(voxels)))
        voxels[79, 79, 79] = 5
        assert read_tomogram(write(volume_bytes(voxels))).shape == (80, 80, 80)


def test_a_slab_of_a_volume_larger_than_the_test_may_hold_is_small(write) -> None:
    # Sparse: 8 GiB of holes around some noise in the middle.
    nz, side = 512, 2048
    path = write(
        volume_bytes(
            noise((1, 1, 1)),
            nx=side,
            ny=side,
            nz=nz,
            mx=side,
            my=side,
            mz=nz,
            cell_x=side * 10.0,
            cell_y=side * 10.0,
            cell_z=nz * 10.0,
            order=">",
        )[:1024]
    )
    row = noise((side,)).astype(">f4")
    with path.open("r+b") as stream:
        for y in range(side // 2, side // 2 + 8):
            stream.seek(1024 + 4 * side * (side * (nz // 2) + y))
            stream.write(row.tobytes())
        stream.truncate(1024 + 4 * nz * side * side)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    tracemalloc.start()
    tomogram = read_tomogram(path)
    slab = tomogram.slab(nz // 2, nz // 2 + 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    grown = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 - resident
    np.testing.assert_array_equal(slab[0, side // 2], row)
    assert slab.nbytes == 4 * side * side
    assert peak < 2.5 * slab.nbytes
    assert grown < 6 * slab.nbytes


def test_a_file_that_changed_since_is_not_read(write) -> None:
    path = write(volume_bytes(noise(SHAPE)))
    tomogram = read_tomogram(path)
    with path.open("r+b") as stream:
        stream.truncate(1100)
    with pytest.raises(BadInput, match="changed since it was opened"):
        tomogram.slab(0, 9)


def test_a_compressed_volume_is_read_into_memory(write) -> None:
    voxels = noise(SHAPE)
    tomogram = read_tomogram(write(gzip.compress(volume_bytes(voxels)), "tomo.mrc.gz"))
    np.testing.assert_array_equal(tomogram.slab(0, 9), voxels)
    assert tomogram.info.notes == ("compressed: all of it is in memory",)

"""MRC files as they come: every mode, both byte orders, permuted axes, broken headers."""

import mrcfile
import numpy as np
import pytest
from mrc_samples import mrc_bytes, noise

from nunatak.errors import BadInput, FormatError
from nunatak.images.reader import read_info, read_micrograph


@pytest.fixture
def written(tmp_path):
    def write(content, name="image.mrc"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "u2", "f2"])
def test_every_mode_in_both_byte_orders(written, dtype, order):
    pixels = noise(dtype=dtype)
    path = written(mrc_bytes(pixels, order=order))
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.pixels.dtype == ("f4" if dtype == "f2" else dtype)
    assert micrograph.pixels.dtype.isnative
    assert micrograph.pixel_size_A == pytest.approx(1.5)
    assert micrograph.info.notes == ()
    assert micrograph.info.dtype == np.dtype(dtype).newbyteorder(order)


def test_reads_what_mrcfile_writes(tmp_path):
    pixels = noise((33, 50))
    path = tmp_path / "by_mrcfile.mrc"
    with mrcfile.new(path, pixels) as mrc:
        mrc.voxel_size = 1.06
    micrograph = read_micrograph(path)
    np.testing.assert_array_equal(micrograph.pixels, pixels)
    assert micrograph.pixel_size_A == pytest.approx(1.06)
    assert micrograph.shape == (33, 50)


def test_native_pixels_are_mapped_not_copied(written):
    path = written(mrc_bytes(noise()))
    stored = path.read_bytes()
    micrograph = read_micrograph(path)
    base = micrograph.pixels
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    micrograph.pixels[:] = 0
    assert path.read_bytes() == stored


class TestBytes:
    def test_mrc2014_bytes_are_signed(self, written):
        assert read_info(written(mrc_bytes(noise(dtype="i1")))).dtype == "i1"

    @pytest.mark.parametrize(("flags", "dtype"), [(1, "i1"), (0, "u1"), (2, "u1"), (13, "i1")])
    def test_imod_flag_decides(self, written, flags, dtype):
        content = mrc_bytes(noise(dtype="i1"), imod_stamp=1146047817, imod_flags=flags, dmax=200.0)
        assert read_info(written(content)).dtype == dtype

    def test_flag_without_imod_stamp_means_nothing(self, written):
        content = mrc_bytes(noise(dtype="i1"), imod_stamp=7, imod_flags=0)
        assert read_info(written(content)).dtype == "i1"

    def test_maximum_above_127_gives_unsigned_bytes_away(self, written):
        pixels = noise(dtype="u1") + np.uint8(100)
        micrograph = read_micrograph(written(mrc_bytes(pixels, dmax=255.0)))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        assert "unsigned" in micrograph.info.notes[0]


class TestFourBit:
    pixels = np.random.default_rng(1).integers(0, 16, size=(6, 7)).astype("u1")

    def test_mode_101_pads_odd_rows_to_whole_bytes(self, written):
        padded = np.pad(self.pixels, ((0, 0), (0, 1)))
        packed = padded[:, 0::2] | (padded[:, 1::2] << 4)
        content = mrc_bytes(packed, mode=101, nx=7, mx=7, cell_x=7 * 1.5)
        micrograph = read_micrograph(written(content))
        np.testing.assert_array_equal(micrograph.pixels, self.pixels)
        assert micrograph.pixel_size_A == pytest.approx(1.5)

    def test_imod_packs_two_pixels_into_a_byte_of_mode_0(self, written):
        even = self.pixels[:, :6]
        packed = even[:, 0::2] | (even[:, 1::2] << 4)
        content = mrc_bytes(packed, imod_stamp=1146047817, imod_flags=16)
        micrograph = read_micrograph(written(content))
        np.testing.assert_array_equal(micrograph.pixels, even)


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (3, "mode 3 (complex 16-bit integers, a Fourier transform)"),
        (4, "mode 4 (complex floats, a Fourier transform)"),
        (16, "mode 16 (RGB colours)"),
        (99, "mode 99 (not defined)"),
        (-1, "mode -1 (not defined)"),
    ],
)
def test_other_modes_are_refused_by_name(written, mode, what):
    path = written(mrc_bytes(noise(), mode=mode))
    with pytest.raises(FormatError) as caught:
        read_micrograph(path)
    assert str(caught.value) == (
        f"{path}, mode: {what}. nunatak reads modes 0, 1, 2, 6, 12 and 101: "
        "convert the image to one of them."
    )


class TestAxes:
    def test_swapped_rows_and_columns_are_transposed(self, written):
        pixels = noise((20, 31))
        content = mrc_bytes(
            np.ascontiguousarray(pixels.T), mapc=2, mapr=1, mx=31, my=20, cell_x=31.0, cell_y=20.0
        )
        micrograph = read_micrograph(written(content))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        assert micrograph.pixel_size_A == pytest.approx(1.0)
        assert micrograph.info.notes == (
            "the axes are stored as y x z, fastest first; transposed to x y z",
        )

    @pytest.mark.parametrize("axes", [(1, 3, 2), (3, 1, 2), (2, 3, 1), (3, 2, 1)])
    def test_a_single_section_may_lie_along_any_stored_axis(self, written, axes):
        pixels = noise((20, 31))
        lengths = {1: 31, 2: 20, 3: 1}
        # np.transpose's order: sections, rows, columns of the file from [z, y, x].
        stored = pixels[np.newaxis].transpose([3 - axis for axis in reversed(axes)])
        assert stored.shape == tuple(lengths[axis] for axis in reversed(axes))
        mapc, mapr, maps = axes
        content = mrc_bytes(
            np.ascontiguousarray(stored),
            **{"mapc": mapc, "mapr": mapr, "maps": maps},
            **{"mx": 31, "my": 20, "cell_x": 31.0, "cell_y": 20.0},
        )
        np.testing.assert_array_equal(read_micrograph(written(content)).pixels, pixels)

    def test_unset_axes_are_taken_as_xyz(self, written):
        info = read_info(written(mrc_bytes(noise(), mapc=0, mapr=0, maps=0)))
        assert info.shape == (20, 31)
        assert "not set" in info.notes[0]

    @pytest.mark.parametrize("axes", [(1, 1, 3), (1, 2, 4), (0, 2, 3)])
    def test_impossible_axes_are_refused(self, written, axes):
        content = mrc_bytes(noise(), **dict(zip(("mapc", "mapr", "maps"), axes, strict=True)))
        with pytest.raises(FormatError, match="expected 1, 2, 3 in any order"):
            read_info(written(content))


class TestSizes:
    @pytest.mark.parametrize("field", ["nx", "ny", "nz"])
    @pytest.mark.parametrize("value", [0, -5, 2**31 - 1])
    def test_impossible_sides(self, written, field, value):
        with pytest.raises(FormatError, match=f"{field}: {value} pixels along one side"):
            read_info(written(mrc_bytes(noise(), **{field: value})))

    def test_more_pixels_than_the_file_holds(self, written):
        path = written(mrc_bytes(noise(), nx=4096, ny=4096, mode=2))
        with pytest.raises(FormatError) as caught:
            read_info(path)
        assert str(caught.value) == (
            f"{path}: the header declares 4096 × 4096 × 1 pixels, 67109888 bytes in all, but the "
            "file has 3504. It was cut short or is still being written: copy or export it again."
        )

    def test_trailing_bytes_are_noted(self, written):
        pixels = noise()
        micrograph = read_micrograph(written(mrc_bytes(pixels) + b"\0" * 10))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        assert micrograph.info.notes == ("10 bytes after the last pixel were ignored",)

    def test_a_header_of_a_smaller_image_is_refused(self, written):
        path = written(mrc_bytes(noise()) + b"\0" * (noise().nbytes + 1))
        with pytest.raises(FormatError, match="The header belongs to another image"):
            read_micrograph(path)

    @pytest.mark.parametrize("length", [1, 128, 1000])
    def test_extended_headers_are_skipped_even_unaligned(self, written, length):
        pixels = noise()
        micrograph = read_micrograph(written(mrc_bytes(pixels, nsymbt=length)))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        assert micrograph.pixels.flags.aligned

    @pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 100_000])
    def test_impossible_extended_headers(self, written, length):
        with pytest.raises(FormatError, match="nsymbt"):
            read_info(written(mrc_bytes(noise(), nsymbt=length)))


class TestIdentifier:
    def test_missing_map_is_tolerated_and_noted(self, written):
        pixels = noise()
        micrograph = read_micrograph(written(mrc_bytes(pixels, tag=b"\0\0\0\0")))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        assert micrograph.info.notes == (
            "the identifier 'MAP ' is missing at byte 208, as in Topaz output",
        )

    def test_missing_map_excuses_nothing_else(self, written):
        content = mrc_bytes(noise(), tag=b"\0\0\0\0")
        with pytest.raises(FormatError, match="cut short"):
            read_info(written(content[:-1]))
        with pytest.raises(FormatError, match="neither MRC, TIFF, PNG nor JPEG"):
            read_info(written(mrc_bytes(noise(), tag=b"\0\0\0\0", nx=-4)))

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("stamp", [b"\0\0\0\0", b"\x44\x44\0\0", b"\x11\x11\0\0"])
    def test_sizes_overrule_a_wrong_machine_stamp(self, written, order, stamp):
        pixels = noise()
        micrograph = read_micrograph(written(mrc_bytes(pixels, order=order, stamp=stamp)))
        np.testing.assert_array_equal(micrograph.pixels, pixels)
        right = {"<": 0x44, ">": 0x11}[order]
        assert bool(micrograph.info.notes) == (stamp[0] != right)


class TestKinds:
    def test_stack_is_not_a_micrograph(self, written):
        path = written(mrc_bytes(noise((3, 20, 31)), ispg=0))
        assert read_info(path).kind == "stack"
        assert read_info(path).shape == (3, 20, 31)
        with pytest.raises(BadInput, match="a stack of 3 images of 31 × 20 pixels"):
            read_micrograph(path)

    def test_volume_is_not_a_micrograph(self, written):
        path = written(mrc_bytes(noise((3, 20, 31)), ispg=1, mz=3))
        assert read_info(path).kind == "volume"
        with pytest.raises(BadInput, match="a volume of 31 × 20 × 3 voxels"):
            read_micrograph(path)

    def test_one_sampling_interval_makes_a_stack_whatever_the_space_group(self, written):
        assert read_info(written(mrc_bytes(noise((3, 20, 31)), ispg=1, mz=1))).kind == "stack"

    def test_cube_of_space_group_0_is_a_volume_by_eman2(self, written):
        assert read_info(written(mrc_bytes(noise((9, 9, 9)), ispg=0, mz=9))).kind == "volume"
        assert read_info(written(mrc_bytes(noise((9, 9, 9)), ispg=0, mz=1))).kind == "stack"

    def test_volume_of_one_section_is_a_micrograph(self, written):
        assert read_micrograph(written(mrc_bytes(noise(), ispg=1))).shape == (20, 31)


class TestHeaderPixelSize:
    @pytest.mark.parametrize("length", [0.0, float("nan"), float("inf"), -46.5, 1e30, 1e-30])
    def test_nonsense_counts_as_absent_and_is_noted(self, written, length):
        info = read_info(written(mrc_bytes(noise(), cell_x=length, cell_y=length)))
        assert info.pixel_size_A is None
        assert [note[:20] for note in info.notes] == [
            "no pixel size in x (",
            "no pixel size in y (",
        ]

    def test_no_sampling_interval_counts_as_absent(self, written):
        assert read_info(written(mrc_bytes(noise(), mx=0, my=-3))).pixel_size_A is None

    def test_rectangular_pixels_are_described_but_not_read(self, written):
        path = written(mrc_bytes(noise(), cell_y=20 * 1.6))
        assert read_info(path).pixel_size_A is None
        assert "pixels are not square: 1.5 Å in x, 1.6 Å in y" in read_info(path).notes
        with pytest.raises(BadInput, match="not square"):
            read_micrograph(path, pixel_size_A=1.5)
        assert read_micrograph(path, pixel_size_A=1.5, override=True).pixel_size_A == 1.5

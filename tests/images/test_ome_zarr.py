"""OME-Zarr tomograms of both versions, as they should be and as they should not."""

import json
import shutil
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from mrc_samples import noise

from nunatak.describe import describe
from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.reader import read_info
from nunatak.images.tomogram_reader import read_tomogram

SHAPE = (17, 33, 40)


def scale(*values: float) -> dict[str, Any]:
    return {"type": "scale", "scale": list(values)}


def translation(*values: float) -> dict[str, Any]:
    return {"type": "translation", "translation": list(values)}


def write_store(
    folder: Path,
    levels: list[np.ndarray],
    transforms: list[list[dict[str, Any]]],
    *,
    version: str = "0.4",
    axes: str = "zyx",
    unit: str | None = "angstrom",
    outer: list[dict[str, Any]] | None = None,
    **array_options: Any,
) -> Path:
    """An OME-Zarr as other programs write it, with the arrays left to the zarr package."""
    zarr_format = 3 if version == "0.5" else 2
    options = {"chunks": tuple(min(16, side) for side in levels[0].shape), "fill_value": 0}
    for index, level in enumerate(levels):
        zarr.create_array(
            store=str(folder / f"s{index}"),
            data=np.ascontiguousarray(level),
            zarr_format=zarr_format,
            **(options | array_options),
        )
    space = {"type": "space"} | ({"unit": unit} if unit else {})
    multiscale = {
        "axes": [{"name": name} | (space if name in "zyx" else {}) for name in axes],
        "datasets": [
            {"path": f"s{index}", "coordinateTransformations": listed}
            for index, listed in enumerate(transforms)
        ],
    }
    if outer:
        multiscale["coordinateTransformations"] = outer
    write_attributes(folder, [multiscale], version)
    return folder


def write_attributes(folder: Path, multiscales: list[dict[str, Any]], version: str) -> None:
    if version == "0.5":
        attributes = {"ome": {"version": version, "multiscales": multiscales}}
        content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (folder / "zarr.json").write_text(json.dumps(content))
    else:
        content = {"multiscales": [one | {"version": version} for one in multiscales]}
        (folder / ".zattrs").write_text(json.dumps(content))
        (folder / ".zgroup").write_text('{"zarr_format": 2}')


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(tmp_path / "tomo.zarr", [noise(SHAPE)], [[scale(10, 10, 10)]])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("dtype", ["f4", ">i2", "u1", "f2", "f8"])
def test_both_versions_and_many_types(tmp_path: Path, version: str, dtype: str) -> None:
    voxels = noise(SHAPE, dtype)
    path = write_store(tmp_path / "a", [voxels], [[scale(10, 10, 10)]], version=version)
    tomogram = read_tomogram(path)
    assert tomogram.shape == SHAPE
    assert tomogram.voxel_size_A == 10
    assert tomogram.info.notes == ()
    assert tomogram.info.format == f"OME-Zarr {version} (Zarr {3 if version == '0.5' else 2})"
    slab = tomogram.slab(3, 17)
    np.testing.assert_array_equal(slab, voxels[3:])
    assert slab.dtype.isnative
    assert slab.dtype.itemsize == (4 if dtype == "f2" else np.dtype(dtype).itemsize)
    part = tomogram.box(slice(15, 17), slice(0, 20), slice(39, 40))
    np.testing.assert_array_equal(part, voxels[15:17, :20, 39:])


@pytest.mark.parametrize(
    ("axes", "stored"),
    [("xyz", (2, 1, 0)), ("yzx", (1, 0, 2)), ("zxy", (0, 2, 1))],
)
def test_axes_are_known_by_their_names(
    tmp_path: Path, axes: str, stored: tuple[int, int, int]
) -> None:
    voxels = noise(SHAPE)
    path = write_store(tmp_path / "a", [voxels.transpose(stored)], [[scale(10, 10, 10)]], axes=axes)
    tomogram = read_tomogram(path)
    np.testing.assert_array_equal(tomogram.slab(2, 9), voxels[2:9])
    assert tomogram.shape == SHAPE


def test_channel_and_time_of_one_are_dropped_and_of_more_refused(tmp_path: Path) -> None:
    voxels = noise(SHAPE)
    path = write_store(
        tmp_path / "one", [voxels[None, None]], [[scale(1, 1, 10, 10, 10)]], axes="tczyx"
    )
    np.testing.assert_array_equal(read_tomogram(path).slab(0, 17), voxels)
    path = write_store(
        tmp_path / "two", [np.stack([voxels, voxels])], [[scale(1, 10, 10, 10)]], axes="czyx"
    )
    with pytest.raises(FormatError, match="2 along c: several images, not one tomogram"):
        read_tomogram(path)


class TestVoxelSize:
    @pytest.mark.parametrize(("unit", "factor"), [("nanometer", 10), ("nm", 10), ("Angstrom", 1)])
    def test_units_are_converted(self, tmp_path: Path, unit: str, factor: float) -> None:
        path = write_store(tmp_path / "a", [noise(SHAPE)], [[scale(1.3, 1.3, 1.3)]], unit=unit)
        assert read_tomogram(path).voxel_size_A == pytest.approx(1.3 * factor)

    def test_scale_of_all_levels_multiplies(self, tmp_path: Path) -> None:
        path = write_store(
            tmp_path / "a", [noise(SHAPE)], [[scale(1, 1, 1)]], outer=[scale(10, 10, 10)]
        )
        assert read_tomogram(path).voxel_size_A == 10

    @pytest.mark.parametrize(
        ("unit", "note"), [(None, "the axes have no unit"), ("parsec", "'parsec' is not known")]
    )
    def test_without_a_unit_the_size_is_asked_for(
        self, tmp_path: Path, unit: str | None, note: str
    ) -> None:
        path = write_store(tmp_path / "a", [noise(SHAPE)], [[scale(10, 10, 10)]], unit=unit)
        with pytest.raises(BadInput, match="voxel size is not known"):
            read_tomogram(path)
        tomogram = read_tomogram(path, voxel_size_A=13.1)
        assert tomogram.voxel_size_A == 13.1
        assert note in tomogram.info.notes[0]

    def test_voxels_that_are_not_cubic_are_refused(self, tmp_path: Path) -> None:
        path = write_store(tmp_path / "a", [noise(SHAPE)], [[scale(10.5, 10, 10)]])
        with pytest.raises(Mismatch, match=r"not cubic: .*10\.5 Å in z"):
            read_tomogram(path)
        assert read_info(path).pixel_size_A is None
        assert "not cubic: 10.5 Å in z" in read_info(path).notes[0]
        path = write_store(tmp_path / "b", [noise(SHAPE)], [[scale(10.05, 10, 10)]])
        assert read_tomogram(path).voxel_size_A == read_info(path).pixel_size_A == 10.0

    def test_a_contradiction_of_the_project_is_refused(self, store: Path) -> None:
        with pytest.raises(Mismatch, match=r"the list says 7\.84 Å"):
            read_tomogram(store, listed_voxel_size_A=7.84)


class TestLevels:
    @pytest.fixture
    def pyramid(self, tmp_path: Path) -> Path:
        levels = [
            noise((16, 32, 32), seed=n)[: 16 // 2**n, : 32 // 2**n, : 32 // 2**n] for n in range(3)
        ]
        return write_store(
            tmp_path / "a",
            [*levels, levels[0][:, :4, :4]],
            [
                [scale(10, 10, 10), translation(5, 5, 5)],
                [scale(20, 20, 20), translation(10, 10, 10)],
                [scale(40, 40, 40), translation(20, 20, 20)],
                [scale(10, 80, 80)],
            ],
        )

    @pytest.mark.parametrize(
        ("wanted_A", "level"),
        [(None, 0), (5, 0), (10, 0), (19, 0), (19.9, 1), (20, 1), (39, 1), (41, 2), (500, 2)],
    )
    def test_the_coarsest_that_is_fine_enough(
        self, pyramid: Path, wanted_A: float | None, level: int
    ) -> None:
        tomogram = read_tomogram(pyramid, wanted_voxel_size_A=wanted_A)
        assert tomogram.shape == (16 // 2**level, 32 // 2**level, 32 // 2**level)
        assert tomogram.voxel_size_A == 10 * 2**level

    def test_positions_map_to_level_0_by_scale_and_translation(self, pyramid: Path) -> None:
        points_xyz_px = np.array([[0.0, 1.0, 2.0], [3.5, 0.0, 0.0]])
        first = read_tomogram(pyramid)
        np.testing.assert_array_equal(first.to_level_0(points_xyz_px), points_xyz_px)
        second = read_tomogram(pyramid, wanted_voxel_size_A=20)
        # A mean of two voxels lies half a voxel of level 0 beyond the first of them.
        np.testing.assert_allclose(second.to_level_0(points_xyz_px), 2 * points_xyz_px + 0.5)

    def test_a_stated_size_is_that_of_level_0(self, pyramid: Path) -> None:
        tomogram = read_tomogram(pyramid, voxel_size_A=13, override=True, wanted_voxel_size_A=26)
        assert tomogram.voxel_size_A == 26

    def test_a_translated_beginning_is_noted(self, pyramid: Path) -> None:
        assert "level 0 does not begin at 0" in read_tomogram(pyramid).info.notes[0]

    def test_axes_of_different_translation_are_not_confused(self, tmp_path: Path) -> None:
        path = write_store(
            tmp_path / "a",
            [noise((16, 16, 16)), noise((8, 8, 8))],
            [[scale(10, 10, 10)], [scale(20, 20, 20), translation(10, 20, 30)]],
        )
        second = read_tomogram(path, wanted_voxel_size_A=20)
        np.testing.assert_allclose(second.to_level_0(np.zeros((1, 3))), [[3, 2, 1]])


class TestChunks:
    def test_missing_ones_are_the_fill_value_and_warned_of(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        voxels = noise(SHAPE)
        path = write_store(tmp_path / "a", [voxels], [[scale(10, 10, 10)]], fill_value=7)
        whole = tmp_path / "whole"
        shutil.copytree(path, whole)
        next((path / "s0").glob("0.0.0")).unlink()
        shutil.rmtree(path / "s0" / "0", ignore_errors=True)
        read_tomogram(whole)
        assert caplog.messages == []
        tomogram = read_tomogram(path)
        (message,) = caplog.messages
        assert "1 of 18 chunks are not stored" in message
        assert "copy the tomogram again" in message
        assert tomogram.info.notes[0].startswith("1 of 18 chunks are not stored")
        assert "fill value 7" in tomogram.info.notes[0]
        slab = tomogram.slab(0, 17)
        assert (slab[:16, :16, :16] == 7).all()
        np.testing.assert_array_equal(slab[16:], voxels[16:])

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_a_copy_without_any_is_refused(self, tmp_path: Path, version: str) -> None:
        path = write_store(tmp_path / "a", [noise(SHAPE)], [[scale(10, 10, 10)]], version=version)
        for chunk in [*(path / "s0").rglob("*")]:
            if chunk.is_file() and chunk.name[-1].isdigit():
                chunk.unlink()
        with pytest.raises(BadInput, match="none of its 18 chunks is there"):
            read_tomogram(path)

    @pytest.mark.parametrize(
        "compressor",
        [
            None,
            numcodecs.Blosc(),
            numcodecs.GZip(),
            numcodecs.BZ2(),
            numcodecs.LZMA(),
            numcodecs.Zlib(),
            numcodecs.LZ4(),
            numcodecs.Zstd(),
        ],
        ids=lambda codec: str(codec).split("(")[0],
    )
    def test_damaged_ones_are_refused_and_others_read(
        self, tmp_path: Path, compressor: Any
    ) -> None:
        voxels = noise((33, 16, 16))
        path = write_store(tmp_path / "a", [voxels], [[scale(10, 10, 10)]], compressors=compressor)
        tomogram = read_tomogram(path)
        chunk = path / "s0" / "0.0.0"
        whole = chunk.read_bytes()
        np.testing.assert_array_equal(tomogram.slab(0, 33), voxels)
        for content in (whole[: len(whole) // 2], b"", b"not a chunk at all"):
            chunk.write_bytes(content)
            with pytest.raises(FormatError, match="a chunk is damaged or cut short"):
                tomogram.slab(0, 2)
        # Nothing but what a slab needs is read.
        np.testing.assert_array_equal(tomogram.slab(16, 33), voxels[16:])

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_a_cut_blosc_chunk_is_refused_before_it_is_decoded(
        self, tmp_path: Path, version: str
    ) -> None:
        # The decoder itself may find the missing end in memory that an earlier chunk has left.
        codec = numcodecs.Blosc() if version == "0.4" else zarr.codecs.BloscCodec()
        path = write_store(
            tmp_path / "a",
            [noise((33, 16, 16))],
            [[scale(10, 10, 10)]],
            version=version,
            compressors=codec,
        )
        tomogram = read_tomogram(path)
        name = "0.0.0" if version == "0.4" else "c/0/0/0"
        chunk = path / "s0" / name
        whole = chunk.read_bytes()
        tomogram.slab(0, 16)
        chunk.write_bytes(whole[:-1])
        with pytest.raises(FormatError, match=rf"{name}: {len(whole) - 1} of {len(whole)} bytes"):
            tomogram.slab(0, 2)
        chunk.write_bytes(whole[:4] + (2**31).to_bytes(4, "little") + whole[8:])
        with pytest.raises(FormatError, match="2147483648 bytes, expected 32768 at most"):
            tomogram.slab(0, 2)
        tomogram.slab(16, 33)
        chunk.unlink()
        assert (tomogram.slab(0, 16) == 0).all()

    @pytest.mark.parametrize("left", [-1, 100])
    def test_a_cut_shard_is_refused(self, tmp_path: Path, left: int) -> None:
        path = write_store(
            tmp_path / "a",
            [noise((32, 16, 16))],
            [[scale(10, 10, 10)]],
            version="0.5",
            chunks=(8, 8, 8),
            shards=(16, 16, 16),
            compressors=zarr.codecs.BloscCodec(),
        )
        tomogram = read_tomogram(path)
        shard = path / "s0" / "c" / "0" / "0" / "0"
        shard.write_bytes(shard.read_bytes()[:left])
        with pytest.raises(FormatError, match="a chunk is damaged or cut short"):
            tomogram.slab(0, 2)

    def test_shards_are_read_and_counted(self, tmp_path: Path) -> None:
        voxels = noise((32, 32, 32))
        path = write_store(
            tmp_path / "a",
            [voxels],
            [[scale(10, 10, 10)]],
            version="0.5",
            chunks=(8, 8, 8),
            shards=(16, 16, 16),
        )
        tomogram = read_tomogram(path)
        np.testing.assert_array_equal(tomogram.slab(5, 20), voxels[5:20])
        assert tomogram.info.notes == ()
        (path / "s0" / "c" / "1" / "1" / "1").unlink()
        assert "1 of 8 chunks" in read_tomogram(path).info.notes[0]

    def test_a_slab_takes_little_memory(self, tmp_path: Path) -> None:
        path = write_store(
            tmp_path / "a",
            [np.zeros((256, 256, 256), np.int16)],
            [[scale(10, 10, 10)]],
            chunks=(64, 64, 64),
        )
        array = zarr.open_array(str(path / "s0"), mode="r+")
        array[96:160, 128, 128] = noise((64,), "i2")
        read_tomogram(path)  # loads what is loaded only once
        tracemalloc.start()
        slab = read_tomogram(path).slab(120, 130)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert slab.any()
        assert peak < 16e6 < array.nbytes


class TestDamagedMetadata:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"axes": [{"name": "t"}, {"name": "y"}, {"name": "x"}]}, "the axes are t, y, x"),
            ({"axes": ["z", "y", "x"]}, "metadata of version 0.4 that nunatak does not read"),
            ({"axes": None}, "metadata of version 0.4"),
            ({"datasets": []}, "'datasets' is empty"),
            ({"datasets": [{"path": "s0"}]}, "coordinateTransformations is missing"),
            (
                {"datasets": [{"path": "../s0", "coordinateTransformations": []}]},
                "the path of a level leads out of the folder",
            ),
            (
                {"datasets": [{"path": "s0", "coordinateTransformations": [scale(1, 2)]}]},
                r"\[1, 2\] for 3 axes",
            ),
            (
                {"datasets": [{"path": "s0", "coordinateTransformations": [scale(1, -2, 1)]}]},
                "expected positive numbers",
            ),
            (
                {"datasets": [{"path": "s0", "coordinateTransformations": [{"type": "affine"}]}]},
                "a transformation of type 'affine'",
            ),
            ({"datasets": [{"path": "s9", "coordinateTransformations": []}]}, "No such file"),
        ],
    )
    def test_of_the_image(self, store: Path, change: dict[str, Any], message: str) -> None:
        content = json.loads((store / ".zattrs").read_text())
        content["multiscales"][0] |= change
        (store / ".zattrs").write_text(json.dumps(content))
        with pytest.raises(BadInput, match=message) as caught:
            read_tomogram(store)
        assert str(caught.value).startswith(str(store))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "not JSON"),
            ("[]", "a list and not an object"),
            ("{}", "no OME-Zarr image"),
            ('{"multiscales": []}', "no OME-Zarr image"),
            ('{"multiscales": [3]}', "no OME-Zarr image"),
            ("[" * 100_000, "not JSON"),
        ],
    )
    def test_of_the_group(self, store: Path, content: str, message: str) -> None:
        (store / ".zattrs").write_text(content)
        with pytest.raises(FormatError, match=message):
            read_tomogram(store)

    def test_an_array_instead_of_its_group(self, store: Path) -> None:
        with pytest.raises(FormatError, match="Give the folder that holds the levels"):
            read_tomogram(store / "s0")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"compressor": {"id": "pickle", "protocol": 5}}, "the codec 'pickle'"),
            ({"filters": [{"id": "json2"}]}, "the codec 'json2'"),
            ({"dtype": "|O"}, r"voxels of type '\|O'"),
            ({"dtype": "<c8"}, "voxels of type '<c8'"),
            ({"dtype": [["a", "<f4"]]}, "expected integers or real floats"),
            ({"shape": [17, 33, 10**9]}, "expected sides of 1 to"),
            ({"chunks": [4096, 4096, 4096]}, "chunks of"),
            ({"shape": [17, 33]}, "no valid array|an array of shape"),
            ({"chunks": "large"}, "no valid array"),
        ],
    )
    def test_of_the_array(self, store: Path, change: dict[str, Any], message: str) -> None:
        file = store / "s0" / ".zarray"
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        with pytest.raises(FormatError, match=message):
            read_tomogram(store)

    @pytest.mark.parametrize("inside_shard", [False, True])
    def test_an_unknown_codec_of_version_3(self, tmp_path: Path, inside_shard: bool) -> None:
        options = {"shards": (16, 16, 16), "chunks": (8, 8, 8)} if inside_shard else {}
        path = write_store(
            tmp_path / "a", [noise(SHAPE)], [[scale(10, 10, 10)]], version="0.5", **options
        )
        file = path / "s0" / "zarr.json"
        content = json.loads(file.read_text())
        codecs = content["codecs"]
        inner = codecs[0]["configuration"]["codecs"] if inside_shard else codecs
        inner.append({"name": "numcodecs.pickle", "configuration": {}})
        file.write_text(json.dumps(content))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(FormatError, match="the codec 'pickle'"):
                read_tomogram(path)


def test_blank_and_bad_volumes_are_refused(tmp_path: Path) -> None:
    path = write_store(tmp_path / "a", [np.full(SHAPE, 2.0, "f4")], [[scale(10, 10, 10)]])
    with pytest.raises(BadInput, match=r"every voxel is 2\.0"):
        read_tomogram(path)
    voxels = noise(SHAPE)
    voxels[:2] = np.nan
    path = write_store(tmp_path / "b", [voxels], [[scale(10, 10, 10)]])
    with pytest.raises(BadInput, match="are NaN or infinite"):
        read_tomogram(path)


def test_named_axes_are_believed_with_a_note(tmp_path: Path) -> None:
    path = write_store(tmp_path / "a", [noise((40, 9, 40))], [[scale(10, 10, 10)]])
    assert "thinnest along y" in describe(path)["note"]
    assert "thinnest along y" in read_tomogram(path).info.notes[-1]
    assert read_tomogram(path, axis_order=AxisOrder.XYZ).info.notes == ()
    with pytest.raises(UsageError, match="an OME-Zarr names its axes"):
        read_tomogram(path, axis_order=AxisOrder.XZY)


def test_a_store_is_described(store: Path) -> None:
    text = describe(store)
    assert text["kind"] == "tomogram"
    assert text["size"] == "40 × 33 × 17 px (x × y × z)"
    assert text["voxel size"] == "10 Å"
    assert text["field of view"] == "400 × 330 × 170 Å"
    assert text["levels"] == "40 × 33 × 17 at 10 Å"
    assert text["codecs"] == "zstd"

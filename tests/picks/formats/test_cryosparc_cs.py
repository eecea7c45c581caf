"""CryoSPARC files: fractions from the bottom left, paths with decoration, no objects."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.geometry import Orientation
from nunatak.picks.formats import FileGrid, ImageCatalogue, read_picks, write_picks
from nunatak.picks.table import PickSet

FIELDS = [
    ("uid", "<u8"),
    ("location/micrograph_path", "S64"),
    ("location/micrograph_shape", "<u4", (2,)),
    ("location/center_x_frac", "<f4"),
    ("location/center_y_frac", "<f4"),
    ("location/micrograph_psize_A", "<f4"),
    ("pick_stats/ncc_score", "<f4"),
    ("pick_stats/power", "<f4"),
    ("location/extra", "<f4", (3,)),
]
PATH = b">J2/imported/004951218472961029314_mic_1.mrc"


def save(path: Path, array: np.ndarray) -> Path:
    with path.open("wb") as stream:
        np.save(stream, array)
    return path


def records() -> np.ndarray:
    array = np.zeros(2, dtype=FIELDS)
    array["uid"] = [2**64 - 1, 7]
    array["location/micrograph_path"] = PATH
    array["location/micrograph_shape"] = (4092, 5760)  # ny, nx
    array["location/center_x_frac"] = [0.25, 0.5]
    array["location/center_y_frac"] = [0.25, 1.0]
    array["location/micrograph_psize_A"] = 0.5
    array["pick_stats/ncc_score"] = [0.5, 0.75]
    return array


@pytest.fixture
def cs(tmp_path: Path) -> Path:
    return save(tmp_path / "picks.cs", records())


def test_fractions_count_from_the_bottom_left(cs: Path) -> None:
    picks = read_picks(cs)
    table = picks.table
    assert picks.images == ("J2/imported/004951218472961029314_mic_1.mrc",)
    assert table["x_px"].tolist() == [0.25 * 5760, 0.5 * 5760]
    assert table["y_px"].tolist() == [0.75 * 4092, 0.0]
    assert table["score"].tolist() == [0.5, 0.75]
    assert table["pixel_size_A"].tolist() == [0.5, 0.5]
    assert table["uid"].tolist() == [2**64 - 1, 7]
    assert picks.notes == [f"{cs}: fields of several values are not kept: location/extra."]


def test_the_orientation_is_an_option(cs: Path) -> None:
    assert read_picks(cs, orientation=Orientation.IDENTITY).table["y_px"].tolist() == [1023, 4092]
    mirrored = read_picks(cs, orientation=Orientation.ROTATE_180).table
    assert mirrored["x_px"].tolist() == [0.75 * 5760, 0.5 * 5760]


def test_images_are_found_without_cryosparcs_prefix(cs: Path) -> None:
    images = ImageCatalogue({"raw/mic_1.mrc": (4092, 5760)})
    assert read_picks(cs, images=images).images == ("raw/mic_1.mrc",)


def test_images_that_are_not_given_keep_path_and_size_of_the_file(cs: Path) -> None:
    picks = read_picks(cs, images=ImageCatalogue({"raw/mic_9.mrc": (10, 10)}))
    assert picks.images == ("J2/imported/004951218472961029314_mic_1.mrc",)
    assert picks.table["x_px"].tolist() == [0.25 * 5760, 0.5 * 5760]


def test_the_images_own_size_counts_and_a_difference_is_told(cs: Path) -> None:
    picks = read_picks(cs, images=ImageCatalogue({"raw/mic_1.mrc": (2046, 2880)}))
    assert picks.table["x_px"].tolist() == [720, 1440]
    assert any("2 picks lie in images whose size is not that in the file" in n for n in picks.notes)


def test_sizes_must_be_known(tmp_path: Path, picks: PickSet) -> None:
    array = records()
    names = [name for name in array.dtype.names or () if name != "location/micrograph_shape"]
    path = save(tmp_path / "passthrough.cs", array[names])
    with pytest.raises(Mismatch, match=r"is needed but unknown. Give the images"):
        read_picks(path)
    with pytest.raises(Mismatch, match="is needed but unknown"):
        write_picks(picks, tmp_path / "out.cs")


def test_what_is_written_is_what_cryosparc_holds(
    tmp_path: Path, picks: PickSet, images: ImageCatalogue
) -> None:
    (path,) = write_picks(picks, tmp_path / "out.cs", images=images)
    array = np.load(path, allow_pickle=False)
    assert array.dtype["location/center_x_frac"] == np.dtype("<f4")
    assert array["location/micrograph_shape"][0].tolist() == [41, 97]
    assert array["location/micrograph_path"][0] == b"grid1/mic_001.mrc"
    assert len(np.unique(array["uid"])) == len(picks)
    assert len(np.unique(array["location/micrograph_uid"])) == 2
    (again,) = write_picks(picks, tmp_path / "again.cs", images=images)
    assert again.read_bytes() == path.read_bytes()


def test_numbers_of_picks_survive_through_text(cs: Path, tmp_path: Path) -> None:
    picks = read_picks(cs)
    images = ImageCatalogue(dict.fromkeys(picks.images, (4092, 5760)))
    write_picks(picks, tmp_path / "out.star")
    write_picks(read_picks(tmp_path / "out.star"), tmp_path / "out.cs", images=images)
    assert read_picks(tmp_path / "out.cs").table["uid"].tolist() == [2**64 - 1, 7]


def test_fractions_have_no_binning(cs: Path, tmp_path: Path, picks: PickSet) -> None:
    with pytest.raises(UsageError, match="Leave the binning out"):
        read_picks(cs, grid=FileGrid.binned(2))
    with pytest.raises(UsageError, match="Leave the binning out"):
        write_picks(picks, tmp_path / "out.cs", grid=FileGrid.binned(2))


def test_no_picks(tmp_path: Path) -> None:
    path = save(tmp_path / "none.cs", records()[:0])
    picks = read_picks(path)
    assert len(picks) == 0
    write_picks(picks, tmp_path / "out.cs")
    assert len(read_picks(tmp_path / "out.cs")) == 0


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", b"")
    return stream.getvalue()


def npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=pickled)
    return stream.getvalue()


def with_shape(text: str) -> bytes:
    content = npy(records())
    return content.replace(b"'shape': (2,), }", f"'shape': {text}, }}".encode().ljust(16))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file where a NumPy array was expected"),
        (b"\x80\x04\x95abc", "not a NumPy array file: it begins with b'\\x80\\x04\\x95abc'"),
        (zipped(), "it begins with a zip archive"),
        (npy(np.array([{}], object), pickled=True), "the array holds Python objects"),
        (
            npy(np.array([(1, None)], [("uid", "u8"), ("x", "O")]), pickled=True),
            "the array holds Python objects. Files that hold Python objects can run code",
        ),
        (npy(np.zeros(3)), "an array of shape (3,) and type float64 where a table was expected"),
        (npy(records()[["uid"]]), "no field location/micrograph_path and location/center_x_frac"),
        (npy(records())[:-1], "cut off: the header announces"),
        (with_shape("(9999999999999,)"), "cut off: the header announces"),
        (b"\x93NUMPY\x09\x00", "NumPy format version (9, 0) is not supported"),
        (b"\x93NUMPY\x01\x00\x05\x00{'a':", "the array's header is damaged"),
    ],
)
def test_foreign_and_damaged_files_are_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "picks.cs"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_picks(path)
    assert message in str(caught.value)


def test_a_table_of_text_fractions_is_refused(tmp_path: Path) -> None:
    dtype = [(name, "S4" if "center" in name else kind, *shape) for name, kind, *shape in FIELDS]
    path = save(tmp_path / "picks.cs", np.zeros(1, dtype=dtype))
    with pytest.raises(FormatError, match=r"location/center_._frac: unexpected type"):
        read_picks(path)


def test_numbers_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a.mrc"], "x_px": [1.0], "y_px": [1.0], "uid": ["x"]})
    images = ImageCatalogue({"a.mrc": (10, 10)})

    with pytest.raises(BadInput, match="Column uid does not hold whole numbers"):
        write_picks(PickSet(table), tmp_path / "out.cs", images=images)

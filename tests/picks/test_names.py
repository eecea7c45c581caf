"""A name means one image or none."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nunatak.errors import Mismatch
from nunatak.picks.names import NameIndex, stem_of

INDEX = NameIndex(
    ["/p/grid1/mic_001.mrc", "/p/grid1/mic_002.mrc", "/p/grid2/mic_001.mrc", "/p/x.1.mrc.gz"]
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/p/grid1/mic_001.mrc", "/p/grid1/mic_001.mrc"),
        ("grid2/mic_001.mrc", "/p/grid2/mic_001.mrc"),
        ("./grid2/mic_001.mrc", "/p/grid2/mic_001.mrc"),
        ("/elsewhere/p/grid2/mic_001.mrc", "/p/grid2/mic_001.mrc"),
        ("/moved/q/grid2/mic_001.mrc", "/p/grid2/mic_001.mrc"),
        ("grid2/mic_001", "/p/grid2/mic_001.mrc"),
        ("mic_002", "/p/grid1/mic_002.mrc"),
        ("mic_002.mrc", "/p/grid1/mic_002.mrc"),
        ("mic_002.tif", "/p/grid1/mic_002.mrc"),
        ("MotionCorr/job002/mic_002.mrc", "/p/grid1/mic_002.mrc"),
        ("x.1", "/p/x.1.mrc.gz"),
    ],
)
def test_paths_tails_file_names_and_stems_are_found(asked: str, found: str) -> None:
    assert INDEX.resolve(asked) == found


def test_one_stem_in_two_folders_is_two_images() -> None:
    with pytest.raises(Mismatch) as caught:
        INDEX.resolve("mic_001")
    assert str(caught.value) == (
        "mic_001 fits 2 images: /p/grid1/mic_001.mrc, /p/grid2/mic_001.mrc. Images of one stem in "
        "several folders are different images; name the image by its path."
    )


def test_a_dot_in_a_stem_is_no_suffix() -> None:
    index = NameIndex(["mic.mrc", "mic.5.mrc"])
    assert index.resolve("mic.5") == "mic.5.mrc"
    with pytest.raises(Mismatch, match="fits none of the 2 images"):
        index.resolve("mic.6")


@pytest.mark.parametrize(
    ("asked", "stored", "difference"),
    [
        ("MIC_a", "mic_A.mrc", "in letter case"),
        (
            unicodedata.normalize("NFD", "gitter_ä"),
            unicodedata.normalize("NFC", "gitter_ä.mrc"),
            "in Unicode normalisation",
        ),
    ],
)
def test_near_misses_are_reported_and_not_taken(asked: str, stored: str, difference: str) -> None:
    with pytest.raises(Mismatch, match=f"differs only {difference}"):
        NameIndex([stored]).resolve(asked)


def test_names_are_not_merged_into_one_image() -> None:
    index = NameIndex(["/new/mic.mrc", "/new/other.mrc"])
    resolution = index.resolve_all(["a/mic.mrc", "b/mic.mrc", "a/other.mrc"])
    assert resolution.found == {"a/other.mrc": "/new/other.mrc"}
    assert set(resolution.unmatched) == {"a/mic.mrc", "b/mic.mrc"}
    assert "would all become /new/mic.mrc" in resolution.unmatched["a/mic.mrc"]
    assert resolution.moved == ("a/other.mrc",)


def test_a_name_that_states_the_path_wins_and_the_others_are_other_images() -> None:
    for stating, image in (("g1/m.mrc", "g1/m.mrc"), ("g1/m.mrc", "/p/g1/m.mrc")):
        resolution = NameIndex([image]).resolve_all([stating, "g2/m.mrc"])
        assert resolution.found == {stating: image}
        assert resolution.unmatched == {
            "g2/m.mrc": f"g2/m.mrc fits no image: {image} is in another folder, and {stating} is "
            "asked for as well."
        }
        assert resolution.others == {"g2/m.mrc"}


def test_what_may_be_the_image_is_not_called_another() -> None:
    # Either of the two may be the image's full path.
    resolution = NameIndex(["g1/m.mrc"]).resolve_all(["/a/g1/m.mrc", "/b/g1/m.mrc", "g2/m.mrc"])
    assert resolution.found == {}
    assert resolution.others == frozenset()
    resolution = NameIndex(["g1/m.mrc"]).resolve_all(["g1/m.mrc", "m", "g2/m.mrc"])
    assert set(resolution.found) == {"g1/m.mrc"}
    assert resolution.others == {"g2/m.mrc"}
    assert "would all become" in resolution.unmatched["m"]


def test_two_ways_to_write_one_path_are_one_image() -> None:
    found = NameIndex(["/p/a/mic.mrc"]).resolve_all(["a/mic.mrc", "p/a/mic", "mic"]).found
    assert set(found.values()) == {"/p/a/mic.mrc"}
    assert len(found) == 3


def test_without_images_the_user_is_told_to_give_them() -> None:
    with pytest.raises(Mismatch, match="Give --micrographs"):
        NameIndex([]).resolve("mic")


@given(st.lists(st.from_regex(r"[a-c]/[a-c]\.[12]\.mrc", fullmatch=True), min_size=1))
def test_whatever_is_found_has_the_stem_asked_for(names: list[str]) -> None:
    index = NameIndex(names)
    resolution = index.resolve_all([stem_of(name) for name in names])
    for stem, image in resolution.found.items():
        assert stem_of(image) == stem
        assert sum(stem_of(name) == stem for name in index.names) == 1


def test_the_usual_names_of_ome_zarr() -> None:
    index = NameIndex(["t/TS_01.ome.zarr", "t/TS_02.zarr/0", "t/TS_03.ome.zarr/0"])
    for number, image in enumerate(index.names, start=1):
        for name in (f"TS_0{number}", f"TS_0{number}.mrc", image, f"elsewhere/{image[2:]}"):
            assert index.resolve(name) == image
    with pytest.raises(Mismatch, match="fits none of the 3 images"):
        index.resolve("t/TS_04.zarr/0")

"""One name of each image, for sets that name images in different ways."""

from pathlib import PurePath

import pytest

from nunatak.errors import Mismatch, UsageError
from nunatak.picks.merge_names import checked_labels, common_names, set_labels


@pytest.mark.parametrize("reverse", [False, True])
def test_a_stem_a_file_name_and_a_path_are_one_image(reverse: bool) -> None:
    lists = [["mic_1", "mic_2"], ["job/mic_1.mrc"], ["mic_1.mrc", "mic_3.mrc"]]
    found = common_names(lists[::-1] if reverse else lists)
    assert {found[name] for name in ("mic_1", "mic_1.mrc", "job/mic_1.mrc")} == {"job/mic_1.mrc"}
    assert (found["mic_2"], found["mic_3.mrc"]) == ("mic_2", "mic_3.mrc")


def test_images_of_one_stem_in_two_folders_are_two() -> None:
    lists = [["g1/m.mrc", "g2/m.mrc"], ["g2/m.mrc"]]
    assert common_names(lists) == {name: name for name in lists[0]}


def test_a_stem_that_fits_two_images_is_refused() -> None:
    with pytest.raises(Mismatch, match=r"m fits 2 images: g1/m\.mrc, g2/m\.mrc"):
        common_names([["m"], ["g1/m.mrc", "g2/m.mrc"]])


def test_two_images_of_one_set_never_become_one() -> None:
    # The second set alone says that the folders are two; by then the third is g1's.
    with pytest.raises(Mismatch, match="are two images of one set"):
        common_names([["g1/m.mrc", "g1/n.mrc"], ["g2/m.mrc", "g2/k.mrc"], ["g1/m.mrc", "g2/m.mrc"]])


def test_tomograms_are_known_by_their_tilt_series() -> None:
    lists = [["tomograms/rec_TS_01.mrc"], ["TS_01"]]
    assert common_names(lists, of_tomograms=True)["TS_01"] == "tomograms/rec_TS_01.mrc"
    assert common_names(lists)["TS_01"] == "TS_01"


def test_two_reconstructions_of_one_tilt_series_never_become_one() -> None:
    lists = [["x/TS_01"], ["rec_TS_01.mrc", "TS_01_10.00Apx.mrc"]]
    with pytest.raises(Mismatch, match=r"rec_TS_01\.mrc and TS_01_10\.00Apx\.mrc are two images"):
        common_names(lists, of_tomograms=True)


def test_sets_are_called_by_their_files() -> None:
    paths = [PurePath("a/my picks.star"), PurePath("b/my picks.star"), PurePath("c.box")]
    assert set_labels(paths) == ("a_my_picks", "b_my_picks", "c")
    assert set_labels([PurePath(), PurePath("c.box")]) == ("picks", "c")
    with pytest.raises(
        UsageError, match=r"Two of the sets of picks have one name: a\.star, a\.star"
    ):
        set_labels([PurePath("a.star")] * 2)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a", "A"], "2 sets of picks need as many different labels, found a, A"),
        (["a"], "found a"),
        (["a+b", "c"], "'a\\+b' cannot be the label of a set"),
    ],
)
def test_labels_tell_the_sets_apart(labels: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        checked_labels(labels, 2)

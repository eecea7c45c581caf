"""Tomograms and labels, brought together."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch, ResourceError, UsageError
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.write_volume import write_mrc_volume
from nunatak.learning.labels.report import Severity
from nunatak.learning.volumes import volume_data
from nunatak.learning.volumes.volume_crops import cut
from nunatak.learning.volumes.volume_data import VolumeReading, gather_volumes
from nunatak.learning.volumes.volume_expectation import (
    check_possible,
    checked_expectation,
    expected_numbers,
)
from nunatak.learning.volumes.volume_idle import idle_findings
from nunatak.learning.volumes.volume_label_set import (
    NO_LABELS,
    TomogramLabels,
    VolumeLabelSet,
    sorted_labels,
)
from nunatak.learning.volumes.volume_poses import upright
from nunatak.learning.volumes.volume_scratch import VolumeScratch
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

DIAMETERS_A = {"small": 80.0, "large": 120.0}
CLASSES = tuple(DIAMETERS_A)
READING = VolumeReading(working_voxel_size_A=20.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in "abc":
        volume = rng.standard_normal((16, 24, 30)).astype(np.float32)
        volume[4:6, 9:11, 19:21] -= 40  # at (19.5, 9.5, 4.5)
        write_mrc_volume(tmp_path / f"{name}.mrc", volume, 10.0)
    return tmp_path


def picks(rows: list[tuple[str, float, float, float, str | None]], **columns: float) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "class_name"])
    return PickSet(table.assign(**columns))


def gather(folder: Path, labels: PickSet, **options: object):  # type: ignore[no-untyped-def]
    listed = list_tomograms([folder])
    settings = {
        "are_complete": True,
        "with_unlabelled": True,
        "validation_share": 0.0,
        "validation": None,
        "seed": 0,
        "classes": CLASSES,
        **options,
    }
    images = ImageCatalogue.of_tomograms(listed)
    usable = sorted_labels(labels, listed, images, DIAMETERS_A, are_complete=True)
    settings["failures"] = usable.failures
    return gather_volumes(listed, usable.tomograms, READING, **settings)  # type: ignore[arg-type]


def test_labels_come_along_to_the_working_size(folder: Path) -> None:
    data = gather(folder, picks([("a.mrc", 19.5, 9.5, 4.5, "large")], pixel_size_A=10.0))
    labelled, *others = data.training
    assert labelled.voxels.shape == (8, 12, 15)
    assert labelled.class_index.tolist() == [1]
    np.testing.assert_allclose(labelled.centres_px, [[9.5, 4.5, 2.0]])
    z, y, x = np.unravel_index(int(labelled.voxels.argmin()), labelled.voxels.shape)
    assert z == 2
    assert abs(x - 9.5) <= 0.5
    assert abs(y - 4.5) <= 0.5
    assert [(v.is_complete, v.is_labelled) for v in others] == [(False, False)] * 2


def test_light_particles_become_dark(folder: Path) -> None:
    listed = list_tomograms([folder / "a.mrc"])
    (one,) = listed
    plain = READING.read(one, NO_LABELS, is_complete=True)
    inverted = VolumeReading(working_voxel_size_A=20.0, inverted=True).read(
        one, NO_LABELS, is_complete=True
    )
    assert np.array_equal(inverted.voxels, -plain.voxels)


def test_tomograms_may_lie_on_disk_instead_of_in_memory(folder: Path, tmp_path: Path) -> None:
    room = tmp_path / "room"
    with VolumeScratch(room) as scratch:
        reading = VolumeReading(working_voxel_size_A=10.0, scratch=scratch)
        kept = [reading.read(one, NO_LABELS, is_complete=False) for one in list_tomograms([folder])]
        # It has no name, so that nothing is left however the process ends.
        assert not list(room.iterdir())
        plain = VolumeReading(working_voxel_size_A=10.0)
        for one, other in zip(kept, list_tomograms([folder]), strict=True):
            in_memory = plain.read(other, NO_LABELS, is_complete=False)
            assert (one.voxels.shape, one.voxels.size) == ((16, 24, 30), 16 * 24 * 30)
            assert np.array_equal(one.voxels[:], in_memory.voxels[:])
            pose = upright(np.array([20.0, 3.0, -2.0]), 16, flips=np.array([True, False, True]))
            assert np.array_equal(cut(one, pose), cut(in_memory, pose))
    with pytest.raises(ValueError, match="closed"):
        kept[0].voxels[:1]
    (tmp_path / "taken").write_bytes(b"")
    with (
        VolumeScratch(tmp_path / "taken") as scratch,
        pytest.raises(ResourceError, match=r"taken: cannot keep the tomograms .*0\.0 GB"),
    ):
        scratch.kept((1, 1, 2), [np.zeros((1, 1, 2), np.float16)])


def test_unlabelled_tomograms_stay_away_where_nothing_learns_from_them(folder: Path) -> None:
    labels = picks([("a.mrc", 19.5, 9.5, 4.5, "large")])
    data = gather(folder, labels, with_unlabelled=False, are_complete=False)
    assert [Path(v.name).name for v in data.training] == ["a.mrc"]
    assert not data.training[0].is_complete


def test_some_unlabelled_tomograms_are_read_to_count_in_where_none_is_kept_aside(  # type: ignore[no-untyped-def]
    folder: Path, monkeypatch
) -> None:
    rows = [(f"{n}.mrc", float(x), 9.5, 4.5, "large") for n in "ab" for x in range(4, 14, 2)]
    data = gather(folder, picks(rows[:5]), with_unlabelled=False)
    assert [len(data.training), len(data.validation)] == [1, 0]
    assert [(Path(v.name).name, v.is_labelled) for v in data.counting] == [
        ("b.mrc", False),
        ("c.mrc", False),
    ]
    # One kept aside says nothing about a class that it does not hold.
    aside = {"with_unlabelled": False, "validation": [str(folder / "b.mrc")]}
    assert len(gather(folder, picks(rows), **aside).counting) == 1
    both = [*rows, *((f"{n}.mrc", 20.0, 20.0, 4.5, "small") for n in "ab")]
    assert not gather(folder, picks(both), **aside).counting
    assert not gather(folder, picks(rows[:5])).counting  # they are learned from
    monkeypatch.setattr(volume_data, "MOST_COUNTED", 1)
    assert len(gather(folder, picks(rows[:5]), with_unlabelled=False).counting) == 1


def test_whole_tomograms_are_kept_aside(folder: Path) -> None:
    rows = [(f"{n}.mrc", float(x), 9.5, 4.5, "large") for n in "abc" for x in range(4, 14, 2)]
    data = gather(folder, picks(rows), validation_share=0.3)
    assert (len(data.training), len(data.validation)) == (2, 1)
    name = str(folder / "b.mrc")
    named = gather(folder, picks(rows), validation=[name], are_complete=False)
    assert [v.name for v in named.validation] == [name]
    assert named.validation[0].is_complete
    assert not gather(folder, picks(rows), validation_share=0.3, are_complete=False).validation
    with pytest.raises(BadInput, match="not among the labelled"):
        gather(folder, picks(rows), validation=["x.mrc"])
    with pytest.raises(BadInput, match=r"No label is left.*1 tomogram kept"):
        gather(folder, picks(rows[:5]), validation=[str(folder / "a.mrc")])


def row_of(name: str, **numbers: int) -> list[tuple[str, float, float, float, str | None]]:
    """So many labels of each class in a row."""
    kinds = [kind for kind, number in numbers.items() for _ in range(number)]
    return [(f"{name}.mrc", 2.0 + 3 * i, 9.5, 4.5, kind) for i, kind in enumerate(kinds)]


def test_every_class_keeps_labels_to_learn_from(folder: Path) -> None:
    rows = [*row_of("a", large=8), *row_of("b", large=2, small=3), *row_of("c", large=8)]
    labels = picks(rows)

    def aside(labels: PickSet, **options: object) -> list[str]:
        data = gather(folder, labels, validation_share=0.25, **options)
        return [Path(volume.name).name for volume in data.validation]

    # The second fits the share best and holds all that there is of one class.
    chosen = [aside(labels, seed=seed) for seed in range(3)]
    assert all(one in (["a.mrc"], ["c.mrc"]) for one in chosen)
    assert aside(picks([*rows, ("c.mrc", 2.0, 20.5, 4.5, "small")])) == ["b.mrc"]
    # Each class lives in one tomogram only, so that none can be spared.
    assert aside(picks([*row_of("a", large=6), *row_of("b", small=6)])) == []
    named = [str(folder / name) for name in ("a.mrc", "b.mrc")]
    says = r"No label of small is left .*all lie in the 2 tomograms kept .*\(\S*b\.mrc\)\. Keep"
    with pytest.raises(BadInput, match=says):
        gather(folder, labels, validation=named)


def test_a_tomogram_that_was_looked_at_in_vain_is_empty(folder: Path) -> None:
    labels = picks([("a.mrc", 19.5, 9.5, 4.5, "large")])
    labels.images = ("a.mrc", "b.mrc")
    known = [v.is_complete for v in gather(folder, labels).training]
    assert known == [True, True, False]


def test_labels_of_another_voxel_size_are_refused(folder: Path) -> None:
    with pytest.raises(Mismatch, match=r"10 Å.*5 Å"):
        gather(folder, picks([("a.mrc", 9.0, 9.5, 4.5, "large")], pixel_size_A=5.0))


def test_empty_places_come_along_to_the_working_size(folder: Path) -> None:
    rows = [("a.mrc", 19.5, 9.5, 4.5, "large"), ("a.mrc", 4.5, 11.5, 8.5, "junk")]
    labelled, *_ = gather(folder, picks(rows)).training
    np.testing.assert_allclose(labelled.empty_px, [[2.0, 5.5, 4.0]])
    assert labelled.counts(2).tolist() == [0, 1]
    torn, *_ = gather(folder, picks([*rows, ("a.mrc", 4.5, 11.5, 8.5, "small")])).training
    assert not len(torn.empty_px)
    np.testing.assert_allclose(torn.unclear_px, [[2.0, 5.5, 4.0]] * 2)
    without, *_ = gather(folder, picks(rows[:1])).training
    assert labelled.described() != without.described()


def test_the_number_of_particles_is_asked_for_where_it_is_needed() -> None:
    def check(expected, *, labels_are="sparse", **settings):  # type: ignore[no-untyped-def]
        return checked_expectation(
            expected,
            CLASSES,
            labels_are=labels_are,
            settings=VolumeLearningSettings(**settings),
        )

    assert check({"large": 2, "small": 7}).tolist() == [7.0, 2.0]
    assert check(None, labels_are="complete") is None
    for expected, says in (
        (None, "small, large"),
        ({"small": 3}, "large"),
        ({"small": 3, "large": -1}, "from 0 on"),
    ):
        with pytest.raises(UsageError, match=says):
            check(expected)
    with pytest.raises(UsageError, match="Take pu, ge-kl or ge-binomial, or a teacher"):
        check({"large": 2, "small": 7}, objective="focal", teacher=False)
    assert check({"large": 2, "small": 7}, objective="focal", teacher=True) is not None


def test_complete_labels_say_how_many_particles_there_are(make_volume) -> None:  # type: ignore[no-untyped-def]
    volumes = [
        make_volume(particles=5),
        make_volume("b", particles=0),
        make_volume("c", particles=0, is_complete=False, shape=(72, 40, 48)),
    ]
    # Five in two tomograms of 24 sections; the mean of all three has 40.
    expected = expected_numbers(None, volumes, 2)
    np.testing.assert_allclose(expected, np.array([3.0, 2.0]) / 48 * 40)
    given = np.array([4.0, 4.0])
    assert expected_numbers(given, volumes, 2) is given


def test_impossible_numbers_of_particles_are_refused() -> None:
    def labelled(*kinds: int) -> TomogramLabels:
        return TomogramLabels(np.zeros((len(kinds), 3)), np.array(kinds, dtype=np.int64))

    labels = VolumeLabelSet({"a": labelled(*[1] * 6), "b": labelled(0), "c": NO_LABELS}, CLASSES)
    images = ImageCatalogue(dict.fromkeys("abc", (16, 24, 30)), pixel_size_A=10.0)

    def check(small: float, large: float) -> list[str]:
        given = np.array([small, large])
        sizes_A = list(DIAMETERS_A.values())
        return [str(one) for one in check_possible(given, labels, images, sizes_A, tomograms=4)]

    assert check(3, 6) == []
    # One in four is possible, and so is a class that gathers in a few tomograms.
    assert check(0.25, 3) == []
    (doubt,) = check(1, 1.4)
    assert doubt.startswith("1.4 of large are expected in a tomogram, but 3 on average")
    for small, large, says in (
        (0, 6, "of small: 0 in a tomogram are fewer than the 1 label in 4 tomograms"),
        (1, 1, "of large: 1 in a tomogram are fewer than the 6 labels"),
        (1e9, 6, r"of small: 1e\+09 in a tomogram do not fit .* 80 Å .* room for 255 picks"),
    ):
        with pytest.raises(UsageError, match=says):
            check(small, large)


def test_what_changes_nothing_is_said() -> None:
    labels = VolumeLabelSet({"a": NO_LABELS, "b": NO_LABELS}, CLASSES)

    def said(given: int, labels_are: Literal["complete", "sparse"], **settings: object) -> str:
        chosen = VolumeLearningSettings.model_validate(settings).for_labels(
            labels_are, with_unlabelled=given > 2
        )
        found = idle_findings(chosen, labels_are, given=given, usable=labels)
        return "".join(f"{one.severity.value}: {one}" for one in found)

    untaught = said(5, "complete", teacher=False)
    assert untaught.startswith("note: 3 of 5 tomograms have no labels and are not le")
    assert said(2, "complete", teacher=True).startswith("warning: The teacher has nothing to label")
    for given, labels_are, settings in (
        (2, "complete", {}),
        (5, "complete", {}),
        (5, "complete", {"teacher": True}),
        (5, "complete", {"objective": "pu"}),
        (5, "sparse", {}),
        (2, "sparse", {"teacher": True}),
    ):
        assert not said(given, labels_are, **settings)  # type: ignore[arg-type]


def damaged(path: Path) -> None:
    """Blank a tomogram, which its header does not show."""
    write_mrc_volume(path, np.zeros((16, 24, 30), np.float32), 10.0)


def names(volumes: Iterable[WorkingVolume]) -> list[str]:
    return [Path(volume.name).name for volume in volumes]


def test_tomograms_that_cannot_be_read_are_left_out_and_named(folder: Path) -> None:
    rows = [(f"{n}.mrc", float(x), 9.5, 4.5, "large") for n in "ab" for x in range(4, 14, 2)]
    damaged(folder / "c.mrc")
    for with_unlabelled in (True, False):
        data = gather(folder, picks(rows), with_unlabelled=with_unlabelled)
        assert (names(data.training), data.counting) == (["a.mrc", "b.mrc"], ())
        (failure,) = data.failures
        assert failure.image == str(folder / "c.mrc")
        assert failure.reason.startswith(str(folder / "c.mrc"))
    damaged(folder / "a.mrc")
    data = gather(folder, picks(rows))
    assert names(data.training) == ["b.mrc"]
    assert len(data.failures) == 2
    # Particles of a class without a label would be learned as background.
    of_both = [("a.mrc", 4.5, 9.5, 4.5, "small"), ("b.mrc", 4.5, 9.5, 4.5, "large")]
    with pytest.raises(BadInput, match=r"No label of small is left to learn from: .*a\.mrc"):
        gather(folder, picks(of_both))
    damaged(folder / "b.mrc")
    with pytest.raises(BadInput, match=r"No label of large is left to learn from: .*a\.mrc"):
        gather(folder, picks(rows))


def test_what_is_kept_aside_is_chosen_among_what_can_be_read(folder: Path) -> None:
    rows = [(f"{n}.mrc", float(x), 9.5, 4.5, "large") for n in "abc" for x in range(4, 14, 2)]
    (chosen,) = gather(folder, picks(rows), validation_share=0.3).validation
    damaged(Path(chosen.name))
    data = gather(folder, picks(rows), validation_share=0.3)
    assert (len(data.training), len(data.validation)) == (1, 1)
    assert data.validation[0].is_complete
    left = [volume.name for volume in (*data.training, *data.validation)]
    named = gather(folder, picks(rows), validation=[chosen.name, left[0]], are_complete=False)
    assert [(volume.name, volume.is_complete) for volume in named.validation] == [(left[0], True)]
    with pytest.raises(BadInput, match="None of the tomograms to be kept aside"):
        gather(folder, picks(rows), validation=[chosen.name])


def test_labels_go_with_tomograms_whose_header_cannot_be_read(folder: Path) -> None:
    rows = [(f"{n}.mrc", 4.5, 9.5, 4.5, "large") for n in "abbx"]
    (folder / "b.mrc").write_bytes(b"not an image")
    listed = list_tomograms([folder, folder / "x.mrc"])
    images = ImageCatalogue.of_tomograms(listed)
    usable = sorted_labels(picks(rows), listed, images, DIAMETERS_A, are_complete=True)
    assert [Path(name).name for name in usable.tomograms] == ["a.mrc"]
    assert [Path(failure.image).name for failure in usable.failures] == ["b.mrc", "x.mrc"]
    (finding,) = usable.findings
    assert (finding.severity, finding.count) == (Severity.ERROR, 2)
    assert "2 of 3 labelled tomograms (67 %) cannot be used, nor can 3 labels there" in str(finding)
    assert names(gather(folder, picks(rows[:3])).training) == ["a.mrc", "c.mrc"]
    with pytest.raises(BadInput, match=r"no usable label .*cannot be used, nor can 1 label"):
        sorted_labels(picks(rows[1:2]), listed, images, DIAMETERS_A, are_complete=True)

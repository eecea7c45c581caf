"""Which labels in tomograms are used, and what is said about the others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, Mismatch
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.write_volume import write_mrc_volume
from nunatak.learning.labels.report import Severity
from nunatak.learning.volumes.volume_label_set import VolumeLabelSet, class_names, sorted_labels
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, empty_table

SHAPE = (16, 40, 48)
DIAMETERS_A = {"small": 80.0, "large": 200.0}
Row = tuple[str, float, float, float, str | None]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> MicrographList:
    """Tomograms a and b in one folder, and another a in a second one, of 10 Å voxels."""
    folder = tmp_path_factory.mktemp("tomograms")
    for name in ("one/a.mrc", "one/b.mrc", "two/a.mrc"):
        write_mrc_volume(folder / name, np.zeros(SHAPE, np.float32), 10.0)
    return list_tomograms([folder / "one", folder / "two"])


def picks(rows: list[Row], **columns: object) -> PickSet:
    table = pd.DataFrame(rows, columns=["image", "x_px", "y_px", "z_px", "class_name"])
    return PickSet(table.assign(**columns), source=Path("l.csv"))


def read(
    labels: PickSet,
    listed: MicrographList,
    diameters_A: dict[str, float] | None = None,
    *,
    are_complete: bool = True,
) -> VolumeLabelSet:
    images = ImageCatalogue.of_tomograms(listed)
    sizes_A = diameters_A or DIAMETERS_A
    return sorted_labels(labels, listed, images, sizes_A, are_complete=are_complete)


def found(labels: VolumeLabelSet) -> list[tuple[str, int, Severity]]:
    return [(one.kind, one.count, one.severity) for one in labels.findings]


PAIR: list[Row] = [("b", 9.0, 9.0, 4.0, "small"), ("b", 30.0, 9.0, 4.0, "large")]


def test_candidates_below_the_threshold_are_no_labels(listed: MicrographList) -> None:
    labels = picks(PAIR, score=[0.9, 0.2], selected=[True, False])
    sparse = read(labels, listed, are_complete=False)
    (one,) = sparse.tomograms.values()
    np.testing.assert_array_equal(one.centres_px, [[9.0, 9.0, 4.0]])
    assert not len(one.empty_px)
    assert found(sparse) == [("not selected", 1, Severity.NOTE)]
    complete = read(labels, listed)
    assert found(complete) == [("not selected", 1, Severity.WARNING)]
    assert "count as empty" in str(complete.findings[0])
    assert class_names(labels) == ["small"]


def test_rejected_places_and_junk_are_known_to_be_empty(listed: MicrographList) -> None:
    rows = [*PAIR, ("b", 20.0, 20.0, 8.0, " Junk")]
    labels = picks(rows, selected=[True, False, True])
    usable = read(labels, listed)
    (one,) = usable.tomograms.values()
    assert one.class_index.tolist() == [0]
    np.testing.assert_array_equal(one.empty_px, [[30.0, 9.0, 4.0], [20.0, 20.0, 8.0]])
    assert found(usable) == [("negative", 2, Severity.NOTE)]
    assert class_names(labels) == ["small"]


def test_scores_without_a_threshold_are_doubted(listed: MicrographList) -> None:
    assert found(read(picks(PAIR, score=0.5), listed)) == [("scored", 2, Severity.WARNING)]


def test_labels_count_once_and_contradictions_not_at_all(listed: MicrographList) -> None:
    rows: list[Row] = [
        *PAIR,
        ("b", 9.0, 9.5, 4.5, "small"),  # within 8 Å of the first
        ("b", 30.0, 10.5, 4.0, "large"),  # within 20 Å of the second
        ("b", 10.5, 9.0, 4.0, "small"),  # 15 Å from the first, another particle
        ("b", 31.5, 9.0, 4.0, "small"),  # too far for its own size
        ("b", 20.0, 30.0, 8.0, "small"),
        ("b", 20.0, 30.0, 8.0, "junk"),
        (str(listed.micrographs[0].name), 9.0, 9.0, 4.0, "small"),  # in another tomogram
    ]
    usable = read(picks(rows), listed)
    kept = usable.tomograms[listed.micrographs[1].name]
    np.testing.assert_array_equal(kept.centres_px[:, 0], [9.0, 30.0, 10.5, 31.5])
    assert kept.class_index.tolist() == [0, 1, 0, 0]
    assert not len(kept.empty_px)
    # Neither a particle nor none: nobody knows.
    np.testing.assert_array_equal(kept.unclear_px, [[20.0, 30.0, 8.0]] * 2)
    assert not len(usable.tomograms[listed.micrographs[0].name].unclear_px)
    assert found(usable) == [
        ("negative", 1, Severity.NOTE),
        ("contradictory", 2, Severity.WARNING),
        ("duplicate", 2, Severity.NOTE),
    ]


def spread(number: int, scale: float = 1.0) -> list[Row]:
    """Labels from face to face, far enough apart."""
    x, y, z = np.meshgrid(np.linspace(1, 46, 8), np.linspace(1, 38, 6), [2.0, 13.0])
    places = np.column_stack([x.ravel(), y.ravel(), z.ravel()])[:number] * scale
    return [("b", *place, "small") for place in places.tolist()]


def test_single_labels_outside_are_left_out(listed: MicrographList) -> None:
    rows: list[Row] = [*spread(20), ("b", 9.0, 9.0, 15.6, "small")]
    usable = read(picks(rows), listed)
    assert len(usable.tomograms[listed.micrographs[1].name].centres_px) == 20
    # Half of it may lie inside.
    unclear = usable.tomograms[listed.micrographs[1].name].unclear_px
    np.testing.assert_array_equal(unclear, [[9.0, 9.0, 15.6]])
    assert found(usable) == [("outside", 1, Severity.ERROR)]
    assert "z 15.6 in" in str(usable.findings[0])
    assert "of 48 × 40 × 16" in str(usable.findings[0])


def test_many_labels_outside_are_refused_with_what_to_do(listed: MicrographList) -> None:
    with pytest.raises(Mismatch, match=r"l\.csv: 1 of 1 labels .*lie outside.*--drop-outside"):
        read(picks([("b", 48.0, 9.0, 4.0, "small")]), listed)
    with pytest.raises(Mismatch, match="may count in pixels of an image 2 times larger"):
        read(picks(spread(96, scale=2.0)), listed)


def test_labels_in_one_corner_are_doubted(listed: MicrographList) -> None:
    half = read(picks(spread(96, scale=0.5)), listed)
    assert ("corner", 96, Severity.WARNING) in found(half)
    assert "pixels binned by 2" in str(half.findings[0])
    assert "--labels-binning" in str(half.findings[0])
    assert not read(picks(spread(96)), listed).findings


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        ([("b", 9.0, 9.5, 4.5, "huge")], BadInput, "labels of huge"),
        ([("b", 9.0, 9.5, 4.5, "")], BadInput, "labels of no class"),
        ([("z.mrc", 9.0, 9.5, 4.5, "large")], Mismatch, "not clearly.*z.mrc fits none of the 3"),
        ([("a.mrc", 9.0, 9.5, 4.5, "large")], Mismatch, "not clearly.*a.mrc fits 2 images"),
        ([("b", 9.0, 9.5, 4.5, "ice")], BadInput, "no label of a particle.*1 row 1 marked as no"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    listed: MicrographList, rows: list[Row], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=rf"l\.csv: .*{says}"):
        read(picks(rows), listed)


def test_an_empty_table_is_named(listed: MicrographList) -> None:
    empty = PickSet(empty_table(3), images=("b",), source=Path("none.csv"))
    with pytest.raises(BadInput, match=r"none\.csv: no label of a particle \(it has no rows\)"):
        read(empty, listed)


def test_classes_and_depth_must_be_known(listed: MicrographList) -> None:
    only = {"only": 100.0}
    plain = PickSet(picks([("b", 9.0, 9.5, 4.5, "")]).table.drop(columns="class_name"))
    (one,) = read(plain, listed, only).tomograms.values()
    assert one.class_index.tolist() == [0]
    assert class_names(plain) == ["particle"]
    with pytest.raises(BadInput, match="no class"):
        read(plain, listed)
    flat = PickSet(plain.table.drop(columns="z_px"))
    with pytest.raises(BadInput, match="of micrographs"):
        read(flat, listed, only)


@pytest.mark.parametrize("empty", ["", None])
def test_labels_without_a_class_are_of_the_only_one(
    listed: MicrographList, empty: str | None
) -> None:
    only = {"only": 100.0}
    unnamed: list[Row] = [("b", 9.0, 9.5, 4.5, empty), ("b", 30.0, 9.5, 4.5, empty)]
    (one,) = read(picks(unnamed), listed, only).tomograms.values()
    assert one.class_index.tolist() == [0, 0]
    with pytest.raises(BadInput, match="labels of no class"):
        read(picks([unnamed[0], ("b", 30.0, 9.5, 4.5, "only")]), listed, only)

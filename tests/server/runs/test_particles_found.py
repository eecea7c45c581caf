"""How many particles an image holds, where no candidate reaches its set's threshold."""

import numpy as np
import pytest

from nunatak.server.review.columns import SetColumns
from nunatak.server.runs.particles_found import found_like_labels
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.marks import Labels, Point
from nunatak.workspace.project import ParticleClass, Settings

SHAPE = (40, 400, 400)
SETTINGS = Settings(
    id="0" * 16,
    name="p",
    ndim=3,
    classes=[
        ParticleClass(name="ball", diameter_A=160.0),  # a radius of 8 voxels
        ParticleClass(name="rod", diameter_A=160.0),
    ],
    contrast="auto",
    expected_particles=None,
    version=1,
)


def image(number: int) -> ImageRecord:
    """A tomogram."""
    return ImageRecord(
        id=number,
        path=f"/data/{number}.mrc",
        stated_pixel_size_A=None,
        shape=SHAPE,
        pixel_size_A=10.0,
        problem=None,
        doubt=None,
        state="labelled",
        version=1,
    )


def candidates(scores: list[list[float]]) -> SetColumns:
    """Candidates of tomograms 1, 2, …: every 20 voxels one, at (20, 20, 20), (40, 20, 20), …"""
    score = np.concatenate(scores)
    counts = [len(one) for one in scores]
    none = np.zeros(len(score), np.int64)
    return SetColumns(
        image=np.repeat(np.arange(1, len(scores) + 1), counts),
        number=np.arange(len(score)),
        x_px=np.concatenate([20.0 * np.arange(1, count + 1) for count in counts]),
        y_px=np.full(len(score), 20.0),
        z_px=np.full(len(score), 20.0),
        score=score,
        class_index=none,
        classes=("ball", "rod"),
        probability=np.full(len(score), np.nan),
        judged_index=none - 1,
        judged_classes=(),
        pruned=none,
        decided=none,
        reasons={},
        excluded=none.astype(np.bool_),
    )


def points(image: int, x_px: list[float], *, kind: str = "particle", name: str = "ball") -> Labels:
    """Labels in the candidates' row."""
    marks = [
        Point(id=f"point-{n:05d}", kind=kind, x=x, y=20.0, z=20.0, class_name=name)
        for n, x in enumerate(x_px)
    ]
    return Labels(image=image, version=1, points=marks, regions=[])


def found(columns: SetColumns, labels: list[Labels], *, picked: int = 1) -> float | None:
    images = [image(number) for number in (1, 2, 3)]
    return found_like_labels(columns, range(1, picked + 1), images, labels, SETTINGS)


def test_candidates_that_score_as_labelled_particles_are_counted() -> None:
    columns = candidates([[0.30, 0.20, 0.25, 0.10], [0.26, 0.25, 0.01]])
    labels = [points(1, [20.0, 41.0, 63.0])]
    # The labels' candidates score 0.30, 0.20 and 0.25: two of three are at least 0.25, as are
    # four candidates in two tomograms. Two of three particles so found: six, three in each.
    assert found(columns, labels, picked=2) == pytest.approx(3.0)
    # A tomogram in which there is no candidate holds nothing.
    assert found(columns, labels, picked=3) == pytest.approx(2.0)


def test_a_label_without_a_candidate_is_one_that_was_not_found() -> None:
    columns = candidates([[0.3, 0.3, 0.1]])
    assert found(columns, [points(1, [20.0, 300.0])]) == pytest.approx(4.0)


def test_a_label_in_a_tomogram_that_was_not_picked_yet_says_nothing() -> None:
    columns = candidates([[0.3, 0.3, 0.1]])
    assert found(columns, [points(1, [20.0]), points(2, [20.0, 40.0])]) == pytest.approx(2.0)


def test_a_candidate_of_another_class_does_not_find_a_label() -> None:
    columns = candidates([[0.3, 0.2, 0.1]])
    columns.class_index[0] = 1
    assert found(columns, [points(1, [20.0, 40.0])]) == pytest.approx(4.0)


@pytest.mark.parametrize(
    "labels",
    [
        points(1, []),
        points(1, [300.0]),
        points(1, [20.0], kind="not_particle", name="ice"),
        points(1, [20.0, 200.0, 300.0]),
    ],
    ids=["none", "missed", "no particle", "mostly missed"],
)
def test_nothing_is_said_where_labels_are_not_found(labels: Labels) -> None:
    assert found(candidates([[0.3, 0.2]]), [labels]) is None


def test_what_lies_in_an_excluded_region_is_not_counted() -> None:
    columns = candidates([[0.3, 0.3, 0.3]])
    columns.excluded[2] = True
    assert found(columns, [points(1, [20.0])]) == pytest.approx(2.0)

"""Which candidates people have judged by labelling, class by class."""

import numpy as np
import pytest

from nunatak.server.review.columns import UNDECIDED, SetColumns
from nunatak.server.review.known import judged_by_people, shares_of_largest, with_points
from nunatak.workspace.marks import Labels, Point, Region
from nunatak.workspace.project import ParticleClass

RADIUS_PX = {1: 20.0}
CLASSES = [
    ParticleClass(name="ribosome", diameter_A=300.0),
    ParticleClass(name="proteasome", diameter_A=150.0),
    ParticleClass(name="unknown"),
]
SHARES = shares_of_largest(CLASSES)
EVERYTHING = Region(
    id="region-00", kind="complete", outline=[(0, 0), (1000, 0), (1000, 100), (0, 100)]
)


def candidates(*found: tuple[float, str], classes: tuple[str, ...]) -> SetColumns:
    """Candidates in a row, each of a class."""
    count = len(found)
    return SetColumns(
        image=np.ones(count, np.int64),
        number=np.arange(count),
        x_px=np.array([x for x, _ in found]),
        y_px=np.full(count, 50.0),
        z_px=None,
        score=np.linspace(0.9, 0.1, count),
        class_index=np.array([classes.index(name) for _, name in found]),
        classes=classes,
        probability=np.full(count, np.nan),
        judged_index=np.full(count, -1),
        judged_classes=(),
        pruned=np.zeros(count, np.int64),
        decided=np.full(count, UNDECIDED),
        reasons={},
        excluded=np.zeros(count, np.bool_),
    )


def labels(*points: tuple[float, str], regions: list[Region]) -> Labels:
    """Particles in the row, each of a class."""
    return Labels(
        image=1,
        version=1,
        points=[
            Point(id=f"point-{i:04d}", kind="particle", x=x, y=50.0, class_name=name)
            for i, (x, name) in enumerate(points)
        ],
        regions=regions,
    )


@pytest.mark.parametrize(
    ("classes", "right"),
    [
        (("ribosome", "proteasome"), [True, False, True]),
        # Classes of another program say nothing of these.
        (("1", "2"), [True, True, True]),
    ],
)
def test_a_particle_of_one_class_makes_no_candidate_of_another_right(
    classes: tuple[str, str], right: list[bool]
) -> None:
    columns = candidates((100, classes[0]), (203, classes[1]), (301, classes[1]), classes=classes)
    said = labels((102, "ribosome"), (200, "ribosome"), (300, "proteasome"), regions=[EVERYTHING])
    rows, is_right = judged_by_people(columns, [said], RADIUS_PX, SHARES)
    assert rows.tolist() == [0, 1, 2]
    assert is_right.tolist() == right


def test_a_set_of_one_class_is_of_any_particle() -> None:
    columns = candidates(
        (100, "particle"), (203, "particle"), (900, "particle"), classes=("particle",)
    )
    said = labels((102, "ribosome"), (200, "proteasome"), regions=[EVERYTHING])
    rows, is_right = judged_by_people(columns, [said], RADIUS_PX, SHARES)
    assert rows.tolist() == [0, 1, 2]
    assert is_right.tolist() == [True, True, False]


def test_of_two_candidates_at_one_place_the_one_of_its_class_stands_for_it() -> None:
    columns = candidates((200, "proteasome"), (204, "ribosome"), classes=("ribosome", "proteasome"))
    said = labels((200, "ribosome"), regions=[EVERYTHING])
    _, is_right = judged_by_people(columns, [said], RADIUS_PX, SHARES)
    assert is_right.tolist() == [False, True]


def test_outside_complete_regions_only_the_class_at_hand_is_known() -> None:
    columns = candidates((200, "proteasome"), (204, "ribosome"), classes=("ribosome", "proteasome"))
    said = labels((200, "ribosome"), regions=[])
    nothing = judged_by_people(columns, [said], RADIUS_PX, SHARES)
    assert nothing[0].tolist() == []
    rows, is_right = with_points(columns, [said], RADIUS_PX, SHARES, nothing)
    assert (rows.tolist(), is_right.tolist()) == ([1], [True])


def test_near_is_a_matter_of_the_class() -> None:
    columns = candidates(
        (108, "ribosome"), (208, "proteasome"), (304, "proteasome"), classes=tuple(SHARES)
    )
    said = labels((100, "ribosome"), (200, "proteasome"), (300, "proteasome"), regions=[EVERYTHING])
    _, is_right = judged_by_people(columns, [said], RADIUS_PX, SHARES)
    assert is_right.tolist() == [True, False, True]


def test_a_class_of_unknown_size_is_taken_for_the_largest() -> None:
    assert SHARES == {"ribosome": 1.0, "proteasome": 0.5, "unknown": 1.0}
    assert shares_of_largest(CLASSES[2:]) == {"unknown": 1.0}

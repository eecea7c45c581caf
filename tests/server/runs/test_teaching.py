"""What a training learns from: points, decisions, complete and excluded regions."""

import numpy as np

from nunatak.server.review.columns import KEPT, REJECTED, UNDECIDED, SetColumns
from nunatak.server.runs.teaching import NOT_PARTICLE, Teaching, teaching
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.marks import Labels, Point, Region
from nunatak.workspace.project import ParticleClass, Settings

IMAGE = ImageRecord(
    id=1,
    path="/data/a.mrc",
    stated_pixel_size_A=None,
    shape=(100, 1000),
    pixel_size_A=2.0,
    problem=None,
    doubt=None,
    state="labelled",
    version=1,
)
SETTINGS = Settings(
    id="0" * 16,
    name="p",
    ndim=2,
    classes=[ParticleClass(name="bgal", diameter_A=80.0)],  # a radius of 20 px
    contrast="auto",
    expected_particles=None,
    version=1,
)


def candidates(x: list[float], decided: list[int]) -> SetColumns:
    """Candidates in a row on the image."""
    count = len(x)
    return SetColumns(
        image=np.ones(count, np.int64),
        number=np.arange(count),
        x_px=np.array(x),
        y_px=np.full(count, 50.0),
        z_px=None,
        score=np.linspace(0.9, 0.1, count),
        class_index=np.zeros(count, np.int64),
        classes=("particle",),
        probability=np.full(count, np.nan),
        judged_index=np.full(count, -1),
        judged_classes=(),
        pruned=np.zeros(count, np.int64),
        decided=np.array(decided),
        reasons={},
        excluded=np.zeros(count, np.bool_),
    )


def point(x: float, kind: str = "particle") -> Point:
    """A label in the row."""
    name = "bgal" if kind == "particle" else "ice"
    return Point(id=f"point-{int(x):05d}", kind=kind, x=x, y=50.0, class_name=name)


def region(kind: str, left: float, right: float) -> Region:
    """A region over the full height."""
    outline = [[left, 0.0], [right, 0.0], [right, 99.0], [left, 99.0]]
    return Region(id=f"region-{kind}", kind=kind, outline=outline)


def taught(points: list[Point], regions: list[Region], *sets: SetColumns) -> Teaching:
    """What is learned from one image."""
    labels = Labels(image=1, version=1, points=points, regions=regions)
    return teaching([IMAGE], [labels], SETTINGS, sets)


def rows(found: Teaching) -> dict[float, str]:
    """Class by position."""
    table = found.picks.table
    return dict(zip(table["x_px"], table["class_name"], strict=True))


def test_points_are_particles_and_places_that_are_none() -> None:
    found = taught([point(100), point(200, "not_particle")], [])
    assert rows(found) == {100: "bgal", 200: NOT_PARTICLE}
    assert (found.particles, found.negatives, found.images) == (1, 1, (IMAGE.path,))


def test_labels_in_excluded_regions_are_left_out() -> None:
    found = taught([point(100), point(200)], [region("exclude", 150, 250)])
    assert rows(found) == {100: "bgal"}


def test_decisions_count_as_labels_where_nothing_is_labelled() -> None:
    decided = candidates([105, 300, 400, 500], [REJECTED, KEPT, REJECTED, UNDECIDED])
    found = taught([point(100)], [], decided)
    assert rows(found) == {100: "bgal", 300: "bgal", 400: NOT_PARTICLE}


def test_the_same_decision_in_two_sets_counts_once() -> None:
    newer, older = candidates([300], [KEPT]), candidates([303], [REJECTED])
    assert rows(taught([], [], newer, older)) == {300: "bgal"}


def test_in_a_complete_region_what_is_not_labelled_is_no_particle() -> None:
    found = taught(
        [point(100)], [region("complete", 0, 350)], candidates([110, 300, 400], [0, 0, 0])
    )
    assert rows(found) == {100: "bgal", 300: NOT_PARTICLE}


def test_nothing_is_taught_by_nothing() -> None:
    found = taught([], [])
    assert (len(found.picks), found.particles, found.images) == (0, 0, ())

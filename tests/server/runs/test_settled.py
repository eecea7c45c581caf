"""What people have labelled is not worth another look."""

from pathlib import Path

import numpy as np

from nunatak.detection.candidates import Candidates
from nunatak.detection.finished import Finished
from nunatak.images.stable import file_state
from nunatak.server.runs.picking import keep_outcome
from nunatak.server.runs.settled import settled
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, images_of
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Labels, Point, PutPoint, Region
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.project import ParticleClass

CLASSES = [
    ParticleClass(name="small", diameter_A=20.0),
    ParticleClass(name="large", diameter_A=80.0),
    ParticleClass(name="unknown"),
]
ROW = np.array([[0.0, 0.0], [19.0, 0.0], [21.0, 0.0], [100.0, 100.0]])


def labels(*marks: Point | Region) -> Labels:
    return Labels(
        image=1,
        version=1,
        points=[one for one in marks if isinstance(one, Point)],
        regions=[one for one in marks if isinstance(one, Region)],
    )


def point(kind: str, z: float | None = None) -> Point:
    return Point(id="point-001", kind=kind, x=0, y=0, z=z, class_name="particle")


def test_candidates_at_labels_of_either_kind_are_settled() -> None:
    for kind in ("particle", "not_particle"):
        # 40 Å are 20 pixels of 2 Å.
        found = settled(labels(point(kind)), ROW, CLASSES, 2.0)
        assert found.tolist() == [True, True, False, False]


def test_candidates_in_regions_are_settled() -> None:
    outline = [[90, 90], [110, 90], [110, 110], [90, 110]]
    for kind in ("exclude", "complete"):
        region = Region(id="region-1", kind=kind, outline=outline)
        assert settled(labels(region), ROW, CLASSES, 2.0).tolist() == [False, False, False, True]


def test_slices_count_in_tomograms() -> None:
    places = np.array([[0.0, 0.0, 10.0], [0.0, 0.0, 50.0]])
    assert settled(labels(point("particle", z=0.0)), places, CLASSES, 2.0).tolist() == [True, False]


def test_nothing_is_settled_without_labels_or_candidates() -> None:
    assert not settled(labels(), ROW, CLASSES, 2.0).any()
    assert settled(labels(point("particle")), np.empty((0, 2)), CLASSES, 2.0).tolist() == []


def test_an_image_that_is_labelled_already_comes_later_in_the_queue(workspace: Workspace) -> None:
    number = add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
    first, second, _ = images_of(workspace)
    operation = PutPoint(operation="put_point", point=point("particle"))
    edit = Edit(id="edit-0001", base_version=0, operations=[operation])
    save_edit(workspace, first.id, edit, "ada")
    for image in (first, second):
        keep_outcome(workspace, number, image, found_on(image))
    doubts = {image.id: image.doubt for image in images_of(workspace)}
    # One of two candidates is at the label.
    assert doubts[first.id] == doubts[second.id] / 2 > 0


def found_on(image: ImageRecord) -> Finished:
    candidates = Candidates(
        x_px=np.array([1.0, 200.0]),
        y_px=np.array([1.0, 100.0]),
        score=np.array([0.5, 0.5]),
        class_index=np.array([0, 0], np.int32),
    )
    state = file_state(Path(image.path))
    return Finished(image.path, state, (300, 400), 4.0, candidates)

"""Picking and training in tomograms, small enough to be quick."""

import os
from collections.abc import Iterator
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.server.bodies.runs import TrainAsked
from nunatak.server.runs import worker
from nunatak.server.runs.requests import NewRun, asked_run, first_picks
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import add_images, images_of
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.picks import image_picks
from nunatak.workspace.project import ParticleClass, change_settings, create_project, settings_of
from nunatak.workspace.runs import RunRecord, add_run, change_run, run_of

SHAPE = (40, 64, 64)
PLACES = [(x, y, 20) for y in (16, 48) for x in (16, 48)]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A project of one tomogram with four dark balls of 160 Å."""
    rng = np.random.default_rng(1)
    z, y, x = np.indices(SHAPE)
    balls = sum(np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) < 8 for a, b, c in PLACES)
    path = tmp_path / "tomogram.mrc"
    with mrcfile.new(path, (rng.normal(0, 1, SHAPE) - 2 * balls).astype(np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    classes = [ParticleClass(name="ball", diameter_A=160.0)]
    with create_project(tmp_path / "project", ndim=3, classes=classes, user="ada") as made:
        add_images(made, [ListedMicrograph(path, str(path))])
        yield made


def carry_out(workspace: Workspace, order: NewRun | None) -> RunRecord:
    """Do in this process what a run's own process does."""
    assert order is not None
    run = add_run(workspace, kind=order.kind, name=order.name, asked=order.asked, user="ada")
    change_run(workspace, run.id, state="running")
    worker.main([str(workspace.folder), str(run.id), str(os.getppid())])
    done = run_of(workspace, run.id)
    assert done.state == "done", done.message
    return done


def label(workspace: Workspace, image: int) -> None:
    """Click on all balls of an image."""
    points = [
        Point(id=f"point-{image}-{i:04d}", kind="particle", x=x, y=y, z=z, class_name="ball")
        for i, (x, y, z) in enumerate(PLACES)
    ]
    operations = [PutPoint(operation="put_point", point=point) for point in points]
    edit = Edit(id=f"edit-00000{image}", base_version=0, operations=operations)
    save_edit(workspace, image, edit, "ada")


def test_tomograms_are_picked_and_learned_from(workspace: Workspace) -> None:
    carry_out(workspace, first_picks(workspace))
    image = images_of(workspace)[0]
    assert (image.shape, image.pixel_size_A) == (SHAPE, 10.0)
    (general,) = pick_sets_of(workspace)
    found = image_picks(workspace, general.id, image.id)
    assert found is not None
    assert found.z_px is not None
    assert general.classes == ("ball",)
    label(workspace, image.id)
    done = carry_out(workspace, asked_run(workspace, TrainAsked(kind="train", steps=1)))
    assert done.labels == 4
    assert (done.message or "").startswith("Learned from 4 particles in 1 tomogram. Nothing but")
    assert pick_sets_of(workspace)[0].id == done.pick_set


def test_what_cannot_be_read_is_not_said_to_be_learned_from(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "blank.mrc"
    with mrcfile.new(path, np.zeros(SHAPE, np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    add_images(workspace, [ListedMicrograph(path, str(path))])
    for image in images_of(workspace):
        label(workspace, image.id)
    version = settings_of(workspace).version
    change_settings(workspace, version, user="ada", expected_particles=4.0)
    done = carry_out(workspace, asked_run(workspace, TrainAsked(kind="train", steps=1)))
    said = done.message or ""
    assert said.startswith("Learned from 4 particles in 1 tomogram. 1 tomogram took no part: ")
    assert "blank.mrc" in said

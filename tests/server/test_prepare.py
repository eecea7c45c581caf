"""The project that the command makes, or finds."""

import shutil
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.errors import BadInput, UsageError
from nunatak.server.prepare import prepare
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of, set_image_facts, set_problem
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.picks import save_image_picks
from nunatak.workspace.project import settings_of


def settings(folder: Path) -> tuple[int, dict[str, float | None], str]:
    with Workspace(folder) as workspace:
        found = settings_of(workspace)
    sizes = {one.name: one.diameter_A for one in found.classes}
    return found.ndim, sizes, found.contrast


def test_a_project_is_made_once_and_found_again(micrographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    made = prepare(folder, [str(micrographs)], user="ada", diameters_A={})
    assert (made.n_images, made.n_new) == (3, 3)
    assert settings(folder) == (2, {"particle": None}, "auto")
    again = prepare(folder, [], user="ada", diameters_A={None: 99.0}, contrast="light")
    assert (again.n_images, again.n_new) == (3, 0)
    assert settings(folder) == (2, {"particle": 99.0}, "light")
    prepare(folder, [str(micrographs)], user="ada", diameters_A={})
    assert settings(folder) == (2, {"particle": 99.0}, "light")


def test_new_images_are_added_and_missing_ones_named(project: Path, tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "late.mrc", np.zeros((8, 8), np.float32)) as file:
        file.voxel_size = 1.0
    inputs = [str(tmp_path / "late.mrc"), str(tmp_path / "never.mrc")]
    found = prepare(
        project, inputs, user="ada", diameters_A={}, pixel_size_A=2.5, is_of_tomograms=False
    )
    assert (found.n_images, found.n_new) == (4, 1)
    assert any("never.mrc" in note for note in found.notes)
    with Workspace(project) as workspace:
        sizes = {one.name: one.stated_pixel_size_A for one in images_of(workspace)}
    assert sizes["late.mrc"] == 2.5
    assert sizes["mic_0.mrc"] is None


def sizes(folder: Path) -> dict[str, tuple[float | None, float | None, str | None]]:
    with Workspace(folder) as workspace:
        return {
            one.name: (one.stated_pixel_size_A, one.pixel_size_A, one.problem)
            for one in images_of(workspace)
        }


@pytest.mark.parametrize("gives_images", [False, True])
def test_a_pixel_size_that_was_forgotten_is_stated_later(
    tmp_path: Path, gives_images: bool
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for number in range(3):
        mrcfile.write(data / f"mic_{number}.mrc", np.zeros((8, 8), np.float32))
    folder = tmp_path / "p"
    prepare(folder, [str(data)], user="ada", diameters_A={None: 180.0})
    with Workspace(folder) as workspace:
        for image in images_of(workspace):
            set_problem(workspace, image.id, "the header states no pixel size.")
    given = [str(data)] if gives_images else []
    again = prepare(folder, given, user="ada", diameters_A={}, pixel_size_A=1.5)
    assert again.n_new == 0
    assert "3 images of the project now counted with 1.5 Å a pixel" in again.notes
    assert set(sizes(folder).values()) == {(1.5, 1.5, None)}
    # What was stated can be corrected, and what is so already is no news.
    one = [str(data / "mic_0.mrc")] if gives_images else []
    again = prepare(folder, one, user="ada", diameters_A={}, pixel_size_A=1.6)
    assert [stated for stated, *_ in sizes(folder).values()].count(1.6) == (1 if one else 3)
    assert prepare(folder, one, user="ada", diameters_A={}, pixel_size_A=1.6).notes == ()


def test_a_stated_pixel_size_does_not_contradict_headers(project: Path) -> None:
    with Workspace(project) as workspace:
        set_image_facts(workspace, 1, shape=(300, 400), pixel_size_A=4.0)
    (changed, kept) = prepare(project, [], user="ada", diameters_A={}, pixel_size_A=1.5).notes
    assert changed.startswith("2 images")
    assert "1 image of the project not counted with 1.5" in kept
    assert "mic_0.mrc: 4 Å" in kept
    assert sizes(project)["mic_0.mrc"] == (None, 4.0, None)


def test_picks_of_another_pixel_size_are_pointed_out(project: Path) -> None:
    prepare(project, [], user="ada", diameters_A={}, pixel_size_A=1.5)
    with Workspace(project) as workspace:
        number = add_pick_set(workspace, name="general", threshold=0.5, classes=["particle"])
        nothing = NewCandidates(np.zeros(0), np.zeros(0), np.zeros(0))
        save_image_picks(workspace, number, 1, nothing)
    notes = prepare(project, [], user="ada", diameters_A={}, pixel_size_A=4.0).notes
    assert "1 image of these picked with another pixel size before" in notes[1]


def test_several_kinds_of_particles(micrographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    kinds = {"ribosome": 300.0, "ferritin": 120.0}
    prepare(folder, [str(micrographs)], user="ada", diameters_A=kinds)
    assert settings(folder)[1] == kinds
    with pytest.raises(UsageError, match="ribosome=150"):
        prepare(folder, [], user="ada", diameters_A={None: 150.0})
    prepare(folder, [], user="ada", diameters_A={"ferritin": 130.0, "new": 90.0})
    assert settings(folder)[1] == {"ribosome": 300.0, "ferritin": 130.0, "new": 90.0}


def test_tomograms_make_a_project_of_tomograms(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "t.mrc", np.zeros((60, 80, 90), np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    prepare(tmp_path / "p", [str(tmp_path / "t.mrc")], user="ada", diameters_A={})
    assert settings(tmp_path / "p")[0] == 3


def test_tomograms_do_not_get_into_a_project_of_micrographs(project: Path, tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "t.mrc", np.zeros((60, 80, 90), np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    with pytest.raises(UsageError, match="project of micrographs"):
        prepare(project, [str(tmp_path / "t.mrc")], user="ada", diameters_A={})


def test_neither_images_nor_a_project(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nunatak label micrographs"):
        prepare(tmp_path / "p", [], user="ada", diameters_A={})
    with pytest.raises(BadInput):
        prepare(tmp_path / "p", [str(tmp_path)], user="ada", diameters_A={})
    assert not (tmp_path / "p").exists()


def test_images_that_went_do_not_harm(project: Path, micrographs: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(micrographs, tmp_path / "copy"))
    prepare(project, [str(elsewhere)], user="ada", diameters_A={})
    shutil.rmtree(elsewhere)
    assert prepare(project, [], user="ada", diameters_A={}).n_images == 6

"""Whole copick projects: their folder, and what their own tomograms say of the picks."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.write_volume import write_ome_zarr
from nunatak.picks.convert import convert
from nunatak.picks.formats import read_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tomogram_facts import TomogramFacts

SIZE_A = 10.012
"""Of the tomograms, which the names of their folders and the files of picks round."""

VOLUME = np.random.default_rng(0).normal(size=(8, 20, 24)).astype(np.float32)


def a_tomogram(folder: Path, kind: str, *, size_A: float = SIZE_A, run: str = "TS_01") -> None:
    path = folder / f"data/ExperimentRuns/{run}/VoxelSpacing10.000/{kind}.zarr"
    shutil.rmtree(path, ignore_errors=True)
    write_ome_zarr(path, VOLUME, size_A)


def a_pick_file(folder: Path, run: str = "TS_01", **stated: object) -> None:
    content = {
        "pickable_object_name": "ribosome",
        "run_name": run,
        "unit": "angstrom",
        "points": [{"location": {"x": 10 * SIZE_A, "y": 5 * SIZE_A, "z": 2 * SIZE_A}}],
    }
    path = folder / f"data/ExperimentRuns/{run}/Picks/ribosome.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content | stated))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the configuration of a project of one run; its picks state no spacing."""
    objects = [{"name": "ribosome", "is_particle": True, "radius": 150.0}]
    content = {"pickable_objects": objects, "overlay_root": "data"}
    (tmp_path / "config.json").write_text(json.dumps(content))
    a_pick_file(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", [None, "copick"])
def test_the_folder_of_a_configuration_stands_for_the_project(
    project: Path, name: str | None
) -> None:
    a_pick_file(project, voxel_spacing=10.012)
    for path in (project, project / "config.json"):
        picks = read_picks(path, name)
        np.testing.assert_allclose(picks.positions_px, [[10, 5, 2]])
        assert picks.table["diameter_A"].tolist() == [300.0]
    (project / "other.json").write_text((project / "config.json").read_text())
    with pytest.raises(
        FormatError, match=r"2 copick projects \(config.json, other.json\). Give one"
    ):
        read_picks(project, name)


def test_other_picks_beside_a_configuration_go_first(project: Path) -> None:
    (project / "picks.csv").write_text("image,x_px,y_px,z_px\nTS_01,1,2,3\n")
    assert read_picks(project).positions_px.tolist() == [[1, 2, 3]]
    assert len(read_picks(project, "copick", images=ImageCatalogue(pixel_size_A=SIZE_A))) == 1


@pytest.mark.parametrize("stated", [{}, {"voxel_spacing": 10.0}])
@pytest.mark.parametrize("below", ["config.json", ".", "data"])
def test_the_tomograms_of_the_project_say_their_sizes(
    project: Path, below: str, stated: dict[str, float]
) -> None:
    a_pick_file(project, **stated)
    a_tomogram(project, "denoised")
    a_tomogram(project, "wbp")
    picks = read_picks(project / below)
    assert picks.table["image"].tolist() == ["TS_01"]
    np.testing.assert_allclose(picks.positions_px, [[10, 5, 2]])
    report = convert(project / below, project / "out" / "o.csv")
    assert (report.unplaced, report.n_outside) == ({}, 0)


def test_what_the_user_says_goes_before_the_projects_tomograms(project: Path) -> None:
    a_tomogram(project, "wbp")
    halves = ImageCatalogue(pixel_size_A=2 * SIZE_A)
    for path in (project, project / "config.json"):
        np.testing.assert_allclose(read_picks(path, images=halves).positions_px, [[5, 2.5, 1]])
    convert(project, project / "out" / "o.csv", images=halves)
    np.testing.assert_allclose(read_picks(project / "out").positions_px, [[5, 2.5, 1]])
    own = read_picks(project, image="TS_02.mrc", images=halves)
    assert own.images == ("TS_02.mrc",)


def test_tomograms_that_differ_or_are_missing_say_nothing(project: Path) -> None:
    a_tomogram(project, "wbp")
    a_tomogram(project, "denoised", size_A=10.0)
    with pytest.raises(Mismatch, match="the voxel size of TS_01 is not known"):
        read_picks(project)
    a_tomogram(project, "denoised")
    assert len(read_picks(project)) == 1
    a_pick_file(project, "TS_02")
    with pytest.raises(Mismatch, match="the voxel size of TS_01 is not known"):
        read_picks(project)
    a_tomogram(project, "wbp", run="TS_02")
    assert read_picks(project).images == ("TS_01", "TS_02")


def test_any_of_the_tomograms_that_are_given_serves_for_positions(project: Path) -> None:
    a_tomogram(project, "denoised")
    a_tomogram(project, "wbp")
    images = ImageCatalogue.of_tomograms(list_tomograms([project / "config.json"]))
    convert(project, project / "out" / "o.csv", images=images)
    np.testing.assert_allclose(read_picks(project / "out").positions_px, [[10, 5, 2]])
    with pytest.raises(Mismatch, match=r"2 tomograms: .*denoised\.zarr, .*wbp\.zarr"):
        read_picks(project, images=images)
    a_tomogram(project, "wbp", size_A=10.0)
    others = ImageCatalogue.of_tomograms(list_tomograms([project / "config.json"]))
    with pytest.raises(BadInput, match="Give the one that the picks belong to"):
        read_picks(project, images=others, tomograms=TomogramFacts(any_of_run=True))

"""copick projects on disk."""

import json
from pathlib import Path
from typing import Any

import pytest
from mrc_samples import noise

from nunatak.describe import describe
from nunatak.errors import BadInput, FormatError
from nunatak.images.copick_config import PickableObject, is_copick_config
from nunatak.images.copick_project import read_copick_project
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.images.write_volume import write_ome_zarr

OBJECTS = [
    {"name": "ribosome", "is_particle": True, "label": 1, "radius": 150.0, "color": [1, 2, 3, 4]},
    {"name": "membrane", "is_particle": False, "label": 2},
]


def write_config(folder: Path, **changes: Any) -> Path:
    config = {
        "name": "CZII",
        "config_type": "filesystem",
        "pickable_objects": OBJECTS,
        "overlay_root": "local://" + str(folder / "overlay"),
        "static_root": str(folder / "static"),
    }
    path = folder / "project.json"
    path.write_text(json.dumps({k: v for k, v in (config | changes).items() if v is not None}))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for tomogram in (
        "static/ExperimentRuns/TS_10/VoxelSpacing10.012/wbp.zarr",
        "static/ExperimentRuns/TS_9/VoxelSpacing10.012/wbp.zarr",
        "static/ExperimentRuns/TS_9/VoxelSpacing10.012/denoised.zarr",
        "static/ExperimentRuns/TS_9/VoxelSpacing10.012/wbp_unet_features.zarr",
        "static/ExperimentRuns/TS_9/VoxelSpacing5.006/wbp.zarr",
        "static/ExperimentRuns/TS_9/Segmentations/10.012_a_b_membrane.zarr",
        "overlay/ExperimentRuns/TS_9/VoxelSpacing10.012/wbp.zarr",
        "overlay/ExperimentRuns/.hidden/VoxelSpacing10.012/wbp.zarr",
    ):
        (tmp_path / tomogram).mkdir(parents=True)
    for picks in ("static", "overlay"):
        folder = tmp_path / picks / "ExperimentRuns" / "TS_9" / "Picks"
        folder.mkdir()
        (folder / "curator_0_ribosome.json").write_text("{}")
        (folder / f"{picks}_1_ribosome.json").write_text("{}")
    return write_config(tmp_path)


def test_objects_runs_and_tomograms_of_both_roots(project: Path, tmp_path: Path) -> None:
    found = read_copick_project(project)
    assert found.name == "CZII"
    assert found.objects == (
        PickableObject("ribosome", 1, 150.0, True),
        PickableObject("membrane", 2, None, False),
    )
    assert found.runs == ("TS_9", "TS_10")
    kinds = [(one.run, one.voxel_size_A, one.tomogram_type) for one in found.tomograms]
    assert kinds == [
        ("TS_9", 5.006, "wbp"),
        ("TS_9", 10.012, "denoised"),
        ("TS_9", 10.012, "wbp"),
        ("TS_10", 10.012, "wbp"),
    ]
    # What lies in both roots is that of the overlay.
    (one,) = found.select(run="TS_9", tomogram_type="wbp", voxel_size_A=10)
    assert one.path == tmp_path / "overlay/ExperimentRuns/TS_9/VoxelSpacing10.012/wbp.zarr"


def test_pick_files_of_both_roots(project: Path, tmp_path: Path) -> None:
    files = read_copick_project(project).pick_files("TS_9")
    folders = [file.relative_to(tmp_path).parts[0] for file in files]
    names = [file.name for file in files]
    assert names == ["curator_0_ribosome.json", "overlay_1_ribosome.json", "static_1_ribosome.json"]
    assert folders == ["overlay", "overlay", "static"]
    assert read_copick_project(project).pick_files("TS_10") == ()


def test_what_is_not_there_is_said_with_what_is(project: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_copick_project(project).select(tomogram_type="isonet", voxel_size_A=7.84)
    message = str(caught.value)
    assert "no tomogram of run any, type isonet, 7.84 Å" in message
    assert "2 runs (TS_9, TS_10)" in message
    assert "wbp at 5.006 Å" in message


def test_roots_relative_to_the_configuration(project: Path, tmp_path: Path) -> None:
    path = write_config(tmp_path, overlay_root="overlay", static_root=None)
    found = read_copick_project(path)
    assert found.roots == (tmp_path / "overlay",)
    assert [one.run for one in found.tomograms] == ["TS_9"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"overlay_root": "s3://bucket/project"}, "overlay_root: 's3://bucket/project' is not on"),
        ({"static_root": "ssh://host/project"}, "static_root: 'ssh://host/project' is not on"),
        ({"static_root": "/no/such/folder"}, "static_root: there is no folder /no/such/folder"),
        ({"config_type": "cryoet_data_portal"}, "type 'cryoet_data_portal', whose tomograms"),
        ({"overlay_root": None, "static_root": None}, "no root"),
        ({"pickable_objects": None}, "no copick configuration"),
        ({"pickable_objects": [3]}, "an object without a name: 3"),
        ({"pickable_objects": [{"name": "a", "radius": "60"}]}, "the radius of a is '60'"),
        ({"pickable_objects": [{"name": "a", "radius": -1}]}, "the radius of a is -1"),
        ({"pickable_objects": [{"name": "a", "label": 1.5}]}, "the label of a is 1.5"),
        ({"pickable_objects": [{"name": "a"}, {"name": "a"}]}, "a: more than one object"),
    ],
)
def test_configurations_that_cannot_be_used(
    project: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = write_config(tmp_path, **changes)
    with pytest.raises(FormatError, match=message) as caught:
        read_copick_project(path)
    assert str(caught.value).startswith(str(path))


def test_what_is_no_json_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    with pytest.raises(BadInput, match="No such file"):
        read_copick_project(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="not JSON"):
        read_copick_project(path)
    assert not is_copick_config(path)


def test_a_spacing_without_a_number(project: Path, tmp_path: Path) -> None:
    (tmp_path / "static/ExperimentRuns/TS_9/VoxelSpacingTen").mkdir()
    with pytest.raises(FormatError, match="VoxelSpacingTen names no voxel size"):
        read_copick_project(project)


def test_a_project_is_described(project: Path) -> None:
    text = describe(project)
    assert text["kind"] == "copick project"
    assert text["runs"] == "2 (TS_9, TS_10)"
    assert text["tomograms"] == ("1 wbp at 5.006 Å, 1 denoised at 10.012 Å, 2 wbp at 10.012 Å")
    assert text["pick files"] == "3"
    assert text["object ribosome"] == "label 1, radius 150 Å"
    assert text["object membrane"] == "label 2, no radius, no particle"


def test_a_listed_tomogram_can_be_read(tmp_path: Path) -> None:
    voxels = noise((8, 16, 16))
    runs = tmp_path / "overlay" / "ExperimentRuns"
    write_ome_zarr(runs / "TS_1" / "VoxelSpacing10.012" / "wbp.zarr", voxels, 10.01244)
    (one,) = read_copick_project(write_config(tmp_path, static_root=None)).tomograms
    tomogram = read_tomogram(one.path, listed_voxel_size_A=one.voxel_size_A)
    assert tomogram.voxel_size_A == 10.012
    assert (tomogram.slab(0, 8) == voxels).all()

"""From what the user typed to a list of tomograms."""

import json
from pathlib import Path

import numpy as np
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.images.image_kind import are_tomograms
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.picks.image_catalogue import ImageCatalogue

VOLUME = np.random.default_rng(0).normal(size=(4, 6, 8)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tomograms of either kind, and what is none."""
    for name in ("TS_10.mrc", "TS_9.rec"):
        write_mrc_volume(tmp_path / name, VOLUME, 10.0)
    write_ome_zarr(tmp_path / "TS_2.zarr", VOLUME, 10.0)
    (tmp_path / "notes.txt").write_text("# of mine\nTS_9.rec\n\nTS_2.zarr\nTS_7.mrc\n")
    (tmp_path / "plain.zarr").mkdir()
    (tmp_path / ".hidden.mrc").write_bytes(b"")
    return tmp_path


def names(*inputs: Path | str) -> list[str]:
    return [Path(one.name).name for one in list_tomograms(inputs)]


def test_folders_hold_files_and_zarr_folders_in_natural_order(folder: Path) -> None:
    assert names(folder) == ["TS_2.zarr", "TS_9.rec", "TS_10.mrc"]
    assert any("ignored" in note for note in list_tomograms([folder]).notes)


def test_single_ones_patterns_and_lists(folder: Path) -> None:
    assert names(folder / "TS_2.zarr", folder / "TS_9.rec") == ["TS_2.zarr", "TS_9.rec"]
    assert names(f"{folder}/TS_*") == ["TS_2.zarr", "TS_9.rec", "TS_10.mrc"]
    listed = list_tomograms([folder / "notes.txt"])
    assert [one.name for one in listed] == ["TS_9.rec", "TS_2.zarr"]
    assert [one.name for one in listed.missing] == ["TS_7.mrc"]


def test_a_copick_project_lists_its_tomograms_whose_own_voxel_size_counts(tmp_path: Path) -> None:
    run = tmp_path / "data" / "ExperimentRuns" / "TS_1"
    write_ome_zarr(run / "VoxelSpacing10.000" / "wbp.zarr", VOLUME, 10.012444)
    config = tmp_path / "project.json"
    config.write_text(
        json.dumps(
            {
                "name": "mine",
                "config_type": "filesystem",
                "pickable_objects": [],
                "overlay_root": f"local://{tmp_path}/data",
            }
        )
    )
    listed = list_tomograms([config])
    assert [one.path for one in listed] == [run / "VoxelSpacing10.000" / "wbp.zarr"]
    catalogue = ImageCatalogue.of_tomograms(listed)
    assert catalogue.pixel_size_A(catalogue.names[0]) == pytest.approx(10.012444)


def test_a_copick_project_without_tomograms_is_missing_them(folder: Path) -> None:
    (folder / "data" / "ExperimentRuns" / "TS_1" / "Picks").mkdir(parents=True)
    config = folder / "project.json"
    config.write_text(f'{{"pickable_objects": [], "overlay_root": "{folder}/data"}}')
    says = rf"a copick project without tomograms .*TYPE\.zarr in {folder}/data\)"
    with pytest.raises(BadInput, match=rf"No tomograms in {config}\. {config}: {says}\."):
        list_tomograms([config])
    listed = list_tomograms([config, folder / "TS_9.rec"])
    assert (len(listed), [Path(one.name).name for one in listed.missing]) == (1, ["project.json"])


def test_nothing_found_says_what_was_sought(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"No tomograms in .*gone\.mrc: there is no such file"):
        list_tomograms([tmp_path / "gone.mrc"])
    with pytest.raises(BadInput, match="No tomograms in"):
        list_tomograms([f"{tmp_path}/*.rec"])
    (tmp_path / "list.txt").write_bytes(b"\x80\x81")
    with pytest.raises(FormatError, match="not even text"):
        list_tomograms([tmp_path / "list.txt"])


def test_a_stated_voxel_size_may_not_contradict_the_header(folder: Path) -> None:
    listed = list_tomograms([folder / "TS_10.mrc"])
    assert ImageCatalogue.of_tomograms(listed, 10.05).pixel_size_A("TS_10") == 10.05
    with pytest.raises(Mismatch, match="voxels of 10 Å by its header, and of 12 Å"):
        ImageCatalogue.of_tomograms(listed, 12.0).pixel_size_A("TS_10")


def test_a_tomogram_that_is_named_outright_is_known_by_its_content(folder: Path) -> None:
    write_ome_zarr(folder / "stores" / "TS_3", VOLUME, 10.0)
    series = folder / "stores" / "raw.zarr" / "0"
    write_ome_zarr(series, VOLUME, 10.0)
    (series.parent / ".zgroup").write_text('{"zarr_format": 2}')
    assert names(folder / "stores" / "TS_3", series) == ["TS_3", "0"]
    assert names(f"{folder}/stores/TS_*") == ["TS_3"]
    (folder / "stores.txt").write_text("stores/TS_3\nstores/raw.zarr/0\n")
    assert names(folder / "stores.txt") == ["TS_3", "0"]
    assert are_tomograms([folder / "stores" / "TS_3"])
    (folder / "stores" / "TS_3" / ".zattrs").write_text("{}")
    with pytest.raises(BadInput, match="No tomograms in"):
        list_tomograms([folder / "stores" / "TS_3"])

"""Picking tomograms without labels: by a diameter, with a model of sizes."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nunatak.detection.volumes.pick_tomograms import pick_tomograms
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.detection.volumes.volume_summary import in_words
from nunatak.errors import BadInput, Mismatch, UsageError


@pytest.fixture
def sizes_file(spot_model: VolumeModel, tmp_path: Path) -> Path:
    """Both sizes answer to dark spots, so that every diameter does."""
    network = copy.deepcopy(spot_model.network)
    network.heatmap.weight[1] = network.heatmap.weight[0]
    sizes = (VolumeClass(name="80 Å", diameter_A=80.0), VolumeClass(name="320 Å", diameter_A=320.0))
    changes = {"name": "sizes", "classes": sizes, "classes_are": "sizes"}
    path = tmp_path / "sizes.safetensors"
    header = spot_model.header.model_copy(update=changes)
    save_volume_model(replace(spot_model, header=header, network=network), path)
    return path


def test_particles_are_found_by_their_diameter(
    tmp_path: Path, sizes_file: Path, write_scene: Callable[..., NDArray[np.float64]]
) -> None:
    truth = write_scene(tmp_path / "t.mrc")[:8]
    output = tmp_path / "picks.csv"
    result = pick_tomograms([tmp_path / "t.mrc"], model=sizes_file, diameter_A=100, output=output)
    table = result.picks.table
    chosen = table.loc[table["selected"], ["x_px", "y_px", "z_px"]].to_numpy()
    away = np.abs(chosen[:, None] - truth[None]).max(axis=2)
    assert sorted(away.argmin(axis=1)) == list(range(8))
    assert away.min(axis=1).max() < 0.25
    assert set(table["class_name"]) == {"particle"}
    assert set(table["diameter_A"]) == {100.0}
    assert "particles of 100 Å are taken to be dark" in in_words(result)
    assert "  particle: 8 of 8 (score at least 0.5)" in in_words(result)

    again = pick_tomograms([tmp_path / "t.mrc"], model=sizes_file, diameter_A=100, output=output)
    assert again.reused_count == 1
    with pytest.raises(UsageError, match=r"other settings \(diameter_A was 100\.0, is 120\.0\)"):
        pick_tomograms([tmp_path / "t.mrc"], model=sizes_file, diameter_A=120.0, output=output)
    output.unlink()
    with pytest.raises(Mismatch, match=r"diameter_A was 100\.0, is 120\.0"):
        pick_tomograms([tmp_path / "t.mrc"], model=sizes_file, diameter_A=120.0, output=output)


def test_a_diameter_is_asked_for_or_refused(
    tmp_path: Path, sizes_file: Path, spot_file: Path, write_scene: Callable[..., object]
) -> None:
    images = [tmp_path / "t.mrc"]
    with pytest.raises(UsageError, match=r"'sizes' works for particles of any kind.*--diameter"):
        pick_tomograms(images, model=sizes_file)
    with pytest.raises(UsageError, match=r"dark \(100 Å\), light \(100 Å\)\. Leave the diameter"):
        pick_tomograms(images, model=spot_file, diameter_A=100)
    write_scene(images[0])
    with pytest.raises(BadInput, match=r"a particle of 25 Å spans 2\.5 voxels of 10 Å.*--diameter"):
        pick_tomograms(images, model=sizes_file, diameter_A=25)
    with pytest.raises(UsageError, match="must be positive"):
        pick_tomograms(images, model=sizes_file, diameter_A=-1)
    with pytest.raises(UsageError, match=r"0\.9: it was not judged on known particles\. Choose"):
        pick_tomograms(images, model=sizes_file, diameter_A=100, wanted_precision=0.9)

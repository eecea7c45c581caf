"""The truth of simulated tomograms reads back from every file, in one frame."""

import json
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.transform import Rotation

import nunatak
from nunatak.errors import BadInput
from nunatak.images.copick_project import read_copick_project
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.picks.formats.tomograms.tomograms_star import read_tomograms_star
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tomogram_facts import TomogramFacts
from nunatak.rotations import from_relion, to_relion
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_files import class_names, image_name, write_tomogram, write_truth

# Odd and unequal sides, and a voxel size that is no whole number: a half voxel would show.
CONFIG = VolumeDatasetConfig(count=3, shape=(17, 31, 46), voxel_size_A=7.84, mode="direct")
DIAMETERS_A = {"apo-ferritin": 120.0, "ribosome": 300.0}


def truth_of(config: VolumeDatasetConfig) -> PickSet:
    """Particles in the first and the third tomogram; none in the second."""
    rng = np.random.default_rng(1)
    nz, ny, nx = config.shape
    images = [image_name(config, index, denoised=False) for index in range(3)]
    angles = to_relion(Rotation.random(12, rng))
    table = pd.DataFrame(
        {
            "image": [images[0]] * 7 + [images[2]] * 5,
            "x_px": rng.uniform(0, nx - 1, 12),
            "y_px": rng.uniform(0, ny - 1, 12),
            "z_px": rng.uniform(0, nz - 1, 12),
            **dict(zip(ANGLE_COLUMNS, angles.T, strict=True)),
            "class_name": rng.choice(list(DIAMETERS_A), 12),
            "pixel_size_A": config.voxel_size_A,
        }
    )
    return PickSet(
        table.assign(diameter_A=table["class_name"].map(DIAMETERS_A)), images=tuple(images)
    )


def assert_same(found: PickSet, truth: PickSet, *, named: dict[str, str] | None = None) -> None:
    """Compare positions to 0.001 voxels, orientations to 0.0001 degrees, classes and tomograms."""
    expected = truth.table.sort_values("x_px", ignore_index=True)
    table = found.table.sort_values("x_px", ignore_index=True)
    images = expected["image"].replace(named or {})
    assert table["image"].tolist() == images.tolist()
    np.testing.assert_allclose(
        table[["x_px", "y_px", "z_px"]], expected[["x_px", "y_px", "z_px"]], rtol=0, atol=1e-3
    )
    ours, theirs = (from_relion(one[list(ANGLE_COLUMNS)]) for one in (table, expected))
    assert np.rad2deg((ours.inv() * theirs).magnitude()).max() < 1e-4
    assert table["class_name"].tolist() == expected["class_name"].tolist()


@pytest.fixture(params=["mrc", "zarr"])
def config(request: pytest.FixtureRequest) -> VolumeDatasetConfig:
    return CONFIG.model_copy(update={"format": request.param})


def test_every_file_says_the_same(config: VolumeDatasetConfig, tmp_path: Path) -> None:
    truth = truth_of(config)
    write_truth(tmp_path, config, truth, DIAMETERS_A)
    catalogue = ImageCatalogue(
        dict.fromkeys(truth.images, config.shape), pixel_size_A=config.voxel_size_A
    )
    run_of = dict(zip(truth.images, ("tomo_000001", "tomo_000002", "tomo_000003"), strict=True))

    table = nunatak.read_picks(tmp_path / "particles.csv")
    assert_same(table, truth)
    assert table.table["diameter_A"].tolist() == truth.table["diameter_A"].tolist()

    facts = TomogramFacts(tilt_series=read_tomograms_star(tmp_path / "tomograms.star"))
    star = nunatak.read_picks(tmp_path / "particles.star", tomograms=facts)
    assert_same(star, truth, named=run_of)
    assert set(star.images) == set(run_of.values())
    if config.format == "mrc":  # RELION knows tomograms by the stems of MRC files
        named = nunatak.read_picks(tmp_path / "particles.star", images=catalogue, tomograms=facts)
        assert_same(named, truth)

    copick = nunatak.read_picks(tmp_path / "copick", "copick", images=catalogue)
    assert_same(copick, truth)
    assert set(copick.images) == set(truth.images)


def test_relions_centre_is_half_of_the_stated_size(tmp_path: Path) -> None:
    truth = truth_of(CONFIG)
    write_truth(tmp_path, CONFIG, truth, DIAMETERS_A)
    block = (tmp_path / "particles.star").read_text().split("data_particles")[1]
    rows = [line.split() for line in block.splitlines() if line.startswith("tomo_")]
    first = np.array(rows[0][1:4], dtype=float)
    expected = (truth.positions_px[0] - np.array([46, 31, 17]) / 2) * 7.84
    np.testing.assert_allclose(first, expected)
    series = read_tomograms_star(tmp_path / "tomograms.star")["tomo_000003"]
    assert (series.size_px, series.pixel_size_A, series.binning) == ((46, 31, 17), 7.84, 1.0)
    assert "tomograms/tomo_000003.mrc" in (tmp_path / "tomograms.star").read_text()


def test_the_copick_project_lists_classes_and_tomograms(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"format": "zarr", "mode": "tilts"})
    volume = np.random.default_rng(0).normal(size=config.shape).astype("f4")
    for index, denoised in enumerate([False, True]):
        image = image_name(config, index, denoised=denoised)
        write_tomogram(tmp_path / image, volume, config.voxel_size_A)
    write_truth(tmp_path, config, truth_of(config), DIAMETERS_A)
    project = read_copick_project(tmp_path / "copick.json")
    assert {one.name: one.radius_A for one in project.objects} == {
        "apo-ferritin": 60.0,
        "ribosome": 150.0,
    }
    assert [one.label for one in project.objects] == [1, 2]
    assert project.runs == ("tomo_000001", "tomo_000002", "tomo_000003")
    assert [(one.tomogram_type, one.voxel_size_A) for one in project.tomograms] == [
        ("wbp", 7.84),
        ("denoised", 7.84),
    ]
    assert [path.name for path in project.pick_files("tomo_000003")] == [
        "nunatak_simulation_apo-ferritin.json",
        "nunatak_simulation_ribosome.json",
    ]
    read = read_tomogram(project.tomograms[1].path)
    np.testing.assert_array_equal(read.slab(0, 17), volume)
    assert read.voxel_size_A == 7.84
    # What copick itself asks of a configuration: see PickableObject and CopickConfigFSSpec.
    written = json.loads((tmp_path / "copick.json").read_text())
    assert written["static_root"] is None
    colours = [tuple(one["color"]) for one in written["pickable_objects"]]
    assert len(set(colours)) == 2
    assert all(len(one) == 4 and max(one) <= 255 and min(one) >= 0 for one in colours)


@pytest.mark.parametrize("format", ["mrc", "zarr"])
def test_a_truth_without_particles(tmp_path: Path, format: str) -> None:
    config = CONFIG.model_copy(update={"format": format})
    full = truth_of(config)
    write_truth(
        tmp_path, config, PickSet(full.table.iloc[:0], images=full.images), {"ribosome": 300.0}
    )
    assert nunatak.read_picks(tmp_path / "particles.csv").ndim == 3
    facts = TomogramFacts(tilt_series=read_tomograms_star(tmp_path / "tomograms.star"))
    star = nunatak.read_picks(tmp_path / "particles.star", tomograms=facts)
    assert (len(star), len(star.images)) == (0, 3)
    project = read_copick_project(tmp_path / "copick.json")
    assert [one.name for one in project.objects] == ["ribosome"]


def test_mrc_files_carry_no_time(tmp_path: Path) -> None:
    write_tomogram(tmp_path / "a.mrc", np.zeros(CONFIG.shape, "f4"), 7.84)
    with mrcfile.open(tmp_path / "a.mrc") as file:
        assert file.get_labels() == ["nunatak simulate"]
        assert file.header.nlabl == 1
    assert mrcfile.validate(tmp_path / "a.mrc")


def test_names_of_classes_suit_every_format() -> None:
    assert class_names(["4v4r_30S", "my ribosome", "apo-ferritin"]) == {
        "4v4r_30S": "4v4r-30S",
        "my ribosome": "my-ribosome",
        "apo-ferritin": "apo-ferritin",
    }
    with pytest.raises(BadInput, match=r"'a b' gives its class the name a-b of another one"):
        class_names(["a_b", "a b"])
    with pytest.raises(BadInput, match=r"'__' gives its class no name.*Rename it"):
        class_names(["__"])

"""Any file is told apart by what it is, not by what it is called."""

import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from nunatak.describe import describe, describe_all
from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel, save_model
from nunatak.errors import BadInput, FormatError
from nunatak.images.normalise import VERSION
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.learning.record import write_record
from nunatak.networks.unet import UNet


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """One file of each kind."""
    image = tmp_path / "image.mrc"
    with mrcfile.new(image) as mrc:
        mrc.set_data(np.zeros((30, 40), np.float32))
        mrc.voxel_size = 1.5
    picks = tmp_path / "picks.csv"
    picks.write_text("image,x_px,y_px\nimage.mrc,1,2\n")
    model = tmp_path / "model.safetensors"
    parameters = UNetParameters(width=4, depth=2)
    header = ModelHeader(
        name="tiny", network=NetworkSpec(parameters=parameters), normalisation=VERSION
    )
    save_model(DetectorModel(header, UNet(width=4, depth=2)), model)
    return {"image": image, "picks": picks, "model": model}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("image", {"kind": "micrograph", "size": "40 × 30 px (x × y)", "pixel size": "1.5 Å"}),
        ("picks", {"kind": "picks", "format": "CSV (csv)", "picks": "1 on 1 image"}),
        ("model", {"kind": "detector model, 2D", "name": "tiny", "working diameter": "20 px"}),
    ],
)
def test_each_kind_is_described(
    kind: str, expected: dict[str, str], files: dict[str, Path]
) -> None:
    text = describe(files[kind])
    assert next(iter(text)) == "file"
    assert text["file"] == str(files[kind])
    assert text | expected == text


def test_a_shipped_model_is_described_by_its_name() -> None:
    text = describe("general-2d")
    assert text["name"] == "general-2d"
    assert text["provenance: data"] == "simulation only; no real micrograph, no real label"
    assert "average_precision 0." in text["provenance: validation"]


def test_a_misleading_name_does_not_matter_for_images_and_picks(files: dict[str, Path]) -> None:
    image = files["image"].rename(files["image"].with_suffix(".dat"))
    assert describe(image)["format"] == "MRC"
    picks = files["picks"].rename(files["picks"].with_suffix(".list"))
    assert describe(picks)["format"] == "CSV (csv)"


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# A heading, and then more than a thousand letters" * 40)
    with pytest.raises(FormatError) as caught:
        describe(path)
    assert str(caught.value) == (
        f"{path}: no image, no picks and no model: neither MRC, TIFF, PNG nor JPEG. "
        "See the manual's page on formats"
    )


def test_a_pickle_is_refused_as_one(tmp_path: Path) -> None:
    path = tmp_path / "topaz.sav"
    path.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(FormatError, match="nothing was unpickled"):
        describe(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "image.mrc"
    path.touch()
    with pytest.raises(FormatError, match="0 bytes"):
        describe(path)


def test_one_bad_file_does_not_hide_the_others(files: dict[str, Path], tmp_path: Path) -> None:
    described, failures = describe_all([files["image"], tmp_path / "gone.mrc", files["picks"]])
    assert [text["kind"] for text in described] == ["micrograph", "picks"]
    [(name, error)] = failures
    assert name == str(tmp_path / "gone.mrc")
    assert isinstance(error, BadInput)


STAR = (
    "data_optics\nloop_\n_rlnOpticsGroupName\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n"
    "opticsGroup1 1 1.5\nopticsGroup2 2 0.885\n\n"
    "data_micrographs\nloop_\n_rlnMicrographName\n_rlnOpticsGroup\n_rlnDefocusU\n"
    "image.mrc 1 10000\ngone.mrc 2 12000\n"
)


def test_a_list_of_micrographs_is_no_list_of_picks(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "micrographs_ctf.star"
    path.write_text(STAR)
    assert describe(path) == {
        "file": str(path),
        "kind": "list of micrographs",
        "micrographs": "2 (1 of them there)",
        "optics groups": "2 (opticsGroup1, opticsGroup2)",
        "pixel size": "0.885, 1.5 Å",
        "columns": "rlnMicrographName, rlnOpticsGroup, rlnDefocusU",
    }
    files["image"].unlink()
    assert describe(path)["micrographs"] == "2 (0 of them there)"
    path.write_text("data_\nloop_\n_rlnMicrographName\nimage.mrc\n")
    text = describe(path)
    assert (text["pixel size"], "optics groups" in text) == ("not stated", False)


def test_a_list_of_coordinate_files_is_picks(tmp_path: Path) -> None:
    (tmp_path / "a_autopick.star").write_text(
        "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n1 2\n"
    )
    (tmp_path / "autopick.star").write_text(
        "data_coordinate_files\nloop_\n_rlnMicrographName\n_rlnMicrographCoordinates\n"
        "a.mrc a_autopick.star\n"
    )
    for path in (tmp_path, tmp_path / "autopick.star"):
        assert describe(path)["format"] == "RELION AutoPick job (relion-autopick)"


def test_a_folder_of_images_is_counted(files: dict[str, Path], tmp_path: Path) -> None:
    image = files["image"]
    assert describe(tmp_path) == {
        "file": str(tmp_path),
        "kind": "folder of images",
        "images": "1",
        "of kind": "micrograph",
        "format": "MRC",
        "size": "40 × 30 px (x × y)",
        "pixel type": "float32",
        "pixel size": "1.5 Å",
        "notes": "2 other files ignored (1 .csv, 1 .safetensors)",
    }
    for number in range(1, 41):
        (tmp_path / f"image_{number}.mrc").write_bytes(image.read_bytes())
    with mrcfile.new(tmp_path / "image_3.mrc", overwrite=True) as mrc:
        mrc.set_data(np.zeros((20, 40), np.float32))
    (tmp_path / "image_6.mrc").write_bytes(b"")
    text = describe(tmp_path)
    assert (text["images"], text["headers read"]) == ("41", "14, evenly spread")
    assert text["size"] == "40 × 30 px (x × y) (12), 40 × 20 px (x × y) (1)"
    assert text["pixel size"] == "1.5 Å (12), not stated (1)"
    assert text["unreadable"].startswith(f"1 image, such as {tmp_path / 'image_6.mrc'}")


def test_a_folder_of_tomograms_has_voxels(tmp_path: Path) -> None:
    write_mrc_volume(tmp_path / "TS_1.mrc", np.ones((4, 6, 8), np.float32), 10.0)
    text = describe(tmp_path)
    assert (text["of kind"], text["voxel size"]) == ("volume", "10 Å")
    assert "pixel size" not in text


def test_a_folder_without_images_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(
        FormatError, match="a folder without images, and neither an AutoPick job, a copick"
    ):
        describe(tmp_path)


def copick_project(folder: Path, name: str = "project.json") -> Path:
    """Write a project of one object and one run without a tomogram; return its JSON."""
    (folder / "data/ExperimentRuns/TS_1/Picks").mkdir(parents=True, exist_ok=True)
    config = folder / name
    objects = [{"name": "ribosome", "is_particle": True, "radius": 150}]
    config.write_text(json.dumps({"pickable_objects": objects, "overlay_root": "data"}))
    return config


def test_the_folder_of_a_copick_project_is_described_as_its_configuration(tmp_path: Path) -> None:
    config = copick_project(tmp_path)
    text = describe(tmp_path)
    assert text == describe(config)
    assert (text["kind"], text["object ribosome"]) == (
        "copick project",
        "no label, radius 150 Å",
    )
    copick_project(tmp_path, "other.json")
    with pytest.raises(
        FormatError, match=r"2 copick projects \(other\.json, project\.json\)\. Give"
    ):
        describe(tmp_path)


def test_the_data_of_a_copick_project_are_told_without_its_configuration(tmp_path: Path) -> None:
    copick_project(tmp_path)
    text = describe(tmp_path / "data")
    assert text["kind"] == "data of a copick project"
    assert (text["runs"], text["pick files"]) == ("1 (TS_1)", "0")
    assert "give the project's configuration" in text["objects"]


def test_a_folder_of_zarr_tomograms_is_one_of_images(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "TS_1.zarr", np.ones((4, 6, 8), np.float32), 10.0)
    text = describe(tmp_path)
    assert (text["kind"], text["images"], text["voxel size"]) == ("folder of images", "1", "10 Å")


TOMOGRAMS = (
    "data_global\nloop_\n_rlnTomoName\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\n"
    "_rlnTomoTiltSeriesPixelSize\nTS_1 400 400 200 1.5\nTS_2 400 300 200 1.5\n\n"
)


def test_a_list_of_tomograms_is_no_list_of_picks(tmp_path: Path) -> None:
    path = tmp_path / "tomograms.star"
    path.write_text(TOMOGRAMS)
    columns = "rlnTomoName, rlnTomoSizeX, rlnTomoSizeY, rlnTomoSizeZ, rlnTomoTiltSeriesPixelSize"
    assert describe(path) == {
        "file": str(path),
        "kind": "RELION's list of tomograms",
        "tomograms": "2 (TS_1, TS_2)",
        "unbinned size": "400 × 300 to 400 × 200 px (x × y × z)",
        "tilt series' pixel size": "1.5 Å",
        "binning": "not stated",
        "voxel size": "not stated",
        "columns": columns,
    }
    path.write_text("data_global\nloop_\n_rlnTomoName\nTS_1\n")
    assert describe(path)["unbinned size"] == "not stated"


def test_relion_5s_picks_are_counted_without_tomograms_star(tmp_path: Path) -> None:
    path = tmp_path / "particles.star"
    labels = ["rlnTomoName", *(f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ")]
    header = "".join(f"_{label}\n" for label in [*labels, "rlnAutopickFigureOfMerit"])
    path.write_text(f"data_particles\nloop_\n{header}TS_1 -5 0 5 0.5\nTS_2 1 2 3 0.25\n")
    text = describe(path)
    assert text["format"] == "RELION 5 tomography STAR (relion5-tomo)"
    assert (text["picks"], text["scores"]) == ("2 in 2 tomograms", "0.25 to 0.5")


def test_a_checkpoint_is_told_from_a_model(files: dict[str, Path], tmp_path: Path) -> None:
    training = tmp_path / "bgal.training"
    write_record(
        training,
        {
            "output": str(tmp_path / "bgal.safetensors"),
            "settings": {"steps": 100, "start": None, "objective": "pu"},
            "labels": {"n_positive": 1, "n_labelled": 1, "n_micrographs": 1, "source": "a.star"},
            "training": ["a.mrc"],
            "validation": [],
            "particles": {"value": 5.0, "low": 5.0, "high": 5.0},
        },
    )
    checkpoint = training / "last.safetensors"
    with pytest.raises(BadInput, match="no such model file"):
        describe(checkpoint)
    checkpoint.write_bytes(b"")
    text = describe(checkpoint)
    assert (text["file"], text["kind"]) == (str(checkpoint), "checkpoint of a training, no model")
    assert text["output"] == f"{tmp_path / 'bgal.safetensors'} (not written yet)"
    beside = files["model"].rename(training / "model.safetensors")
    assert describe(beside)["kind"] == "detector model, 2D"

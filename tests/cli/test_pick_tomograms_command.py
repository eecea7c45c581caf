"""``nunatak pick`` on tomograms, as a user runs it."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ended import Run

from nunatak.detection.header import ThresholdRow
from nunatak.detection.volumes import pick_tomograms as pick_tomograms_module
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    load_volume_model,
    save_volume_model,
)
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.networks.specs import NetworkSpec
from nunatak.networks.unet3d import UNet3d
from nunatak.picks.formats import read_picks

MODEL = ("--model", "model.safetensors")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with random weights and three small tomograms."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = UNet3d(classes=2, channels=(4, 4)).eval()
    network.heatmap.bias.data.fill_(0.0)
    spec = {"name": "UNet3d", "parameters": {"classes": 2, "channels": (4, 4)}}
    header = VolumeModelHeader(
        name="tiny",
        network=NetworkSpec.model_validate(spec),
        classes=(
            VolumeClass(name="apo-ferritin", diameter_A=120.0),
            VolumeClass(name="ribosome", diameter_A=300.0),
        ),
        normalisation=VERSION,
    )
    save_volume_model(VolumeModel(header, network), tmp_path / "model.safetensors")
    rng = np.random.default_rng(0)
    for name in ("TS_01.mrc", "TS_02.mrc", "TS_03.zarr"):
        write = write_ome_zarr if name.endswith("zarr") else write_mrc_volume
        write(tmp_path / "t" / name, rng.standard_normal((24, 33, 30), dtype=np.float32), 10.0)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_tomograms_to_picks(run: Run, project: Path) -> None:
    command = ("pick", "t", *MODEL, "-o", "picks.csv", "--threads", "1")
    ended = run(*command)
    assert ended.returncode == 0
    assert ended.stdout == ""
    assert "3 tomograms in" in ended.stderr
    assert "  ribosome: " in ended.stderr
    picks = read_picks(project / "picks.csv")
    assert picks.ndim == 3
    assert set(picks.table["class_name"]) == {"apo-ferritin", "ribosome"}
    assert set(picks.table["image"]) == {f"t/TS_0{n}" for n in ("1.mrc", "2.mrc", "3.zarr")}
    few = run(*command, "--max-per-tomogram", "2", "--threshold", "0.1")
    assert "3 of the tomograms were finished by an earlier run" in few.stderr
    assert "6 of them selected" in few.stderr
    assert (
        "with other settings (contrast was dark, is light)"
        in run(*command, "--contrast", "light").stderr
    )


def test_options_reach_the_formats(run: Run, project: Path) -> None:
    labels = ("Name", "TiltSeriesPixelSize", "TomogramBinning", "SizeX", "SizeY", "SizeZ")
    header = "\n".join(f"_rlnTomo{label}" for label in labels)
    rows = "\n".join(f"TS_0{number} 2.5 4 120 132 96" for number in (1, 2, 3))
    (project / "tomograms.star").write_text(f"data_global\n\nloop_\n{header}\n{rows}\n")
    options = ("pick", "t", *MODEL, "-o", "picks.star")
    ended = run(*options)
    assert ended.returncode == 2
    assert "Give RELION's tomograms.star that lists them (--tomograms-star)" in ended.stderr
    assert run(*options, "--tomograms-star", "tomograms.star").returncode == 0
    assert "_rlnCenteredCoordinateXAngst" in (project / "picks.star").read_text()
    numbers = [word for n in (1, 2) for word in ("--tomogram-number", f"{n + 6}=t/TS_0{n}.mrc")]
    mrc = ("pick", "t/*.mrc", *MODEL, "-o", "picks.tbl")
    assert run(*mrc, "--selected-only", "--views", "8", *numbers).returncode == 0
    table = np.loadtxt(project / "picks.tbl")
    assert set(table[:, 19]) == {7.0, 8.0}
    owner = ("--copick-user", "tiny", "--copick-session", "2")
    assert run("pick", "t/TS_01.mrc", *MODEL, "-o", "p", "--to", "copick", *owner).returncode == 0
    picked = project / "p/ExperimentRuns/TS_01/Picks"
    names = {path.name for path in picked.iterdir()}
    assert names == {"tiny_2_apo-ferritin.json", "tiny_2_ribosome.json"}
    ended = run("pick", "t/TS_01.mrc", *MODEL, "-o", "p.csv", *owner)
    assert ended.returncode == 2
    assert "the format of p.csv is CSV. Leave them out, or give --to copick" in ended.stderr


def test_a_damaged_tomogram_among_good_ones(run: Run, project: Path) -> None:
    damaged = project / "t" / "TS_02.mrc"
    damaged.write_bytes(damaged.read_bytes()[:-500])
    ended = run("pick", "t", "nowhere.mrc", *MODEL, "-o", "picks.csv")
    assert ended.returncode == 3
    assert "2 of 4 tomograms failed:" in ended.stderr
    assert "t/TS_02.mrc: " in ended.stderr
    assert "Traceback" not in ended.stderr
    images = set(read_picks(project / "picks.csv").table["image"])
    assert images == {"t/TS_01.mrc", "t/TS_03.zarr"}


@pytest.mark.parametrize(
    "words",
    [
        ("--min-distance", "50"),
    ],
)
def test_options_of_micrographs_are_refused_by_name(
    run: Run, project: Path, words: tuple[str, str]
) -> None:
    ended = run("pick", "t", *MODEL, "-o", "picks.csv", *words)
    assert ended.returncode == 2
    assert f"{words[0]}: for micrographs, and IMAGES are tomograms" in ended.stderr
    assert "There it is the radius of each class" in ended.stderr
    assert not (project / "picks.csv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--axis-order", "xyz"),
        ("--views", "8"),
        ("--tomograms-star", "tomograms.star"),
        ("--tomogram-binning", "4"),
        ("--relion5-centre", "half-minus-one"),
        ("--tomogram-number", "1=a.mrc"),
        ("--dynamo-index", "1"),
        ("--copick-user", "me"),
        ("--copick-session", "1"),
    ],
)
def test_options_of_tomograms_are_refused_by_name(run: Run, words: tuple[str, str]) -> None:
    ended = run("pick", "t", "--model", "general-2d", "-d", "100", "-o", "picks.csv", *words)
    assert ended.returncode == 2
    assert f"{words[0]}: the model is for micrographs, and this is about tomograms" in ended.stderr


def test_micrographs_and_unknown_voxel_sizes(run: Run, project: Path) -> None:
    write_mrc_volume(project / "flat.mrc", np.ones((1, 64, 64), np.float32), 10.0)
    ended = run("pick", "flat.mrc", *MODEL, "-o", "picks.csv")
    assert ended.returncode == 4
    assert "flat.mrc: one section of 64 × 64 pixels, not a tomogram" in ended.stderr
    content = (project / "t" / "TS_01.mrc").read_bytes()
    (project / "unknown.mrc").write_bytes(content[:40] + bytes(12) + content[52:])
    ended = run("pick", "unknown.mrc", *MODEL, "-o", "picks.csv")
    assert ended.returncode == 4
    assert "voxel size is not known" in ended.stderr
    assert (
        run("pick", "unknown.mrc", *MODEL, "-o", "picks.csv", "--pixel-size", "10").returncode == 0
    )


def test_images_say_what_they_are(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model; a model of sizes stands in for the general one."""
    model = load_volume_model("model.safetensors")
    changes = {"classes_are": "sizes", "name": "sizes"}
    save_volume_model(
        replace(model, header=model.header.model_copy(update=changes)), "sizes.safetensors"
    )
    monkeypatch.setattr(pick_tomograms_module, "GENERAL_MODEL", "sizes.safetensors")
    command = ("pick", "t/TS_01.mrc", "-o", "picks.csv", "--threshold", "0.1")
    ended = run(*command)
    assert ended.returncode == 2
    assert "say the particle's diameter in Å with --diameter" in ended.stderr
    ended = run(*command, "--diameter", "200")
    assert ended.returncode == 0
    assert "particles of 200 Å" in ended.stderr
    assert set(read_picks(project / "picks.csv").table["class_name"]) == {"particle"}

    command = ("pick", "t/TS_01.mrc", "-o", "flat.csv")
    flat = run(*command, "--diameter", "200", "--images-are", "micrographs")
    assert flat.returncode == 4
    assert "TS_01.mrc: a volume of 30 × 33 × 24 voxels, not a micrograph" in flat.stderr
    ended = run(*command, *MODEL, "--images-are", "micrographs")
    assert ended.returncode == 2
    assert "the model model.safetensors is for tomograms" in ended.stderr

    write_mrc_volume(project / "flat.mrc", np.ones((1, 64, 64), np.float32), 10.0)
    ended = run("pick", "flat.mrc", "t", "-d", "200", "-o", "p.csv")
    assert ended.returncode == 4
    assert "t/TS_01.mrc is a tomogram and flat.mrc is not." in ended.stderr
    ended = run("pick", "flat.mrc", "-d", "200", "-o", "p.csv", "--views", "8")
    assert ended.returncode == 2
    assert "--views: IMAGES are micrographs, and this is about tomograms" in ended.stderr

    thin = np.random.default_rng(0).random((9, 33, 30), dtype=np.float32)
    write_mrc_volume(project / "thin.mrc", thin, 10.0)
    thin_ones = ("pick", "thin.mrc", "-d", "80", "-o", "p.csv")
    ended = run(*thin_ones)
    assert ended.returncode == 4
    assert "9 sections of 30 × 33 pixels at 10 Å" in ended.stderr
    assert run(*thin_ones, "--images-are", "tomograms").returncode == 0
    for ending in (ended, flat):
        assert "Traceback" not in ending.stderr


def test_a_precision_is_promised_by_class(run: Run, project: Path) -> None:
    command = ("pick", "t/TS_01.mrc", *MODEL, "-o", "picks.csv", "--precision", "0.7")
    ended = run(*command)
    assert ended.returncode == 2
    assert "not judged on known particles (apo-ferritin, ribosome)" in ended.stderr
    assert "Choose a threshold by its score with --threshold" in ended.stderr
    model = load_volume_model("model.safetensors")
    table = tuple(
        ThresholdRow(threshold=t, precision=(1 + t) / 2, recall=1 - t**2, f1=0.5)
        for t in np.arange(0.05, 0.96, 0.025).round(3).tolist()
    )
    classes = tuple(
        kind.model_copy(update={"threshold_table": table}) for kind in model.header.classes
    )
    header = model.header.model_copy(update={"classes": classes})
    save_volume_model(replace(model, header=header), project / "model.safetensors")
    ended = run(*command)
    assert ended.returncode == 0
    assert "Chosen for a precision of 0.7, judging by tomograms that the model" in ended.stderr
    assert "  ribosome: " in ended.stderr
    ended = run(*command[:-1], "0.99")
    assert ended.returncode == 2
    assert "promises no precision of 0.99" in ended.stderr


def test_a_threshold_may_be_that_of_one_class(run: Run, project: Path) -> None:
    command = ("pick", "t/TS_01.mrc", *MODEL, "-o", "picks.csv")
    ended = run(*command, "--threshold", "ribosome=0.25", "-t", "apo-ferritin=1")
    assert ended.returncode == 0
    assert re.search(r"ribosome: [1-9]\d* of \d+ \(score at least 0\.25\)", ended.stderr)
    assert re.search(r"apo-ferritin: 0 of [1-9]\d* \(score at least 1\)", ended.stderr)
    for words, message in (
        (("-t", "proteasome=0.5"), "Thresholds for proteasome: the model 'tiny' has the classes"),
        (("-t", "ribosome=1.5"), "--threshold ribosome=1.5: give a number from 0 to 1"),
        (("-t", "half"), "'half' is no number. Give one, such as 0.4 or ribosome=0.4"),
        (("-t", "0.5", "-t", "ribosome=0.4"), "Give each as ribosome=0.4"),
    ):
        ended = run(*command, *words)
        assert ended.returncode == 2
        assert message in ended.stderr


def test_a_threshold_of_one_class_is_refused_for_micrographs(run: Run) -> None:
    ended = run("pick", "m.mrc", "--images-are", "micrographs", "-o", "p.csv", "-t", "a=0.5")
    assert ended.returncode == 2
    assert "of whose particles one kind is picked. Give a number without a class" in ended.stderr


def test_tomograms_that_are_not_named_again_are_counted(run: Run, project: Path) -> None:
    command = (*MODEL, "-o", "picks.csv")
    assert run("pick", "t/*.mrc", *command).returncode == 0
    ended = run("pick", "t/TS_03.zarr", *command)
    assert "2 tomograms of earlier runs are not named now" in ended.stderr
    assert set(read_picks(project / "picks.csv").table["image"]) == {"t/TS_03.zarr"}
    ended = run("pick", "t/*", *command)
    assert "3 of the tomograms were finished by an earlier run" in ended.stderr
    assert "not named" not in ended.stderr


def test_models_for_tomograms_are_described(run: Run) -> None:
    ended = run("info", "model.safetensors")
    assert ended.returncode == 0
    assert "detector model, 3D" in ended.stdout
    assert "class ribosome" in ended.stdout
    assert "300 Å, selected from 0.5 on" in ended.stdout

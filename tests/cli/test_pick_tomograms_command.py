"""``nunatak pick`` with a model for tomograms, as a user runs it."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from nunatak.cli.main import main
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.images.normalise_volume import VERSION
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.networks.specs import NetworkSpec
from nunatak.networks.unet3d import UNet3d
from nunatak.picks.formats import read_picks

MODEL = ("--model", "model.safetensors")


@dataclass
class Ended:
    """How a command ended."""

    code: object
    out: str
    err: str


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


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    handler = signal.getsignal(signal.SIGTERM)

    def command(*words: str) -> Ended:
        with pytest.raises(SystemExit) as end:
            main([*words])
        return Ended(end.value.code or 0, *capsys.readouterr())

    yield command
    signal.signal(signal.SIGTERM, handler)


def test_from_tomograms_to_picks(run: Callable[..., Ended], project: Path) -> None:
    command = ("pick", "t", *MODEL, "-o", "picks.csv", "--threads", "1")
    ended = run(*command)
    assert ended.code == 0
    assert ended.out == ""
    assert "3 tomograms in" in ended.err
    assert "  ribosome: " in ended.err
    picks = read_picks(project / "picks.csv")
    assert picks.ndim == 3
    assert set(picks.table["class_name"]) == {"apo-ferritin", "ribosome"}
    assert set(picks.table["image"]) == {f"t/TS_0{n}" for n in ("1.mrc", "2.mrc", "3.zarr")}
    few = run(*command, "--max-per-tomogram", "2", "--threshold", "0.1")
    assert "3 of the tomograms were finished by an earlier run" in few.err
    assert "6 of them selected" in few.err
    assert (
        "with other settings (contrast was dark, is light)"
        in run(*command, "--contrast", "light").err
    )


def test_options_reach_the_formats(run: Callable[..., Ended], project: Path) -> None:
    labels = ("Name", "TiltSeriesPixelSize", "TomogramBinning", "SizeX", "SizeY", "SizeZ")
    header = "\n".join(f"_rlnTomo{label}" for label in labels)
    rows = "\n".join(f"TS_0{number} 2.5 4 120 132 96" for number in (1, 2, 3))
    (project / "tomograms.star").write_text(f"data_global\n\nloop_\n{header}\n{rows}\n")
    options = ("pick", "t", *MODEL, "-o", "picks.star")
    ended = run(*options)
    assert ended.code == 2
    assert "Give RELION's tomograms.star that lists them (--tomograms-star)" in ended.err
    assert run(*options, "--tomograms-star", "tomograms.star").code == 0
    assert "_rlnCenteredCoordinateXAngst" in (project / "picks.star").read_text()
    numbers = [word for n in (1, 2) for word in ("--tomogram-number", f"{n + 6}=t/TS_0{n}.mrc")]
    mrc = ("pick", "t/*.mrc", *MODEL, "-o", "picks.tbl")
    assert run(*mrc, "--selected-only", "--views", "8", *numbers).code == 0
    table = np.loadtxt(project / "picks.tbl")
    assert set(table[:, 19]) == {7.0, 8.0}


def test_a_damaged_tomogram_among_good_ones(run: Callable[..., Ended], project: Path) -> None:
    damaged = project / "t" / "TS_02.mrc"
    damaged.write_bytes(damaged.read_bytes()[:-500])
    ended = run("pick", "t", "nowhere.mrc", *MODEL, "-o", "picks.csv")
    assert ended.code == 3
    assert "2 of 4 tomograms failed:" in ended.err
    assert "t/TS_02.mrc: " in ended.err
    assert "Traceback" not in ended.err
    images = set(read_picks(project / "picks.csv").table["image"])
    assert images == {"t/TS_01.mrc", "t/TS_03.zarr"}


@pytest.mark.parametrize(
    "words",
    [
        ("--diameter", "120"),
        ("--min-distance", "50"),
        ("--precision", "0.9"),
        ("--report", "r.html"),
    ],
)
def test_options_of_micrographs_are_refused_by_name(
    run: Callable[..., Ended], project: Path, words: tuple[str, str]
) -> None:
    ended = run("pick", "t", *MODEL, "-o", "picks.csv", *words)
    assert ended.code == 2
    assert f"{words[0]}: the model is for tomograms" in ended.err
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
    ],
)
def test_options_of_tomograms_are_refused_by_name(
    run: Callable[..., Ended], words: tuple[str, str]
) -> None:
    ended = run("pick", "t", "--diameter", "100", "-o", "picks.csv", *words)
    assert ended.code == 2
    assert f"{words[0]}: the model is for micrographs" in ended.err


def test_micrographs_and_unknown_voxel_sizes(run: Callable[..., Ended], project: Path) -> None:
    write_mrc_volume(project / "flat.mrc", np.ones((1, 64, 64), np.float32), 10.0)
    ended = run("pick", "flat.mrc", *MODEL, "-o", "picks.csv")
    assert ended.code == 4
    assert "flat.mrc: one section of 64 × 64 pixels, not a tomogram" in ended.err
    content = (project / "t" / "TS_01.mrc").read_bytes()
    (project / "unknown.mrc").write_bytes(content[:40] + bytes(12) + content[52:])
    ended = run("pick", "unknown.mrc", *MODEL, "-o", "picks.csv")
    assert ended.code == 4
    assert "voxel size is not known" in ended.err
    assert run("pick", "unknown.mrc", *MODEL, "-o", "picks.csv", "--pixel-size", "10").code == 0
    ended = run("pick", "t/TS_01.mrc", "--diameter", "100", "-o", "flat.csv")
    assert ended.code == 4  # the general model is for micrographs


def test_models_for_tomograms_are_described(run: Callable[..., Ended]) -> None:
    ended = run("info", "model.safetensors")
    assert ended.code == 0
    assert "detector model, 3D" in ended.out
    assert "class ribosome" in ended.out
    assert "300 Å, selected from 0.5 on" in ended.out

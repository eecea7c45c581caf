from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from nunatak.cli.main import app
from nunatak.detection.model import load_model
from nunatak.errors import FormatError, UsageError
from nunatak.networks.plain_classifiers import Conv31

runner = CliRunner()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of a Conv31 as Topaz names them."""
    network = Conv31(units=2, unit_scaling=1, batch_norm=False)
    theirs = {}
    for index, layer in enumerate(network.layers):
        theirs[f"features.features.{2 * index}.weight"] = layer.conv.weight.detach()
        theirs[f"features.features.{2 * index}.bias"] = layer.conv.bias.detach()
        theirs[f"features.features.{2 * index + 1}.weight"] = layer.activation.weight.detach()
    theirs["classifier.weight"] = network.head.weight.detach()
    theirs["classifier.bias"] = network.head.bias.detach()
    torch.save(theirs, tmp_path / "topaz.sav")
    return tmp_path / "topaz.sav"


def test_a_model_is_converted_and_its_threshold_doubted(weights: Path) -> None:
    output = weights.with_name("m.safetensors")
    words = ["convert-model", str(weights), "-o", str(output), "--diameter", "180"]
    result = runner.invoke(app, [*words, "--pixel-size", "6", "--output-stride", "2"])
    assert result.exit_code == 0, result.output
    assert "Conv31" in result.stderr
    assert "0.5 is a guess" in result.stderr
    header = load_model(output).header
    assert (header.diameter_px, header.output_stride) == (30.0, 2)
    assert header.classes[0].diameter_A == 180.0


def test_the_size_of_the_particle_must_be_said(weights: Path, tmp_path: Path) -> None:
    words = ["convert-model", str(weights), "-o", str(tmp_path / "m.safetensors")]
    error = runner.invoke(app, words).exception
    assert isinstance(error, UsageError)
    assert "--diameter-px" in str(error)


def test_a_refused_file_says_that_nothing_was_run(tmp_path: Path) -> None:
    path = tmp_path / "topaz.sav"
    path.write_bytes(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.")
    words = ["convert-model", str(path), "-o", str(tmp_path / "m.safetensors")]
    error = runner.invoke(app, [*words, "--diameter-px", "20"]).exception
    assert isinstance(error, FormatError)
    assert "Nothing in it was run" in str(error)

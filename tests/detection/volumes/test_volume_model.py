"""Model files for tomograms: what is written comes back, and nothing else is believed."""

import copy
import json
import pickle
import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel, describe, load_model, save_model
from nunatak.detection.volumes.volume_header import VolumeClass, VolumeModelHeader
from nunatak.detection.volumes.volume_model import (
    VolumeModel,
    is_volume_model,
    load_volume_model,
    save_volume_model,
)
from nunatak.errors import BadInput, FormatError, NunatakError
from nunatak.images import normalise
from nunatak.networks.unet import UNet


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of the header in place."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    fields = json.loads(header["__metadata__"]["nunatak"]) | changes
    header["__metadata__"]["nunatak"] = json.dumps(fields)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + content[8 + length :])


@pytest.fixture
def flat_file(tmp_path: Path) -> Path:
    """A model for micrographs."""
    parameters = UNetParameters(width=2, depth=1)
    network = UNet(**parameters.model_dump()).eval()
    header = ModelHeader(
        name="flat", network=NetworkSpec(parameters=parameters), normalisation=normalise.VERSION
    )
    path = tmp_path / "flat.safetensors"
    save_model(DetectorModel(header, network), path)
    return path


def test_round_trip_keeps_header_and_scores(spot_model: VolumeModel, spot_file: Path) -> None:
    loaded = load_volume_model(spot_file)
    volume = torch.randn(1, 1, 8, 12, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(loaded.network(volume), spot_model.network(volume))
    assert loaded.header == spot_model.header
    assert loaded.path == spot_file
    assert len(loaded.sha256) == 64
    assert not loaded.network.training
    assert not any(weight.requires_grad for weight in loaded.network.parameters())


def test_either_kind_is_told_and_refused_where_the_other_is_meant(
    spot_file: Path, flat_file: Path
) -> None:
    assert is_volume_model(spot_file)
    assert not is_volume_model(flat_file)
    assert not is_volume_model("general-2d")
    with pytest.raises(FormatError, match="a model for micrographs where one for tomograms"):
        load_volume_model(flat_file)
    with pytest.raises(FormatError, match="a model for tomograms where one for micrographs"):
        load_model(spot_file)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_a_pickle_is_refused_and_not_opened(tmp_path: Path, suffix: str) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "exploded",))

    path = tmp_path / f"czii.{suffix}"
    for write in (lambda: path.write_bytes(pickle.dumps(Bomb())), lambda: torch.save(Bomb(), path)):
        write()
        for read in (load_volume_model, is_volume_model):
            with pytest.raises(FormatError, match="nothing was unpickled"):
                read(path)
    assert not (tmp_path / "exploded").exists()


def test_every_cut_of_a_model_is_a_format_error(spot_file: Path, tmp_path: Path) -> None:
    content = spot_file.read_bytes()
    cut = tmp_path / "cut.safetensors"
    for length in [0, 7, 8, 9, 100, *range(200, len(content), 4999), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(FormatError, match=re.escape(str(cut))):
            load_volume_model(cut)


def test_flipped_header_bytes_never_escape_the_error_tree(spot_file: Path, tmp_path: Path) -> None:
    content = spot_file.read_bytes()
    damaged = tmp_path / "damaged.safetensors"
    refused = 0
    for position in range(0, 4000, 53):
        flipped = bytearray(content)
        flipped[position] ^= 0x11
        damaged.write_bytes(flipped)
        try:
            load_volume_model(damaged)
        except NunatakError as error:
            assert error.exit_code == 4
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version: found 2, this nunatak reads 1"),
        ({"voxel_size_A": 0.0}, "voxel_size_A"),
        ({"voxel_size_A": "ten"}, "voxel_size_A"),
        ({"contrast": "grey"}, "contrast"),
        ({"classes": []}, "classes"),
        ({"classes": [{"name": "a", "diameter_A": 1.0}]}, "1 classes are named, the network"),
        ({"classes": [{"name": "a", "diameter_A": 1.0}] * 2}, "two classes have one name"),
        (
            {"classes": [{"name": n, "diameter_A": 9.0, "threshold": 0.01} for n in "ab"]},
            "the threshold of a is below score_floor",
        ),
        ({"network": {"name": "UNet"}}, "UNet is no network for tomograms"),
        ({"normalisation": "robust-9"}, "trained with 'robust-9', this nunatak has"),
        ({"surprise": 1}, "surprise"),
        (
            {"network": {"name": "UNet3d", "parameters": {"classes": 2, "channels": [8, 2]}}},
            "while the network in the header needs",
        ),
        # A header must not make the reader allocate what the file does not hold.
        (
            {"network": {"name": "UNet3d", "parameters": {"classes": 2, "channels": [512] * 5}}},
            "while the network in the header needs",
        ),
        (
            {"network": {"name": "UNet3d", "parameters": {"classes": 2, "channels": [10**9, 1]}}},
            "network.parameters.channels",
        ),
        (
            {"network": {"name": "UNet3d", "parameters": {"classes": 2, "channels": [8] * 99}}},
            "network.parameters.channels",
        ),
    ],
)
def test_headers_that_make_no_sense(
    spot_file: Path, changes: dict[str, object], message: str
) -> None:
    rewrite(spot_file, **changes)
    with pytest.raises(FormatError, match=re.escape(message)):
        load_volume_model(spot_file)


def test_a_giant_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "giant.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 40) + b'{"__metadata__": {}}')
    with pytest.raises(FormatError, match="not a safetensors file"):
        load_volume_model(path)


def test_weights_that_are_no_numbers_are_not_written(
    spot_model: VolumeModel, tmp_path: Path
) -> None:
    path = tmp_path / "nan.safetensors"
    network = copy.deepcopy(spot_model.network)
    network.heatmap.bias[0] = float("nan")
    with pytest.raises(BadInput, match=r"weight heatmap\.bias holds NaN"):
        save_volume_model(replace(spot_model, network=network), path)
    assert not path.exists()
    with pytest.raises(BadInput, match=r"ends in \.safetensors"):
        save_volume_model(spot_model, tmp_path / "model.pt")


def test_descriptions_name_classes_and_units(spot_file: Path) -> None:
    text = describe(spot_file)
    assert text["kind"] == "detector model, 3D"
    assert text["class dark"] == "100 Å, selected from 0.5 on"
    assert text["voxel size"] == "10 Å"
    assert text["network"] == "UNet3d (classes 2, channels (8, 1))"
    assert json.loads(text["provenance"]) == {"made": "by hand"}
    rewrite(spot_file, voxel_size_A=-1)
    with pytest.raises(FormatError, match="voxel_size_A"):
        describe(spot_file)


def test_a_class_needs_a_size(spot_model: VolumeModel) -> None:
    with pytest.raises(ValidationError, match="diameter_A"):
        VolumeClass(name="a", diameter_A=0.0)
    fields = spot_model.header.model_dump()
    assert VolumeModelHeader.model_validate(fields) == spot_model.header

import json
import pickle
import re
import struct
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save

from nunatak.detection import model as model_module
from nunatak.detection.header import ModelClass, ModelHeader
from nunatak.detection.model import (
    DetectorModel,
    describe,
    load_model,
    resolve,
    save_model,
    shipped_models,
)
from nunatak.errors import BadInput, FormatError, NunatakError


@pytest.fixture
def saved(tiny_model: DetectorModel, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_model(tiny_model, path)
    return path


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of the header in place (None removes one)."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    fields = json.loads(header["__metadata__"]["nunatak"])
    for name, value in changes.items():
        fields[name] = value
        if value is None:
            del fields[name]
    header["__metadata__"]["nunatak"] = json.dumps(fields)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + content[8 + length :])


def test_round_trip_keeps_header_and_scores(tiny_model: DetectorModel, saved: Path) -> None:
    loaded = load_model(saved)
    image = torch.randn(1, 1, 24, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(loaded.network(image), tiny_model.network(image))
    assert loaded.header == tiny_model.header
    assert loaded.path == saved
    assert not loaded.network.training
    assert not any(p.requires_grad for p in loaded.network.parameters())


def test_same_model_same_bytes(tiny_model: DetectorModel, saved: Path, tmp_path: Path) -> None:
    save_model(tiny_model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()
    assert load_model(saved).sha256 == load_model(tmp_path / "again.safetensors").sha256


def test_half_precision_weights_come_back_as_float32(
    tiny_model: DetectorModel, tmp_path: Path
) -> None:
    path = tmp_path / "half.safetensors"
    save_model(DetectorModel(tiny_model.header, tiny_model.network.half()), path)
    assert {p.dtype for p in load_model(path).network.parameters()} == {torch.float32}


@pytest.mark.parametrize("suffix", ["sav", "pt", "pkl", "safetensors"])
def test_a_pickle_is_refused_and_not_opened(tmp_path: Path, suffix: str) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "exploded",))  # type: ignore[return-value]

    path = tmp_path / f"topaz.{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match="nothing was unpickled"):
        load_model(path)
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(FormatError, match="nothing was unpickled"):
        load_model(path)
    assert not (tmp_path / "exploded").exists()


def test_every_cut_of_a_model_is_a_format_error(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    cut = tmp_path / "cut.safetensors"
    for length in [0, 1, 7, 8, 9, 100, *range(200, len(content), 1009), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(FormatError, match=re.escape(str(cut))):
            load_model(cut)


def test_flipped_header_bytes_never_escape_the_error_tree(saved: Path, tmp_path: Path) -> None:
    content = bytearray(saved.read_bytes())
    damaged = tmp_path / "damaged.safetensors"
    for position in range(0, 4000, 37):
        flipped = bytearray(content)
        flipped[position] ^= 0x11
        damaged.write_bytes(flipped)
        try:
            load_model(damaged)
        except NunatakError as error:
            assert error.exit_code == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version: found 2, this nunatak reads 1"),
        ({"schema_version": None}, "schema_version: found None"),
        ({"network": {"name": "Transformer"}}, "network.name"),
        ({"network": {"parameters": {"width": 10**9}}}, "network.parameters.width"),
        ({"network": {"parameters": {"width": 5, "depth": 2}}}, "tensor down.0.0.0.weight"),
        ({"network": {"parameters": {"width": 4, "depth": 3}}}, "absent, while the network"),
        ({"classes": []}, "0 classes are named, the network scores 1"),
        ({"surprise": 1}, "surprise"),
        ({"diameter_px": -1}, "diameter_px"),
        ({"normalisation": "other-9"}, "normalisation: trained with 'other-9'"),
        ({"score_floor": 0.9}, "score_floor"),
    ],
)
def test_wrong_headers_are_named(saved: Path, changes: dict[str, object], message: str) -> None:
    rewrite(saved, **changes)
    with pytest.raises(FormatError, match=re.escape(message)):
        load_model(saved)


def test_foreign_safetensors_file(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(save({"weight": torch.zeros(3)}))
    with pytest.raises(FormatError, match="not a model of nunatak"):
        load_model(path)


def test_giant_header_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "giant.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(FormatError, match="not a safetensors file"):
        load_model(path)


def test_not_a_number_among_the_weights(tiny_model: DetectorModel, tmp_path: Path) -> None:
    with torch.no_grad():
        tiny_model.network.head.bias.fill_(float("nan"))
    with pytest.raises(BadInput, match=r"head\.bias"):
        save_model(tiny_model, tmp_path / "nan.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_wrong_suffix(tiny_model: DetectorModel, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"ends in \.safetensors"):
        save_model(tiny_model, tmp_path / "model.pt")


def test_missing_file_lists_shipped_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "shipped_models", lambda: ("general-2d", "other"))
    with pytest.raises(BadInput, match=r"general-4d: no such model file.*general-2d, other"):
        load_model("general-4d")
    with pytest.raises(BadInput, match="no such model file"):
        load_model("missing/general-2d")


def test_shipped_general_model_loads_by_name() -> None:
    assert "general-2d" in shipped_models()
    model = load_model("general-2d")
    assert model.path == resolve("general-2d")
    assert model.path is not None
    assert model.path.stat().st_size < 8_000_000
    assert model.header.provenance
    assert model.header.threshold_table


def test_describe_says_what_is_inside(saved: Path) -> None:
    said = describe(saved)
    assert said["kind"] == "detector model, 2D"
    assert said["network"] == "UNet (classes 1, width 4, depth 2)"
    assert said["classes"] == "particle (any diameter)"
    assert said["sha256"] == load_model(saved).sha256


def test_header_is_frozen_and_consistent(tiny_header: ModelHeader) -> None:
    with pytest.raises(ValidationError):
        tiny_header.name = "other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="2 classes are named"):
        ModelHeader(
            name="two",
            classes=(ModelClass(name="a"), ModelClass(name="b")),
            normalisation="x",
        )

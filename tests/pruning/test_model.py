import hashlib
import json
import pickle
import re
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from nunatak import doctor
from nunatak.describe import describe
from nunatak.detection.header import ModelHeader, NetworkSpec, UNetParameters
from nunatak.detection.model import DetectorModel, load_model, save_model
from nunatak.detection.volumes.volume_model import is_volume_model, load_volume_model
from nunatak.errors import BadInput, FormatError, NunatakError
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.networks.unet import UNet
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.header import (
    ClassifierOnly,
    Fusion,
    PrunerHeader,
    PruningNetworkParameters,
)
from nunatak.pruning.model import PruningModel, is_pruner, load_pruner, save_pruner

HEADER = PrunerHeader(
    name="tiny",
    network=PruningNetworkParameters(width=2, classes=3),
    crop=CropSpec(side_px=32),
    classes=("ice", "particle", "carbon"),
    fusion=Fusion(bias=-0.5, classifier=0.75, detector=0.25),
    classifier_only=ClassifierOnly(bias=-0.25, classifier=1.5),
    provenance={"seed": 3, "data": "simulation only"},
)


def tiny(*, categories: int = 0) -> PruningModel:
    torch.manual_seed(0)
    network = PruningNetwork(width=2, classes=3, categories=categories).eval()
    return PruningModel(HEADER, network)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_pruner(tiny(), path)
    return path


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    path = tmp_path / "detector.safetensors"
    spec = NetworkSpec(parameters=UNetParameters(width=2, depth=2))
    header = ModelHeader(name="finds", network=spec, normalisation="background-1")
    save_model(DetectorModel(header, UNet(width=2, depth=2)), path)
    return path


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


def test_round_trip_keeps_header_and_judgement(saved: Path) -> None:
    loaded = load_pruner(saved)
    assert loaded.header == HEADER
    assert loaded.path == saved
    assert loaded.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()
    assert not loaded.network.training
    assert {p.dtype for p in loaded.network.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in loaded.network.parameters())
    crops = torch.randn(2, 2, 32, 32)
    with torch.inference_mode():
        before, after = tiny().network(crops), loaded.network(crops)
    torch.testing.assert_close(after.first, before.first, rtol=0.01, atol=0.01)
    torch.testing.assert_close(after.second, before.second, rtol=0.01, atol=0.01)


def test_weights_are_stored_in_half_precision(saved: Path) -> None:
    dtypes = {tensor.dtype for tensor in load_file(saved).values()}
    assert dtypes == {torch.float16, torch.int64}


def test_saving_leaves_the_network_alone(tmp_path: Path) -> None:
    model = tiny()
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    save_pruner(model, tmp_path / "tiny.safetensors")
    for name, tensor in model.network.state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])


def test_the_head_of_the_categories_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    save_pruner(tiny(categories=40), path)
    assert load_pruner(path).network.category is None


def test_a_weight_beyond_half_precision_is_not_written(tmp_path: Path) -> None:
    model = tiny()
    with torch.no_grad():
        model.network.first.bias[0] = 1e6
    with pytest.raises(BadInput, match=r"first\.bias holds NaN or infinity; nothing was written"):
        save_pruner(model, tmp_path / "tiny.safetensors")
    assert not (tmp_path / "tiny.safetensors").exists()


def test_the_shipped_model_is_the_default_and_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, saved: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("nunatak.detection.model.resources.files", lambda package: tmp_path)
    with pytest.raises(BadInput, match="general-pruner: no such model file, nor a shipped model"):
        load_pruner()
    (tmp_path / "models").mkdir()
    saved.rename(tmp_path / "models" / "general-pruner.safetensors")
    assert load_pruner().header == HEADER


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version: found 2, this nunatak reads 1"),
        ({"kind": "oracle"}, "kind: a model that finds particles where one that judges picks"),
        ({"network": {"width": 10**9, "classes": 3}}, "network.width"),
        ({"network": {"width": 3, "classes": 3}}, "tensor backbone.bn1.bias"),
        ({"network": {"width": 2, "classes": 4}}, "3 classes are named, the network tells 4"),
        ({"network": {"width": 2, "classes": 3, "in_channels": 3}}, "crops have 2 channels"),
        ({"classes": ["ice", "gold", "carbon"]}, "one of them be 'particle'"),
        ({"classes": ["ice", "particle", "ice"]}, "the classes must differ"),
        ({"crop": {"side_px": 8}}, "crop.side_px"),
        ({"fusion": {"bias": "much"}}, "fusion.bias"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_wrong_headers_are_named(saved: Path, changes: dict[str, object], message: str) -> None:
    rewrite(saved, **changes)
    with pytest.raises(FormatError, match=re.escape(message)):
        load_pruner(saved)


def test_every_cut_of_a_model_is_a_format_error(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    cut = tmp_path / "cut.safetensors"
    for length in [0, 7, 9, 100, *range(200, len(content), 4001), len(content) - 1]:
        cut.write_bytes(content[:length])
        with pytest.raises(FormatError, match=re.escape(str(cut))):
            load_pruner(cut)


def test_flipped_header_bytes_never_escape_the_error_tree(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    damaged = tmp_path / "damaged.safetensors"
    for position in range(0, 4000, 97):
        flipped = bytearray(content)
        flipped[position] ^= 0x11
        damaged.write_bytes(flipped)
        try:
            load_pruner(damaged)
        except NunatakError as error:
            assert error.exit_code == 4


def test_a_pickle_is_refused_and_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "exploded",))

    path = tmp_path / "pruner.sav"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FormatError, match="nothing was unpickled"):
        load_pruner(path)
    assert not (tmp_path / "exploded").exists()


def test_foreign_tensors_are_no_pruner(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(save({"weight": torch.zeros(3)}))
    with pytest.raises(FormatError, match="not a model of nunatak"):
        load_pruner(path)


def test_a_detector_judges_no_picks(detector: Path) -> None:
    assert not is_pruner(detector)
    with pytest.raises(FormatError, match="a model that finds particles where one that judges"):
        load_pruner(detector)


@pytest.mark.parametrize("use", [load_model, load_volume_model, is_volume_model])
def test_a_pruner_finds_no_particles(saved: Path, use: object) -> None:
    assert is_pruner(saved)
    with pytest.raises(FormatError, match=r"judges picks where one that finds .* 'nunatak prune'"):
        use(saved)  # type: ignore[operator]


def test_a_pruner_is_described(saved: Path) -> None:
    described = describe(saved)
    assert described["kind"] == "pruning model, 2D"
    assert described["classes"] == "ice, particle, carbon"
    assert described["network"] == "ResNet-18 with two branches (width 2)"
    assert described["crops"] == "32 px, of 1.6 and of 4 particle diameters"
    assert described["logit without labels"] == "-0.5 + 0.75 × classifier's + 0.25 × detector's"
    assert described["without a detector"] == "-0.25 + 1.5 × classifier's"
    assert described["provenance: seed"] == "3"
    assert described["sha256"] == load_pruner(saved).sha256


def test_the_doctor_compares_a_shipped_pruner_with_its_checksum(
    monkeypatch: pytest.MonkeyPatch, saved: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shipped = saved.rename(models / "general-pruner.safetensors")
    monkeypatch.setattr("nunatak.detection.model.resources.files", lambda package: tmp_path)
    checksum = hashlib.sha256(shipped.read_bytes()).hexdigest()
    (models / doctor.CHECKSUMS).write_text(f"{checksum}  {shipped.name}\n", encoding="utf-8")
    assert doctor._models().state is doctor.State.OK
    save_pruner(PruningModel(HEADER.model_copy(update={"name": "other"}), tiny().network), shipped)
    assert doctor._models().state is doctor.State.FAILED

"""Models of Topaz: the same scores, and nothing of a hostile file is run."""

import os
import re
import subprocess
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nunatak.detection.model import DetectorModel, load_model
from nunatak.detection.topaz.conversion import convert_topaz_model, diameter_in_pixels
from nunatak.errors import BadInput, FormatError, UsageError
from nunatak.images import mixture
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.networks.registry import build
from nunatak.networks.specs import NetworkSpec

ENVIRONMENT = "NUNATAK_TEST_TOPAZ"
"""Names the folder that benchmarks/topaz_environment.sh made."""

NETWORKS = [
    ("ResNet8", {}),
    ("ResNet8", {"batch_norm": False}),
    ("ResNet16", {"pooling": "max", "dropout": 0.25}),
    ("Conv31", {"unit_scaling": 2}),
    ("Conv63", {"unit_scaling": 1, "dropout": 0.1}),
    ("Conv127", {"unit_scaling": 1, "batch_norm": False}),
]


class LinearClassifier(nn.Module):
    """A saved model has its parts where Topaz has them."""

    def __init__(self, features: nn.Module, classifier: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.classifier = classifier


class Features(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)


class MaxPool(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(3, stride=2)


class Unit(nn.Module):
    def __init__(self, **parts: nn.Module | None) -> None:
        super().__init__()
        for name, part in parts.items():
            if part is not None and not isinstance(part, nn.Identity):
                setattr(self, name, part)


def plain(conv: nn.Conv2d) -> nn.Conv2d:
    """The convolution as torch's own class, as Topaz has it."""
    made = nn.Conv2d(1, 1, 1)
    made.weight = conv.weight
    made.bias = conv.bias
    return made


def their_layers(network: PatchClassifier) -> Iterator[nn.Module]:
    """Our layers as Topaz arranges them."""
    residual = len([layer for layer in network.layers if type(layer).__name__ == "ResidualUnit"])
    for layer in network.layers:
        match type(layer).__name__:
            case "ConvUnit" if residual:
                yield Unit(conv=plain(layer.conv), bn=layer.norm)
            case "ConvUnit":
                yield plain(layer.conv)
                if not isinstance(layer.norm, nn.Identity):
                    yield layer.norm
                yield layer.activation
            case "ResidualUnit":
                projection = layer.projection
                yield Unit(
                    proj=None if projection is None else plain(projection),
                    conv0=plain(layer.first),
                    bn0=layer.first_norm,
                    conv1=plain(layer.second),
                    bn1=layer.second_norm,
                )
            case "Pool":
                yield MaxPool()
            case "Dropout":
                yield nn.Dropout(layer.probability)


def network_of(name: str, **parameters: object) -> PatchClassifier:
    torch.manual_seed(1)
    spec = NetworkSpec.model_validate({"name": name, "parameters": {"units": 3, **parameters}})
    network = build(spec).eval().requires_grad_(requires_grad=False)
    assert isinstance(network, PatchClassifier)
    for buffer in network.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.2, 1.0)
    return network


def theirs(network: PatchClassifier) -> LinearClassifier:
    return LinearClassifier(Features(list(their_layers(network))), network.head)


def convert(path: Path, **options: object) -> DetectorModel:
    output = path.with_suffix(".safetensors")
    convert_topaz_model(path, output, diameter_px=20.0, **options)  # type: ignore[arg-type]
    return load_model(output)


def assert_same_scores(model: DetectorModel, network: PatchClassifier) -> None:
    image = torch.randn(1, 1, 9, 12, generator=torch.Generator().manual_seed(0))
    assert torch.equal(model.network(image), network(image))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.sav"
    torch.save(theirs(network_of("ResNet8")), path)
    return path


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(("name", "parameters"), NETWORKS)
def test_whole_models(
    name: str, parameters: dict[str, object], archive: bool, tmp_path: Path
) -> None:
    network = network_of(name, **parameters)
    path = tmp_path / "model.sav"
    torch.save(theirs(network), path, _use_new_zipfile_serialization=archive)
    model = convert(path)
    assert model.header.network.name == name
    found = model.header.network.parameters.model_dump()
    assert found | {"units": 3, **parameters} == found
    assert_same_scores(model, network)


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", ["ResNet8", "ResNet16", "Conv31"])
def test_weights_alone(name: str, archive: bool, tmp_path: Path) -> None:
    network = network_of(name)
    path = tmp_path / "weights.sav"
    torch.save(theirs(network).state_dict(), path, _use_new_zipfile_serialization=archive)
    assert_same_scores(convert(path), network)


def test_weights_of_other_kinds_of_numbers_and_layouts(tmp_path: Path) -> None:
    network = network_of("ResNet8")
    weights = theirs(network).state_dict()
    for name, tensor in weights.items():
        if tensor.ndim == 4:
            weights[name] = tensor.double().to(memory_format=torch.channels_last)
    weights = {key: one for key, one in weights.items() if "num_batches" not in key}
    torch.save(weights, tmp_path / "old.sav")
    assert_same_scores(convert(tmp_path / "old.sav"), network)


def test_the_header_says_what_the_user_said(whole: Path) -> None:
    header = convert(whole, diameter_A=180.0, output_stride=4, name="mine").header
    assert (header.name, header.diameter_px, header.output_stride) == ("mine", 20.0, 4)
    assert header.classes[0].diameter_A == 180.0
    assert header.normalisation == mixture.VERSION
    assert header.default_threshold == 0.5
    assert header.cut_logit == 0.0
    assert header.score_floor == pytest.approx(0.00247, abs=1e-5)
    assert "whole.sav" in str(header.provenance["converted from"])


def test_coarser_output_is_every_fourth_score(whole: Path) -> None:
    fine = convert(whole).network
    whole.with_suffix(".safetensors").unlink()
    coarse = convert(whole, output_stride=4).network
    image = torch.randn(1, 1, 12, 16)
    torch.testing.assert_close(coarse(image), fine(image)[..., ::4, ::4])


def test_an_output_that_exists_is_kept(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    output.write_text("precious")
    with pytest.raises(UsageError, match="exists"):
        convert_topaz_model(whole, output, diameter_px=20.0)
    assert output.read_text() == "precious"
    convert_topaz_model(whole, output, diameter_px=20.0, redo=True)
    assert load_model(output).header.name == "whole"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classifier.weight": torch.zeros(1, 5, 1, 1)}, "tensor head.weight"),
        ({"classifier.bias": None}, "tensor head.bias: absent"),
        ({"classifier.bias": torch.tensor([float("nan")])}, "NaN or infinity"),
        ({"features.features.1.conv0.weight": torch.zeros(3, 3, 5, 5)}, "layers.1.first.weight"),
        ({"decoder.weight": torch.zeros(1)}, "a tensor 'decoder.weight', which no picking network"),
        ({"features.features.2.gate.weight": torch.zeros(1)}, "a part 'gate'"),
        ({"features.features.9.conv0.weight": torch.zeros(3, 3, 3, 3)}, "do not tell whether"),
        ({"features.features.0.conv.weight": torch.zeros(3)}, "first layer that is no convolution"),
        ({"features.features.0.conv.weight": torch.zeros(999, 1, 1, 1)}, "units 999"),
        ({"features.features.0.conv.weight": torch.zeros(3, 1, 7, 7).bool()}, "torch.BoolStorage"),
    ],
)
def test_networks_that_are_not_ours_are_named(
    tmp_path: Path, changes: dict[str, Tensor | None], message: str
) -> None:
    weights = theirs(network_of("ResNet8")).state_dict() | changes
    path = tmp_path / "other.sav"
    torch.save(OrderedDict((key, one) for key, one in weights.items() if one is not None), path)
    with pytest.raises(FormatError, match=re.escape(message)):
        convert(path)
    assert not path.with_suffix(".safetensors").exists()


def test_padded_pooling_is_refused(tmp_path: Path) -> None:
    network = network_of("Conv31", pooling="max")
    torch.save(theirs(network), tmp_path / "pooled.sav")
    with pytest.raises(FormatError, match="Topaz pads its pooling"):
        convert(tmp_path / "pooled.sav")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x02K\x01.", b"MRC "])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "no.sav"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="no model of Topaz can be read from it"):
        convert(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read"):
        convert(tmp_path / "gone.sav")


# --- hostile files ------------------------------------------------------------------------------


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, (f"touch '{self.path}'",))


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("inside", ["root", "weights", "attribute"])
def test_code_in_a_model_is_not_run(archive: bool, inside: str, tmp_path: Path) -> None:
    exploded = tmp_path / "exploded"
    bomb = Bomb(exploded)
    path = tmp_path / "bomb.sav"
    network = network_of("ResNet8")
    model = theirs(network)
    content: object = {"root": bomb, "weights": {"x": bomb}, "attribute": model}[inside]
    if inside == "attribute":
        model.surprise = bomb  # type: ignore[assignment]
    torch.save(content, path, _use_new_zipfile_serialization=archive)
    if inside == "attribute":
        # What is not needed is not even looked at.
        assert_same_scores(convert(path), network)
    else:
        with pytest.raises(FormatError, match="Nothing in it was run"):
            convert(path)
    assert not exploded.exists()


def rewritten(path: Path, compression: int = zipfile.ZIP_STORED, **members: bytes | None) -> Path:
    """Write an archive again with other members, by their names; None leaves one out."""
    target = path.with_name("rewritten.sav")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", compression) as sink:
        for name in source.namelist():
            key = name.partition("/")[2].replace("/", "_").replace(".", "_")
            content = members.get(key, source.read(name))
            if content is not None:
                sink.writestr(name, content)
    return target


def test_a_zip_bomb_is_not_unpacked(whole: Path) -> None:
    bomb = rewritten(whole, zipfile.ZIP_DEFLATED, data_0=bytes(64 << 20))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(FormatError, match="a compressed or encrypted zip archive"):
        convert(bomb)


def test_members_that_claim_more_than_the_file_holds(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = (1 << 30).to_bytes(4, "little") * 2
    whole.write_bytes(content)
    with pytest.raises(FormatError, match="claim to be larger than it is"):
        convert(whole)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"data_0": b"short"}, "the file is cut: storage 0 holds 5 bytes"),
        ({"data_0": None}, "the file is cut: storage 0 holds 0 bytes"),
        ({"data_pkl": None}, "there is no data.pkl in it"),
        ({"data_pkl": b"\x80\x02}."}, "a dictionary, but not of tensors alone"),
        ({"byteorder": b"big"}, "most significant byte first"),
    ],
)
def test_damaged_archives(whole: Path, members: dict[str, bytes | None], message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        convert(rewritten(whole, **members))


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
def test_every_cut_of_a_model_is_a_format_error(archive: bool, tmp_path: Path) -> None:
    path = tmp_path / "whole.sav"
    torch.save(theirs(network_of("Conv31")), path, _use_new_zipfile_serialization=archive)
    content = path.read_bytes()
    for length in [*range(0, len(content), len(content) // 40), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(FormatError, match="no model of Topaz"):
            convert(path)


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
def test_flipped_bytes_never_escape_the_error_tree(archive: bool, tmp_path: Path) -> None:
    path = tmp_path / "whole.sav"
    torch.save(theirs(network_of("Conv31")), path, _use_new_zipfile_serialization=archive)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.choice(min(len(content), 12_000), 120, replace=False):
        flipped = bytearray(content)
        flipped[position] ^= int(rng.integers(1, 256))
        path.write_bytes(flipped)
        try:
            convert_topaz_model(path, tmp_path / "o.safetensors", diameter_px=20.0, redo=True)
        except BadInput as error:
            assert error.exit_code == 4


class Forged:
    """A tensor of a shape and strides of the writer's choosing."""

    def __init__(self, offset: object, shape: object, strides: object) -> None:
        self.layout = (offset, shape, strides)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        storage = torch.zeros(10).untyped_storage()
        typed = torch.storage.TypedStorage(
            wrap_storage=storage, dtype=torch.float32, _internal=True
        )
        return (torch._utils._rebuild_tensor_v2, (typed, *self.layout, False, OrderedDict()))


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "message"),
    [
        (0, (11,), (1,), "a tensor of shape (11,) in a storage of 10 numbers"),
        (5, (6,), (1,), "a tensor of shape (6,) in a storage"),
        (0, (2, 2), (9, 1), "a tensor of shape (2, 2)"),
        (-1, (2,), (1,), "a tensor of shape (2,)"),
        (0, (1 << 40,), (0,), "a tensor of shape (1099511627776,)"),
        (1 << 40, (1,), (1,), "a tensor of shape (1,)"),
        (0, (-1,), (1,), "makes no sense"),
        (0, (2,), (-1,), "makes no sense"),
        (0, (2,), (1, 1), "makes no sense"),
        (0, (1,) * 40, (1,) * 40, "makes no sense"),
        (0, [2], (1,), "described in an unknown way"),
        ("0", (2,), (1,), "described in an unknown way"),
    ],
)
def test_tensors_stay_within_the_file(
    tmp_path: Path, offset: object, shape: object, strides: object, message: str
) -> None:
    path = tmp_path / "forged.sav"
    torch.save({"classifier.bias": Forged(offset, shape, strides)}, path)
    with pytest.raises(FormatError, match=re.escape(message)):
        convert(path)


def test_many_names_for_one_storage_do_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.sav"
    shared = torch.zeros(1000)
    torch.save({f"classifier.{index}": shared for index in range(50)}, path)
    with pytest.raises(FormatError, match="more tensors than the file has numbers for"):
        convert(path)


def test_a_module_that_contains_itself(tmp_path: Path) -> None:
    model = theirs(network_of("ResNet8"))
    model._modules["again"] = model
    torch.save(model, tmp_path / "loop.sav")
    with pytest.raises(FormatError, match="one that contains itself"):
        convert(tmp_path / "loop.sav")


def test_encrypted_members_are_refused(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    whole.write_bytes(content)
    with pytest.raises(FormatError, match="compressed or encrypted"):
        convert(whole)


# --- what the file does not say -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"diameter_px": 25.0}, 25.0),
        ({"diameter_px": 25.0, "diameter_A": 180.0}, 25.0),
        ({"pixel_size_A": 6.0, "diameter_A": 180.0}, 30.0),
        ({}, None),
        ({"diameter_A": 180.0}, None),
        ({"pixel_size_A": 6.0}, None),
        ({"pixel_size_A": 6.0, "diameter_A": 180.0, "diameter_px": 30.0}, None),
    ],
)
def test_the_diameter_in_pixels(known: dict[str, float], expected: float | None) -> None:
    arguments = {"diameter_A": None, "diameter_px": None, "pixel_size_A": None, **known}
    if expected is None:
        with pytest.raises(UsageError, match="--pixel-size"):
            diameter_in_pixels(**arguments)
    else:
        assert diameter_in_pixels(**arguments) == expected


# --- against the program itself -----------------------------------------------------------------

THEIR_SCORES = """
import sys, numpy, torch
from topaz.model.classifier import LinearClassifier
from topaz.model.factory import get_feature_extractor, load_model

torch.manual_seed(0)
kind, image, saved, scores = sys.argv[1:]
if kind == "trained":
    model = LinearClassifier(get_feature_extractor("resnet8", units=8))
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
    model.eval()
    torch.save(model, saved)
else:
    model = load_model(kind).eval()
    torch.save(model.state_dict(), saved)
model.fill()
with torch.no_grad():
    found = model(torch.from_numpy(numpy.load(image))[None, None])[0, 0]
numpy.save(scores, found.numpy())
"""


@pytest.mark.skipif(
    ENVIRONMENT not in os.environ,
    reason=f"{ENVIRONMENT} does not name the folder made by benchmarks/topaz_environment.sh",
)
@pytest.mark.parametrize("kind", ["trained", "resnet8_u32", "resnet16_u32"])
def test_scores_are_those_of_topaz(kind: str, tmp_path: Path) -> None:
    image = np.random.default_rng(0).standard_normal((37, 46)).astype(np.float32)
    np.save(tmp_path / "image.npy", image)
    python = Path(os.environ[ENVIRONMENT]) / "bin/python"
    files = [tmp_path / name for name in ("image.npy", "model.sav", "scores.npy")]
    command = [str(python), "-W", "ignore", "-c", THEIR_SCORES, kind, *map(str, files)]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    expected = np.load(tmp_path / "scores.npy")
    model = convert(tmp_path / "model.sav")
    with torch.inference_mode():
        found = model.network(torch.from_numpy(image)[None, None])[0, 0].numpy()
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, atol=2e-5)

"""Checkpoints on disk."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.training.checkpoint import (
    Checkpoint,
    Record,
    grouped,
    load_checkpoint,
    require_same,
    save_checkpoint,
)

RECORD = Record(
    step=7, seconds=1.5, best_value=0.25, best_step=5, fingerprint={"seed": 3, "a": {"b": 1}}
)


def _written(path: Path) -> Checkpoint:
    tensors = grouped(
        network={"a/b": torch.randn(3, 2), "count": torch.tensor(4)},
        best={"a/b": torch.randn(3, 2)},
    )
    checkpoint = Checkpoint(RECORD, tensors)
    save_checkpoint(checkpoint, path)
    return checkpoint


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    written = _written(path)
    read = load_checkpoint(path)
    assert read.record.model_copy(update={"sha256": ""}) == RECORD
    assert read.tensors.keys() == written.tensors.keys()
    assert all(torch.equal(read.tensors[name], written.tensors[name]) for name in read.tensors)
    assert set(read.group("network")) == {"a/b", "count"}
    assert torch.equal(read.group("best")["a/b"], written.tensors["best/a/b"])


def test_a_cut_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    _written(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(FormatError, match=r"last\.safetensors: not a whole safetensors file"):
        load_checkpoint(path)


def test_a_changed_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    _written(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"damaged .*Remove it to start over"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("metadata", "complaint"),
    [
        (None, "not a checkpoint of a training"),
        ({"nunatak": "{}"}, "not a checkpoint of a training"),
        ({"nunatak-checkpoint": "{"}, "makes no sense"),
        ({"nunatak-checkpoint": "[]"}, "makes no sense"),
        ({"nunatak-checkpoint": '{"version": 99}'}, "version 99, this nunatak reads 1"),
        ({"nunatak-checkpoint": '{"version": 1, "step": -1}'}, "makes no sense"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, metadata: dict[str, str] | None, complaint: str
) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata=metadata)
    with pytest.raises(FormatError, match=complaint):
        load_checkpoint(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.safetensors: cannot read"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_other_settings_are_named() -> None:
    path = Path("last.safetensors")
    require_same(path, RECORD, {"seed": 3, "a": {"b": 1}})
    with pytest.raises(Mismatch, match=r"a\.b: 1 then, data: null then, seed: 3 then; now 2, "):
        require_same(path, RECORD, {"seed": 4, "a": {"b": 2}, "data": "x"})

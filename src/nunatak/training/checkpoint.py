"""The state of a training in one file: safetensors with a JSON record. Nothing is unpickled."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nunatak.errors import BadInput, CheckpointError, OtherTraining
from nunatak.files import written_whole

VERSION = 1
LAST = "last.safetensors"
BEST = "best.safetensors"

_KEY = "nunatak-checkpoint"
_START_OVER = "Remove it to start over"


class Record(BaseModel):
    """What a checkpoint holds besides tensors.

    Attributes
    ----------
    version : int
        Of this layout.
    step : int
        The last step done.
    seconds : float
        Time spent on training until then.
    best_value, best_step, without_progress
        See `nunatak.training.early_stopping.EarlyStopping`.
    fingerprint : dict
        Settings and data that the training depends on, JSON values.
    sha256 : str
        Of all tensors, hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = VERSION
    step: int = Field(ge=0)
    seconds: float = Field(0.0, ge=0)
    best_value: float | None = None
    best_step: int = Field(0, ge=0)
    without_progress: int = Field(0, ge=0)
    fingerprint: dict[str, Any] = {}
    sha256: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """A record and named tensors.

    Attributes
    ----------
    record : Record
    tensors : dict of str to Tensor
        On the CPU. Names begin with what a tensor belongs to: ``network/``, ``average/``,
        ``best/``, ``optimiser/``.
    """

    record: Record
    tensors: Mapping[str, Tensor]

    def group(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors of ``prefix/``, without it."""
        start = f"{prefix}/"
        return {
            name.removeprefix(start): tensor
            for name, tensor in self.tensors.items()
            if name.startswith(start)
        }


def grouped(**groups: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put the name of its group before each tensor's name; the inverse of `Checkpoint.group`."""
    return {
        f"{prefix}/{name}": tensor
        for prefix, tensors in groups.items()
        for name, tensor in tensors.items()
    }


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint, whole or not at all.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()
    }
    record = checkpoint.record.model_copy(update={"sha256": checksum(tensors)})
    with written_whole(path) as temporary:
        save_file(tensors, temporary, metadata={_KEY: record.model_dump_json()})


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    BadInput
        If the file cannot be read.
    CheckpointError
        If it is no checkpoint of this version of nunatak, or damaged.
    """
    try:
        with safe_open(path, framework="pt") as content:
            record = _record(path, content.metadata() or {})
            tensors = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
    except OSError as error:
        raise BadInput(
            f"{path}: cannot read the checkpoint ({error.strerror or error})."
        ) from error
    except SafetensorError as error:
        raise CheckpointError(
            path, f"not a whole safetensors file ({error})", hint=_START_OVER
        ) from error
    if checksum(tensors) != record.sha256:
        raise CheckpointError(path, "the tensors are damaged (checksum)", hint=_START_OVER)
    return Checkpoint(record, tensors)


def require_same(path: Path, record: Record, fingerprint: Mapping[str, Any]) -> None:
    """Refuse to go on from a training that depended on other settings or data.

    Parameters
    ----------
    path
        Of the checkpoint, for the message.
    record
        Of the checkpoint.
    fingerprint
        Of this training; JSON values.

    Raises
    ------
    OtherTraining
        Naming what differs.
    """
    then, now = _flat(record.fingerprint), _flat(json.loads(json.dumps(fingerprint)))
    differing = sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key))
    if differing:
        shown = ", ".join(f"{key}: {_short(then.get(key))} then" for key in differing[:4])
        now_shown = ", ".join(_short(now.get(key)) for key in differing[:4])
        more = f", and {len(differing) - 4} more" if len(differing) > 4 else ""
        raise OtherTraining(
            f"{path}: holds a training with other settings or data ({shown}; now {now_shown}"
            f"{more}). Repeat its options to go on from it, give --redo to start over, or another "
            "output."
        )


def _record(path: Path, metadata: Mapping[str, str]) -> Record:
    if _KEY not in metadata:
        raise CheckpointError(path, "not a checkpoint of a training", hint=_START_OVER)
    try:
        fields = json.loads(metadata[_KEY])
        if fields.get("version") != VERSION:
            raise CheckpointError(
                path,
                f"a checkpoint of version {fields.get('version')!r}, this nunatak reads {VERSION}",
                hint="Go on with the version of nunatak that wrote it, or remove it to start over",
            )
        return Record.model_validate(fields)
    except (ValueError, AttributeError, ValidationError) as error:
        raise CheckpointError(
            path, "the record makes no sense", field=_KEY, hint=_START_OVER
        ) from error


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and values, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Give every value of nested mappings a dotted name."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."

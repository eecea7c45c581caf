"""The container of a model: safetensors, with nunatak's header in its metadata."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from nunatak.detection.header import SCHEMA_VERSION, ModelHeader
from nunatak.errors import BadInput, FormatError

METADATA_KEY = "nunatak"
VOLUME_NDIM = 3
PRUNER = "pruner"
"""Kind of the models that judge picks; the header of a detector has no kind."""

MAXIMUM_HEADER_BYTES = 16 << 20
MAXIMUM_FILE_BYTES = 4 << 30

Header = TypeVar("Header", bound=BaseModel)

_PICKLE_SUFFIXES = frozenset({".sav", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".tloc"})
# What torch.save (a zip archive) and pickle (its protocol mark) write first.
_PICKLE_MARKS = (b"PK\x03\x04", b"\x80")
RETRAIN = "Train a model with nunatak, or use the general model"
_CONVERT = "Convert a model of Topaz with 'nunatak convert-model', or train one with nunatak"


def read_content(path: Path) -> bytes:
    """Read a model file whole.

    Raises
    ------
    BadInput
        If it cannot be read.
    FormatError
        If it is too large for a model.
    """
    try:
        size = path.stat().st_size
        if size > MAXIMUM_FILE_BYTES:
            raise FormatError(path, f"{size} bytes are too many for a detector")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot read the model file ({error.strerror}).") from error
    return content


def _header_bytes(content: bytes) -> bytes | None:
    """Return the safetensors header (8 bytes of length, then JSON), or None without one."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > MAXIMUM_HEADER_BYTES or content[8:9] != b"{":
        return None
    return content[8 : 8 + length]


def parse_header(path: Path, content: bytes) -> ModelHeader:
    """Read the header of a model for micrographs; no weight is touched.

    Parameters
    ----------
    path
        The file, for messages.
    content
        All of it.

    Raises
    ------
    FormatError
        If this is no safetensors file, not one of nunatak, or its header makes no sense.
    """
    fields = detector_fields(path, content)
    if fields.get("ndim") == VOLUME_NDIM:
        raise FormatError(
            path,
            "a model for tomograms where one for micrographs was expected",
            field="ndim",
            hint=RETRAIN,
        )
    return validated(ModelHeader, path, fields)


def detector_fields(path: Path, content: bytes) -> dict[str, Any]:
    """Return the fields of a detector's header, as `parse_fields` does.

    Raises
    ------
    FormatError
        If this is no model of nunatak, or one that judges picks.
    """
    fields = parse_fields(path, content)
    if fields.get("kind") == PRUNER:
        raise FormatError(
            path,
            "a model that judges picks where one that finds particles was expected",
            field="kind",
            hint="Give this one to 'nunatak prune', and a detector here",
        )
    return fields


def parse_fields(path: Path, content: bytes) -> dict[str, Any]:
    """Return the fields of a header of a known version, unchecked otherwise.

    Parameters
    ----------
    path
        The file, for messages.
    content
        All of it.

    Raises
    ------
    FormatError
        If this is no safetensors file, or not one of nunatak.
    """
    raw = _header_bytes(content)
    if raw is None and (path.suffix in _PICKLE_SUFFIXES or content.startswith(_PICKLE_MARKS)):
        raise FormatError(
            path,
            "this looks like a Python pickle, which can run any code when it is opened; "
            "nothing was unpickled",
            hint=_CONVERT,
        )
    if raw is None:
        raise FormatError(path, f"not a safetensors file ({len(content)} bytes)", hint=RETRAIN)
    try:
        text = json.loads(raw).get("__metadata__", {}).get(METADATA_KEY)
        fields = None if text is None else json.loads(text)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise FormatError(
            path, "the header is cut or damaged", field="header", hint="Fetch the file again"
        ) from error
    if not isinstance(fields, dict):
        raise FormatError(
            path, "a safetensors file, but not a model of nunatak", field="header", hint=RETRAIN
        )
    version = fields.get("schema_version")
    if version != SCHEMA_VERSION:
        raise FormatError(
            path,
            f"found {version!r}, this nunatak reads {SCHEMA_VERSION}",
            field="schema_version",
            hint="Update nunatak, or train the model again",
        )
    return fields


def validated(kind: type[Header], path: Path, fields: dict[str, Any]) -> Header:
    """Make a header of checked fields.

    Raises
    ------
    FormatError
        If they make no sense.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "header"
        raise FormatError(path, first["msg"], field=where, hint=RETRAIN) from error

"""What the models saw of picks, kept in a file: with other labels nothing is looked at again."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

import nunatak
from nunatak.detection.contrast import Side
from nunatak.detection.result import Failure
from nunatak.detection.volumes.volume_job import tomogram_state
from nunatak.errors import UsageError
from nunatak.files import written_whole
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.picks.formats.relion_columns import PARTICLE_IMAGE
from nunatak.picks.table import MERGING_COLUMNS, PickSet, coordinate_columns
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.gather import Gathered
from nunatak.pruning.image_files import files_named
from nunatak.pruning.model import PruningModel
from nunatak.pruning.particle_names import (
    BLOB_INDEX,
    BLOB_PATH,
    has_particle_images,
    stacks_of,
)

SUFFIX = ".safetensors"

_KEY = "nunatak seen picks"
_FORM = 2
"""Rises whenever more is kept of a pick."""

_OF_PICKERS = ("score", "class_name", "diameter_A", "pixel_size_A", *MERGING_COLUMNS)
"""Columns that change what is seen or known of a pick, besides its place."""

_PARTICLE_IMAGES = (PARTICLE_IMAGE, BLOB_PATH, BLOB_INDEX)

_log = logging.getLogger(__name__)


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: str
    contrast: Side
    classes: tuple[str, ...]
    failures: tuple[tuple[str, str], ...]


def kept_in(
    path: Path | None, asked: Callable[[], str], gather: Callable[[], Gathered]
) -> Gathered:
    """Take what was seen from a file where it answers what is asked, or else look, and keep it.

    Parameters
    ----------
    path
        The file, ``*.safetensors``; None keeps nothing. One that answers something else is
        replaced.
    asked
        Returns a `checksum`.
    gather
        Looks at all picks.

    Raises
    ------
    UsageError
        If the file exists and holds something else than seen picks, or its name has another
        suffix.
    ResourceError
        If it cannot be written.
    """
    if path is None:
        return gather()
    _require_own(path)
    wanted = asked()
    found = _read(path, wanted)
    if found is not None:
        _log.warning("%s: the picks have been looked at before and are not again", path)
        return found
    gathered = gather()
    _write(path, wanted, gathered)
    return gathered


def _require_own(path: Path) -> None:
    """Refuse a file that this module has not written, before any work.

    Raises
    ------
    UsageError
        If there is one, or the name has another suffix.
    """
    if path.suffix != SUFFIX:
        raise UsageError(f"{path}: what is seen of picks is kept in a file that ends in {SUFFIX}.")
    if path.exists() and _metadata(path) is None:
        raise UsageError(
            f"{path}: exists and does not hold what nunatak saw of picks. Name another file."
        )


def checksum(
    picks: PickSet,
    model: PruningModel,
    files: Iterable[ListedMicrograph],
    options: Mapping[str, Any],
) -> str:
    """Return a checksum of everything that determines what is seen.

    Parameters
    ----------
    picks
        All of them.
    model
        The classifier.
    files
        Images of the picks, that were found, with the pixel sizes that a list states; those of a
        particle stack are found here.
    options
        How the picks are looked at: JSON values.
    """
    columns = ["image", *coordinate_columns(picks.table), *_OF_PICKERS, *_PARTICLE_IMAGES]
    seen = picks.table[[name for name in columns if name in picks.table.columns]]
    listed = list(files)
    images = {one.path for one in listed}
    if has_particle_images(picks):
        stacks = stacks_of(picks.table).unique().tolist()
        images |= set(files_named(stacks, picks.source).values())
    weights = {name: t.numpy(force=True) for name, t in model.network.state_dict().items()}
    asked = {
        "version": nunatak.__version__,
        "form": _FORM,
        "picks": _of_table(seen),
        "optics": None if picks.optics is None else _of_table(picks.optics),
        "model": hashlib.sha256(b"".join(map(np.ndarray.tobytes, weights.values()))).hexdigest(),
        "header": model.header.model_dump(mode="json", include={"crop", "classes", "ndim"}),
        "images": {str(path): asdict(tomogram_state(path)) for path in sorted(images)},
        # A list may state another pixel size while no file changes.
        "listed": sorted([one.name, str(one.path), repr(one.pixel_size_A)] for one in listed),
        "options": dict(options),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _of_table(table: pd.DataFrame) -> str:
    rows = pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()
    return hashlib.sha256(repr(list(table.columns)).encode() + rows).hexdigest()


def _metadata(path: Path) -> _Header | None:
    try:
        with safe_open(path, framework="numpy") as file:
            return _Header.model_validate_json((file.metadata() or {}).get(_KEY, ""))
    except (SafetensorError, ValidationError, OSError):
        return None


def _read(path: Path, asked: str) -> Gathered | None:
    header = _metadata(path) if path.exists() else None
    if header is None or header.asked != asked:
        return None
    with safe_open(path, framework="numpy") as file:
        part = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return Gathered(
        PickFeatures(
            embedding=part["embedding"],
            log_probability=part["log_probability"],
            detector_logit=part["detector_logit"],
            picker_score=part["picker_score"],
            classes=header.classes,
            agreement=part.get("agreement"),
            detector_features=part.get("detector_features"),
        ),
        part["judged"],
        [Failure(image, reason) for image, reason in header.failures],
        header.contrast,
    )


def _write(path: Path, asked: str, gathered: Gathered) -> None:
    features = gathered.features
    part = {
        "embedding": features.embedding,
        "log_probability": features.log_probability,
        "detector_logit": features.detector_logit,
        "picker_score": features.picker_score,
        "judged": gathered.judged,
    }
    if features.agreement is not None:
        part["agreement"] = features.agreement
    if features.detector_features is not None:
        part["detector_features"] = features.detector_features
    header = _Header(
        asked=asked,
        contrast=gathered.contrast,
        classes=features.classes,
        failures=tuple((one.image, one.reason) for one in gathered.failures),
    )
    with written_whole(path) as temporary:
        save_file(
            {name: np.ascontiguousarray(values) for name, values in part.items()},
            temporary,
            metadata={_KEY: header.model_dump_json()},
        )

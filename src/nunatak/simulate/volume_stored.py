"""What a folder of simulated tomograms holds already."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.picks.table import PickSet, checked
from nunatak.simulate import volume_files as files
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig

_RUN = re.compile(r"tomo_\d{6,}")
_AGAIN = "Remove it and run again"


def check_same(config: VolumeDatasetConfig, root: Path, *, redo: bool) -> None:
    """Refuse a folder that holds anything but an earlier run of this configuration.

    Parameters
    ----------
    config
        What is to be simulated.
    root
        Where.
    redo
        Whether an earlier simulation may be another one, because it will be deleted.

    Raises
    ------
    Mismatch
        If it holds another configuration, more tomograms than asked for, or something else.
    FormatError
        If its configuration cannot be read.
    """
    if not root.exists():
        return
    if not root.is_dir():
        raise Mismatch(f"{root}: is a file. Name a folder to write to.")
    path = root / files.CONFIG
    if not path.exists():
        others = sorted(one.name for one in root.iterdir() if not one.name.startswith("."))
        if others:
            raise Mismatch(
                f"{root}: holds {len(others)} files or folders (first: {others[0]}) and no "
                "simulated tomograms. Choose an empty folder."
            )
        return
    stored = _read_json(path, hint="Choose another folder").get("config")
    wanted = config.model_dump(mode="json")
    if (
        not isinstance(stored, dict)
        or not {"mode", "voxel_size_A"} <= stored.keys()
        or not isinstance(stored.get("count"), int)
    ):
        raise Mismatch(
            f"{path}: is not the configuration of simulated tomograms. Choose another folder."
        )
    if redo:
        return
    different = [
        f"{name} {stored.get(name)!r} there, {wanted[name]!r} here"
        for name in wanted
        if name != "count" and stored.get(name) != wanted[name]
    ]
    if stored["count"] > config.count:
        different.append(f"{stored['count']} tomograms there, {config.count} here")
    if different:
        raise Mismatch(
            f"{root}: holds a data set of another configuration ({'; '.join(different)}). "
            "Choose another folder, or start over with --redo."
        )


def refuse_foreign(root: Path) -> None:
    """Refuse to delete tomograms of a copick project that others have added something to.

    Picks and other annotations would belong to nothing once their tomogram is another one.

    Raises
    ------
    Mismatch
        If a run holds a file that the simulation did not write.
    """
    config_path = root / files.CONFIG
    if not config_path.exists():
        return
    stored = _read_json(config_path)["config"]
    runs = root / files.COPICK_PROJECT / RUNS_FOLDER
    foreign = [one for name in simulated_runs(root) for one in _foreign(runs / name, stored)]
    if foreign:
        others = f" (and {len(foreign) - 1} more)" if len(foreign) > 1 else ""
        raise Mismatch(
            f"{foreign[0]}{others} is not of the simulation, and would belong to no tomogram after "
            "it is started over. Move it away, or choose another folder."
        )


def _foreign(run: Path, stored: Mapping[str, Any]) -> list[Path]:
    """Return the files, and folders such as an OME-Zarr, that others added to a run.

    ``stored`` is the configuration of the simulation.
    """
    own = {*run.glob(files.truth_pattern())}
    if stored.get("format") != "mrc":
        kinds = (False, True) if stored.get("denoised") else (False,)
        size_A = float(stored["voxel_size_A"])
        own |= {run / files.zarr_name(str(stored["mode"]), size_A, denoised=one) for one in kinds}
    entries = [entry for folder in run.glob("*") for entry in _within(folder)]
    return sorted(one for one in entries if one not in own and not one.name.startswith("."))


def _within(entry: Path) -> list[Path]:
    return sorted(entry.iterdir()) if entry.is_dir() else [entry]


def is_finished(root: Path, index: int) -> bool:
    """Whether a tomogram and its parameters were written.

    Raises
    ------
    FormatError
        If the parameters are spoiled.
    """
    path = _parameters_path(root, index)
    return path.exists() and (root / _tomogram(path, _read_json(path))).exists()


def simulated_runs(root: Path) -> list[str]:
    """Names of the tomograms of which a folder holds anything."""
    kept = (files.PARAMETERS, files.TOMOGRAMS, f"{files.COPICK_PROJECT}/{RUNS_FOLDER}")
    found = {
        entry.name.partition(".")[0]
        for folder in kept
        if (root / folder).is_dir()
        for entry in (root / folder).iterdir()
    }
    return sorted(name for name in found if _RUN.fullmatch(name))


def stored_truth(root: Path, count: int) -> PickSet:
    """Return the particles of all tomograms, whose paths are relative to the folder.

    Raises
    ------
    FormatError
        If the parameters of one are spoiled.
    """
    tables: list[pd.DataFrame] = []
    images: list[str] = []
    for path in (_parameters_path(root, index) for index in range(count)):
        content = _read_json(path)
        image = _tomogram(path, content)
        images.append(image)
        tables.append(_particles(path, content, image))
    with_particles = [table for table in tables if len(table)]
    table = pd.concat(with_particles, ignore_index=True) if with_particles else tables[0]
    return PickSet(table, images=tuple(images))


def _parameters_path(root: Path, index: int) -> Path:
    return root / files.PARAMETERS / f"{files.run_name(index)}.json"


def _tomogram(path: Path, content: Mapping[str, Any]) -> str:
    image = content.get("tomogram")
    if not isinstance(image, str):
        raise FormatError(path, "names no tomogram", field="tomogram", hint=_AGAIN)
    return image


def _particles(path: Path, content: Mapping[str, Any], image: str) -> pd.DataFrame:
    particles = content.get("particles")
    if not isinstance(particles, dict):
        raise FormatError(path, "lists no particles", field="particles", hint=_AGAIN)
    try:
        table = pd.DataFrame(particles)
        table.insert(0, "image", pd.Series([image] * len(table), dtype=str))
        return checked(table)
    except (ValueError, BadInput) as error:
        raise FormatError(path, str(error), field="particles", hint=_AGAIN) from error


def _read_json(path: Path, hint: str = _AGAIN) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FormatError(path, f"not JSON ({error})", hint=hint) from error
    if not isinstance(content, dict):
        raise FormatError(path, "not a JSON object", hint=hint)
    return content

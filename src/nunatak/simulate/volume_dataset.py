"""Simulate a data set of tomograms, each with everything that is true about it."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak import __version__
from nunatak.errors import FormatError, Mismatch
from nunatak.files import write_json
from nunatak.images.write_volume import write_mrc_volume
from nunatak.picks.table import checked
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_drawing import Complexes, complexes_of
from nunatak.simulate.volume_imaging import simulate_tomogram

CONFIG = "config.json"
TOMOGRAMS = "tomograms"
PARAMETERS = "parameters"


@dataclass(frozen=True)
class SimulatedTomograms:
    """A data set in a folder.

    Attributes
    ----------
    folder : Path
    already_there : int
        How many tomograms an earlier run had finished.
    truth : DataFrame
        Pick table of the particles to find in all tomograms, whose paths in ``image`` are
        relative to the folder.
    images : tuple of str
        All tomograms, those without particles included.
    diameters_A : dict of str to float
        Of each class, by name.
    """

    folder: Path
    already_there: int
    truth: pd.DataFrame
    images: tuple[str, ...]
    diameters_A: dict[str, float]


def simulate_tomograms(
    config: VolumeDatasetConfig,
    folder: str | PathLike[str],
    *,
    redo: bool = False,
    threads: int = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> SimulatedTomograms:
    """Simulate tomograms and write them as MRC volumes, each with its parameters and truth.

    The folder then holds::

        config.json                      what was asked for
        tomograms/tomo_000001.mrc        float32
        parameters/tomo_000001.json      microscope, ice, and the particles to find

    Parameters
    ----------
    config
        What to simulate.
    folder
        Where to write. Finished tomograms of the same configuration are kept; a larger ``count``
        extends them.
    redo
        Write everything anew instead, whatever the folder holds.
    threads
        How many tomograms to work on at once; memory grows with it, results do not change.
    advance
        Called with 1 after each tomogram.

    Raises
    ------
    Mismatch
        If the folder holds a data set of another configuration.
    BadInput
        If a density cannot be read.
    ResourceError
        If the folder cannot be written.
    """
    root = Path(folder)
    if not redo:
        _check_same(config, root)
    complexes = complexes_of(config)
    settings = {"nunatak": __version__, "config": config.model_dump(mode="json")}
    write_json(root / CONFIG, settings)
    missing = [i for i in range(config.count) if redo or not _parameters_path(root, i).exists()]
    advance(config.count - len(missing))
    with ThreadPoolExecutor(threads) as executor:
        jobs = [executor.submit(_simulate_one, config, complexes, root, i) for i in missing]
        try:
            for job in as_completed(jobs):
                job.result()
                advance(1)
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    paths = [_parameters_path(root, i) for i in range(config.count)]
    return SimulatedTomograms(
        folder=root,
        already_there=config.count - len(missing),
        truth=_stored_truth(paths),
        images=tuple(image_name(i) for i in range(config.count)),
        diameters_A={one.name: one.diameter_A for one in complexes.classes},
    )


def image_name(index: int) -> str:
    """Path of a tomogram relative to its data set's folder; ``index`` counts from 0."""
    return f"{TOMOGRAMS}/tomo_{index + 1:06d}.mrc"


def _simulate_one(
    config: VolumeDatasetConfig, complexes: Complexes, root: Path, index: int
) -> None:
    made = simulate_tomogram(config, complexes, index, image=image_name(index))
    write_mrc_volume(
        root / image_name(index), made.tomogram, config.voxel_size_A, label="nunatak simulate"
    )
    # Written last: a tomogram with parameters is complete.
    content = {**made.parameters, "particles": made.truth.to_dict(orient="list")}
    write_json(_parameters_path(root, index), content)


def _parameters_path(root: Path, index: int) -> Path:
    return root / PARAMETERS / f"tomo_{index + 1:06d}.json"


def _stored_truth(paths: Sequence[Path]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {}
    for path in paths:
        particles = _read_json(path).get("particles")
        if not isinstance(particles, dict):
            raise FormatError(path, "lists no particles", hint="Remove it and run again")
        for name, values in particles.items():
            columns.setdefault(name, []).extend(values)
    return checked(pd.DataFrame(columns))


def _check_same(config: VolumeDatasetConfig, root: Path) -> None:
    path = root / CONFIG
    if not path.exists():
        return
    stored = _read_json(path).get("config", {})
    wanted = config.model_dump(mode="json")
    different = [
        f"{name} {stored.get(name)!r} there, {wanted[name]!r} here"
        for name in wanted
        if name != "count" and stored.get(name) != wanted[name]
    ]
    if different:
        raise Mismatch(
            f"{root}: holds a data set of another configuration ({'; '.join(different)}). "
            "Choose another folder, or start over with --redo."
        )


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FormatError(path, f"not JSON ({error})", hint="Remove it and run again") from error
    if not isinstance(content, dict):
        raise FormatError(path, "not a JSON object", hint="Remove it and run again")
    return content

"""Simulate a data set of tomograms, each with everything that is true about it."""

import math
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak import __version__
from nunatak.files import write_json
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.simulate import volume_files as files
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_drawing import Complexes, complexes_of
from nunatak.simulate.volume_imaging import simulate_tomogram
from nunatak.simulate.volume_stored import (
    check_same,
    is_finished,
    refuse_foreign,
    simulated_runs,
    stored_truth,
)

_BYTES_PER_VOXEL = 60  # measured: 26 in direct mode, 35 with tilts, 49 with denoising


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
    threads: int | None = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> SimulatedTomograms:
    """Simulate tomograms and write them, each with its parameters, and the truth of all.

    Tomogram *i* depends on the configuration and on *i* alone: neither the number of threads nor
    an interruption changes it. The folder then holds::

        config.json                      what was asked for
        tomograms/tomo_000001.mrc        float32; or as OME-Zarr within the copick project
        parameters/tomo_000001.json      microscope, ice, and the particles to find
        particles.csv                    the particles of all tomograms
        particles.star                   the same for RELION 5
        tomograms.star                   sizes and scale, as RELION 5 needs them
        copick.json                      configuration of a copick project: classes and radii
        copick/ExperimentRuns/...        that project, with the same particles

    Parameters
    ----------
    config
        What to simulate.
    folder
        Where to write. Finished tomograms of the same configuration are kept; a larger ``count``
        extends them.
    redo
        Write everything anew instead, and delete what an earlier simulation left in the folder.
        What others keep with its tomograms in the copick project, such as picks, is not deleted.
    threads
        How many tomograms to work on at once; results do not depend on it. None takes every core
        that this process may use, or fewer if the memory is too small for so many.
    advance
        Called with 1 after each tomogram.

    Raises
    ------
    Mismatch
        If the folder holds a data set of another configuration, more tomograms than asked for, or
        something else; or if tomograms to be deleted have picks or other files that are not the
        simulation's.
    BadInput
        If a density cannot be read, or two classes have one name.
    ResourceError
        If the folder cannot be written.
    """
    root = Path(folder)
    check_same(config, root, redo=redo)
    if redo:
        refuse_foreign(root)
    complexes = _named_for_files(complexes_of(config))
    if redo:
        _remove_simulated(root)
    settings = {"nunatak": __version__, "config": config.model_dump(mode="json")}
    write_json(root / files.CONFIG, settings)
    missing = [i for i in range(config.count) if not is_finished(root, i)]
    advance(config.count - len(missing))
    with ThreadPoolExecutor(threads or _at_once(config)) as executor:
        jobs = [executor.submit(_simulate_one, config, complexes, root, i) for i in missing]
        try:
            for job in as_completed(jobs):
                job.result()
                advance(1)
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    truth = stored_truth(root, config.count)
    diameters_A = {one.name: one.diameter_A for one in complexes.classes}
    files.write_truth(root, config, truth, diameters_A)
    return SimulatedTomograms(
        folder=root,
        already_there=config.count - len(missing),
        truth=truth.table,
        images=truth.images,
        diameters_A=diameters_A,
    )


def _simulate_one(
    config: VolumeDatasetConfig, complexes: Complexes, root: Path, index: int
) -> None:
    made = simulate_tomogram(config, complexes, index, image=files.run_name(index))
    denoised = bool(made.parameters.get("denoised", False))
    image = files.image_name(config, index, denoised=denoised)
    files.write_tomogram(root / image, made.tomogram, config.voxel_size_A)
    # Written last: a tomogram with parameters is complete.
    particles = made.truth.drop(columns="image").to_dict(orient="list")
    content: dict[str, Any] = {"tomogram": image, **made.parameters, "particles": particles}
    write_json(root / files.PARAMETERS / f"{files.run_name(index)}.json", content)


def _named_for_files(complexes: Complexes) -> Complexes:
    """Give the classes names that every format takes."""
    names = files.class_names(one.name for one in complexes.classes)
    classes = tuple(replace(one, name=names[one.name]) for one in complexes.classes)
    return replace(complexes, classes=classes)


def _remove_simulated(root: Path) -> None:
    """Delete what would stay beside the new data set and look like a part of it.

    Nothing in it is anybody else's (see `nunatak.simulate.volume_stored.refuse_foreign`).
    """
    for name in simulated_runs(root):
        (root / files.PARAMETERS / f"{name}.json").unlink(missing_ok=True)
        (root / files.TOMOGRAMS / f"{name}.mrc").unlink(missing_ok=True)
        run = root / files.COPICK_PROJECT / RUNS_FOLDER / name
        if run.is_dir():
            shutil.rmtree(run)


def _at_once(config: VolumeDatasetConfig) -> int:
    """Return how many tomograms to work on at once: as many as cores, if half the memory holds."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    fitting = int(memory / 2 // (_BYTES_PER_VOXEL * math.prod(config.shape)))
    return max(1, min(cores or 1, fitting))

"""Simulate a data set: micrographs with everything that is true about them."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nunatak import __version__
from nunatak.errors import FormatError, Mismatch
from nunatak.simulate import dataset_files as files
from nunatak.simulate.dataset_config import DatasetConfig
from nunatak.simulate.dataset_scene import Specimen, draw_scene, specimens
from nunatak.simulate.field import JunkClass
from nunatak.simulate.scene import PlacedParticle, Rendered, Scene, render
from nunatak.simulate.signal_to_noise import contrast_factor_for, noise_variance, signal_power


@dataclass(frozen=True)
class SimulatedDataset:
    """What was simulated.

    Attributes
    ----------
    folder : Path
    micrographs : int
        How many there are now.
    already_there : int
        How many of them an earlier run had finished.
    particles : int
        How many there are to find.
    diameters_A : dict of str to float
        Of each complex, by name.
    """

    folder: Path
    micrographs: int
    already_there: int
    particles: int
    diameters_A: dict[str, float]


def simulate_dataset(
    config: DatasetConfig,
    folder: str | PathLike[str],
    *,
    redo: bool = False,
    threads: int | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> SimulatedDataset:
    """Simulate micrographs and write them with their truth.

    Micrograph *i* depends on the seed and on *i* alone: neither the number of threads nor an
    interruption changes it. The folder then holds::

        config.json                    what was asked for
        micrographs/mic_000001.mrc     detected electrons per pixel
        masks/mic_000001.png           junk class of each pixel (see masks/classes.json)
        parameters/mic_000001.json     microscope, ice, complex, particles with orientation
        particles.star                 the particles to find, RELION 3.1 layout
        micrographs_ctf.star           all micrographs, also empty ones, with their defocus

    Parameters
    ----------
    config
        What to simulate.
    folder
        Where to write. Finished micrographs of the same configuration are kept; a larger
        ``count`` extends them.
    redo
        Write everything anew instead, and delete what an earlier simulation left in the folder:
        its micrographs, masks, parameters and tables, and nothing else.
    threads
        How many micrographs to work on at once; None takes every core this process may use.
    advance
        Called with 1 after each micrograph.

    Returns
    -------
    SimulatedDataset

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
    complexes = specimens(config)
    if redo:
        files.remove_simulated(root)
    settings = {"nunatak": __version__, "config": config.model_dump(mode="json")}
    files.write_json(root / files.CONFIG, settings)
    files.write_classes(root)
    missing = [i for i in range(config.count) if not _parameters_path(root, i).exists()]
    advance(config.count - len(missing))
    with ThreadPoolExecutor(threads or _usable_cores()) as executor:
        jobs = [
            executor.submit(_simulate_one, config, complexes[i % len(complexes)], root, i)
            for i in missing
        ]
        try:
            for job in as_completed(jobs):
                job.result()
                advance(1)
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    made = [_read_json(_parameters_path(root, i)) for i in range(config.count)]
    files.write_stars(root, made)
    return SimulatedDataset(
        folder=root,
        micrographs=config.count,
        already_there=config.count - len(missing),
        particles=sum(len(one["particles"]) for one in made),
        diameters_A={one.density.name: one.density.diameter_A for one in complexes},
    )


def _simulate_one(config: DatasetConfig, specimen: Specimen, root: Path, index: int) -> None:
    rng = np.random.default_rng([config.seed, 2, index])
    scene, truth = draw_scene(config, specimen, rng)
    if config.snr is not None and truth:
        factor = contrast_factor_for(scene, truth, snr=config.snr, rng=rng)
        scene = replace(scene, contrast_factor=factor)
    rendered = render(scene, rng)
    snr = signal_power(rendered, scene, truth) / noise_variance(scene, rng)
    name = files.stem(index)
    files.write_mrc(
        root / files.MICROGRAPHS / f"{name}.mrc",
        rendered.counts,
        pixel_size_A=config.pixel_size_A,
        dtype=config.dtype,
    )
    files.write_mask(root / files.MASKS / f"{name}.png", rendered.label)
    # Written last: a micrograph with parameters is complete.
    parameters = _parameters(scene, truth, rendered, specimen)
    parameters |= {"micrograph": f"{files.MICROGRAPHS}/{name}.mrc", "snr": snr}
    files.write_json(_parameters_path(root, index), parameters)


def _parameters(
    scene: Scene, truth: list[PlacedParticle], rendered: Rendered, specimen: Specimen
) -> dict[str, Any]:
    density = specimen.density
    covered = {kind.name.lower(): float((rendered.label == kind).mean()) for kind in JunkClass}
    return {
        "shape": scene.shape,
        "pixel_size_A": scene.pixel_size_A,
        "dose_e_A2": scene.dose_e_A2,
        "contrast_factor": scene.contrast_factor,
        "optics": asdict(scene.optics),
        "ice": asdict(scene.ice),
        "detector": asdict(scene.detector),
        "density": {
            "name": density.name,
            "diameter_A": density.diameter_A,
            "mass_kDa": density.mass_kDa,
        },
        "junk_area": {kind: area for kind, area in covered.items() if area > 0},
        "particles": [
            {"x_px": one.x_px, "y_px": one.y_px, "rotation": one.rotation.tolist()} for one in truth
        ],
    }


def _usable_cores() -> int:
    # Linux alone tells which cores a scheduler leaves to this process.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parameters_path(root: Path, index: int) -> Path:
    return root / files.PARAMETERS / f"{files.stem(index)}.json"


def _check_same(config: DatasetConfig, root: Path) -> None:
    path = root / files.CONFIG
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

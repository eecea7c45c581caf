"""The general 3D model: particles of any kind by their size, learned from simulation alone."""

import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from nunatak.detection.precision import choose_device, training_precision
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_model import VolumeModel, save_volume_model
from nunatak.learning.volumes.volume_data import VolumeTrainingData
from nunatak.learning.volumes.volume_start import volume_start
from nunatak.learning.volumes.volume_training_run import VolumeTrainingRun
from nunatak.recipes.complexes import map_complexes, procedural_complexes
from nunatak.recipes.general_3d_recipe import General3dRecipe
from nunatak.recipes.made_with import made_with
from nunatak.recipes.sized_volumes import Pool, simulated_volumes
from nunatak.training.devices import open_fabric
from nunatak.training.folder import training_folder
from nunatak.training.progress import Progress

_log = logging.getLogger(__name__)

_VALIDATION_SEED_OFFSET = 1_000_003
_SCATTERERS = 4000

LEAST_PARTICLES = 50
"""Of a size in the validation tomograms; a threshold that fewer choose is chance."""


def train_general_3d(
    recipe: General3dRecipe,
    output: str | PathLike[str],
    *,
    maps: str | PathLike[str] | None = None,
    workers: int | None = None,
    device: str = "cpu",
    redo: bool = False,
    on_step: Callable[[Progress], None] = lambda progress: None,
) -> VolumeModel:
    """Train the general model and write its file.

    A training that was stopped simulates its tomograms again, which takes minutes, and goes on
    from its last checkpoint, in the folder beside the output, to the same model.

    Parameters
    ----------
    recipe
        What to do.
    output
        Model file to write, ``*.safetensors``.
    maps
        Folder of density maps or atomic models to train on besides the procedural complexes.
    workers
        Processes that simulate; all processors by default.
    device
        Where to train: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    redo
        Start over, whatever the folder of an earlier training holds.
    on_step
        Called after every step.

    Returns
    -------
    VolumeModel
        As written.

    Raises
    ------
    BadInput
        If the maps cannot be used.
    Mismatch
        If the folder holds the training of another recipe.
    Interrupted
        If the process is asked to stop; the folder has what was finished.
    """
    started = time.monotonic()
    workers = workers or os.cpu_count() or 1
    from_maps = map_complexes(
        maps, exclude=recipe.excluded_maps, scatterers=_SCATTERERS, seed=recipe.seed
    )
    shapes = procedural_complexes(recipe.shapes, scatterers=_SCATTERERS, seed=recipe.seed)
    others_seed = recipe.seed + _VALIDATION_SEED_OFFSET
    others = procedural_complexes(
        max(recipe.shapes // 4, 1), scatterers=_SCATTERERS, seed=others_seed
    )
    data = VolumeTrainingData(
        training=tuple(
            simulated_volumes(
                recipe,
                Pool.of(recipe, shapes, from_maps),
                seed=recipe.seed,
                count=recipe.tomograms,
                workers=workers,
            )
        ),
        validation=tuple(
            simulated_volumes(
                recipe,
                Pool.of(recipe, others, ()),
                seed=others_seed,
                count=recipe.validation_tomograms,
                workers=workers,
            )
        ),
    )
    _log.info("simulated %d tomograms", recipe.tomograms + recipe.validation_tomograms)
    diameters_A = {f"{size_A:g} Å": size_A for size_A in recipe.sizes_A}
    chosen_device = choose_device(device)
    precision = training_precision(chosen_device)
    run = VolumeTrainingRun(
        volume_start(recipe.training, diameters_A, voxel_size_A=recipe.scene.voxel_size_A),
        data,
        recipe.training.for_labels("complete", with_unlabelled=False),
        open_fabric(chosen_device, precision=precision),
        diameters_A=diameters_A,
        labels_are="complete",
        given=None,
        precision=precision,
        classes_compete=False,
    )
    fitted = run.fit(
        training_folder(output), output=Path(output).absolute(), redo=redo, on_progress=on_step
    )
    model, figures = run.model(fitted, name="general-3d")
    particles = [figures[kind.name].particles for kind in model.header.classes]
    header = model.header.model_copy(
        update={
            "classes_are": "sizes",
            "classes": with_borrowed_thresholds(model.header.classes, particles),
            "provenance": {
                "recipe": recipe.model_dump(mode="json"),
                "maps": [density.name for density in from_maps],
                "data": "simulation only; no real tomogram, no real label",
                "validation": {
                    name: {
                        "particles": one.particles,
                        "average_precision": round(one.average_precision, 4),
                        "best_f1": round(one.f1, 4),
                    }
                    for name, one in figures.items()
                    if one.particles
                },
                **made_with(),
                "device": str(chosen_device),
                "minutes": round((time.monotonic() - started) / 60, 1),
            },
        }
    )
    model = VolumeModel(header, model.network, Path(output))
    save_volume_model(model, output)
    return model


def with_borrowed_thresholds(
    sizes: Sequence[VolumeClass], particles: Sequence[int]
) -> tuple[VolumeClass, ...]:
    """Give sizes that few particles were judged by the threshold of the nearest one that was.

    Parameters
    ----------
    sizes
        Of the model, by rising diameter.
    particles
        By which each was judged. If all have fewer than `LEAST_PARTICLES`, nothing changes.

    Returns
    -------
    tuple of VolumeClass
        Their tables remain as measured.
    """
    judged = [
        size for size, number in zip(sizes, particles, strict=True) if number >= LEAST_PARTICLES
    ]

    def nearest(size: VolumeClass) -> VolumeClass:
        return min(judged, key=lambda other: abs(math.log(other.diameter_A / size.diameter_A)))

    return tuple(
        size.model_copy(update={"threshold": nearest(size).threshold}) if judged else size
        for size in sizes
    )

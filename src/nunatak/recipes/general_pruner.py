"""The general pruner: particles and junk of any kind, learned from simulation alone."""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from nunatak.detection.model_file import read_content
from nunatak.detection.precision import choose_device
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.networks.resnet18 import ResNet18
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.imagenet_weights import load_imagenet
from nunatak.pruning.model import PruningModel, save_pruner
from nunatak.recipes.complexes import balanced, map_complexes, procedural_complexes
from nunatak.recipes.general_pruner_recipe import PrunerRecipe
from nunatak.recipes.made_with import made_with, suited
from nunatak.recipes.pruning_bank import PickBank, simulated_picks
from nunatak.recipes.pruning_batches import PickBatches, PickLoss
from nunatak.recipes.pruning_fusion import figures, fitted_fusion
from nunatak.recipes.pruning_volume_bank import complexes_in, simulated_volume_picks
from nunatak.recipes.sized_volumes import Pool
from nunatak.simulate.density import Density
from nunatak.simulate.field import JunkClass
from nunatak.simulate.volume_junk import VolumeJunk
from nunatak.training.devices import open_fabric
from nunatak.training.folder import training_folder
from nunatak.training.loop import fit
from nunatak.training.progress import Progress

_log = logging.getLogger(__name__)

_VALIDATION_SEED_OFFSET = 1_000_003  # far from the seeds of the training fields


def train_general_pruner(
    recipe: PrunerRecipe,
    output: str | PathLike[str],
    *,
    maps: str | PathLike[str] | None = None,
    workers: int | None = None,
    device: str = "cpu",
    redo: bool = False,
    on_step: Callable[[Progress], None] = lambda progress: None,
) -> PruningModel:
    """Train the general pruner and write its file.

    A training that was stopped simulates its picks again, which takes minutes, and goes on from
    its last checkpoint, in the folder beside the output, to the same model.

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
    PruningModel
        As written.

    Raises
    ------
    BadInput
        If the maps or the weights from photographs cannot be used.
    Mismatch
        If the folder holds the training of another recipe.
    Interrupted
        If the process is asked to stop; the folder has what was finished.
    """
    started = time.monotonic()
    workers = workers or os.cpu_count() or 1
    photographs = _checksum_of_photographs(recipe)
    from_maps = map_complexes(
        maps, exclude=recipe.excluded_maps, scatterers=recipe.scatterers, seed=recipe.seed
    )
    shapes = procedural_complexes(recipe.shapes, scatterers=recipe.scatterers, seed=recipe.seed)
    bank, categories = _picks(
        recipe, shapes, from_maps, seed=recipe.seed, fields=recipe.fields, workers=workers
    )
    _log.info("simulated %d picks of %d categories", len(bank), categories)
    chosen_device = choose_device(device)
    network = _fitted(
        recipe,
        bank,
        categories=categories,
        starts_from={"maps": [density.name for density in from_maps], "imagenet": photographs},
        device=chosen_device,
        folder=training_folder(output),
        redo=redo,
        on_step=on_step,
    )
    header = PrunerHeader(
        name="general-pruner" if recipe.ndim == 2 else "general-pruner-3d",
        network=PruningNetworkParameters(
            width=recipe.width, in_channels=recipe.shown.channels, classes=len(SEEN_CLASSES)
        ),
        ndim=recipe.ndim,
        crop=recipe.shown,
        classes=SEEN_CLASSES,
    )
    others_seed = recipe.seed + _VALIDATION_SEED_OFFSET
    others = procedural_complexes(
        recipe.validation_shapes, scatterers=recipe.scatterers, seed=others_seed
    )
    validation, _ = _picks(
        recipe, others, (), seed=others_seed, fields=recipe.validation_fields, workers=workers
    )
    plain = PruningModel(header, network, Path(output))
    fusion = fitted_fusion(plain, validation, others, recipe, seed=others_seed)
    header = header.model_copy(
        update={
            **fusion.fields,
            "provenance": {
                "recipe": recipe.model_dump(mode="json"),
                "maps": [density.name for density in from_maps],
                "data": "simulation only; no real image, no real label"
                if photographs is None
                else "photographs to start from, then simulation only",
                **({} if photographs is None else {"imagenet_sha256": photographs}),
                "validation": figures(fusion, validation),
                **made_with(),
                "device": str(chosen_device),
                "minutes": round((time.monotonic() - started) / 60, 1),
            },
        }
    )
    model = PruningModel(header, network, Path(output))
    save_pruner(model, output)
    return model


def _checksum_of_photographs(recipe: PrunerRecipe) -> str | None:
    """Refuse weights that do not fit now, and not after the simulation; say which they are."""
    if recipe.imagenet_weights is None:
        return None
    network = ResNet18(recipe.width, recipe.shown.channels, classes=None)
    load_imagenet(network, recipe.imagenet_weights)
    return hashlib.sha256(read_content(Path(recipe.imagenet_weights))).hexdigest()


def _picks(
    recipe: PrunerRecipe,
    shapes: Sequence[Density],
    maps: Sequence[Density],
    *,
    seed: int,
    fields: int,
    workers: int,
) -> tuple[PickBank, int]:
    """Simulate picks, and say how many categories they may have."""
    if recipe.ndim == 3:
        pool = Pool.of(recipe.volume_picks.drawing(seed=seed), shapes, maps)
        bank = simulated_volume_picks(
            pool,
            recipe.volume_picks,
            recipe.slabs,
            seed=seed,
            tomograms=fields,
            workers=workers,
            map_share=recipe.map_share,
        )
        return bank, len(complexes_in(pool)) + len(VolumeJunk)
    complexes = balanced(shapes, maps, map_share=recipe.map_share)
    bank = simulated_picks(
        complexes, recipe.picks, recipe.crop, seed=seed, fields=fields, workers=workers
    )
    return bank, len(complexes) + len(JunkClass)


def _fitted(
    recipe: PrunerRecipe,
    bank: PickBank,
    *,
    categories: int,
    starts_from: Mapping[str, Any],
    device: torch.device,
    folder: Path,
    redo: bool,
    on_step: Callable[[Progress], None],
) -> PruningNetwork:
    """Train with the finer task as well, and return the network without its head."""
    torch.manual_seed(recipe.seed)
    shape = {"width": recipe.width, "in_channels": recipe.shown.channels}
    network = PruningNetwork(**shape, classes=len(SEEN_CLASSES), categories=categories)
    if recipe.imagenet_weights is not None:
        load_imagenet(network.backbone, recipe.imagenet_weights)
    training = suited(recipe.training, device)
    trained = fit(
        network,
        PickBatches(bank, recipe),
        PickLoss(bank, recipe),
        training,
        fabric=open_fabric(device, precision=training.precision),
        seed=recipe.seed,
        folder=folder,
        resume=not redo,
        fingerprint={
            "recipe": recipe.model_dump(mode="json", exclude={"training"}),
            **starts_from,
        },
        on_step=on_step,
    ).network
    plain = PruningNetwork(**shape, classes=len(SEEN_CLASSES))
    kept = plain.state_dict().keys()
    plain.load_state_dict({k: v for k, v in trained.state_dict().items() if k in kept})
    return plain.eval()

"""The general 2D model: any particle, no labels, learned from simulation alone."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import torch

from nunatak.detection.header import ModelHeader, NetworkSpec
from nunatak.detection.model import DetectorModel, load_model, save_model
from nunatak.detection.precision import choose_device
from nunatak.detection.scoring import Scorer
from nunatak.errors import Mismatch
from nunatak.images import normalise
from nunatak.learning.calibration import calibrate_on_truth
from nunatak.networks.unet import UNet
from nunatak.recipes.complexes import balanced, map_complexes, procedural_complexes
from nunatak.recipes.general_recipe import GeneralRecipe
from nunatak.recipes.hard_negatives import hardest
from nunatak.recipes.made_with import made_with, suited
from nunatak.recipes.validation import judged_fields
from nunatak.simulate.bank import crop_factory
from nunatak.simulate.crops import TrainingCrop
from nunatak.simulate.density import Density
from nunatak.training.batches import supervised_loss
from nunatak.training.devices import open_fabric
from nunatak.training.folder import training_folder
from nunatak.training.loop import fit
from nunatak.training.progress import Progress
from nunatak.training.rounds import RoundBatches

_log = logging.getLogger(__name__)

_VALIDATION_SEED_OFFSET = 1_000_003  # far from the seeds of the training crops
_EMPTY_SEED_OFFSET = 2_000_003


def train_general_2d(
    recipe: GeneralRecipe,
    output: str | PathLike[str],
    *,
    maps: str | PathLike[str] | None = None,
    workers: int | None = None,
    device: str = "cpu",
    redo: bool = False,
    on_step: Callable[[Progress], None] = lambda progress: None,
) -> DetectorModel:
    """Train the general model and write its file.

    A training that was stopped goes on from its last checkpoint, in the folder beside the output
    (see `training_folder`), to the same model.

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
    DetectorModel
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
    chosen_device = choose_device(device)
    procedural = procedural_complexes(recipe.shapes, scatterers=recipe.scatterers, seed=recipe.seed)
    from_maps = map_complexes(
        maps, exclude=recipe.excluded_maps, scatterers=recipe.scatterers, seed=recipe.seed
    )
    complexes = balanced(procedural, from_maps, map_share=recipe.map_share)
    _log.info("training on %d procedural complexes and %d maps", len(procedural), len(from_maps))
    start = None if recipe.start is None else _start_model(recipe)
    with _crop_rounds(recipe, complexes, start, workers) as rounds:
        network = _fitted(
            recipe,
            rounds,
            start=start,
            maps=[density.name for density in from_maps],
            device=chosen_device,
            folder=training_folder(output),
            redo=redo,
            on_step=on_step,
        )
    model = DetectorModel(_header(recipe, from_maps, table=()), network)
    fields = _validation_fields(recipe, workers)
    judged = judged_fields(model, fields)
    curve = judged.curve
    _log.info("simulated validation: average precision %.4f", curve.average_precision)
    table = calibrate_on_truth(judged, score_floor=recipe.score_floor)
    header = _header(recipe, from_maps, table=table)
    if start is not None:
        header.provenance["start"] = {
            "name": start.header.name,
            "sha256": start.sha256,
            "provenance": start.header.provenance,
        }
    header.provenance["validation"] = {
        "average_precision": round(curve.average_precision, 4),
        "best_f1": round(float(curve.f1.max(initial=0.0)), 4),
        "particles": curve.n_truths,
        "data": f"{len(fields)} simulated fields of {recipe.validation_shapes} complexes "
        "that took no part in training",
    }
    header.provenance["device"] = str(chosen_device)
    header.provenance["minutes"] = round((time.monotonic() - started) / 60, 1)
    model = DetectorModel(header, network, Path(output))
    save_model(model, output)
    return model


def _fitted(
    recipe: GeneralRecipe,
    rounds: Callable[[int], list[TrainingCrop]],
    *,
    start: DetectorModel | None,
    maps: Sequence[str],
    device: torch.device,
    folder: Path,
    redo: bool,
    on_step: Callable[[Progress], None],
) -> UNet:
    torch.manual_seed(recipe.seed)
    network = UNet(**recipe.network.model_dump())
    if start is not None:
        network.load_state_dict(start.network.state_dict())
    training = suited(recipe.training, device)
    batches = RoundBatches(
        rounds,
        seed=recipe.seed,
        round_crops=recipe.round_crops,
        passes=recipe.passes,
        batch_size=training.batch_size,
        stride=network.output_stride,
        sigma_px=training.target_sigma * recipe.crops.diameter_px,
    )
    return fit(
        network,
        batches,
        supervised_loss,
        training,
        fabric=open_fabric(device, precision=training.precision),
        seed=recipe.seed,
        folder=folder,
        resume=not redo,
        fingerprint={
            "recipe": recipe.model_dump(mode="json", exclude={"training"}),
            "maps": list(maps),
        },
        on_step=on_step,
    ).network


@contextmanager
def _crop_rounds(
    recipe: GeneralRecipe,
    complexes: Sequence[Density],
    start: DetectorModel | None,
    workers: int,
) -> Iterator[Callable[[int], list[TrainingCrop]]]:
    """Simulate the crops of any round, the start model's hardest negatives among them."""
    hard = recipe.hard_negatives
    if hard is None or start is None:
        with crop_factory(complexes, recipe.crops, seed=recipe.seed, workers=workers) as factory:
            yield lambda index: factory.make(index * recipe.round_crops, recipe.round_crops)
        return
    scorer = Scorer(start)
    n_hard = round(hard.share * recipe.round_crops)
    n_plain = recipe.round_crops - n_hard
    empty = recipe.crops.model_copy(update={"empty": 1.0, "junk": hard.junk})
    empty_seed = recipe.seed + _EMPTY_SEED_OFFSET
    with (
        crop_factory(complexes, recipe.crops, seed=recipe.seed, workers=workers) as factory,
        crop_factory(complexes, empty, seed=empty_seed, workers=workers) as empty_factory,
    ):
        yield lambda index: [
            *factory.make(index * n_plain, n_plain),
            *hardest(empty_factory, scorer, start=index * n_hard, count=n_hard, config=hard),
        ]


def _start_model(recipe: GeneralRecipe) -> DetectorModel:
    start = load_model(str(recipe.start))
    if start.header.network.parameters != recipe.network:
        raise Mismatch(
            f"{start.path}: the start model's network has {start.header.network.parameters!r}, "
            f"the recipe asks for {recipe.network!r}. Set the recipe's network to the former."
        )
    if start.header.diameter_px != recipe.crops.diameter_px:
        raise Mismatch(
            f"{start.path}: the start model sees particles at {start.header.diameter_px:g} px, "
            f"the recipe makes them {recipe.crops.diameter_px:g} px. Set crops.diameter_px."
        )
    return start


def _validation_fields(recipe: GeneralRecipe, workers: int) -> list[TrainingCrop]:
    seed = recipe.seed + _VALIDATION_SEED_OFFSET
    complexes = procedural_complexes(
        recipe.validation_shapes, scatterers=recipe.scatterers, seed=seed
    )
    config = recipe.crops.model_copy(update={"side_px": recipe.validation_side_px})
    with crop_factory(complexes, config, seed=seed, workers=workers) as factory:
        return factory.make(0, recipe.validation_fields)


def _header(
    recipe: GeneralRecipe, maps: Sequence[Density], *, table: Sequence[object]
) -> ModelHeader:
    return ModelHeader.model_validate(
        {
            "name": "general-2d",
            "network": NetworkSpec(parameters=recipe.network),
            "diameter_px": recipe.crops.diameter_px,
            "output_stride": UNet.output_stride,
            "normalisation": normalise.VERSION,
            "contrast": "dark",
            "default_threshold": recipe.default_threshold,
            "score_floor": recipe.score_floor,
            "threshold_table": tuple(table),
            "provenance": {
                "recipe": recipe.model_dump(mode="json"),
                "maps": [density.name for density in maps],
                "data": "simulation only; no real micrograph, no real label",
                **made_with(),
            },
        }
    )

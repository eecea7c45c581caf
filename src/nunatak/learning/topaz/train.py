"""Answer ``topaz train``: learn from positions in pixels, write what RELION looks for."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.detection.model import SUFFIX, load_model, save_model
from nunatak.errors import CheckpointError, OtherTraining, UsageError
from nunatak.files import write_text, written_whole
from nunatak.learning.settings import LearningSettings
from nunatak.learning.summary import threshold_in_words, what_was_kept
from nunatak.learning.topaz.extract import PROVENANCE_KEY
from nunatak.learning.topaz.lengths import PIXEL_SIZE_A
from nunatak.learning.topaz.tables import Targets, read_image_list, read_targets, table_text
from nunatak.learning.train import train
from nunatak.picks.table import PickSet
from nunatak.training.metrics import StepMetrics
from nunatak.training.progress import Progress

_log = logging.getLogger(__name__)

MODEL_ENDING = "_epoch10.sav"
"""Of the model's name: RELION's schedules name the tenth epoch's, and its dialog shows ``.sav``."""

LOG_HEADER = [
    *("epoch", "iter", "split", "loss", "precision", "adjusted_precision", "tpr", "fpr", "auprc")
]


@dataclass(frozen=True)
class TrainCall:
    """What the command line says.

    Attributes
    ----------
    train, test : tuple of Path
        List of images and table of positions; the second pair, which may be None, is held out.
    expected_particles : float or None
        In one image.
    radius_px : int
        As given; what the diameter may have been told from.
    diameter_px : float
        The diameter itself.
    save_prefix : Path
        Path of the model without its ending.
    log : Path or None
        Where to write the course of the training.
    settings : LearningSettings
        How to learn.
    device : str
    threads : int or None
        See `nunatak.train`.
    """

    train: tuple[Path, Path]
    test: tuple[Path | None, Path | None]
    expected_particles: float | None
    radius_px: int
    diameter_px: float
    save_prefix: Path
    log: Path | None
    settings: LearningSettings
    device: str = "auto"
    threads: int | None = None


@dataclass(frozen=True)
class TrainedForTopaz:
    """What was written.

    Attributes
    ----------
    model, twin : Path
        The model under the name that RELION looks for, and the same as ``.safetensors``.
    in_words : str
        For the user: what became of the labels, which weights were kept, the default threshold.
    failures : tuple of (str, str)
        Images that could not be used, each with the reason.
    n_images : int
        How many were named.
    """

    model: Path
    twin: Path
    in_words: str
    failures: tuple[tuple[str, str], ...]
    n_images: int


def train_for_topaz(
    call: TrainCall, *, on_progress: Callable[[Progress], None] | None = None
) -> TrainedForTopaz:
    """Train a model on listed images and positions; one that exists is replaced.

    The same call goes on with a training that was stopped; another one starts over.

    The model knows no particle size in Å, because the images' pixel size is not known either:
    ``nunatak pick`` asks for the diameter when it is used there.

    Parameters
    ----------
    call
        The command line.
    on_progress
        Called after every update.

    Raises
    ------
    BadInput
        If lists, images or positions cannot be used.
    UsageError
        If a number makes no sense.
    """
    to_learn, targets = _read(*call.train)
    held_out, held_out_targets = _read_held_out(*call.test)
    twin = _beside(call.save_prefix, SUFFIX)
    trained = partial(
        train,
        [*to_learn, *held_out],
        _labels([targets, held_out_targets], source=call.train[1]),
        output=twin,
        diameter_A=call.diameter_px * PIXEL_SIZE_A,
        pixel_size_A=PIXEL_SIZE_A,
        override_pixel_size=True,
        expected_particles=call.expected_particles,
        validation_micrographs=held_out or None,
        settings=call.settings,
        device=call.device,
        threads=call.threads,
        on_progress=on_progress,
    )
    try:
        result = trained(overwrite=True)
    except (OtherTraining, CheckpointError) as error:
        # Topaz has no option to start over: whoever changes the command line means to.
        _log.warning("Starting over: %s", error)
        result = trained(redo=True)
    _state_pixels(twin, call, result.contrast)
    model = _beside(call.save_prefix, MODEL_ENDING)
    with written_whole(model) as temporary:
        shutil.copyfile(twin, temporary)
    if call.log is not None:
        write_text(call.log, training_log(result.metrics))
    in_words = (
        f"{result.labels.to_text()}\n{len(targets)} positions on {len(to_learn)} images were "
        f"given to learn from, {len(held_out_targets)} on {len(held_out)} to hold out; a particle "
        f"spans {call.diameter_px:g} px.\n{what_was_kept(result)}\n{threshold_in_words(result)}\n"
        f"{model} is the model; {twin} is the same for 'nunatak pick'."
    )
    failures = [(failure.image, failure.reason) for failure in result.failures]
    return TrainedForTopaz(
        model,
        twin,
        in_words,
        failures=(*failures, *result.labels.unusable),
        n_images=len(to_learn) + len(held_out),
    )


def training_log(metrics: Sequence[StepMetrics]) -> str:
    """Return the course of a training as Topaz's table; what is not known is a dash.

    An epoch is the time between two validations, whose average precision stands where Topaz
    writes the area under its precision-recall curve of pixels.
    """
    epoch, rows = 1, []
    for entry in metrics:
        if entry.loss is not None:
            rows.append(_log_row(epoch, entry.step, "train", loss=entry.loss))
        if entry.validation is not None and entry.step > 0:
            rows.append(_log_row(epoch, entry.step, "test", auprc=entry.validation))
            epoch += 1
    return table_text(LOG_HEADER, list(zip(*rows, strict=True)) or [()] * len(LOG_HEADER))


def _log_row(epoch: int, step: int, split: str, **known: float) -> list[str]:
    texts = {name: f"{value:.6g}" for name, value in known.items()}
    return [str(epoch), str(step), split, *(texts.get(name, "-") for name in LOG_HEADER[3:])]


def _read(images: Path, targets: Path) -> tuple[list[Path], Targets]:
    listed = read_image_list(images)
    return list(listed.values()), read_targets(targets, listed)


def _read_held_out(images: Path | None, targets: Path | None) -> tuple[list[Path], Targets]:
    if images is None and targets is None:
        return [], Targets((), np.empty((0, 2)))
    if images is None or targets is None:
        raise UsageError("--test-images and --test-targets belong together: give both or neither.")
    return _read(images, targets)


def _labels(targets: Sequence[Targets], *, source: Path) -> PickSet:
    table = pd.DataFrame(
        {
            "image": [str(path) for one in targets for path in one.image],
            "x_px": np.concatenate([one.xy_px[:, 0] for one in targets]),
            "y_px": np.concatenate([one.xy_px[:, 1] for one in targets]),
        }
    )
    return PickSet(table, source=source)


def _state_pixels(path: Path, call: TrainCall, contrast: str) -> None:
    """Correct the header: what went through as ångström was pixels."""
    model = load_model(path)
    header = model.header
    record = {
        "radius_px": call.radius_px,
        "diameter_px": call.diameter_px,
        "contrast": contrast,
    }
    header = header.model_copy(
        update={
            "classes": tuple(
                kind.model_copy(update={"diameter_A": None}) for kind in header.classes
            ),
            "provenance": {**header.provenance, PROVENANCE_KEY: record},
        }
    )
    save_model(replace(model, header=header), path)


def _beside(prefix: Path, ending: str) -> Path:
    return prefix.with_name(prefix.name + ending)

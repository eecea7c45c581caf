"""The record of a training: what it was asked for and what it found, before it began."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nunatak.detection.record import circumstances
from nunatak.errors import BadInput
from nunatak.files import write_json
from nunatak.training.checkpoint import BEST, LAST
from nunatak.training.metrics import METRICS, StepMetrics, read_metrics

RECORD = "training.json"


def write_record(folder: Path, contents: Mapping[str, Any]) -> None:
    """Write what is known before the first step, with versions and the command line.

    Parameters
    ----------
    folder
        Of the training; made where it is missing.
    contents
        JSON values.

    Raises
    ------
    ResourceError
        If the file cannot be written.
    """
    write_json(folder / RECORD, {**contents, **circumstances()})


def is_training(folder: Path) -> bool:
    """Whether a folder is that of a training."""
    return (folder / RECORD).is_file()


def is_checkpoint(file: Path) -> bool:
    """Whether a file is a checkpoint in the folder of a training."""
    return file.name in (BEST, LAST) and file.is_file() and is_training(file.parent)


def describe(folder: Path) -> dict[str, str]:
    """Say in words how far a training has come, and what it was asked for.

    Returns
    -------
    dict of str to str
        Label to text.

    Raises
    ------
    BadInput
        If the record is damaged.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
        settings, labels = record["settings"], record["labels"]
        particles, output = record["particles"], Path(record["output"])
        images = record.get("images", "micrographs")
        described = {
            "kind": "training",
            "output": f"{output} ({'written' if output.exists() else 'not written yet'})",
            **_course(folder, steps=settings["steps"]),
            "start": settings["start"] or "random weights",
            "objective": settings["objective"],
            "labels": f"{labels['n_positive']} on {labels['n_labelled']} of "
            f"{labels['n_micrographs']} {images} ({labels['source']})",
            f"training {images}": str(len(record["training"])),
            f"validation {images}": ", ".join(record["validation"]) or "none",
            f"particles a {images.removesuffix('s')}": _particles(**particles),
            "command": " ".join(record["command_line"]),
            "begun": record["date"],
            "nunatak": record["versions"]["nunatak"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{folder / RECORD}: damaged, or not the record of a training ({error!r}). Give the "
            "training's command again to write it anew."
        ) from error
    return described


def _particles(value: float, low: float, high: float) -> str:
    # A number that was stated or counted has no range.
    return f"{value:.0f}" + (f" ({low:.0f} to {high:.0f})" if low < high else "")


def _course(folder: Path, *, steps: int) -> dict[str, str]:
    path = folder / METRICS
    metrics = read_metrics(path) if path.is_file() else []
    if not metrics:
        return {"progress": f"0 of {steps} steps"}
    last = metrics[-1]
    judged = [one for one in metrics if one.validation is not None]
    described = {"progress": f"{last.step} of {steps} steps, {last.seconds:.0f} s"}
    if last.loss is not None:
        described["loss"] = f"{last.loss:.4g}"
    if judged:
        best = max(judged, key=_validation)
        described["validation"] = (
            f"average precision {best.validation:.3f} at step {best.step} (best), "
            f"{judged[-1].validation:.3f} at step {judged[-1].step} (last)"
        )
    return described


def _validation(metrics: StepMetrics) -> float:
    return -1.0 if metrics.validation is None else metrics.validation

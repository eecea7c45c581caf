"""What a training gives back."""

from dataclasses import dataclass
from pathlib import Path

from nunatak.detection.contrast import Side
from nunatak.detection.model import DetectorModel
from nunatak.detection.result import Failure
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.found import Found
from nunatak.learning.labels.report import LabelReport
from nunatak.learning.working_images import WorkingImage
from nunatak.training.metrics import StepMetrics


@dataclass(frozen=True)
class TrainingResult:
    """A trained detector and how it came about.

    Attributes
    ----------
    model : DetectorModel
        As written.
    output, folder : Path
        Its file; and the folder with checkpoints, metrics and settings.
    contrast : str
        ``"dark"`` or ``"light"``: particles as stored in the micrographs.
    labels : LabelReport
        What was found in the labels.
    particles : ParticleNumber
        Estimated in a micrograph, or as given.
    training, validation : tuple of str
        Micrographs that were trained on (labelled or not), and those that were kept aside.
    failures : tuple of Failure
        Micrographs that were named and cannot be used, or could not be read.
    best_step, last_step : int
        Step of the weights that were kept, 0 for those of the start; and the last step done.
    ahead : float or None
        Share of draws of the held-out labels in which the trained weights were ahead of the
        start; None where the two were not compared.
    ahead_asked : float
        Share below which the start is kept (see `nunatak.learning.training_run.sureness_asked`).
    is_calibrated : bool
        Whether the threshold table rests on the user's labels. Otherwise there is none, unless the
        weights are still those of the start, with its table.
    validation_score : float or None
        Estimated average precision on the validation micrographs; None without any.
    examples : tuple of (WorkingImage, Found)
        What the model finds, to look at: on the validation micrographs, or, where there are
        none, on some labelled ones that it was trained on.
    metrics : tuple of StepMetrics
        The course.
    seconds : float
        Spent on optimising, earlier runs of an interrupted training included.
    asked_aside : bool
        Whether any micrograph was to be kept aside for validation.
    """

    model: DetectorModel
    output: Path
    folder: Path
    contrast: Side
    labels: LabelReport
    particles: ParticleNumber
    training: tuple[str, ...]
    validation: tuple[str, ...]
    failures: tuple[Failure, ...]
    best_step: int
    last_step: int
    ahead: float | None
    ahead_asked: float
    is_calibrated: bool
    validation_score: float | None
    examples: tuple[tuple[WorkingImage, Found], ...]
    metrics: tuple[StepMetrics, ...]
    seconds: float
    asked_aside: bool = True

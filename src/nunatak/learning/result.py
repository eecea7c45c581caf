"""What a training gives back."""

from dataclasses import dataclass
from pathlib import Path

from nunatak.detection.contrast import Side
from nunatak.detection.model import DetectorModel
from nunatak.detection.result import Failure
from nunatak.learning.class_prior import ParticleNumber
from nunatak.learning.label_report import LabelReport
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
        Micrographs that could not be read.
    best_step, last_step : int
        Step of the weights that were kept, 0 for those of the start; and the last step done.
    validation_score : float or None
        Estimated average precision on the validation micrographs; None without any.
    metrics : tuple of StepMetrics
        The course.
    seconds : float
        Spent on optimising, earlier runs of an interrupted training included.
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
    validation_score: float | None
    metrics: tuple[StepMetrics, ...]
    seconds: float

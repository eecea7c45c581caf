"""What a training on tomograms gives back."""

from dataclasses import dataclass, field
from pathlib import Path

from nunatak.detection.result import Failure
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.detection.volumes.volume_peaks import VolumeCandidates
from nunatak.learning.labels.report import Finding
from nunatak.learning.volumes.volume_validation import ClassFigures
from nunatak.learning.volumes.working_volumes import WorkingVolume
from nunatak.training.metrics import StepMetrics


@dataclass(frozen=True)
class VolumeTrainingResult:
    """A trained detector for tomograms and how it came about.

    Attributes
    ----------
    model : VolumeModel
        As written.
    output, folder : Path
        Its file; and the folder with checkpoints, metrics and settings.
    training, validation : tuple of str
        Tomograms that were trained on (labelled or not), and those that were kept aside.
    figures : dict of str to ClassFigures
        What the model reaches on the validation tomograms, by class; empty without any.
    best_step, last_step : int
        Step of the weights that were kept, 0 for those of the start; and the last step done.
    validation_score : float or None
        Average precision, mean over the classes; None without validation.
    metrics : tuple of StepMetrics
        The course.
    seconds : float
        Spent on optimising, earlier runs of an interrupted training included.
    first_lesson : int or None
        Step from which the loss counts a teacher's labels, too; None without a teacher.
    findings : tuple of Finding
        What is odd about the labels, and which of them were not used.
    failures : tuple of Failure
        Tomograms, labelled or not, that are missing or could not be read, and took no part.
    examples : tuple of (WorkingVolume, VolumeCandidates)
        What the model finds, to look at: in the validation tomograms with the most labels, or,
        where there are none, in labelled ones that it was trained on.
    """

    model: VolumeModel
    output: Path
    folder: Path
    training: tuple[str, ...]
    validation: tuple[str, ...]
    figures: dict[str, ClassFigures]
    best_step: int
    last_step: int
    validation_score: float | None
    metrics: tuple[StepMetrics, ...]
    seconds: float
    first_lesson: int | None = None
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    examples: tuple[tuple[WorkingVolume, VolumeCandidates], ...] = field(default=(), repr=False)

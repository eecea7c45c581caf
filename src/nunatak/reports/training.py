"""Write a report on a training: one HTML file that needs nothing else."""

from os import PathLike
from pathlib import Path

from nunatak.learning.result import TrainingResult
from nunatak.reports.destination import check_destination
from nunatak.reports.rendering import write_page
from nunatak.reports.training_origin import origin_of_training
from nunatak.reports.training_page import compose


def build_training_report(
    result: TrainingResult, output: str | PathLike[str], *, redo: bool = False
) -> Path:
    """Write a report on a training as a single HTML file.

    It shows what was odd about the labels, the course of the training, what thresholds give,
    and what the model finds on the validation micrographs.

    Parameters
    ----------
    result
        From `nunatak.train`.
    output
        The HTML file.
    redo
        Replace an existing ``output`` even if it is not a report.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If ``output`` must not be written.
    ResourceError
        If the file cannot be written.
    """
    path = Path(output)
    check_destination(path, redo=redo)
    origin = origin_of_training(result, noun="micrograph", contrast=result.contrast)
    write_page("training.html.j2", compose(result, provenance=origin), path)
    return path

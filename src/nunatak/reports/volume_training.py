"""Write a report on a training on tomograms: one HTML file that needs nothing else."""

from os import PathLike
from pathlib import Path

from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.reports.destination import check_destination
from nunatak.reports.rendering import write_page
from nunatak.reports.training_origin import origin_of_training
from nunatak.reports.volume_training_page import compose


def build_volume_training_report(
    result: VolumeTrainingResult, output: str | PathLike[str], *, redo: bool = False
) -> Path:
    """Write a report on a training on tomograms as a single HTML file.

    It shows the course of the training, what the model reaches and what thresholds give class by
    class, and what it finds in slabs of tomograms that were kept aside (or, where none was, of
    labelled ones that it was trained on).

    Parameters
    ----------
    result
        From `nunatak.train_tomograms`.
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
    origin = origin_of_training(result, noun="tomogram")
    write_page("training.html.j2", compose(result, provenance=origin), path)
    return path

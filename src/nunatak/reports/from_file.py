"""Report on picks that were written earlier, by nunatak or by another program."""

from collections.abc import Iterable
from pathlib import Path

from nunatak.images.axis_order import AxisOrder
from nunatak.picks.table import PickSet
from nunatak.reports.destination import check_destination
from nunatak.reports.locate import locate_images
from nunatak.reports.origin import origin_of_file
from nunatak.reports.report import build_report


def report_on_file(
    picks: PickSet,
    picks_file: Path,
    output: Path,
    *,
    images: Iterable[str] = (),
    threshold: float | None = None,
    diameter_A: float | None = None,
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    axis_order: AxisOrder | None = None,
    redo: bool = False,
) -> Path:
    """Write a report on picks read from a file.

    What the options leave open comes from the file itself and from the record that
    ``nunatak pick`` leaves beside it.

    Parameters
    ----------
    picks
        As read from ``picks_file``.
    picks_file
        Where they come from.
    output
        The HTML file.
    images
        Micrographs or tomograms to look the picks' names up in; none where the names are paths.
    threshold
        Picks with at least this score are selected; None keeps the file's own selection.
    diameter_A
        Particle diameter, Å; None takes the record's, or the file's of each pick.
    pixel_size_A, override_pixel_size, axis_order, redo
        As in `nunatak.reports.report.build_report`.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If the diameter is nowhere stated, or ``output`` must not be written.
    Mismatch
        If no image is found.
    BadInput
        If a threshold is given for picks without scores, or a pixel size is unknown.
    """
    check_destination(output, redo=redo)
    origin = origin_of_file(picks_file)
    has_selection = "selected" in picks.table
    return build_report(
        locate_images(picks, images),
        output,
        threshold=origin.threshold if threshold is None and has_selection else threshold,
        keep_selection=threshold is None,
        diameter_A=diameter_A or origin.diameter_A,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        axis_order=axis_order,
        provenance=origin.provenance,
        failures=origin.failures,
        redo=redo,
    )

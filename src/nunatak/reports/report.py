"""Write a report: one HTML file that needs nothing else, to look at what was picked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path

import pandas as pd

from nunatak import __version__
from nunatak.images.axis_order import AxisOrder
from nunatak.picks.table import PickSet
from nunatak.reports.destination import check_destination
from nunatak.reports.diameters import typical_diameter_A, with_diameters
from nunatak.reports.galleries import choose_galleries
from nunatak.reports.page import compose
from nunatak.reports.pictures import MicrographPainter, Painter, draw
from nunatak.reports.rendering import write_page
from nunatak.reports.summary import summarise
from nunatak.reports.volume_pictures import TomogramPainter


def build_report(
    picks: PickSet,
    output: str | PathLike[str],
    *,
    threshold: float | None = None,
    keep_selection: bool = False,
    diameter_A: float | None = None,
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    axis_order: AxisOrder | None = None,
    provenance: Mapping[str, str] | None = None,
    failures: Sequence[tuple[str, str]] = (),
    redo: bool = False,
) -> Path:
    """Write a report on picks as a single HTML file.

    The file holds its pictures, needs no network and no script, and opens at most a few dozen
    micrographs however many were picked. Picks in tomograms are shown on slabs of a few planes,
    and no more than these are read.

    Parameters
    ----------
    picks
        All candidates; ``image`` must be paths that can be opened from here.
    output
        The HTML file.
    threshold
        Picks with at least this score are selected; None takes the table's ``selected``
        column, or every pick where it has none.
    keep_selection
        Take the table's ``selected`` column although there is a threshold, which is then only
        marked.
    diameter_A
        Particle diameter, Å: the circles' size. None takes each pick's own.
    pixel_size_A
        Å per pixel of all micrographs (or voxel of all tomograms); None takes the pick table's
        and each header's.
    override_pixel_size
        Let ``pixel_size_A`` win over headers that contradict it.
    axis_order
        Of all tomograms; None asks where a shape leaves a doubt.
    provenance
        Model, options, command line and the like: name to text. The version of nunatak and the
        time of writing are added.
    failures
        Inputs that could not be picked, and why; they are not counted as empty.
    redo
        Replace an existing ``output`` even if it is not a report.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If the diameter is not positive or nowhere stated, or ``output`` must not be written.
    BadInput
        If a threshold is given for picks without scores, or a pixel size is unknown.
    ResourceError
        If the file cannot be written.
    """
    path = Path(output)
    check_destination(path, redo=redo)
    summary = summarise(
        with_diameters(picks, diameter_A),
        threshold=threshold,
        keep_selection=keep_selection,
        without=[name for name, _ in failures],
    )
    typical_A = typical_diameter_A(summary.table, diameter_A)
    paint: Painter = (
        MicrographPainter(typical_A, pixel_size_A, override_pixel_size)
        if picks.ndim == 2
        else TomogramPainter(typical_A, pixel_size_A, override_pixel_size, axis_order)
    )
    galleries = choose_galleries(summary)
    shown = pd.concat([summary.table.iloc[:0], *(gallery.rows for gallery in galleries)])
    pictures = draw(
        {one.image: summary.picks_of(one) for one in summary.landmarks.values()},
        shown[~shown.index.duplicated()],
        paint,
    )
    origin = {
        **(provenance or {}),
        "Report": f"nunatak {__version__}, {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
    }
    page = compose(
        summary,
        galleries,
        pictures,
        diameter_A=diameter_A,
        provenance=origin,
        failures=failures,
    )
    write_page("report.html.j2", page, path)
    return path

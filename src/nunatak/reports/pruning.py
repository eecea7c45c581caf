"""Write a report on a pruning: one HTML file that needs nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.picks.table import PickSet
from nunatak.pruning.decide import KEEP
from nunatak.pruning.image_files import Micrographs, micrograph_files
from nunatak.pruning.particle_names import has_particle_images
from nunatak.pruning.result import PruneResult
from nunatak.pruning.volumes.class_diameters import diameters_A, one_diameter_A
from nunatak.pruning.volumes.tomogram_files import tomogram_files
from nunatak.reports.destination import check_destination
from nunatak.reports.diameters import typical_diameter_A, with_diameters
from nunatak.reports.pictures import MicrographPainter, Painter, draw
from nunatak.reports.pruning_galleries import Opened, choose_galleries
from nunatak.reports.pruning_micrographs import changes_of, landmarks
from nunatak.reports.pruning_origin import origin_of_pruning
from nunatak.reports.pruning_page import compose
from nunatak.reports.pruning_stacks import draw_stacks
from nunatak.reports.pruning_views import show_views
from nunatak.reports.rendering import write_page
from nunatak.reports.volume_pictures import TomogramPainter

_FILES = {2: micrograph_files, 3: tomogram_files}
"""By the number of axes of the images."""


def write_pruning_report(
    result: PruneResult,
    path: str | PathLike[str],
    *,
    images: Micrographs = (),
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    axis_order: AxisOrder | None = None,
    redo: bool = False,
) -> Path:
    """Write a report on a pruning as a single HTML file.

    It shows what was kept and what was rejected, as what, on which images, how far the
    probabilities can be trusted, and which views of the particle suffered. It holds its pictures
    and opens at most a few dozen images however many there are. Picks in tomograms are shown on
    slabs of a few planes.

    Parameters
    ----------
    result
        From `nunatak.prune`.
    path
        The HTML file.
    images
        Micrographs or tomograms to look the picks' names up in, as for the pruning; None: the
        names are paths.
    pixel_size_A
        Å per pixel (voxel) of all images; None takes the list's, the pick table's and each
        header's.
    override_pixel_size
        Let ``pixel_size_A`` win over headers that contradict it.
    axis_order
        Of all tomograms; None asks where a shape leaves a doubt.
    redo
        Replace an existing ``path`` even if it is not a report.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If the particle diameter is nowhere stated, or ``path`` must not be written.
    BadInput
        If a pixel size is unknown, or there is nothing in ``images``.
    ResourceError
        If the file cannot be written.
    """
    output = Path(path)
    check_destination(output, redo=redo)
    files, _ = _FILES[result.picks.ndim](result.picks, images)
    shows_stacks = not files and has_particle_images(result.picks)
    picks = result.picks if shows_stacks else _sized(result)
    path_of = {name: str(files[name].path) if name in files else name for name in picks.images}
    table = _located(picks.table, path_of, files.values())
    changes = changes_of(table, _counts(result, path_of))
    # A label decides on a pick that could not be seen, and that cannot be shown either.
    seen = set(table["image"][table["probability"].notna()])
    whole = {} if shows_stacks else landmarks([one for one in changes if one.image in seen])
    opened = Opened([one.image for one in whole.values()])
    galleries = choose_galleries(table, opened)
    views = None if result.views is None else show_views(result.views, table, opened)
    all_galleries = [*galleries, *(() if views is None else views.galleries)]
    shown: pd.DataFrame = pd.concat([table.iloc[:0], *(one.rows for one in all_galleries)])
    shown = shown[~shown.index.duplicated()]
    if shows_stacks:
        pictures = draw_stacks(picks, shown)
    else:
        typical_A = typical_diameter_A(table, one_diameter_A(result.diameter_A))
        # A slab is laid where the most kept picks are.
        chosen = table.assign(selected=table["decision"] == KEEP)
        overviews = {one.image: chosen[table["image"] == one.image] for one in whole.values()}
        painter: Painter = (
            MicrographPainter(typical_A, pixel_size_A, override_pixel_size)
            if picks.ndim == 2
            else TomogramPainter(typical_A, pixel_size_A, override_pixel_size, axis_order)
        )
        pictures = draw(overviews, shown, painter)
    page = compose(
        result,
        table,
        changes,
        galleries,
        views,
        pictures=pictures,
        whole=whole,
        provenance=origin_of_pruning(result),
    )
    write_page("pruning.html.j2", page, output)
    return output


def _sized(result: PruneResult) -> PickSet:
    """Return the picks with a diameter each."""
    picks = result.picks
    if picks.ndim == 2:
        return with_diameters(picks, one_diameter_A(result.diameter_A))
    sizes_A = diameters_A(picks, result.diameter_A)
    return replace(picks, table=picks.table.assign(diameter_A=sizes_A))


def _located(
    table: pd.DataFrame, path_of: Mapping[str, str], files: Iterable[ListedMicrograph]
) -> pd.DataFrame:
    """Return the table with paths for names, and the pixel sizes that a list states."""
    table = table.assign(image=table["image"].map(path_of))
    listed_A = {str(one.path): one.pixel_size_A for one in files if one.pixel_size_A}
    if listed_A:
        stated = table["image"].map(listed_A)
        table["pixel_size_A"] = stated.fillna(table.get("pixel_size_A", np.nan))
    return table


def _counts(result: PruneResult, path_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the counts of each image, in the order of the picks, by path."""
    counts = result.by_micrograph().set_index("image").loc[list(result.picks.images)]
    return counts.reset_index().assign(image=[path_of[name] for name in result.picks.images])

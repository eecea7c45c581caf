"""What the STAR files of picks in tomograms have in common: how they are written.

A file that did not come with optics groups gets none: RELION's import takes the first table of a
file for the particles, and RELION makes the groups itself, from its tomograms.star.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.relion_star import EMPTY_IMAGES
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.formats.tomograms import relion_tomo_classes as classes
from nunatak.picks.formats.tomograms import relion_tomo_poses as poses
from nunatak.picks.formats.tomograms.relion_tomo_columns import (
    STACKS,
    TILT_SERIES_PIXEL_SIZE,
    TOMOGRAM,
)
from nunatak.picks.formats.tomograms.relion_tomo_names import names_for
from nunatak.picks.formats.tomograms.relion_tomo_scale import series_names
from nunatak.picks.table import ANGLE_COLUMNS, Z_COLUMN, PickSet

_ELSEWHERE = frozenset(
    {
        *("image", "x_px", "y_px", Z_COLUMN, *ANGLE_COLUMNS),
        *("pixel_size_A", STACKS, classes.COLUMN),
    }
)


def write_particles(
    picks: PickSet,
    path: Path,
    context: FormatContext,
    coordinates: Mapping[str, FloatArray],
    pixel_size_A: FloatArray | None,
) -> list[Path]:
    """Write RELION's file of particles.

    Parameters
    ----------
    picks
        What to write.
    path, context
        Where, and whether a file may be replaced.
    coordinates
        By label, each of shape (n,).
    pixel_size_A
        Of the tilt series of each pick, shape (n,), where it is known.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file, or two tomograms would have one name.
    UsageError
        If the file exists and may not be replaced.
    ResourceError
        If it cannot be written.
    """
    per_image.refuse_existing([path], context)
    named = names_for(picks.images, series_names(picks.images, context))
    first: dict[str, pd.Series] = {TOMOGRAM: picks.table["image"].map(named)}
    first.update({label: pd.Series(values) for label, values in coordinates.items()})
    optics = optics_described(picks, pixel_size_A)
    if pixel_size_A is not None and optics is None:
        first[TILT_SERIES_PIXEL_SIZE] = pd.Series(pixel_size_A)
    with_picks = frozenset(picks.table["image"])
    empty = [named[image] for image in picks.images if image not in with_picks]
    write_text(path, file_text(picks, first, (TOMOGRAM, empty), optics))
    return [path]


def file_text(
    picks: PickSet,
    first: Mapping[str, pd.Series],
    empty: tuple[str, list[str]],
    optics: pd.DataFrame | None,
) -> str:
    """Return the text of a STAR file.

    Parameters
    ----------
    picks
        Their table's columns follow the first ones; where two have one label, the first counts.
    first
        Names, coordinates and what else the format itself says of each pick, by label.
    empty
        The label of tomograms, and the names of those without a pick.
    optics
        Optics groups that describe every pick.

    Raises
    ------
    BadInput
        If a name cannot stand in a STAR file, or subtomograms are of both kinds.
    """
    table = relion.with_scores(picks.table)
    columns = dict(first)
    for label, angles in poses.angles_within(table).items():
        columns[label] = pd.Series(angles)
    columns |= classes.labelled(table)
    renamed = {"score": relion.SCORE, **relion.OWN}
    for name in table.columns:
        label = renamed.get(name, str(name))
        if name not in _ELSEWHERE and label not in columns:
            columns[label] = table[name]
    blocks = _general(table)
    if optics is not None:
        blocks += [star_block("optics", {str(name): optics[name] for name in optics})]
    blocks.append(star_block("particles", columns))
    if empty[1]:
        blocks.append(star_block(EMPTY_IMAGES, {empty[0]: pd.Series(empty[1], dtype=str)}))
    return "\n".join(["# version 30001", "", *blocks])


def optics_described(picks: PickSet, pixel_size_A: FloatArray | None = None) -> pd.DataFrame | None:
    """Return the optics groups that were read, if they still describe every pick.

    Parameters
    ----------
    picks
        With their optics groups.
    pixel_size_A
        Of the tilt series of each pick, shape (n,), where RELION needs the groups to state it.
    """
    optics, table = picks.optics, picks.table
    group = relion.OPTICS_GROUP
    if optics is None or not len(optics) or not {group} <= set(optics) & set(table):
        return None
    described = optics[group].astype(str)
    groups = table[group].astype(str)
    if not groups.isin(set(described)).all():
        return None
    if pixel_size_A is not None:
        if TILT_SERIES_PIXEL_SIZE not in optics:
            return None
        stated_A = pd.to_numeric(optics[TILT_SERIES_PIXEL_SIZE], errors="coerce").astype(float)
        of_group = dict(zip(described, stated_A, strict=True))
        if not np.allclose(groups.map(of_group).to_numpy(np.float64), pixel_size_A, rtol=1e-3):
            return None
    return optics


def _general(table: pd.DataFrame) -> list[str]:
    if STACKS not in table.columns or not len(table):
        return []
    values = table[STACKS].astype(str).unique()
    if len(values) > 1 or values[0] not in ("0", "1"):
        raise BadInput(
            f"Column {STACKS} holds {', '.join(values)}, but one STAR file holds subtomograms of "
            "one kind only, 0 or 1. Write the two kinds into separate files."
        )
    return [f"data_general\n\n_{STACKS} {values[0]}\n\n"]

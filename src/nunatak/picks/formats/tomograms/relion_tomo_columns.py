"""What the STAR files of picks in tomograms have in common: their labels, and how they are read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.relion_star import EMPTY_IMAGES
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.tomograms import relion_tomo_classes as classes
from nunatak.picks.formats.tomograms import relion_tomo_poses as poses
from nunatak.picks.formats.tomograms.relion_tomo_names import images_named
from nunatak.picks.table import Z_COLUMN, PickSet

TOMOGRAM: Final = "rlnTomoName"
COORDINATES: Final = (relion.X, relion.Y, "rlnCoordinateZ")
CENTRED_A: Final = tuple(f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ")
TILT_SERIES_PIXEL_SIZE: Final = "rlnTomoTiltSeriesPixelSize"
SCORES: Final = (relion.SCORE, "rlnLCCmax")
"""The second is the correlation of pytom-match-pick, and stays a column as well."""
STACKS: Final = "rlnTomoSubTomosAre2DStacks"
"""RELION 5's only statement about a whole file; a column of the pick table."""

_POSITION = ("x_px", "y_px", Z_COLUMN)
_SUBTABLES = frozenset({"optics", EMPTY_IMAGES, "general"})


@dataclass(frozen=True)
class TomoStar:
    """The tables of a STAR file of picks in tomograms.

    Attributes
    ----------
    particles, optics : StarTable
        The table with the coordinates, and the optics groups, if there are any.
    empty : StarTable or None
        Tomograms that were looked at and have no pick.
    stacks : str or None
        Whether particle images are stacks of two dimensions, where the file says so.
    notes : list of str
        What of the file is not kept or not applied.
    """

    particles: StarTable
    optics: StarTable | None
    empty: StarTable | None
    stacks: str | None
    notes: list[str]

    def positions(self, labels: Collection[str]) -> FloatArray:
        """Return coordinates x, y, z as they stand in the file, shape (n, 3), float64."""
        return np.stack([self.particles.numbers(label) for label in labels], axis=1)

    def images(
        self, labels: Sequence[str], context: FormatContext
    ) -> tuple[list[str], tuple[str, ...]]:
        """Return the tomogram of each row, and those without a pick.

        Parameters
        ----------
        labels
            Under which names may stand; the first that is there counts.
        context
            Knows the tomograms, or the one of a file that does not name it.

        Raises
        ------
        FormatError
            If no tomogram is named.
        Mismatch
            If a name fits no tomogram or several.
        """
        star = self.particles
        label = next((one for one in labels if one in star.columns), None)
        empty = [] if self.empty is None else next(iter(self.empty.columns.values()))
        if label is None and context.image is None:
            raise FormatError(
                star.path,
                f"no column {' or '.join(labels)}",
                line=star.line,
                field=f"block data_{star.block}",
                hint="If the picks belong to one tomogram, name it in 'nunatak convert' (--image)",
            )
        names = [] if label is None else star.columns[label]
        found = images_named([*names, *empty], star.path, context)
        without = tuple(found[name] for name in empty)
        if label is None:
            return [str(context.image)] * len(star), without
        return [found[name] for name in names], without

    def tilt_series_pixel_size_A(self) -> FloatArray | None:
        """Return the pixel size of each pick's tilt series, shape (n,); None where not stated.

        Raises
        ------
        FormatError
            If a row belongs to an optics group that the file does not describe.
        """
        if TILT_SERIES_PIXEL_SIZE in self.particles.columns:
            return self.particles.numbers(TILT_SERIES_PIXEL_SIZE, missing_allowed=True)
        return relion.sizes_of_groups(self.particles, self.optics, TILT_SERIES_PIXEL_SIZE)

    def pick_set(
        self,
        images: list[str],
        position_px: FloatArray,
        pixel_size_A: FloatArray | None,
        empty: tuple[str, ...],
        *,
        used: Collection[str],
    ) -> PickSet:
        """Return the picks.

        Parameters
        ----------
        images
            Tomogram of each row.
        position_px
            Shape (n, 3), float64, x, y, z in voxels.
        pixel_size_A
            Side of each row's voxel, shape (n,); None where it is not known.
        empty
            Tomograms without a pick.
        used
            Labels that these arguments stand for. What else nunatak does not know is kept as
            text.

        Raises
        ------
        FormatError
            If a value is not what its label demands.
        """
        cells = self.particles.columns
        columns: dict[str, object] = {"image": pd.Series(images, dtype=str)}
        columns.update(zip(_POSITION, position_px.T, strict=True))
        columns.update(poses.orientations(self.particles))
        score = next((label for label in SCORES if label in cells), None)
        if score is not None:
            columns["score"] = self.particles.numbers(score, missing_allowed=True)
        columns.update(_own_columns(self.particles))
        notes, known = list(self.notes), {*used, *poses.ANGLES, relion.SCORE, *relion.OWN.values()}
        numbered = classes.classes(self.particles)
        if numbered is not None:
            columns[classes.COLUMN] = numbered
            known.add(classes.NUMBER)
            notes.append(f"{self.particles.path}: the classes are RELION's ({classes.NUMBER}).")
        if pixel_size_A is not None:
            columns["pixel_size_A"] = pixel_size_A
        for name, texts in cells.items():
            if name not in known:
                columns[name] = pd.Series(texts, dtype=str)
        if self.stacks is not None:
            columns[STACKS] = self.stacks
        optics = None if self.optics is None else pd.DataFrame(self.optics.columns, dtype=str)
        frame = pd.DataFrame(columns, index=range(len(self.particles)))
        return PickSet(frame, optics, images=empty, source=self.particles.path, notes=notes)


def read_tables(path: Path, labels: Collection[str], *, refined: bool) -> TomoStar:
    """Read a STAR file whose picks have coordinates by these labels.

    Parameters
    ----------
    path
        The file.
    labels
        Of x, y and z.
    refined
        Whether refined origins will be applied, so that they need no mention.

    Raises
    ------
    FormatError
        If the file is damaged, or no table or several have the coordinates.
    """
    tables = read_star(path)
    with_picks = [table for table in tables if set(labels) <= table.columns.keys()]
    if not with_picks:
        candidates = [table for table in tables if table.block not in _SUBTABLES] or tables
        if not candidates:
            raise FormatError(path, "a STAR file without any table")
        candidates[-1].require(*labels)
    if len(with_picks) > 1:
        blocks = ", ".join(f"data_{table.block}" for table in with_picks)
        raise FormatError(path, f"{len(with_picks)} tables of coordinates ({blocks}); expected one")
    [particles] = with_picks
    by_block = {table.block: table for table in tables}
    general = by_block.get("general")
    others = [t for t in tables if t is not particles and t.block not in _SUBTABLES]
    notes = [] if refined else poses.note_on_origins(particles)
    if others:
        blocks = ", ".join(f"data_{table.block}" for table in others)
        notes.append(f"{path}: tables without coordinates are not kept: {blocks}.")
    return TomoStar(
        particles,
        by_block.get("optics"),
        by_block.get(EMPTY_IMAGES),
        general.columns[STACKS][0] if general is not None and STACKS in general.columns else None,
        notes,
    )


def read_in_file(path: Path, labels: Collection[str]) -> PickSet:
    """Read picks with coordinates as they stand in the file; no voxel size is known of them.

    Parameters
    ----------
    path
        The file.
    labels
        Of x, y and z.

    Raises
    ------
    FormatError
        If the file is damaged, or no table or several have the coordinates.
    """
    star = read_tables(path, labels, refined=False)
    images, empty = star.images([TOMOGRAM], FormatContext(image=path.stem))
    used = {TOMOGRAM, *labels}
    return star.pick_set(images, star.positions(labels), None, empty, used=used)


def _own_columns(star: StarTable) -> dict[str, object]:
    columns: dict[str, object] = {}
    for ours, label in relion.OWN.items():
        if label not in star.columns:
            continue
        if ours == "diameter_A":
            columns[ours] = star.numbers(label, missing_allowed=True)
        elif ours == "selected":
            columns[ours] = star.numbers(label) != 0
        else:
            columns[ours] = pd.Series(star.columns[label], dtype=str)
    return columns

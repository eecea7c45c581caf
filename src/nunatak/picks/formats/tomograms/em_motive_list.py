"""Motive lists of TOM, AV3 and Artiatomi: an EM file of 20 numbers a particle.

Counted from 1, rows 8 to 10 are the voxel, counted from 1, rows 11 to 13 the shift to add to it,
17 to 19 the angles phi, psi and theta in this order, 1 the score, 5 the number of the tomogram
and 20 the class (the table of ArtiaX; cryoCAT has the same). The other rows are kept as
``em_row_2``, ... copick writes scores into row 4 and leaves row 1 alone: a note says so.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak import rotations
from nunatak.errors import FormatError, Mismatch
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.tomograms import class_map, numbering
from nunatak.picks.formats.tomograms.em_file import looks_like_em, read_em, write_em
from nunatak.picks.formats.unknown_as_zero import angles_or_zero, or_zero, unless_zero
from nunatak.picks.table import ANGLE_COLUMNS, PickSet, empty_table

ENDING = ".em"
PREFIX = "em_row_"
_N_ROWS = 20

# Rows of the list, counted from 0.
_SCORE, _TOMOGRAM, _CLASS = 0, 4, 19
_POSITION, _SHIFT, _ANGLES = slice(7, 10), slice(10, 13), slice(16, 19)
_COPICK_SCORE = 3
_RUNNING_NUMBERS = (3, 5)
_KEPT = (1, 2, 3, 5, 6, 13, 14, 15)


_TWENTY = (_N_ROWS.to_bytes(4, "little"), _N_ROWS.to_bytes(4, "big"))


def sniff(head: bytes) -> bool:
    """Whether this is an EM file of one slice, 20 numbers wide or high."""
    if not looks_like_em(head):
        return False
    return head[4:8] in _TWENTY or head[8:12] in _TWENTY


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a list, also one with particles and rows exchanged.

    Rows of nothing but 0 hold no angles, scores or classes.

    Raises
    ------
    FormatError
        If the file is damaged, or is an EM file of something else.
    Mismatch
        If the tomogram of a number is unknown.
    """
    picks = read_in_file(path)
    if not len(picks):
        images = () if context.image is None else (context.image,)
        return PickSet(empty_table(3), images=images, source=path)
    tomograms = np.asarray(picks.table["image"], dtype=np.int64)
    image_of = numbering.images_of(tomograms, path, context, {})
    table = picks.table.assign(image=pd.Series(tomograms).map(image_of))
    return PickSet(frame.to_source(table, context), source=path, notes=picks.notes)


def read_in_file(path: Path) -> PickSet:
    """Read a list as `read` does, but that tomograms are called by their numbers.

    Raises
    ------
    FormatError
        If the file is damaged, or is an EM file of something else.
    """
    particles = _particles(path)
    if not len(particles):
        return PickSet(empty_table(3), source=path)
    position = particles[:, _POSITION] + particles[:, _SHIFT] - 1
    table = pd.DataFrame(
        {
            "image": _whole(path, particles, _TOMOGRAM).astype(str),
            **dict(zip(("x_px", "y_px", "z_px"), position.T, strict=True)),
        }
    )
    angles_deg = unless_zero(particles[:, _ANGLES])
    if angles_deg is not None:
        table[list(ANGLE_COLUMNS)] = rotations.to_relion(rotations.from_tom(angles_deg))
    scores = unless_zero(particles[:, _SCORE])
    if scores is not None:
        table["score"] = scores
    classes, notes = numbering.class_names(_whole(path, particles, _CLASS), path)
    if classes is not None:
        table["class_name"] = classes
    for row in _KEPT:
        if particles[:, row].any():
            table[f"{PREFIX}{row + 1}"] = particles[:, row]
    if scores is None:
        notes += _notes(path, particles)
    return PickSet(table, source=path, notes=notes)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write a list: whole voxels, and what is left of the positions as the shift.

    Beside it a map of classes, where these have names.

    Raises
    ------
    FormatError
        If a file of the map's name exists and is none: it is left alone.
    Mismatch
        If there are several tomograms and no numbers are stated for them.
    """
    per_image.refuse_existing([path, class_map.own_map(path)], context)
    if len(picks.images) > 1 and not context.tomograms.numbers:
        raise Mismatch(
            f"{path}: motive lists hold numbers and no names, but there are {len(picks.images)} "
            "tomograms. State their numbers, such as 1=TS_01.mrc (--tomogram-number)."
        )
    numbers = numbering.numbers_of(picks.images, context)
    table = picks.table
    position = frame.volume_in_file(table, context) + 1
    # Whole numbers are exact in float32, and so is a small rest, almost.
    voxel = frame.whole(position)
    particles = np.zeros((len(table), _N_ROWS))
    particles[:, _RUNNING_NUMBERS] = np.arange(1, len(table) + 1)[:, None]
    for row in _KEPT:
        if f"{PREFIX}{row + 1}" in table.columns:
            particles[:, row] = or_zero(table[f"{PREFIX}{row + 1}"])
    particles[:, _POSITION], particles[:, _SHIFT] = voxel, position - voxel
    if picks.has_angles:
        particles[:, _ANGLES] = rotations.to_tom(rotations.from_relion(angles_or_zero(table)))
    if "score" in table.columns:
        particles[:, _SCORE] = or_zero(table["score"])
    particles[:, _TOMOGRAM] = table["image"].map(numbers)
    classes = numbering.numbers_of_classes(table, path)
    particles[:, _CLASS] = numbering.class_numbers(table, classes)
    maps = class_map.write_map(path, classes)
    write_em(path, particles[None])
    return [path, *maps]


def _particles(path: Path) -> FloatArray:
    """Return the particles of a list, shape (n, 20), finite."""
    values = read_em(path)
    nz, ny, nx = values.shape
    if nz != 1 or _N_ROWS not in (nx, ny):
        raise FormatError(
            path,
            f"an array of {nx} x {ny} x {nz} numbers where a motive list has {_N_ROWS} a particle",
            hint="Is this a volume?",
        )
    particles: FloatArray = values[0] if nx == _N_ROWS else values[0].T
    bad = np.argwhere(~np.isfinite(particles))
    if len(bad):
        particle, row = bad[0]
        raise FormatError(
            path,
            f"{particles[particle, row]} where a number was expected",
            field=f"particle {particle + 1}, row {row + 1}",
            hint="Remove or repair this particle",
        )
    return particles


def _whole(path: Path, particles: FloatArray, row: int) -> numbering.IntArray:
    values = particles[:, row]
    particle = numbering.first_not_whole(values)
    if particle is not None:
        raise FormatError(
            path,
            f"{values[particle]:g} where a whole number was expected",
            field=f"particle {particle + 1}, row {row + 1}",
        )
    return values.astype(np.int64)


def _notes(path: Path, particles: FloatArray) -> list[str]:
    fourth = particles[:, _COPICK_SCORE]
    if (fourth == np.floor(fourth)).all():
        return []
    return [
        f"{path}: row 1, the score, is empty, but row 4 holds fractions, as in lists that copick "
        f"wrote: they are scores then, kept as {PREFIX}{_COPICK_SCORE + 1}."
    ]


FORMAT = PickFormat(
    name="em-motl",
    title="TOM motive list",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        zero_for_unknown=(*ANGLE_COLUMNS, "score"),
        class_name=True,
        angles=True,
        columns=tuple(f"{PREFIX}{row + 1}" for row in _KEPT),
        empty_images=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    read_in_file=read_in_file,
)

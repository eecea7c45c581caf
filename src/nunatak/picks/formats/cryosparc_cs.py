"""CryoSPARC ``.cs`` files: a NumPy structured array with one record a pick.

``location/center_x_frac`` and ``location/center_y_frac`` are fractions of the image's width
and height, by convention from the *bottom* left: ``x = fx nx``, ``y = (1 - fy) ny`` (pyem's
reading). Images that CryoSPARC's own motion correction wrote are mirrored already and need
``identity``; `nunatak orientation` tells. Fractions are float32 (2e-4 px on 4096 pixels).
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak import geometry
from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.files import written_whole
from nunatak.geometry import FloatArray, Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.cryosparc_uids import UID, pick_uids, uids, whole_column
from nunatak.picks.formats.structured import MAGIC, read_structured
from nunatak.picks.table import PickSet

OWN_ORIENTATION = Orientation.FLIP_Y

_X, _Y = "location/center_x_frac", "location/center_y_frac"
_PATH, _SHAPE = "location/micrograph_path", "location/micrograph_shape"
_PIXEL_SIZE, _SCORE = "location/micrograph_psize_A", "pick_stats/ncc_score"
_MICROGRAPH_UID = "location/micrograph_uid"
_GROUP = "location/exp_group_id"
_READ_HERE = frozenset({_X, _Y, _PATH, _SHAPE, _PIXEL_SIZE, _SCORE, _MICROGRAPH_UID})
_UID_PREFIX = re.compile(r"^\d{15,21}_")


def sniff(head: bytes) -> bool:
    """Whether this is a NumPy array with CryoSPARC's fields."""
    return head.startswith(MAGIC) and b"location/" in head


def read(path: Path, context: FormatContext) -> PickSet:
    """Read picks; fields of one value a pick are kept.

    Raises
    ------
    FormatError
        If the file is damaged, holds Python objects, or lacks a field.
    Mismatch
        If an image's size stands neither in the file nor in the context.
    """
    refuse_binning(context)
    records = read_structured(path)
    _require(path, records, _PATH, _X, _Y)
    images, notes = _images(path, records[_PATH], context)
    table = pd.DataFrame({"image": images})
    ny, nx, differing = _shapes(path, records, table, context)
    if differing:
        notes.append(
            f"{path}: {counted(differing, 'pick')} {'lies' if differing == 1 else 'lie'} in images "
            "whose size is not that in the file; fractions were taken of the images' own size."
        )
    x_fraction, y_fraction = geometry.oriented_fractions(
        _floats(records[_X]), _floats(records[_Y]), context.orientation or OWN_ORIENTATION
    )
    table["x_px"] = geometry.fraction_to_position(x_fraction, nx)
    table["y_px"] = geometry.fraction_to_position(y_fraction, ny)
    names = records.dtype.names or ()
    if _SCORE in names:
        table["score"] = _floats(records[_SCORE])
    if _PIXEL_SIZE in names:
        table["pixel_size_A"] = _floats(records[_PIXEL_SIZE])
    others = [name for name in names if name not in _READ_HERE and records[name].ndim == 1]
    kept = pd.DataFrame({name: plain(path, records[name]) for name in others}, index=table.index)
    dropped = [name for name in names if name not in _READ_HERE and records[name].ndim > 1]
    if dropped:
        notes.append(f"{path}: fields of several values are not kept: {', '.join(dropped)}.")
    return PickSet(pd.concat([table, kept], axis=1), source=path, notes=notes)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one structured array.

    Raises
    ------
    Mismatch
        If the size of an image is unknown.
    UsageError
        If a binning is given, or the file exists and may not be replaced.
    """
    refuse_binning(context)
    per_image.refuse_existing([path], context)
    table = picks.table
    ny, nx = frame.shapes_of(table, context)
    x_fraction, y_fraction = geometry.oriented_fractions(
        geometry.position_to_fraction(table["x_px"].to_numpy(), nx),
        geometry.position_to_fraction(table["y_px"].to_numpy(), ny),
        context.orientation or OWN_ORIENTATION,
    )
    codes, distinct = pd.factorize(table["image"])
    encoded = np.array([str(image).encode() for image in distinct] or [b""])
    fields: dict[str, np.ndarray] = {
        UID: pick_uids(table),
        _MICROGRAPH_UID: uids(encoded.tolist())[codes],
        _GROUP: whole_column(table, _GROUP, 1).astype(np.uint32),
        _PATH: encoded[codes],
        _SHAPE: np.column_stack([ny, nx]).astype(np.uint32),
        _X: x_fraction.astype(np.float32),
        _Y: y_fraction.astype(np.float32),
    }
    for column, name in (("pixel_size_A", _PIXEL_SIZE), ("score", _SCORE)):
        if column in table.columns:
            fields[name] = table[column].to_numpy(dtype=np.float32)
    records = np.empty(
        len(table), dtype=[(name, v.dtype, v.shape[1:]) for name, v in fields.items()]
    )
    for name, values in fields.items():
        records[name] = values
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, records, allow_pickle=False)
    return [path]


def refuse_binning(context: FormatContext) -> None:
    """Refuse a binning: fractions of an image have none.

    Raises
    ------
    UsageError
        If the context's grid is not that of the stored image.
    """
    if not context.grid.is_stored:
        raise UsageError(
            "CryoSPARC files hold fractions of the image, which no binning changes. "
            "Leave the binning out."
        )


def _require(path: Path, records: np.ndarray, *names: str) -> None:
    found = records.dtype.names or ()
    missing = [name for name in names if name not in found]
    if missing:
        raise FormatError(
            path, f"no field {' and '.join(missing)}", hint=f"Fields found: {', '.join(found)}"
        )
    kinds = {_PATH: "SU", _X: "fiu", _Y: "fiu", _PIXEL_SIZE: "fiu", _SCORE: "fiu"}
    for name in kinds.keys() & set(found):
        if records[name].ndim != 1 or records[name].dtype.kind not in kinds[name]:
            raise FormatError(path, f"unexpected type {records.dtype[name]}", field=name)


def _images(
    path: Path, cells: np.ndarray, context: FormatContext
) -> tuple["pd.Series[str]", list[str]]:
    distinct, codes = np.unique(cells, return_inverse=True)
    names = [_decoded(path, cell).removeprefix(">") for cell in distinct.tolist()]
    known = context.images.index.resolve_all([*names, *map(_undecorated, names)]).found
    found = [known.get(name) or known.get(_undecorated(name)) or name for name in names]
    notes = []
    renamed = sum(1 for name, image in zip(names, found, strict=True) if name != image)
    if renamed:
        verb = "was" if renamed == 1 else "were"
        notes.append(
            f"{path}: {counted(renamed, 'image')} {verb} found under another path than the file's."
        )
    return pd.Series(np.array(found, dtype=object)[codes.ravel()], dtype=str), notes


def _undecorated(name: str) -> str:
    """Take CryoSPARC's numeric prefix off a file name."""
    folder, slash, file_name = name.rpartition("/")
    return folder + slash + _UID_PREFIX.sub("", file_name)


def _shapes(
    path: Path, records: np.ndarray, table: pd.DataFrame, context: FormatContext
) -> tuple[FloatArray, FloatArray, int]:
    """Return height and width of each pick's image, and how many differ from the file's.

    An image that is known counts by its own size, any other by what the file says.
    """
    names = records.dtype.names or ()
    if _SHAPE not in names:
        try:
            return *frame.shapes_of(table, context), 0
        except Mismatch as error:
            raise Mismatch(f"{path} does not state the size of its images. {error}") from error
    stated = records[_SHAPE]
    if stated.shape[1:] != (2,) or stated.dtype.kind not in "iuf":
        raise FormatError(path, f"type {records.dtype[_SHAPE]}; expected (ny, nx)", field=_SHAPE)
    ny, nx = _floats(stated[:, 0]), _floats(stated[:, 1])
    if len(records) and not bool((np.minimum(ny, nx) >= 1).all()):
        raise FormatError(path, "an image without extent", field=_SHAPE)
    known, differing = frozenset(context.images.names), 0
    for image, rows in frame.by_image(table):
        if image in known:
            shape = context.images.shape(image)
            differing += int(((ny[rows] != shape[0]) | (nx[rows] != shape[1])).sum())
            ny[rows], nx[rows] = shape
    return ny, nx, differing


def _decoded(path: Path, cell: bytes | str) -> str:
    if isinstance(cell, str):
        return cell
    try:
        return cell.decode()
    except UnicodeDecodeError:
        raise FormatError(path, f"{cell!r} is not UTF-8", field=_PATH) from None


def plain(path: Path, cells: np.ndarray) -> np.ndarray | list[str]:
    """Return a field of one value a pick as numbers or text of this machine."""
    if cells.dtype.kind == "S":
        return [_decoded(path, cell) for cell in cells.tolist()]
    return cells.astype(cells.dtype.newbyteorder("="))


def _floats(values: np.ndarray) -> FloatArray:
    return values.astype(np.float64)


FORMAT = PickFormat(
    name="cryosparc",
    title="CryoSPARC .cs",
    suffixes=(".cs",),
    capabilities=Capabilities(
        score=True,
        pixel_size=True,
        columns=(UID, _GROUP),
        empty_images=False,
        multi_image=True,
        needs_shape=True,
        orientation=OWN_ORIENTATION,
    ),
    sniff=sniff,
    read=read,
    write=write,
)

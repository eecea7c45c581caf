"""IMOD's binary model files: chunks of big-endian numbers (IMOD's binary specification, V1.2).

A header of the model is followed by objects (``OBJT``), each by its contours (``CONT``) and
meshes (``MESH``), and by chunks that state their length, of which only ``MINX`` says something
about positions. ``IEOF`` ends the file.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nunatak.errors import BadInput, FormatError
from nunatak.files import written_whole
from nunatak.picks.formats.text import read_bytes

MAGIC = b"IMOD"
FLAGS_TURNED = (1 << 16) | (1 << 17)
"""Y and z are stored exchanged, or the model is turned about x."""

_VERSION = b"V1.2"
_HEADER = struct.Struct(">128s3iiI4i6f5ifii3f")
_OBJECT = struct.Struct(">64s16IiI2i3fi8B2i")
_CONTOUR = struct.Struct(">iIii")
_MESH = struct.Struct(">iiIhh")
_MINX = struct.Struct(">18f")
_LENGTH = struct.Struct(">i")

_NAME_BYTES = 63
_POINT_BYTES, _INDEX_BYTES = 12, 4
_FLAG_Z_FROM_MINUS_HALF, _FLAG_NEW, _FLAG_ORIGIN_KNOWN = 1 << 10, 1 << 11, 1 << 14
_OPEN, _WILD, _SCATTERED = 1 << 3, 1 << 4, 1 << 9
_COLOURS = ((0, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 0, 0), (0, 0.5, 1))


@dataclass
class ImodObject:
    """One object of a model.

    Attributes
    ----------
    name : str
        Often empty.
    contours : list of ndarray, shape (n, 3), float64
        Points x, y, z in IMOD's coordinates.
    """

    name: str
    contours: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass
class ImodModel:
    """The points of a model.

    Attributes
    ----------
    size_px : tuple of int
        ``(x, y, z)`` of the image that the model was made on.
    flags : int
        Of the header.
    objects : list of ImodObject
        In the order of the file.
    offset_px : ndarray, shape (3,), float64
        What to add to a point so that it counts from the corner of the whole image, where the
        model was made on a part of it.
    """

    size_px: tuple[int, int, int]
    flags: int = 0
    objects: list[ImodObject] = field(default_factory=list)
    offset_px: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))


class _Cursor:
    """A place in the bytes of a file, which never goes beyond their end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw = read_bytes(path)
        self.at = 0
        self.chunk = "header"

    def take(self, n_bytes: int) -> bytes:
        if not 0 <= n_bytes <= len(self.raw) - self.at:
            raise FormatError(
                self.path,
                f"cut off or damaged: {n_bytes} bytes are announced at byte {self.at}, but "
                f"{len(self.raw) - self.at} follow",
                field=f"chunk {self.chunk}",
            )
        start, self.at = self.at, self.at + n_bytes
        return self.raw[start : self.at]

    def unpack(self, fields: struct.Struct) -> tuple[Any, ...]:
        return fields.unpack(self.take(fields.size))


def read_imod(path: Path) -> ImodModel:
    """Read the points of a model; meshes, views and materials are passed over.

    Raises
    ------
    FormatError
        If this is no binary model of version 1.2, or it is cut off.
    """
    cursor = _Cursor(path)
    if cursor.raw[:8] != MAGIC + _VERSION:
        raise FormatError(
            path,
            f"not a binary IMOD model: it begins with {cursor.raw[:8]!r}",
            hint="Open IMOD's text models in 3dmod and save them",
        )
    cursor.at = 8
    header = cursor.unpack(_HEADER)
    model = ImodModel(size_px=header[1:4], flags=header[5])
    while True:
        cursor.chunk = cursor.take(4).decode("ascii", "backslashreplace")
        match cursor.chunk:
            case "IEOF":
                return model
            case "OBJT":
                name = cursor.unpack(_OBJECT)[0].split(b"\0")[0]
                model.objects.append(ImodObject(name.decode("utf-8", "replace").strip()))
            case "CONT":
                _last_object(cursor, model).contours.append(_points(cursor))
            case "MESH":
                n_points, n_indices, *_ = cursor.unpack(_MESH)
                cursor.take(_POINT_BYTES * n_points)
                cursor.take(_INDEX_BYTES * n_indices)
            case "MINX":
                _read_minx(cursor, model)
            case _:
                cursor.take(cursor.unpack(_LENGTH)[0])


def write_imod(path: Path, model: ImodModel, radius_px: int) -> None:
    """Write objects of scattered points, whole.

    Parameters
    ----------
    path
        The file.
    model
        Size and objects.
    radius_px
        Of the spheres that 3dmod draws at the points.

    Raises
    ------
    BadInput
        If an object's name is too long.
    """
    flags = _FLAG_Z_FROM_MINUS_HALF | _FLAG_NEW
    view = (1, 1, 0, 255, *(0.0,) * 3, *(1.0,) * 3, 0, 0, 0, 3, 128, 1.0, 0, 0, *(0.0,) * 3)
    parts = [
        MAGIC + _VERSION,
        _HEADER.pack(b"nunatak", *model.size_px, len(model.objects), flags, *view),
    ]
    for number, one in enumerate(model.objects):
        name = one.name.encode("utf-8")
        if len(name) > _NAME_BYTES:
            raise BadInput(
                f"Class {one.name!r}: names in IMOD's models have {_NAME_BYTES} bytes at most. "
                "Rename the class."
            )
        drawing = (0, 1, *_COLOURS[number % len(_COLOURS)], radius_px, 1, 3, 1, 1, 0, 0, 0, 0)
        n_contours = len(one.contours)
        fields = (name, *(0,) * 16, n_contours, _OPEN | _SCATTERED, *drawing, 0, 0)
        parts += [b"OBJT", _OBJECT.pack(*fields)]
        for points in one.contours:
            parts += [b"CONT", _CONTOUR.pack(len(points), _OPEN | _WILD, 0, 0)]
            parts.append(points.astype(">f4").tobytes())
    with written_whole(path) as temporary:
        temporary.write_bytes(b"".join([*parts, b"IEOF"]))


def _points(cursor: _Cursor) -> NDArray[np.float64]:
    n_points = cursor.unpack(_CONTOUR)[0]
    raw = cursor.take(_POINT_BYTES * n_points)
    points = np.frombuffer(raw, dtype=">f4").reshape(-1, 3).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise FormatError(
            cursor.path,
            f"{points[bad[0]].tolist()} where x, y and z were expected",
            field=f"point {bad[0] + 1} of the contour before byte {cursor.at}",
        )
    return points


def _last_object(cursor: _Cursor, model: ImodModel) -> ImodObject:
    if not model.objects:
        raise FormatError(cursor.path, "a contour before any object", field="chunk CONT")
    return model.objects[-1]


def _read_minx(cursor: _Cursor, model: ImodModel) -> None:
    """Take the place of the part of an image in the whole from the two origins that are stored.

    By the specification, ``(old - current) / scale`` is to be added to a coordinate.
    """
    length = cursor.unpack(_LENGTH)[0]
    if length != _MINX.size:
        raise FormatError(
            cursor.path, f"{length} bytes where {_MINX.size} were expected", field="chunk MINX"
        )
    values = np.array(cursor.unpack(_MINX)).reshape(6, 3)
    old_origin, scale, current_origin = values[1], values[3], values[4]
    if not model.flags & _FLAG_ORIGIN_KNOWN:
        return
    if not (np.isfinite(values).all() and (scale > 0).all()):
        raise FormatError(
            cursor.path,
            f"pixel sizes {scale.tolist()} and origins that fit no image",
            field="chunk MINX",
        )
    model.offset_px = (old_origin - current_origin) / scale

"""The metadata of OME-Zarr images, versions 0.4 and 0.5 (Open Microscopy Environment, NGFF).

Version 0.4 lies in Zarr 2 attributes, 0.5 under the key ``ome`` of Zarr 3 attributes; what it
says is the same: named axes with units, and for each level of resolution a scale and perhaps a
translation, in the order of the axes.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nunatak.errors import BadInput, FormatError
from nunatak.images.zarr_metadata import V2_ATTRIBUTES, V3_NAME, is_zarr, read_metadata

SPACE = ("z", "y", "x")

ANGSTROM_PER_UNIT = {
    "angstrom": 1.0,
    "nanometer": 10.0,
    "picometer": 0.01,
    "micrometer": 1e4,
    "millimeter": 1e7,
    "meter": 1e10,
    # Spelled so in the field, though not in the specification.
    "ångström": 1.0,
    "å": 1.0,
    "a": 1.0,
    "ångstrom": 1.0,
    "nm": 10.0,
    "pm": 0.01,
    "um": 1e4,
    "µm": 1e4,
    "micron": 1e4,
}


@dataclass(frozen=True)
class LevelMetadata:
    """One level of resolution.

    Attributes
    ----------
    name : str
        Path of its array below the group.
    scale, translation : tuple of float
        Along z, y and x, in the unit of each axis: position = index · scale + translation.
    """

    name: str
    scale: tuple[float, float, float]
    translation: tuple[float, float, float]


@dataclass(frozen=True)
class Multiscale:
    """What a group says about its image.

    Attributes
    ----------
    version : str
        Of the metadata.
    axes : tuple of str
        Names in stored order, each of z, y and x once.
    units_A : tuple of (float or None)
        Ångström per unit along z, y and x; None where no unit is given.
    levels : tuple of LevelMetadata
        Level 0 first.
    notes : tuple of str
        What was tolerated.
    """

    version: str
    axes: tuple[str, ...]
    units_A: tuple[float | None, float | None, float | None]
    levels: tuple[LevelMetadata, ...]
    notes: tuple[str, ...]


def is_ome_zarr(folder: Path) -> bool:
    """Tell whether a folder is a Zarr group that says that it holds a multiscale image."""
    if not is_zarr(folder):
        return False
    try:
        return isinstance(_attributes(folder)[1].get("multiscales"), list)
    except BadInput:
        return False


def read_multiscale(folder: Path) -> Multiscale:
    """Read the metadata of the first multiscale image of a group.

    Raises
    ------
    FormatError
        If they are missing, of another version, or contradict themselves.
    BadInput
        If the file cannot be read.
    """
    file, content = _attributes(folder)
    images = content.get("multiscales")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        raise FormatError(
            file,
            "no OME-Zarr image (no 'multiscales' in the attributes)",
            hint="Give the folder that holds the levels of one tomogram, often named *.zarr.",
        )
    notes = [f"{len(images)} images in one group; the first is read"] if len(images) > 1 else []
    version = str(content.get("version", images[0].get("version", "not stated")))
    try:
        return _parsed(images[0], version, notes)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise FormatError(
            file,
            f"OME-Zarr metadata of version {version} that nunatak does not read: {what}",
            field="multiscales",
            hint="Versions 0.4 and 0.5 are read: export the tomogram as one of them.",
        ) from error


def _attributes(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the file of a group's attributes, and those that belong to OME-Zarr."""
    if (folder / V3_NAME).is_file():
        file = folder / V3_NAME
        attributes = read_metadata(file).get("attributes") or {}
        content = attributes.get("ome", attributes) if isinstance(attributes, dict) else {}
    else:
        file = folder / V2_ATTRIBUTES
        content = read_metadata(file) if file.is_file() else {}
    return file, content if isinstance(content, dict) else {}


def _parsed(image: dict[str, Any], version: str, notes: list[str]) -> Multiscale:
    axes = image["axes"]
    names = tuple(str(axis["name"]) for axis in axes)
    if sorted(name for name in names if name in SPACE) != sorted(SPACE):
        raise ValueError(f"the axes are {', '.join(names)}, expected z, y and x among them")
    order = [names.index(name) for name in SPACE]
    z_A, y_A, x_A = (_unit_A(axes[index].get("unit"), notes) for index in order)
    outer_scale, outer_shift = _transform(image.get("coordinateTransformations"), len(names))
    levels = []
    for dataset in image["datasets"]:
        scale, shift = _transform(dataset["coordinateTransformations"], len(names))
        levels.append(
            LevelMetadata(
                str(dataset["path"]),
                _along(order, [a * b for a, b in zip(scale, outer_scale, strict=True)]),
                _along(
                    order,
                    [a * b + c for a, b, c in zip(shift, outer_scale, outer_shift, strict=True)],
                ),
            )
        )
    if not levels:
        raise ValueError("'datasets' is empty")
    if any(Path(level.name).is_absolute() or ".." in Path(level.name).parts for level in levels):
        raise ValueError("the path of a level leads out of the folder")
    return Multiscale(version, names, (z_A, y_A, x_A), tuple(levels), tuple(dict.fromkeys(notes)))


def _transform(listed: Any, ndim: int) -> tuple[list[float], list[float]]:
    """Return scale and translation; the specification puts the scale first."""
    scale, shift = [1.0] * ndim, [0.0] * ndim
    for one in listed or []:
        kind = one["type"]
        if kind == "scale":
            scale = _numbers(one["scale"], ndim)
        elif kind == "translation":
            shift = _numbers(one["translation"], ndim)
        elif kind != "identity":
            raise ValueError(f"a transformation of type {kind!r}")
    if not all(0 < value < math.inf for value in scale):
        raise ValueError(f"the scale {scale}, expected positive numbers")
    return scale, shift


def _numbers(values: Any, ndim: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != ndim or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{values} for {ndim} axes")
    return numbers


def _unit_A(unit: object, notes: list[str]) -> float | None:
    if unit is None:
        notes.append("the axes have no unit, so the voxel size is not known")
        return None
    known = ANGSTROM_PER_UNIT.get(str(unit).casefold())
    if known is None:
        notes.append(f"the unit {unit!r} is not known, so the voxel size is not known")
    return known


def _along(order: list[int], values: list[float]) -> tuple[float, float, float]:
    z, y, x = (values[index] for index in order)
    return z, y, x

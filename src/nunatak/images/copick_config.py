"""The configuration of a copick project: its objects, and the folders that hold its data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nunatak.errors import BadInput, FormatError
from nunatak.images.zarr_metadata import read_metadata

_LOCAL = ("local://", "file://")


@dataclass(frozen=True)
class PickableObject:
    """One class of the project.

    Attributes
    ----------
    name : str
        As in the names of pick files.
    label : int or None
        Its number in segmentations.
    radius_A : float or None
        Of the particle.
    is_particle : bool
        False for membranes and the like, which have no positions to pick.
    """

    name: str
    label: int | None
    radius_A: float | None
    is_particle: bool


@dataclass(frozen=True)
class CopickConfig:
    """What the configuration says.

    Attributes
    ----------
    name : str
        The project's title; may be empty.
    objects : tuple of PickableObject
        In the configuration's order.
    roots : tuple of Path
        The overlay root, then the static root where there is another one.
    """

    name: str
    objects: tuple[PickableObject, ...]
    roots: tuple[Path, ...]


def is_copick_config(path: Path) -> bool:
    """Tell whether a JSON file is the configuration of a copick project."""
    if path.suffix.casefold() != ".json" or not path.is_file():
        return False
    try:
        return isinstance(read_metadata(path).get("pickable_objects"), list)
    except BadInput:
        return False


def read_copick_config(file: Path) -> CopickConfig:
    """Read and check a configuration.

    Raises
    ------
    FormatError
        If it is none, or an object or a root cannot be used.
    BadInput
        If the file cannot be read.
    """
    config = read_metadata(file)
    if not isinstance(config.get("pickable_objects"), list):
        raise FormatError(
            file,
            "no copick configuration",
            field="pickable_objects",
            hint="Give the project's JSON file, which names its objects and its overlay_root.",
        )
    objects = tuple(_object(one, file) for one in config["pickable_objects"])
    _refuse_repeated(objects, file)
    return CopickConfig(str(config.get("name") or ""), objects, _roots(config, file))


def _roots(config: dict[str, Any], file: Path) -> tuple[Path, ...]:
    kind = config.get("config_type") or "filesystem"
    if kind != "filesystem":
        raise FormatError(
            file,
            f"a project of type {kind!r}, whose tomograms are not on a disk",
            field="config_type",
            hint="Download its tomograms and picks, and give a project of type 'filesystem'.",
        )
    named = [(key, config.get(key)) for key in ("overlay_root", "static_root")]
    roots = [_root(str(value), key, file) for key, value in named if value]
    if not roots:
        raise FormatError(
            file, "no root", field="overlay_root", hint="Name the folder of the project there."
        )
    return tuple(dict.fromkeys(roots))


def _root(text: str, key: str, file: Path) -> Path:
    local = next((text[len(start) :] for start in _LOCAL if text.startswith(start)), text)
    if "://" in local or "::" in local:
        raise FormatError(
            file,
            f"{text!r} is not on a disk of this machine",
            field=key,
            hint="Copy or mount the project, and give the path of its folder there.",
        )
    tried = (
        [file.parent / local] if Path(local).is_absolute() else [file.parent / local, Path(local)]
    )
    for folder in tried:
        if folder.is_dir():
            return folder
    raise FormatError(
        file,
        f"there is no folder {' or '.join(str(folder) for folder in tried)}",
        field=key,
        hint="Correct the path; projects that were copied often still name their old place.",
    )


def _object(entry: object, file: Path) -> PickableObject:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not name:
        raise FormatError(
            file,
            f"an object without a name: {entry}",
            field="pickable_objects",
            hint="Give each object a name.",
        )
    label, radius = entry.get("label"), entry.get("radius")
    if radius is not None and (
        isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius < 1e6
    ):
        raise FormatError(
            file,
            f"the radius of {name} is {radius!r}, expected ångström",
            field="radius",
            hint="Give a positive number, or none.",
        )
    if label is not None and (isinstance(label, bool) or not isinstance(label, int)):
        raise FormatError(
            file, f"the label of {name} is {label!r}, expected a whole number", field="label"
        )
    return PickableObject(
        name, label, None if radius is None else float(radius), bool(entry.get("is_particle", True))
    )


def _refuse_repeated(objects: tuple[PickableObject, ...], file: Path) -> None:
    names = [one.name for one in objects]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FormatError(
            file,
            f"{', '.join(repeated)}: more than one object of this name",
            field="pickable_objects",
            hint="Rename or remove all but one.",
        )

"""How large the objects of a copick project are: its configuration says it, its picks do not."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from nunatak.images.copick_config import CopickConfig, is_copick_config, read_copick_config
from nunatak.images.copick_project import RUNS_FOLDER, copick_configs
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.tomograms import copick_json
from nunatak.picks.table import PickSet


def with_diameters(
    parts: Sequence[PickSet], found: Sequence[tuple[Path, PickFormat]], given: Iterable[Path]
) -> list[PickSet]:
    """Give picks of a project the column ``diameter_A``: twice their object's radius.

    Parameters
    ----------
    parts
        The picks of each file.
    found
        The files with their formats.
    given
        What was asked to be read: the configurations among it, or in its folders, speak of the
        files below their roots. Objects without a radius, or that a configuration does not name,
        get no diameter.
    """
    if not any(fmt is copick_json.FORMAT for _, fmt in found):
        return list(parts)
    configs = [read_copick_config(config) for path in given for config in _configs_of(path)]
    return [
        _with_diameter(part, file, configs) if fmt is copick_json.FORMAT and len(part) else part
        for part, (file, fmt) in zip(parts, found, strict=True)
    ]


def _configs_of(path: Path) -> list[Path]:
    if is_copick_config(path):
        return [path]
    # The folder of a root is read as it is: a configuration beside may speak of another place.
    return copick_configs(path) if path.is_dir() and not (path / RUNS_FOLDER).is_dir() else []


def _with_diameter(part: PickSet, file: Path, configs: Sequence[CopickConfig]) -> PickSet:
    name = part.table["class_name"].iloc[0]
    radii_A = (
        one.radius_A
        for config in configs
        if any(file.is_relative_to(root) for root in config.roots)
        for one in config.objects
        if one.name == name and one.radius_A is not None
    )
    radius_A = next(radii_A, None)
    if radius_A is None:
        return part
    return replace(part, table=part.table.assign(diameter_A=2 * radius_A))

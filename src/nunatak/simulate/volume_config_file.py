"""The configuration of simulated tomograms: defaults, a TOML file, options."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nunatak.errors import FormatError, UsageError
from nunatak.files import read_toml
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig


def resolved(
    path: str | PathLike[str] | None = None, options: Mapping[str, Any] | None = None
) -> VolumeDatasetConfig:
    """Resolve a configuration: defaults, a TOML file, options, in rising order of precedence.

    Parameters
    ----------
    path
        TOML file with any fields of `VolumeDatasetConfig`.
    options
        Fields that win over the file; None leaves a field alone.

    Raises
    ------
    BadInput
        If the file cannot be read.
    FormatError
        If it is not TOML, or a field of it is unknown or out of range.
    UsageError
        If an option is impossible.

    Examples
    --------
    >>> resolved(options={"count": 2, "seed": None}).count
    2
    """
    from_file: dict[str, Any] = {}
    if path is not None:
        from_file = read_toml(Path(path), "the configuration")
        # Alone at first, so that the file is blamed for what is wrong in it.
        try:
            VolumeDatasetConfig.model_validate(from_file)
        except ValidationError as error:
            raise FormatError(path, _in_words(error)) from error
    given = {name: value for name, value in (options or {}).items() if value is not None}
    try:
        return VolumeDatasetConfig.model_validate({**from_file, **given})
    except ValidationError as error:
        raise UsageError(f"Cannot simulate this: {_in_words(error)}") from error


def _in_words(error: ValidationError) -> str:
    """Say each problem once, with the values that have it; those of a shape by their axes."""
    values: dict[str, list[str]] = {}
    for one in error.errors():
        field, place = one["loc"][:1], one["loc"][1:]
        problem = ": ".join([*map(str, field), one["msg"].removeprefix("Value error, ")])
        given = values.setdefault(problem, [])
        # Messages of our own name the values themselves; of what is missing there is none.
        if one["type"] not in ("value_error", "missing"):
            axis = f"{'zyx'[int(place[0])]} = " if field == ("shape",) and place else ""
            given.append(f"{axis}{one['input']!r:.60}")
    return "; ".join(
        problem + (f" (found {', '.join(given)})" if given else "")
        for problem, given in values.items()
    )

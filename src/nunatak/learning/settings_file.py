"""Settings of a training: defaults, a TOML file, options, in rising order of precedence."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from nunatak.errors import FormatError, UsageError
from nunatak.files import read_toml
from nunatak.learning.settings import LearningSettings
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.networks.specs import PARAMETERS

NONE = "none"
"""Stands for nothing, which TOML cannot write: no start model, no limit of patience."""

Settings = TypeVar("Settings", LearningSettings, VolumeLearningSettings)

_OF_THE_NETWORK = ("network", "preset")
"""Fields that describe a network from scratch."""


def resolved(
    base: Settings,
    *,
    path: str | PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Settings:
    """Resolve the settings of a training on micrographs or on tomograms.

    Parameters
    ----------
    base
        Defaults: nunatak's own, or those of a recipe.
    path
        TOML file with any fields of these settings; ``"none"`` stands for None.
    options
        Fields that win over the file; None leaves a field alone. Here and in the file
        ``network`` may be a name, in any letter case.

    Raises
    ------
    BadInput
        If the file cannot be read.
    FormatError
        If it is not TOML, or a field of it is unknown or out of range.
    UsageError
        If an option is impossible, or a network is chosen for a start model that has its own.

    Examples
    --------
    >>> settings = resolved(LearningSettings(), options={"start": "none", "network": "resnet8"})
    >>> settings.start, settings.network.name
    (None, 'ResNet8')
    """
    named = {name: value for name, value in (options or {}).items() if value is not None}
    given = _as_values(named, base)
    try:
        read = {} if path is None else read_toml(Path(path), "the settings")
        from_file = _as_values(read, base)
        if isinstance(base, LearningSettings):
            from_file = _with_network(from_file, base)
        settings = _changed(base, from_file)
    except UsageError as error:
        raise FormatError(path or "settings", str(error)) from error
    if isinstance(settings, LearningSettings):
        given = _with_network(given, settings)
    settings = _changed(settings, given)
    chosen = [name for name in _OF_THE_NETWORK if name in {**from_file, **given}]
    if settings.start is not None and chosen:
        raise UsageError(
            f"The start model {settings.start} has a network of its own. Leave the {chosen[0]} "
            "out, or train one from scratch with --start none."
        )
    return settings


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    try:
        # What nobody has set is left out, for its default may depend on the changes.
        given = settings.model_dump(exclude_unset=True)
        return type(settings).model_validate({**given, **changes})
    except ValidationError as error:
        raise UsageError(_in_words(error, type(settings).model_fields)) from error


def _in_words(error: ValidationError, known: Collection[str]) -> str:
    """Say what is wrong, with the field and its value where a single one is at fault."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{message}."
    field = ".".join(str(part) for part in first["loc"])
    meant = get_close_matches(field, known, n=1) if first["type"] == "extra_forbidden" else []
    hint = f" Did you mean {meant[0]}?" if meant else ""
    return f"{field}: {message} (given: {first['input']!r}).{hint}"


def _as_values(
    fields: Mapping[str, Any], settings: LearningSettings | VolumeLearningSettings
) -> dict[str, Any]:
    may_be_none = {
        name
        for name, field in type(settings).model_fields.items()
        if type(None) in get_args(field.annotation)
    }
    return {
        name: None if name in may_be_none and value == NONE else value
        for name, value in fields.items()
    }


def _with_network(fields: Mapping[str, Any], settings: LearningSettings) -> dict[str, Any]:
    """Put a network's description in the place of its name, where it is named."""
    given = fields.get("network")
    if not isinstance(given, str):
        return dict(fields)
    names = {name.casefold(): name for name in PARAMETERS}
    name = names.get(given.casefold())
    if name is None:
        raise UsageError(f"No network is called {given!r}; there are {', '.join(PARAMETERS)}.")
    if name == settings.network.name:  # keeps the parameters that a file or a recipe gives it
        return {**fields, "network": settings.network.model_dump()}
    return {**fields, "network": {"name": name}}

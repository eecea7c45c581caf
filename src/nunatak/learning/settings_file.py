"""Settings of a training: defaults, a TOML file, options, in rising order of precedence."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from nunatak.errors import FormatError, UsageError
from nunatak.files import read_toml
from nunatak.learning.settings import LearningSettings, changed
from nunatak.networks.specs import PARAMETERS

NONE = "none"
"""Stands for nothing, which TOML cannot write: no start model, no limit of patience."""

_MAY_BE_NONE = tuple(
    name
    for name, field in LearningSettings.model_fields.items()
    if type(None) in get_args(field.annotation)
)


def resolved(
    base: LearningSettings,
    *,
    path: str | PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> LearningSettings:
    """Resolve the settings of a training.

    Parameters
    ----------
    base
        Defaults: nunatak's own, or those of a recipe.
    path
        TOML file with any fields of `LearningSettings`; ``"none"`` stands for None.
    options
        Fields that win over the file; None leaves a field alone. ``network`` may be a name,
        in any letter case.

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
    given = _given(options or {})
    try:
        from_file = {} if path is None else _as_values(read_toml(Path(path), "the settings"))
        settings = changed(base, from_file)
    except UsageError as error:
        raise FormatError(path or "settings", str(error)) from error
    settings = changed(settings, _with_network(given, settings))
    if settings.start is not None and "network" in {**from_file, **given}:
        raise UsageError(
            f"The start model {settings.start} has a network of its own. Leave the network out, "
            "or train one from scratch with --start none."
        )
    return settings


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return _as_values({name: value for name, value in options.items() if value is not None})


def _as_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if name in _MAY_BE_NONE and value == NONE else value
        for name, value in fields.items()
    }


def _with_network(options: Mapping[str, Any], settings: LearningSettings) -> dict[str, Any]:
    """Put a network's description in the place of its name."""
    if "network" not in options:
        return dict(options)
    names = {name.casefold(): name for name in PARAMETERS}
    name = names.get(str(options["network"]).casefold())
    if name is None:
        raise UsageError(
            f"No network is called {options['network']!r}; there are {', '.join(PARAMETERS)}."
        )
    if name == settings.network.name:  # keeps the parameters that a file or a recipe gives it
        return {**options, "network": settings.network.model_dump()}
    return {**options, "network": {"name": name}}

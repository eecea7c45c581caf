"""Settings of a recipe: defaults, a TOML file, options, in rising order of precedence."""

from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from nunatak.errors import FormatError
from nunatak.files import read_toml
from nunatak.recipes.general_3d_recipe import General3dRecipe
from nunatak.recipes.general_pruner_recipe import IMAGENET_WIDTH, PrunerRecipe
from nunatak.recipes.general_recipe import GeneralRecipe

_SECOND_STAGE: dict[str, Any] = {
    "hard_negatives": {},
    "passes": 3,
    "training": {"steps": 1500, "batch_size": 24, "learning_rate": 1e-3},
}

Recipe = TypeVar("Recipe", bound=BaseModel)


def load_recipe(
    path: str | PathLike[str] | None,
    *,
    seed: int | None,
    steps: int | None,
    excluded_maps: tuple[str, ...],
    start: str | None = None,
) -> GeneralRecipe:
    """Resolve the settings of the general model's recipe.

    Parameters
    ----------
    path
        TOML file with any fields of `GeneralRecipe`; None for the defaults.
    seed, steps, excluded_maps
        From the command line; they win over the file, where given.
    start
        Model to go on from. The defaults are then those of the second stage: fewer steps at a
        lower learning rate, and empty crops on which that model errs.

    Raises
    ------
    BadInput
        If the file cannot be read.
    FormatError
        If it is not TOML, or a field is unknown or out of range.
    """
    settings = {} if path is None else read_toml(Path(path), "the recipe")
    if start is not None:
        settings = {
            **_SECOND_STAGE,
            **settings,
            "start": start,
            "training": {**_SECOND_STAGE["training"], **settings.get("training", {})},
        }
    _override(settings, seed=seed, steps=steps, excluded_maps=excluded_maps)
    return _validated(GeneralRecipe, settings, path)


def load_3d_recipe(
    path: str | PathLike[str] | None,
    *,
    seed: int | None,
    steps: int | None,
    excluded_maps: tuple[str, ...],
) -> General3dRecipe:
    """Resolve the settings of the general 3D model's recipe; as `load_recipe`."""
    settings = _completed(path, General3dRecipe(), ("scene", "training"))
    _override(settings, seed=seed, steps=steps, excluded_maps=excluded_maps)
    return _validated(General3dRecipe, settings, path)


def load_pruner_recipe(
    path: str | PathLike[str] | None,
    *,
    seed: int | None,
    steps: int | None,
    excluded_maps: tuple[str, ...],
    imagenet_weights: str | PathLike[str] | None = None,
) -> PrunerRecipe:
    """Resolve the settings of the general pruner's recipe; as `load_recipe`.

    Weights from photographs set the network's width to theirs, where the file sets none.
    """
    settings = _completed(path, PrunerRecipe(), ("picks", "training"))
    if imagenet_weights is not None:
        settings["imagenet_weights"] = str(imagenet_weights)
    if settings.get("imagenet_weights") is not None:
        settings.setdefault("width", IMAGENET_WIDTH)
    _override(settings, seed=seed, steps=steps, excluded_maps=excluded_maps)
    return _validated(PrunerRecipe, settings, path)


def _completed(
    path: str | PathLike[str] | None, default: BaseModel, parts: tuple[str, ...]
) -> dict[str, Any]:
    """Read a recipe; what it leaves out of a part is the recipe's default, not the part's own."""
    settings = {} if path is None else read_toml(Path(path), "the recipe")
    for part in parts:
        usual = getattr(default, part).model_dump(exclude_unset=True)
        settings[part] = {**usual, **settings.get(part, {})}
    return settings


def _override(
    settings: dict[str, Any],
    *,
    seed: int | None,
    steps: int | None,
    excluded_maps: tuple[str, ...],
) -> None:
    if seed is not None:
        settings["seed"] = seed
    if steps is not None:
        settings["training"] = {**settings.get("training", {}), "steps": steps}
    if excluded_maps:
        settings["excluded_maps"] = excluded_maps


def _validated(
    kind: type[Recipe], settings: dict[str, Any], path: str | PathLike[str] | None
) -> Recipe:
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise FormatError(path or "recipe options", first["msg"], field=field) from error

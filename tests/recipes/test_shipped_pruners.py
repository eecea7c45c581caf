"""The shipped pruners were made by the recipes in the repository, without any map."""

from pathlib import Path

import pytest

from nunatak.pruning.model import load_pruner
from nunatak.recipes.general_pruner_recipe import PrunerRecipe
from nunatak.recipes.settings import load_pruner_recipe

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize(
    ("name", "file"),
    [("general-pruner", None), ("general-pruner-3d", RECIPES / "general-pruner-3d.toml")],
)
def test_recipe_of_a_shipped_pruner_is_the_one_in_the_repository(
    name: str, file: Path | None
) -> None:
    recipe = load_pruner_recipe(file, seed=None, steps=None, excluded_maps=())
    header = load_pruner(name).header
    # Settings that came later have the default that they had without being named.
    assert PrunerRecipe.model_validate(header.provenance["recipe"]) == recipe
    assert header.provenance["maps"] == []
    assert (header.ndim, header.crop) == (recipe.ndim, recipe.shown)

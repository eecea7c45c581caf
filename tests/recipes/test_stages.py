"""The committed settings of the shipped model's stages are those that made it."""

import tomllib
from pathlib import Path
from typing import Any

from nunatak.detection.model import load_model
from nunatak.recipes.settings import load_recipe

STAGES = Path(__file__).parents[2] / "recipes" / "general-2d"


def recorded_recipes() -> list[dict[str, Any]]:
    """Recipes of the shipped model and of the models it started from, first stage first."""
    recipes: list[dict[str, Any]] = []
    provenance = load_model("general-2d").header.provenance
    while provenance is not None:
        recipes.insert(0, provenance["recipe"])
        provenance = provenance.get("start", {}).get("provenance")
    return recipes


def test_the_stages_are_those_of_the_shipped_model():
    recorded = recorded_recipes()
    files = sorted(STAGES.glob("stage-*.toml"))
    assert len(recorded) == len(files) == 3
    for file, was in zip(files, recorded, strict=True):
        recipe = load_recipe(
            file, seed=None, steps=None, excluded_maps=(), start=was.get("start")
        ).model_dump(mode="json")
        unrecorded = tomllib.loads(file.read_text()).keys() - was.keys()
        assert unrecorded == set(), file.name
        # Settings that have been added since are not recorded, and a start has its own file name.
        for name, value in was.items():
            if name == "start":
                continue
            if isinstance(value, dict):
                assert {key: recipe[name][key] for key in value} == value, (file.name, name)
            else:
                assert recipe[name] == value, (file.name, name)

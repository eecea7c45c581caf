"""``nunatak recipe``: what is asked for reaches the recipe."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from nunatak.cli.main import app
from nunatak.recipes import general_2d

runner = CliRunner()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the training is called with; it does not take place."""
    seen: dict[str, Any] = {}

    def train(recipe: Any, output: Path, **options: Any) -> SimpleNamespace:
        seen.update(recipe=recipe, output=output, **options)
        options["on_step"](SimpleNamespace(step=1))
        return SimpleNamespace(header=SimpleNamespace(provenance={"validation": {"best_f1": 0.9}}))

    monkeypatch.setattr(general_2d, "train_general_2d", train)
    return seen


def test_options_override_the_recipe(asked: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "m.safetensors"
    words = ["--maps", str(tmp_path), "--exclude", "6pxm", "--exclude", "1f4a"]
    words += ["--steps", "7", "--seed", "3", "-o", str(output)]
    result = runner.invoke(app, ["recipe", "general-2d", *words])
    assert result.exit_code == 0, result.output
    assert asked["output"] == output
    assert asked["maps"] == tmp_path
    recipe = asked["recipe"]
    assert (recipe.seed, recipe.training.steps) == (3, 7)
    assert recipe.excluded_maps == ("6pxm", "1f4a")
    assert f"{output}: " in result.stderr
    assert result.stdout == ""


def test_without_options_it_is_the_shipped_recipe(asked: dict[str, Any], tmp_path: Path) -> None:
    result = runner.invoke(app, ["recipe", "general-2d", "-o", str(tmp_path / "m.safetensors")])
    assert result.exit_code == 0, result.output
    assert asked["maps"] is None
    assert asked["recipe"].seed == 1
    assert asked["recipe"].excluded_maps == ()


@pytest.mark.parametrize(("words", "seed"), [([], 7), (["--seed", "3"], 3)])
def test_the_seed_of_the_file_counts_unless_one_is_given(
    asked: dict[str, Any], tmp_path: Path, words: list[str], seed: int
) -> None:
    config = tmp_path / "recipe.toml"
    config.write_text("seed = 7\n")
    given = ["--config", str(config), "-o", str(tmp_path / "m.safetensors"), *words]
    result = runner.invoke(app, ["recipe", "general-2d", *given])
    assert result.exit_code == 0, result.output
    assert asked["recipe"].seed == seed

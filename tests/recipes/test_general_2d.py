import os
import signal
from pathlib import Path

import pytest
import torch

from nunatak.detection.model import load_model
from nunatak.errors import BadInput, FormatError, Interrupted
from nunatak.recipes.complexes import balanced, map_complexes, procedural_complexes
from nunatak.recipes.general_2d import train_general_2d
from nunatak.recipes.general_recipe import GeneralRecipe
from nunatak.recipes.settings import load_recipe
from nunatak.training.folder import training_folder
from nunatak.training.progress import Progress

TINY = {
    "shapes": 3,
    "scatterers": 100,
    "network": {"width": 4, "depth": 2},
    "crops": {"side_px": 48, "coverage": [0.2, 0.4], "empty": 0.0},
    "training": {"steps": 4, "batch_size": 4, "precision": "float32"},
    "round_crops": 8,
    "passes": 1,
    "validation_shapes": 2,
    "validation_fields": 2,
    "validation_side_px": 64,
}


RECIPE = GeneralRecipe.model_validate(TINY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("made") / "tiny.safetensors"
    steps: list[int] = []
    train_general_2d(
        RECIPE, output, workers=1, on_step=lambda progress: steps.append(progress.step)
    )
    assert steps == [1, 2, 3, 4]
    return output


def test_recipe_makes_a_model_file_with_its_provenance(made: Path) -> None:
    header = load_model(made).header
    assert header.provenance["recipe"] == RECIPE.model_dump(mode="json")
    assert header.provenance["maps"] == []
    assert header.provenance["validation"]["particles"] > 0  # type: ignore[index, call-overload]
    assert header.network.parameters.width == 4


def test_a_stopped_recipe_goes_on_to_the_same_model(made: Path, tmp_path: Path) -> None:
    def stop_in_the_second_round(progress: Progress) -> None:
        if progress.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    output = tmp_path / "tiny.safetensors"
    with pytest.raises(Interrupted, match=f"after 3 of 4 steps, .* {training_folder(output)}"):
        train_general_2d(RECIPE, output, workers=1, on_step=stop_in_the_second_round)
    assert not output.exists()
    steps: list[int] = []
    train_general_2d(
        RECIPE, output, workers=1, on_step=lambda progress: steps.append(progress.step)
    )
    assert steps == [4]
    expected, found = (load_model(path).network.state_dict() for path in (made, output))
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_round_holds_at_least_a_batch() -> None:
    with pytest.raises(ValueError, match=r"round_crops \(3\) is less than a batch \(4\)"):
        GeneralRecipe.model_validate({**TINY, "round_crops": 3})


def test_maps_fill_their_share() -> None:
    shapes = procedural_complexes(6, scatterers=50, seed=1)
    listed = balanced(shapes[:4], shapes[4:], map_share=0.5)
    assert [density.name for density in listed] == [
        density.name for density in shapes[:4] + shapes[4:] * 2
    ]
    assert balanced(shapes, [], map_share=0.3) == shapes


def test_excluding_an_unknown_map_is_an_error(shared_data: Path) -> None:
    with pytest.raises(BadInput, match="nothing to exclude under the name 9xyz"):
        map_complexes(shared_data / "maps", exclude=["9xyz"], scatterers=50, seed=0)


def test_excluded_maps_take_no_part(shared_data: Path) -> None:
    names = {
        density.name
        for density in map_complexes(
            shared_data / "maps", exclude=["6pxm", "1f4a"], scatterers=50, seed=0
        )
    }
    assert "6qzp" in names
    assert names.isdisjoint({"6pxm", "1f4a"})


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("shapes = 5\n[training]\nsteps = 10\nbatch_size = 2\n")
    recipe = load_recipe(path, seed=3, steps=7, excluded_maps=("6pxm",))
    assert recipe.shapes == 5
    assert (recipe.training.steps, recipe.training.batch_size) == (7, 2)
    assert (recipe.seed, recipe.excluded_maps) == (3, ("6pxm",))
    assert recipe.scatterers == GeneralRecipe().scatterers


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("shapes = -1", "shapes: Input should be greater than 0"),
        ("shape = 3", "shape: Extra inputs are not permitted"),
        ("shapes = ", "not TOML"),
    ],
)
def test_bad_settings_name_the_field(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(FormatError, match=complaint):
        load_recipe(path, seed=0, steps=None, excluded_maps=())

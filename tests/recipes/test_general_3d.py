"""The recipe of the general 3D model, on a scale that takes seconds."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from nunatak.detection.volumes.by_diameter import size_shares
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.detection.volumes.volume_model import load_volume_model
from nunatak.errors import BadInput, FormatError, Interrupted
from nunatak.recipes.complexes import procedural_complexes
from nunatak.recipes.general_3d import train_general_3d, with_borrowed_thresholds
from nunatak.recipes.general_3d_recipe import General3dRecipe
from nunatak.recipes.settings import load_3d_recipe
from nunatak.recipes.sized_volumes import LEAST_SHARE, Pool, simulated_volumes
from nunatak.training.folder import training_folder
from nunatak.training.progress import Progress

SCENE: dict[str, Any] = {"shape": (48, 64, 64), "smallest_kDa": 100.0, "occupancy": (0.2, 0.3)}
TRAINING: dict[str, Any] = {
    "start": None,
    "steps": 3,
    "batch_size": 1,
    "crop_px": 32,
    "validation_share": 0,
    "validate_every": 3,
}
RECIPE = General3dRecipe.model_validate(
    {
        "sizes_A": (100.0, 150.0, 225.0),
        "shapes": 16,
        "complexes": 2,
        "tomograms": 2,
        "validation_tomograms": 1,
        "scene": SCENE,
        "training": TRAINING,
    }
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("made") / "tiny.safetensors"
    train_general_3d(RECIPE, output, workers=1)
    return output


def test_it_makes_a_model_of_sizes_with_its_provenance(made: Path) -> None:
    header = load_volume_model(made).header
    assert header.classes_are == "sizes"
    assert [size.diameter_A for size in header.classes] == [100.0, 150.0, 225.0]
    assert header.provenance["recipe"] == RECIPE.model_dump(mode="json")
    validation = header.provenance["validation"]
    assert sum(size["particles"] for size in validation.values()) > 0  # type: ignore[union-attr, index, call-overload, misc]
    assert header.provenance["maps"] == []


def test_a_size_that_few_particles_judge_takes_the_threshold_of_the_nearest() -> None:
    sizes = [
        VolumeClass(name=f"{a:g}", diameter_A=a, threshold=t)
        for a, t in ((100.0, 0.3), (150.0, 0.2), (225.0, 0.05))
    ]
    changed = with_borrowed_thresholds(sizes, [200, 50, 7])
    assert [size.threshold for size in changed] == [0.3, 0.2, 0.2]
    assert [size.diameter_A for size in changed] == [100.0, 150.0, 225.0]
    unknown = with_borrowed_thresholds(sizes, [3, 0, 7])
    assert [size.threshold for size in unknown] == [0.3, 0.2, 0.05]


def test_a_stopped_recipe_goes_on_to_the_same_model(made: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    output = tmp_path / "tiny.safetensors"
    with pytest.raises(Interrupted, match=f"after 2 of 3 steps, .* {training_folder(output)}"):
        train_general_3d(RECIPE, output, workers=1, on_step=stop)
    assert not output.exists()
    train_general_3d(RECIPE, output, workers=1)
    expected, found = (load_volume_model(path).network.state_dict() for path in (made, output))
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_particle_counts_for_the_sizes_next_to_it() -> None:
    shapes = procedural_complexes(12, scatterers=500, seed=3)
    pool = Pool.of(RECIPE, shapes, ())
    kept = [one.diameter_A for cell in pool.cells for one in cell]
    assert kept
    assert all(100.0 <= size_A <= 0.6 * 480.0 for size_A in kept)
    (volume,) = simulated_volumes(RECIPE, pool, seed=5, count=1, workers=1)
    places, first = np.unique(volume.centres_px, axis=0, return_inverse=True)
    for number in range(len(places)):
        sizes = set(volume.class_index[first == number].tolist())
        possible = [
            {row for row, share in enumerate(size_shares(RECIPE.sizes_A, a)) if share > LEAST_SHARE}
            for a in kept
        ]
        assert sizes in possible
    assert volume.is_complete
    assert float(volume.voxels.astype(np.float32).std()) == pytest.approx(1.0, abs=0.05)


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("shapes = 7\n[scene]\nsnr = [0.1, 0.2]\n[training]\nbatch_size = 2\n")
    default = General3dRecipe()
    recipe = load_3d_recipe(path, seed=None, steps=9, excluded_maps=("6pxm",))
    assert (recipe.shapes, recipe.scene.snr, recipe.excluded_maps) == (7, (0.1, 0.2), ("6pxm",))
    assert recipe.scene.shape == default.scene.shape
    training = default.training.model_copy(update={"batch_size": 2, "steps": 9})
    assert recipe.training == training
    path.write_text("[scene]\nmode = 'direct'\n")
    with pytest.raises(FormatError, match="mode cannot be set, the recipe decides that"):
        load_3d_recipe(path, seed=None, steps=None, excluded_maps=())


def test_too_few_shapes_say_so() -> None:
    with pytest.raises(BadInput, match="None of 0 complexes is large enough"):
        Pool.of(RECIPE, (), ())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sizes_A": (200.0, 100.0)}, "sizes_A must rise"),
        ({"training": {**TRAINING, "teacher": True}}, "nothing for a teacher"),
        ({"training": {**TRAINING, "validation_share": 0.5}}, "make no sense here"),
    ],
)
def test_impossible_recipes_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        General3dRecipe.model_validate(changes)

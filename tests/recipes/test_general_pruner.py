"""The general pruner's recipe, far too short to learn anything."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nunatak.errors import BadInput, Mismatch
from nunatak.networks.pruning_network import BranchOutput
from nunatak.networks.resnet18 import ResNet18
from nunatak.pruning.classes import SEEN_CLASSES
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.model import load_pruner
from nunatak.recipes.general_pruner import train_general_pruner
from nunatak.recipes.general_pruner_recipe import PrunerRecipe
from nunatak.recipes.pruning_bank import NO_CATEGORY, PickBank
from nunatak.recipes.pruning_batches import PickBatch, PickLoss
from nunatak.recipes.pruning_picks import PickConfig
from nunatak.recipes.settings import load_pruner_recipe
from nunatak.simulate.crops import CropConfig
from nunatak.training.config import TrainingConfig

RECIPE = PrunerRecipe(
    shapes=3,
    scatterers=200,
    fields=6,
    width=4,
    crop=CropSpec(side_px=32),
    picks=PickConfig(fields=CropConfig(side_px=192, diameter_px=20.0, junk=3.0)),
    training=TrainingConfig(steps=4, batch_size=16, precision="float32"),
    validation_shapes=2,
    validation_fields=4,
)


def test_recipe_writes_a_model_that_says_what_it_rests_on(tmp_path: Path) -> None:
    path = tmp_path / "pruner.safetensors"
    steps = []
    train_general_pruner(
        RECIPE, path, workers=1, on_step=lambda progress: steps.append(progress.step)
    )
    model = load_pruner(path)
    assert steps == [1, 2, 3, 4]
    assert model.header.classes == SEEN_CLASSES
    assert model.header.crop == RECIPE.crop
    assert model.header.provenance["recipe"] == RECIPE.model_dump(mode="json")
    assert model.header.provenance["maps"] == []
    assert 0 < model.header.provenance["validation"]["area_under_roc"] < 1
    with pytest.raises(Mismatch):
        train_general_pruner(RECIPE.model_copy(update={"fields": 5}), path, workers=1)


def test_training_starts_from_weights_of_photographs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    photographs = ResNet18(4, 3, classes=7)
    file = tmp_path / "resnet18.safetensors"
    save_file(photographs.state_dict(), file)
    recipe = RECIPE.model_copy(
        update={
            "imagenet_weights": str(file),
            "training": RECIPE.training.model_copy(update={"steps": 1, "learning_rate": 1e-9}),
        }
    )
    model = train_general_pruner(recipe, tmp_path / "pruner.safetensors", workers=1)
    deep = "layer4.1.conv2.weight"
    torch.testing.assert_close(
        model.network.backbone.state_dict()[deep], photographs.state_dict()[deep]
    )
    assert model.header.provenance["imagenet_sha256"] == sha256(file.read_bytes()).hexdigest()
    assert "photographs" in model.header.provenance["data"]


def test_weights_of_photographs_are_looked_at_before_anything_is_simulated(tmp_path: Path) -> None:
    narrow = RECIPE.model_copy(update={"imagenet_weights": str(tmp_path / "missing.pth")})
    with pytest.raises(BadInput, match=r"missing\.pth"):
        train_general_pruner(narrow, tmp_path / "pruner.safetensors", workers=1)


def test_weights_of_photographs_set_the_width(tmp_path: Path) -> None:
    def width(text: str) -> int:
        file = tmp_path / "recipe.toml"
        file.write_text(text, "utf-8")
        return load_pruner_recipe(
            file, seed=None, steps=None, excluded_maps=(), imagenet_weights="resnet18.pth"
        ).width

    assert width("seed = 2\n") == 64
    assert width("width = 48\n") == 48


def test_settings_keep_what_a_file_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("width = 16\n[picks]\nparticles = 5\n", "utf-8")
    recipe = load_pruner_recipe(file, seed=3, steps=7, excluded_maps=())
    assert (recipe.width, recipe.seed, recipe.training.steps) == (16, 3, 7)
    assert recipe.training.batch_size == PrunerRecipe().training.batch_size
    assert recipe.picks == PickConfig(particles=5)


def test_a_class_that_never_occurs_pulls_on_nothing() -> None:
    class_index = np.repeat([0, 1, 5], [40_000, 20_000, 10_000])
    n = len(class_index)
    bank = PickBank(
        np.zeros((n, 2, 1, 1), np.int8), class_index, np.full(n, NO_CATEGORY), np.arange(n)
    )
    logits = torch.zeros(n, len(SEEN_CLASSES), requires_grad=True)
    output = BranchOutput(logits, logits, torch.zeros(n, 4), None)
    batch = PickBatch(
        torch.zeros(n, 2, 1, 1), torch.from_numpy(class_index), torch.from_numpy(bank.category)
    )
    network = _Says(output)
    recipe = RECIPE.model_copy(update={"loss": "two-branch"})
    PickLoss(bank, recipe)(network, batch, network).backward()
    assert logits.grad is not None
    # Descent lowers the logits of classes that nothing is.
    assert (logits.grad.sum(dim=0)[[2, 3, 4, 6, 7]] > 0).all()


class _Says(torch.nn.Module):
    def __init__(self, output: BranchOutput) -> None:
        super().__init__()
        self._output = output

    def forward(self, crops: torch.Tensor) -> BranchOutput:
        return self._output

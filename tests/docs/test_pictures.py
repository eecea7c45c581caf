"""The manual's pictures are small, are shown, and are drawn by what lies beside them."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import mrcfile
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from nunatak.picks.table import PickSet

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PICTURES = sorted(path for path in FOLDER.iterdir() if path.suffix not in {".py", ".pyc"})
MOST_BYTES = 150_000


@pytest.fixture
def pruning() -> ModuleType:
    pytest.importorskip("matplotlib")
    spec = importlib.util.spec_from_file_location("pictures_of_pruning", FOLDER / "pruning.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_is_small_and_shown_with_a_description() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in FOLDER.parent.glob("*.md"))
    shown = {name: text for text, name in re.findall(r"!\[(.*?)\]\(pictures/(.*?)\)", pages)}
    files = [path for path in PICTURES if path.is_file()]
    assert {path.name for path in files} == set(shown)
    for path in files:
        assert path.stat().st_size < MOST_BYTES, path.name
        assert len(shown[path.name]) > 20, path.name


def pruned(image: Path) -> PickSet:
    """Picks at five places: three of them decided wrongly."""
    columns = ["x_px", "y_px", "probability", "predicted_class", "decision"]
    rows = [
        (30, 30, 0.9, "particle", "keep"),
        (90, 30, 0.8, "particle", "keep"),
        (30, 90, 0.6, "particle", "review"),
        (91, 90, 0.1, "off_centre", "reject"),
        (90, 92, 0.1, "duplicate", "reject"),
        (60, 60, 0.0, "ice", "reject"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    return PickSet(table.assign(image=str(image), pixel_size_A=5.0, diameter_A=100.0))


def pixels_of(picture: Path) -> NDArray[np.float64]:
    with Image.open(picture) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


def test_decisions_are_compared_with_the_truth(pruning: ModuleType, tmp_path: Path) -> None:
    places = pd.DataFrame({"x_px": [30.0, 90.0], "y_px": [30.0, 90.0]})
    truth = PickSet(places.assign(image="elsewhere/mic.mrc"))
    table = pruning.with_truth(pruned(tmp_path / "mic.mrc"), truth)
    assert table["is_wrong"].tolist() == [False, True, False, True, False, False]
    none = pruning.with_truth(pruned(tmp_path / "other.mrc"), truth)
    assert none["is_wrong"].tolist() == [True, True, False, False, False, False]


def test_pictures_are_drawn(pruning: ModuleType, tmp_path: Path, rng: np.random.Generator) -> None:
    image = tmp_path / "mic.mrc"
    with mrcfile.new(image) as file:
        file.set_data(rng.normal(size=(120, 120)).astype(np.float32))
        file.voxel_size = 5.0
    table = pruned(image).table.assign(is_wrong=[True, *[False] * 5])
    whole, tiles = tmp_path / "whole.jpg", tmp_path / "tiles.jpg"
    pruning.draw_micrograph(table, whole)
    pruning.draw_classes(table, tiles)
    assert pixels_of(whole).shape == (700, 700, 3)
    drawn = pixels_of(tiles)
    # Kept, to review, and rejected as three things.
    assert drawn.shape == (5 * 64, 15 * 64, 3)
    red, green, _ = drawn[5:60, 193].mean(axis=0)
    assert red > green + 50  # the frame of the first tile

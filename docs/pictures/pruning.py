"""Draw the manual's pictures of pruning, from what ``make demo`` leaves in its folder.

Run in the repository's root, after ``make demo``::

    .venv/bin/python docs/pictures/pruning.py

Everything in the pictures is simulated, so that the truth is known: a red frame, or a red cross,
marks a decision that the truth contradicts.
"""

import argparse
import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import KDTree

import nunatak
from nunatak.picks.counted import counted
from nunatak.picks.table import PickSet
from nunatak.reports.crops import overview_picture, pick_picture

HERE = Path(__file__).resolve().parent
SHOWN_WHOLE = "mic_000003.mrc"
RADIUS_A = 45.0
"""Within which a pick shows a true particle, as in ``make demo``."""

TILES = 12
COLOURS = {"keep": "#00c853", "review": "#ffd600", "reject": "#ff3d00"}
_JPEG = {"quality": 75, "optimize": True}
_TILE_INCHES, _DPI = 0.64, 100


def main() -> None:
    """Draw both pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--demo", type=Path, default=Path("demo"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=HERE, metavar="DIR")
    arguments = parser.parse_args()
    result = nunatak.prune(nunatak.read_picks(arguments.demo / "picks.star"))
    table = with_truth(result.picks, nunatak.read_picks(arguments.demo / "particles.star"))
    draw_classes(table, arguments.output / "pruning-classes.jpg")
    shown = table[table["image"].map(_name) == SHOWN_WHOLE]
    draw_micrograph(shown, arguments.output / "pruning-micrograph.jpg")


def with_truth(picks: PickSet, truth: PickSet) -> pd.DataFrame:
    """Return the pick table with a column ``is_wrong``: whether the truth contradicts a decision.

    Parameters
    ----------
    picks
        Pruned, with ``pixel_size_A``. Nothing is said of picks to review, and the second pick of
        one particle is rightly rejected.
    truth
        All particles; micrographs are known by their file names.
    """
    table = picks.table.reset_index(drop=True)
    true_on = dict(list(truth.table.groupby(truth.table["image"].map(_name))))
    is_particle = np.zeros(len(table), dtype=bool)
    for image, rows in table.groupby(table["image"].map(_name)):
        if image in true_on:
            tree = KDTree(true_on[image][["x_px", "y_px"]].to_numpy())
            distance_px, _ = tree.query(rows[["x_px", "y_px"]].to_numpy())
            is_particle[rows.index] = distance_px * rows["pixel_size_A"].to_numpy() <= RADIUS_A
    is_lost = is_particle & (table["predicted_class"] != "duplicate").to_numpy()
    is_kept, is_rejected = ((table["decision"] == name).to_numpy() for name in ("keep", "reject"))
    return table.assign(is_wrong=(is_kept & ~is_particle) | (is_rejected & is_lost))


def draw_classes(table: pd.DataFrame, path: Path) -> None:
    """Draw picks spread evenly over their ranks: kept, to review, and rejected by class."""
    falling = table.sort_values("probability", ascending=False, kind="stable")
    lines = {name: falling[falling["decision"] == name] for name in ("keep", "review")}
    rejected = falling[falling["decision"] == "reject"]
    for name in rejected["predicted_class"].value_counts().index:
        lines[f"reject: {name.replace('_', ' ')}"] = rejected[rejected["predicted_class"] == name]
    lines = {name: own for name, own in lines.items() if len(own)}
    # A grid of tiles, with the room of three of them for the text at the left.
    columns, height = TILES + 3, 1 / len(lines)
    figure = Figure(figsize=(columns * _TILE_INCHES, len(lines) * _TILE_INCHES), dpi=_DPI)
    pixels_of: dict[str, NDArray[np.generic]] = {}
    for number, (name, own) in enumerate(lines.items(), 1):
        bottom = 1 - number * height
        figure.text(0.01, bottom + height / 2, f"{name}\n{counted(len(own), 'pick')}", va="center")
        shown = own.iloc[np.linspace(0, len(own) - 1, min(len(own), TILES)).round().astype(int)]
        for column, row in enumerate(shown.to_dict("records"), 3):
            if row["image"] not in pixels_of:
                pixels_of[row["image"]] = nunatak.read_micrograph(row["image"]).pixels
            tile = pick_picture(
                pixels_of[row["image"]],
                row["x_px"],
                row["y_px"],
                diameter_px=row["diameter_A"] / row["pixel_size_A"],
            )
            axes = figure.add_axes((column / columns, bottom, 1 / columns, height))
            axes.imshow(_decoded(tile), cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            colour, width = ("red", 3) if row["is_wrong"] else ("white", 1)
            for edge in axes.spines.values():
                edge.set(color=colour, linewidth=width)
    figure.savefig(path, pil_kwargs=_JPEG)


def draw_micrograph(table: pd.DataFrame, path: Path) -> None:
    """Draw the micrograph of some picks, with a circle for each in the colour of its decision."""
    first = table.iloc[0]
    pixels = nunatak.read_micrograph(first["image"]).pixels
    diameter_px = float(first["diameter_A"] / first["pixel_size_A"])
    ny, nx = pixels.shape
    frame = (-0.5, nx - 0.5, ny - 0.5, -0.5)
    figure = Figure(figsize=(7, 7 * ny / nx), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    picture = _decoded(overview_picture(pixels, diameter_px=diameter_px))
    axes.imshow(picture, cmap="gray", extent=frame)
    for row in table.to_dict("records"):
        x_px, y_px, colour = row["x_px"], row["y_px"], COLOURS[row["decision"]]
        axes.add_patch(Circle((x_px, y_px), diameter_px / 2, fill=False, color=colour, linewidth=2))
        if row["is_wrong"]:
            axes.plot(x_px, y_px, "x", color="red", markersize=10, markeredgewidth=2)
    axes.set(xlim=frame[:2], ylim=frame[2:])
    axes.axis("off")
    figure.savefig(path, pil_kwargs=_JPEG)


def _decoded(data_uri: str) -> NDArray[np.uint8]:
    _, _, content = data_uri.partition("base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def _name(image: str) -> str:
    return Path(image).name


if __name__ == "__main__":
    main()

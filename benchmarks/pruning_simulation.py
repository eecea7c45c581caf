"""Simulated micrographs of one complex with picks of every class, as files on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from nunatak.errors import BadInput
from nunatak.files import write_text
from nunatak.images.normalise import normalise
from nunatak.recipes.pruning_picks import PickConfig, SimulatedPicks, picks_of
from nunatak.simulate.crops import CropConfig, DrawnField, draw_field
from nunatak.simulate.dataset_files import write_mrc
from nunatak.simulate.density import Density
from nunatak.simulate.density_files import load_density

PICKS = "picks.json"


class SimulationConfig(BaseModel):
    """A simulated set.

    Attributes
    ----------
    micrographs : int
    scatterers : int
        Most of one complex.
    seed : int
    picks : PickConfig
        Of each micrograph. Its diameter in pixels is another one than the network works at, and
        it is stated right, as somebody does who prunes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    micrographs: int = 40
    scatterers: int = 1000
    seed: int = 7
    picks: PickConfig = PickConfig(
        fields=CropConfig(
            side_px=768,
            diameter_px=48.0,
            diameter_error=(1.0, 1.0),
            coverage=(0.05, 0.5),
            empty=0.1,
            junk=2.0,
        ),
        particles=30,
        shifted=6,
        junk_of_a_kind=8,
    )


def simulated(map_path: Path, config: SimulationConfig, folder: Path) -> dict[str, Any]:
    """Simulate a set, or read what was simulated before.

    Parameters
    ----------
    map_path
        Density of the complex.
    config
        How.
    folder
        Where the set lies: ``micrographs/*.mrc`` and ``picks.json``.

    Returns
    -------
    dict
        ``config``, ``name``, ``diameter_A``, ``pixel_size_A``, and ``picks``: ``image`` (file
        name), ``x_px``, ``y_px`` and ``class_name``, a list each.

    Raises
    ------
    SystemExit
        If the folder holds a set of another configuration.
    """
    path = folder / PICKS
    settings = config.model_dump(mode="json")
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["config"] != settings:
            raise SystemExit(f"{folder} holds a set of another configuration. Remove it.")
        return found
    rng = np.random.default_rng([config.seed, 0])
    density = load_density(map_path).thinned(config.scatterers, rng)
    (folder / "micrographs").mkdir(parents=True, exist_ok=True)
    picks: dict[str, list[Any]] = {"image": [], "x_px": [], "y_px": [], "class_name": []}
    pixel_size_A = density.diameter_A / config.picks.fields.diameter_px
    for number in range(config.micrographs):
        drawn, found_picks = _micrograph(density, config, number)
        name = f"{density.name}_{number:03d}.mrc"
        write_mrc(
            folder / "micrographs" / name, drawn.image, pixel_size_A=pixel_size_A, dtype="float32"
        )
        picks["image"] += [name] * len(found_picks.class_name)
        picks["x_px"] += found_picks.centres_px[:, 0].tolist()
        picks["y_px"] += found_picks.centres_px[:, 1].tolist()
        picks["class_name"] += found_picks.class_name.tolist()
    made = {
        "config": settings,
        "name": density.name,
        "diameter_A": density.diameter_A,
        "pixel_size_A": pixel_size_A,
        "picks": picks,
    }
    # Written last: a folder with picks is complete.
    write_text(path, json.dumps(made))
    return made


def _micrograph(
    density: Density, config: SimulationConfig, number: int
) -> tuple[DrawnField, SimulatedPicks]:
    rng = np.random.default_rng([config.seed, 1, number])
    while True:
        drawn = draw_field(density, config.picks.fields, rng)
        try:
            normalise(drawn.image)
        except BadInput:
            continue  # foil covers everything
        picks = picks_of(drawn, config.picks, rng)
        if len(picks.class_name):
            return drawn, picks

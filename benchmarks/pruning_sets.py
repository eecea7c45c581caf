"""The picks that pruning is judged by: real ones, and simulated ones of one complex each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets import REAL_SETS, RealSet
from nunatak.picks.formats import read_picks
from nunatak.picks.matching import credited
from nunatak.picks.table import PickSet
from nunatak.pruning.classes import CARBON, JUNK, PARTICLE
from pruning_simulation import SimulationConfig, simulated

HAND, SCORED = "hand-labelled", "topaz-picks"
GALACTOSIDASE = "empiar10017"


@dataclass(frozen=True, eq=False)
class PruningSet:
    """Picks of one specimen, with what each truly is.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    diameter_A : float
    picks : PickSet
        Images are paths.
    class_name : ndarray, shape (n,), str
        Of `nunatak.pruning.classes.CLASSES`.
    is_simulated : bool
    """

    name: str
    title: str
    diameter_A: float
    picks: PickSet
    class_name: NDArray[np.str_]
    is_simulated: bool

    def described(self) -> dict[str, Any]:
        """Say which data these are: JSON values."""
        names, counts = np.unique(self.class_name, return_counts=True)
        return {
            "title": self.title,
            "diameter_A": self.diameter_A,
            "micrographs": len(self.picks.images),
            "picks": len(self.picks),
            "classes": dict(zip(names.tolist(), counts.tolist(), strict=True)),
            "is_simulated": self.is_simulated,
            "checksum": self.checksum,
        }

    @cached_property
    def checksum(self) -> str:
        """Tells these picks and micrographs from any others."""
        table = self.picks.table
        made = hashlib.sha256(json.dumps([self.name, self.diameter_A]).encode())
        made.update(json.dumps([Path(name).name for name in table["image"]]).encode())
        made.update(json.dumps(self.class_name.tolist()).encode())
        made.update(np.round(table[["x_px", "y_px"]].to_numpy(np.float64), 3).tobytes())
        for image in self.picks.images:
            made.update(hashlib.sha256(Path(image).read_bytes()).digest())
        return made.hexdigest()


def pruning_sets(
    data: Path,
    work: Path,
    names: Sequence[str] = (),
    config: SimulationConfig | None = None,
) -> list[PruningSet]:
    """Return the sets to judge by.

    Parameters
    ----------
    data
        Folder with the real micrographs and the maps.
    work
        Folder in which sets are simulated, once.
    names
        Which sets: those of the real picks, or of maps. All by default.
    config
        How to simulate.
    """
    maps = {path.name.partition(".")[0]: path for path in sorted((data / "maps").glob("*.mrc*"))}
    known = [HAND, SCORED, *maps]
    wanted = list(names) or known
    unknown = set(wanted) - set(known)
    if unknown:
        raise SystemExit(f"There is no set {', '.join(sorted(unknown))}; {', '.join(known)} are.")
    real = next(one for one in REAL_SETS if one.name == GALACTOSIDASE)
    made = {HAND: lambda: hand_labelled(real, data), SCORED: lambda: scored(real, data)}
    return [
        made[name]()
        if name in made
        else simulated_set(maps[name], config or SimulationConfig(), work)
        for name in wanted
    ]


def hand_labelled(real: RealSet, data: Path) -> PruningSet:
    """Return picks that people called good or bad."""
    micrographs = real.micrographs(data)
    parts = [real.labels(data, micrographs, f"autopickbc_{side}") for side in ("pos", "neg")]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    truth = np.repeat([PARTICLE, JUNK], [len(part) for part in parts])
    return PruningSet(
        HAND,
        f"{real.title}, hand-labelled good and bad picks",
        real.diameter_A,
        _with_paths(table, micrographs),
        truth,
        is_simulated=False,
    )


def scored(real: RealSet, data: Path) -> PruningSet:
    """Return a picker's scored picks; good is what adds a true positive to a label set."""
    path = data / real.name / "repic_topaz_scored.star"
    wanted = {Path(name).name for name in read_picks(path).images}
    micrographs = [one for one in real.micrographs(data) if one.name in wanted]
    picks = real.labels(data, micrographs, path.stem).table.reset_index(drop=True)
    labels = real.labels(data, micrographs).table
    radius_px = real.matching_radius_A / real.pixel_size_A
    is_particle = np.zeros(len(picks), dtype=np.bool_)
    for micrograph in micrographs:
        own, true = (
            table[table["image"].map(lambda name: Path(name).name) == micrograph.name]
            for table in (picks, labels)
        )
        is_particle[own.index] = credited(
            own[["x_px", "y_px"]], own["score"], true[["x_px", "y_px"]], radius_px
        )
    return PruningSet(
        SCORED,
        f"{real.title}, Topaz's picks at a low threshold",
        real.diameter_A,
        _with_paths(picks, micrographs),
        np.where(is_particle, PARTICLE, JUNK),
        is_simulated=False,
    )


def simulated_set(map_path: Path, config: SimulationConfig, work: Path) -> PruningSet:
    """Return simulated picks of one complex, of every class that the classifier tells apart."""
    name = map_path.name.partition(".")[0]
    folder = work / "pruning-simulated" / name
    made = simulated(map_path, config, folder)
    table = pd.DataFrame(made["picks"]).assign(pixel_size_A=made["pixel_size_A"])
    truth = table.pop("class_name").to_numpy(dtype=np.str_)
    micrographs = sorted((folder / "micrographs").glob("*.mrc"))
    return PruningSet(
        name,
        f"simulated {name}",
        made["diameter_A"],
        _with_paths(table, micrographs),
        truth,
        is_simulated=True,
    )


def three_way(class_name: NDArray[np.str_]) -> NDArray[np.str_]:
    """Name picks as PickerOptimizer does: particle, carbon, and any other contaminant."""
    kept = np.isin(class_name, (PARTICLE, CARBON))
    return np.where(kept, class_name, "contaminant")


def _with_paths(table: pd.DataFrame, micrographs: Sequence[Path]) -> PickSet:
    paths = {path.name: str(path.resolve()) for path in micrographs}
    image = [paths[Path(name).name] for name in table["image"]]
    return PickSet(table.assign(image=image), images=tuple(paths.values()))

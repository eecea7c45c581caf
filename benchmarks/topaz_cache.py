"""Topaz's picks micrograph by micrograph: what was picked once is not picked again.

Topaz takes minutes where nunatak takes seconds, and the comparison may be stopped at any time:
each micrograph's picks, with their share of the time, are kept as a file in the work folder.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nunatak.files import write_text
from nunatak.picks.table import PickSet
from processes import GB
from topaz_runs import TopazRun, TopazScale, run_topaz, shape_of

CHUNK = 3
"""Micrographs a run: topaz starts anew for each, which costs it some ten seconds in all."""

START_UP_S = 10.0
PREPROCESS_S_PER_MEGAPIXEL = 0.42
EXTRACT_S_PER_MEGAPIXEL = 43.0
"""Measured on two cores, for the estimate of what lies ahead."""


@dataclass(frozen=True)
class TopazPicks:
    """Picks of a set of micrographs at one scale.

    Attributes
    ----------
    picks : PickSet
    seconds_per_micrograph : float
        Of both processes, start-up shared among the micrographs of a run.
    peak_GB : float
    """

    picks: PickSet
    seconds_per_micrograph: float
    peak_GB: float


@dataclass(frozen=True)
class TopazCache:
    """Where results are kept, and how new ones are made.

    Attributes
    ----------
    topaz : Path
        The command.
    work : Path
        Folder.
    cores : int
        That topaz may use.
    """

    topaz: Path
    work: Path
    cores: int

    def missing(self, name: str, micrographs: Sequence[Path], scale: TopazScale) -> list[Path]:
        """Return the micrographs of a set that are still to be picked."""
        return [path for path in micrographs if not self._path(name, path, scale).exists()]

    def pick(self, name: str, micrographs: Sequence[Path], scale: TopazScale) -> TopazPicks:
        """Pick what is missing, and return everything."""
        missing = self.missing(name, micrographs, scale)
        for first in range(0, len(missing), CHUNK):
            chunk = missing[first : first + CHUNK]
            run = run_topaz(self.topaz, chunk, scale, work=self.work, cores=self.cores)
            for path in chunk:
                self._keep(name, path, scale, run, share=1 / len(chunk))
            print(
                f"topaz, {name}, {scale.title}: {first + len(chunk)} of {len(missing)}", flush=True
            )
        kept = [self._read(name, path, scale) for path in micrographs]
        tables = [
            pd.DataFrame({"image": str(path), **one["picks"]})
            for path, one in zip(micrographs, kept, strict=True)
        ]
        return TopazPicks(
            PickSet(pd.concat(tables, ignore_index=True), images=tuple(map(str, micrographs))),
            sum(one["seconds"] for one in kept) / len(kept),
            max(one["peak_bytes"] for one in kept) / GB,
        )

    def _keep(
        self, name: str, path: Path, scale: TopazScale, run: TopazRun, *, share: float
    ) -> None:
        own = run.table[run.table["image"] == str(path)]
        content = {
            "binning": scale.binning,
            "radius_px": scale.radius_px,
            "seconds": run.seconds * share,
            "peak_bytes": run.peak_bytes,
            "picks": {column: own[column].tolist() for column in ("x_px", "y_px", "score")},
        }
        write_text(self._path(name, path, scale), json.dumps(content))

    def _read(self, name: str, path: Path, scale: TopazScale) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._path(name, path, scale).read_text("utf-8"))
        return content

    def _path(self, name: str, path: Path, scale: TopazScale) -> Path:
        setting = f"binning-{scale.binning}-radius-{scale.radius_px}"
        return self.work / "topaz" / name / setting / f"{path.stem}.json"


def estimated_seconds(micrographs: Sequence[Path], scale: TopazScale, *, runs: int) -> float:
    """Estimate how long topaz will take over some micrographs in so many runs."""
    megapixels = sum(ny * nx for ny, nx in map(shape_of, micrographs)) / 1e6
    return (
        runs * START_UP_S
        + megapixels * PREPROCESS_S_PER_MEGAPIXEL
        + megapixels / scale.binning**2 * EXTRACT_S_PER_MEGAPIXEL
    )

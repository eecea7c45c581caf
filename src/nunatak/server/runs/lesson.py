"""What a training is given, on micrographs and in tomograms alike, and its file in a run's folder.

A training that was stopped goes on with what it was given at first, whatever was labelled since.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from nunatak.files import write_text
from nunatak.learning.regions import Regions
from nunatak.picks.table import PickSet
from nunatak.server.runs.orders import LESSON
from nunatak.server.runs.progress_file import ProgressFile
from nunatak.server.runs.teaching import Teaching
from nunatak.training.progress import Progress
from nunatak.workspace.images import ImageRecord
from nunatak.workspace.project import Settings

TRAINING = "training"
"""The phase of a training's steps."""

_IMAGES: TypeAdapter[list[ImageRecord]] = TypeAdapter(list[ImageRecord])


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a training learns from.

    Attributes
    ----------
    settings : Settings
        Of the project.
    images : list of ImageRecord
        That may take part.
    taught : Teaching
        What people said about them.
    start : str
        The model to start from, as `nunatak.server.bodies.runs.TrainAsked` names it.
    steps : int or None
        None for as many as usual.
    looked_at : int or None
        The image that the user looked at.
    shown_from : float or None
        Score from which on picks of the general model were shown to those who labelled.
    found : float or None
        Particles in an image, by the newest set of picks that tells; see `particles_found`.
    """

    settings: Settings
    images: list[ImageRecord]
    taught: Teaching
    start: str
    steps: int | None
    looked_at: int | None = field(default=None)
    shown_from: float | None = field(default=None)
    found: float | None = field(default=None)

    @property
    def labelled(self) -> list[ImageRecord]:
        """Images about which people said something."""
        named = set(self.taught.images)
        return [one for one in self.images if one.path in named]

    @property
    def unlabelled(self) -> list[ImageRecord]:
        """The others, as far as they can be used."""
        named = set(self.taught.images)
        return [one for one in self.images if one.path not in named and not one.problem]


def keep_lesson(folder: Path, lesson: Lesson) -> None:
    """Write a lesson into a run's folder.

    Raises
    ------
    ResourceError
        If that cannot be done.
    """
    taught = lesson.taught
    content = {
        "settings": lesson.settings.model_dump(mode="json"),
        "images": _IMAGES.dump_python(lesson.images, mode="json"),
        "places": taught.picks.table.to_dict("list"),
        "particles": taught.particles,
        "negatives": taught.negatives,
        "taught_images": taught.images,
        "regions": {
            image: {
                kind: [outline.tolist() for outline in getattr(regions, kind)]
                for kind in ("excluded", "complete")
            }
            for image, regions in taught.regions.items()
        },
        "start": lesson.start,
        "steps": lesson.steps,
        "looked_at": lesson.looked_at,
        "shown_from": lesson.shown_from,
        "found": lesson.found,
    }
    write_text(folder / LESSON, json.dumps(content))


def kept_lesson(folder: Path) -> Lesson | None:
    """Read the lesson of a training that was begun; None where there is none that can be read."""
    try:
        content: dict[str, Any] = json.loads((folder / LESSON).read_text(encoding="utf-8"))
        return Lesson(
            settings=Settings.model_validate(content["settings"]),
            images=_IMAGES.validate_python(content["images"]),
            taught=Teaching(
                picks=PickSet(pd.DataFrame(content["places"])),
                particles=content["particles"],
                negatives=content["negatives"],
                images=tuple(content["taught_images"]),
                regions={
                    image: Regions(**{kind: tuple(map(_corners, said[kind])) for kind in said})
                    for image, said in content["regions"].items()
                },
            ),
            **{
                name: content[name]
                for name in ("start", "steps", "looked_at", "shown_from", "found")
            },
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _corners(outline: list[list[float]]) -> np.ndarray:
    return np.array(outline, dtype=np.float64)


def tell(file: ProgressFile, progress: Progress) -> None:
    """Say how far a training has come."""
    if file.phase != TRAINING:
        file.begin(TRAINING, progress.steps)
    file.advance(progress.step, progress.seconds_left)

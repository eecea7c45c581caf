"""Detectors that stay loaded and pick one image after the other, in an order that may change."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from nunatak.detection.contrast import Side
from nunatak.detection.finished import Finished
from nunatak.detection.result import Failure
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.server.runs.found_set import SetFacts
from nunatak.workspace.project import Contrast

Outcome = Finished | Failure


@dataclass(frozen=True)
class PickPlan:
    """What is to be picked, and how.

    Attributes
    ----------
    model : str
        Path or shipped name.
    entries : mapping of str to ListedMicrograph
        All images of the project, by their paths.
    diameters_A : mapping of str to float
        By class, those that are known.
    contrast : str
        Of the particles, as the project has it.
    """

    model: str
    entries: Mapping[str, ListedMicrograph]
    diameters_A: Mapping[str, float]
    contrast: Contrast


class Picker(Protocol):
    """Finds particles in images.

    Attributes
    ----------
    threshold : float
        Score from which on a candidate is selected, unless somebody knows better.
    classes : tuple of str
    facts : SetFacts
    contrast : str or None
        Of the particles as stored, once it is known.
    """

    contrast: Side | None
    threshold: float
    classes: tuple[str, ...]
    facts: SetFacts

    def first(self, image: str) -> Outcome:
        """Pick one image as soon as possible."""

    def others(self, images: Iterable[str]) -> Generator[Outcome, None, None]:
        """Pick images in the order in which they come; the next is asked for late."""


def open_picker(plan: PickPlan, ndim: int, *, contrast: Side | None) -> Picker:
    """Load a model.

    Parameters
    ----------
    plan
        What to do.
    ndim
        2 for micrographs, 3 for tomograms.
    contrast
        What an earlier part of the run found out; None if nothing did.

    Raises
    ------
    NunatakError
        If the model cannot be used.
    """
    # Each brings modules that the other does not need.
    if ndim == 3:
        from nunatak.server.runs.tomogram_picker import TomogramPicker  # noqa: PLC0415

        return TomogramPicker(plan)
    from nunatak.server.runs.micrograph_picker import MicrographPicker  # noqa: PLC0415

    return MicrographPicker(plan, contrast=contrast)


def all_threads() -> int:
    """How many processor threads there are to work with."""
    return torch.get_num_threads()

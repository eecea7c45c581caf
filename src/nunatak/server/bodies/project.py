"""The project as a whole."""

from typing import Annotated, Literal

from pydantic import Field

from nunatak.server.bodies.base import Body, Name
from nunatak.workspace.project import Classes, Contrast, ParticleClass

__all__ = [
    "Counts",
    "ParticleClass",
    "Project",
    "ProjectChange",
]


ExpectedParticles = Annotated[float, Field(gt=0.0, le=1_000_000.0)]


class Counts(Body):
    """Numbers of images by state.

    Attributes
    ----------
    new, labelled, reviewed, skipped : int
    """

    new: int
    labelled: int
    reviewed: int
    skipped: int


class Project(Body):
    """What the page shows first.

    Attributes
    ----------
    id : str
        Tells this project from all others.
    name : str
    ndim : int
        2 for micrographs, 3 for tomograms.
    user : str
        To whom edits are ascribed.
    classes : list of ParticleClass
        At least one.
    contrast : str
        Particles as stored: ``auto``, ``dark`` or ``light``.
    expected_particles : float or None
        In an image; None to estimate it.
    version : int
        Of these settings; a change names the one that it saw.
    counts : Counts
    program_version : str
    """

    id: str
    name: str
    ndim: Literal[2, 3]
    user: str
    classes: list[ParticleClass]
    contrast: Contrast
    expected_particles: float | None
    version: int
    counts: Counts
    program_version: str


class ProjectChange(Body):
    """New settings; what is left out stays.

    Attributes
    ----------
    base_version : int
        The version that the change was made to.
    name, classes, contrast, expected_particles
        See `Project`. A class that labels name cannot be left out. ``expected_particles`` None is
        a wish to estimate it; of the others None stands for leaving them out.
    """

    base_version: int
    name: Name | None = None
    classes: Classes | None = None
    contrast: Contrast | None = None
    expected_particles: ExpectedParticles | None = None

"""The project's settings."""

from fastapi import APIRouter

from nunatak import __version__
from nunatak.server.bodies.base import Problem
from nunatak.server.bodies.project import Counts, Project, ProjectChange
from nunatak.server.services import Parts
from nunatak.workspace.images import state_counts
from nunatak.workspace.project import change_settings, settings_of

router = APIRouter(tags=["project"])


@router.get("/project")
def read_project(parts: Parts) -> Project:
    """Return the project."""
    settings = settings_of(parts.workspace)
    return Project(
        **settings.model_dump(),
        user=parts.user,
        counts=Counts(**state_counts(parts.workspace)),
        program_version=__version__,
    )


@router.patch("/project", responses={409: {"model": Problem}})
def change_project(change: ProjectChange, parts: Parts) -> Project:
    """Change settings."""
    change_settings(
        parts.workspace,
        change.base_version,
        user=parts.user,
        name=change.name,
        classes=change.classes,
        contrast=change.contrast,
        expected_particles=change.expected_particles
        if "expected_particles" in change.model_fields_set
        else "unchanged",
    )
    parts.runs.project_changed()
    return read_project(parts)

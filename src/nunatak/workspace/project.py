"""Make a project, open it, and change its settings."""

import json
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from nunatak.errors import BadInput, ResourceError
from nunatak.learning.labels.words import NEGATIVE_CLASSES
from nunatak.picks.counted import counted
from nunatak.workspace.base import Angstrom, Model, Name, now
from nunatak.workspace.changes import note
from nunatak.workspace.connection import DATABASE, Workspace, connected
from nunatak.workspace.errors import StaleSettings
from nunatak.workspace.schema import make_tables
from nunatak.workspace.troubles import translated

Contrast = Literal["auto", "dark", "light"]


class ParticleClass(Model):
    """A kind of particle.

    Attributes
    ----------
    name : str
        ``particle`` where there is one kind only.
    diameter_A : float or None
        Longest extent; None until the user says it.
    """

    name: Name
    diameter_A: Angstrom | None = None


Classes = Annotated[list[ParticleClass], Field(min_length=1, max_length=100)]
_CLASSES: TypeAdapter[list[ParticleClass]] = TypeAdapter(Classes)


class Settings(Model):
    """What a project is about.

    Attributes
    ----------
    id : str
        Random: tells this project from all others.
    name : str
    ndim : int
        2 for micrographs, 3 for tomograms.
    classes : list of ParticleClass
        At least one.
    contrast : str
        Particles as stored: ``auto``, ``dark`` or ``light``.
    expected_particles : float or None
        In an image; None to estimate it.
    version : int
    """

    id: str
    name: str
    ndim: Literal[2, 3]
    classes: list[ParticleClass]
    contrast: Contrast
    expected_particles: float | None
    version: int

    def diameter_A(self, class_name: str) -> float | None:
        """Return the diameter of a class, None where it is unknown."""
        return next((one.diameter_A for one in self.classes if one.name == class_name), None)

    @property
    def largest_diameter_A(self) -> float | None:
        """Diameter of the largest class, None where none is known."""
        return max((one.diameter_A for one in self.classes if one.diameter_A), default=None)


def has_project(folder: str | Path) -> bool:
    """Tell whether a folder holds a project, be it damaged."""
    return (Path(folder) / DATABASE).exists()


def create_project(
    folder: str | Path,
    *,
    ndim: Literal[2, 3],
    classes: list[ParticleClass],
    user: str,
    name: str | None = None,
    contrast: Contrast = "auto",
    expected_particles: float | None = None,
) -> Workspace:
    """Make a project, or open the one that somebody else made at the same moment.

    Parameters
    ----------
    folder
        Made if it is missing.
    ndim, classes, contrast, expected_particles
        See `Settings`.
    user
        Who makes it.
    name
        For people; None takes the name of the folder above.

    Raises
    ------
    BadInput
        If classes are unusable.
    ResourceError
        If the folder cannot be written.
    """
    _check_classes(classes)
    path = Path(folder).absolute()
    database = path / DATABASE
    temporary = path / f".making-{secrets.token_hex(8)}.sqlite"
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Not tempfile, whose files nobody else may open: a group may share a project.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise ResourceError(
            f"{path}: cannot make a project here ({error.strerror or error}). Check that you may "
            "write there, or give another folder with --project."
        ) from error
    try:
        with translated(database), closing(connected(temporary)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            make_tables(connection)
            values = (
                secrets.token_hex(16),
                name or path.parent.name or path.name,
                ndim,
                _CLASSES.dump_json(classes).decode(),
                contrast,
                expected_particles,
                user,
                now(),
            )
            connection.execute(
                "INSERT INTO project (row, id, name, ndim, classes, contrast, expected_particles, "
                "version, made_by, made_at) VALUES (1, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                values,
            )
            connection.execute("COMMIT")
        _keep_first(temporary, database)
    finally:
        temporary.unlink(missing_ok=True)
    return Workspace(path)


def _keep_first(temporary: Path, database: Path) -> None:
    """Give the finished file its name, unless that is taken."""
    try:
        os.link(temporary, database)
    except FileExistsError:
        return
    except OSError as error:
        # Some network and memory-stick file systems know no links.
        if database.exists():
            return
        try:
            temporary.replace(database)
        except OSError:
            raise ResourceError(
                f"{database}: cannot be made ({error.strerror or error}). Check that you may write "
                "there, or give another folder with --project."
            ) from error


def settings_of(workspace: Workspace) -> Settings:
    """Return the project's settings."""
    with workspace.reading() as connection:
        return read_settings(connection)


def read_settings(connection: sqlite3.Connection) -> Settings:
    """Return the project's settings within a transaction."""
    identity, name, ndim, classes, contrast, expected, version = connection.execute(
        "SELECT id, name, ndim, classes, contrast, expected_particles, version FROM project"
    ).fetchone()
    return Settings(
        id=identity,
        name=name,
        ndim=ndim,
        classes=_CLASSES.validate_json(classes),
        contrast=contrast,
        expected_particles=expected,
        version=version,
    )


def change_settings(
    workspace: Workspace,
    base_version: int,
    *,
    user: str,
    name: str | None = None,
    classes: list[ParticleClass] | None = None,
    contrast: Contrast | None = None,
    expected_particles: float | Literal["unchanged"] | None = "unchanged",
) -> Settings:
    """Change settings.

    Parameters
    ----------
    workspace
        The project.
    base_version
        The version that the change was made to.
    user
        To whom it is ascribed.
    name, classes, contrast
        None leaves them as they are.
    expected_particles
        In an image; None to estimate it from now on.

    Raises
    ------
    StaleSettings
        If they were changed since ``base_version``.
    BadInput
        If a class that labels name is left out, classes are unusable, or the name is blank.
    """
    with workspace.writing() as connection:
        before = read_settings(connection)
        if before.version != base_version:
            raise StaleSettings(before)
        changed = before.model_copy(
            update={
                "name": before.name if name is None else name.strip(),
                "classes": before.classes if classes is None else classes,
                "contrast": contrast or before.contrast,
                "expected_particles": before.expected_particles
                if expected_particles == "unchanged"
                else expected_particles,
                "version": before.version + 1,
            }
        )
        write_settings(connection, changed, user)
    return changed


def write_settings(connection: sqlite3.Connection, settings: Settings, user: str) -> None:
    """Put settings in place of the present ones, within a transaction.

    Raises
    ------
    BadInput
        If a class that labels name is left out, classes are unusable, or the name is blank.
    """
    if not settings.name:
        raise BadInput("The project has a blank name. Name it.")
    _check_classes(settings.classes)
    _check_used_classes(connection, settings.classes)
    classes = _CLASSES.dump_json(settings.classes).decode()
    connection.execute(
        "UPDATE project SET name = ?, classes = ?, contrast = ?, expected_particles = ?, "
        "version = ?",
        (
            *(settings.name, classes, settings.contrast, settings.expected_particles),
            settings.version,
        ),
    )
    connection.execute(
        "INSERT INTO setting_change (version, made_by, made_at, settings) VALUES (?, ?, ?, ?)",
        (settings.version, user, now(), json.dumps(settings.model_dump(), ensure_ascii=False)),
    )
    note(connection, "project", version=settings.version)


def _check_classes(classes: list[ParticleClass]) -> None:
    if not classes:
        raise BadInput("A project needs at least one kind of particle. Name one.")
    seen: set[str] = set()
    for one in classes:
        key = one.name.strip().casefold()
        if not key:
            raise BadInput("A kind of particle has a blank name. Name it.")
        if key in seen:
            raise BadInput(f"Two kinds of particles are called {one.name}. Rename one of them.")
        if key in NEGATIVE_CLASSES:
            raise BadInput(
                f"A kind of particle cannot be called {one.name}: in files of labels that word "
                "marks places that are no particle. Choose another name."
            )
        seen.add(key)


def _check_used_classes(connection: sqlite3.Connection, classes: list[ParticleClass]) -> None:
    kept = {one.name for one in classes}
    rows = connection.execute(
        "SELECT class_name, count(*) FROM point WHERE kind = 'particle' GROUP BY class_name"
    )
    for name, count in rows:
        if name not in kept:
            verb = "is" if count == 1 else "are"
            raise BadInput(
                f"{counted(count, 'label')} {verb} of the kind {name}, which would be left out. "
                "Remove what is labelled so first, or keep the kind."
            )

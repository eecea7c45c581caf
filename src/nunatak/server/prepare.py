"""Make the project that ``nunatak label`` is asked for, or open it and add what is new."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from nunatak.errors import UsageError
from nunatak.images.image_kind import OPTION, are_tomograms
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.tomogram_inputs import list_tomograms
from nunatak.learning.labels.words import ONLY_CLASS
from nunatak.picks.counted import counted
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import add_images, images_of
from nunatak.workspace.pick_sets import pick_sets_of
from nunatak.workspace.picks import picked_images
from nunatak.workspace.project import (
    Contrast,
    ParticleClass,
    change_settings,
    create_project,
    has_project,
    settings_of,
)
from nunatak.workspace.stated_sizes import state_pixel_size

_KINDS = {2: "micrographs", 3: "tomograms"}


@dataclass(frozen=True)
class Prepared:
    """A project that can be served.

    Attributes
    ----------
    n_images : int
        In the project.
    n_new : int
        Of them, added now.
    notes : tuple of str
        What was left out of the inputs, and why; and what became of the pixel size that was
        stated, where it concerns images that were there before.
    """

    n_images: int
    n_new: int
    notes: tuple[str, ...]


def prepare(
    folder: Path,
    images: Sequence[str],
    *,
    user: str,
    diameters_A: Mapping[str | None, float],
    contrast: Contrast = "auto",
    pixel_size_A: float | None = None,
    is_of_tomograms: bool | None = None,
    tomograms_star: Path | None = None,
) -> Prepared:
    """Make a project, or open it, add new images and change what is stated.

    Parameters
    ----------
    folder
        Of the project.
    images
        As the user typed them; none for those that are there.
    user
        To whom changes are ascribed.
    diameters_A
        By class; of None for particles of one kind. Others keep theirs.
    contrast
        ``auto`` keeps what is there.
    pixel_size_A
        Of the images that are given, or of all where none are, whose headers state none.
    is_of_tomograms
        What images are; None finds out.
    tomograms_star
        RELION's, to be kept in the project.

    Raises
    ------
    UsageError
        If images are of another kind than the project's, or tomograms_star is not for them.
    BadInput
        If there are neither images nor a project, images cannot be told apart, or tomograms_star
        cannot be read.
    """
    is_new = not has_project(folder)
    if is_new and images:
        ndim = _ndim(images, is_of_tomograms)
        classes = _classes([], diameters_A) or [ParticleClass(name=ONLY_CLASS)]
        found = _listed(images, ndim)  # before anything is written
        workspace = create_project(folder, ndim=ndim, classes=classes, user=user, contrast=contrast)
    else:
        workspace = Workspace(folder)
        found = MicrographList(())
    with workspace:
        if not is_new:
            found = _added_to(workspace, images, is_of_tomograms)
            _change(workspace, diameters_A, contrast, user)
        sized = [replace(one, pixel_size_A=pixel_size_A or one.pixel_size_A) for one in found]
        n_new = len(add_images(workspace, sized))
        resized = [] if is_new else _resized(workspace, pixel_size_A, found if images else None)
        if tomograms_star is not None:
            # Tables are slow to import, and somebody waits for the first picture.
            from nunatak.server.transfer.tilt_series import keep_tomograms_star  # noqa: PLC0415

            keep_tomograms_star(workspace, tomograms_star)
        missing = [f"{one.name}: {one.reason}" for one in found.missing]
        notes = (*found.notes, *missing, *resized)
        return Prepared(len(images_of(workspace)), n_new, notes)


def _ndim(images: Sequence[str], is_of_tomograms: bool | None) -> Literal[2, 3]:
    are = are_tomograms(images) if is_of_tomograms is None else is_of_tomograms
    return 3 if are else 2


def _listed(images: Sequence[str], ndim: int) -> MicrographList:
    return list_tomograms(images) if ndim == 3 else list_micrographs(images)


def _added_to(
    workspace: Workspace, images: Sequence[str], is_of_tomograms: bool | None
) -> MicrographList:
    if not images:
        return MicrographList(())
    ndim = settings_of(workspace).ndim
    given = _ndim(images, is_of_tomograms)
    if given != ndim:
        raise UsageError(
            f"{workspace.folder}: a project of {_KINDS[ndim]}, and the images are {_KINDS[given]}. "
            f"Give another folder with --project, or {OPTION} {_KINDS[ndim]} if they are these."
        )
    return _listed(images, ndim)


def _change(
    workspace: Workspace, diameters_A: Mapping[str | None, float], contrast: Contrast, user: str
) -> None:
    before = settings_of(workspace)
    classes = _classes(before.classes, diameters_A)
    new_contrast = before.contrast if contrast == "auto" else contrast
    if (classes, new_contrast) == (before.classes, before.contrast):
        return
    change_settings(workspace, before.version, user=user, classes=classes, contrast=new_contrast)


def _resized(
    workspace: Workspace, pixel_size_A: float | None, given: MicrographList | None
) -> list[str]:
    """Give images that the project has a pixel size, and say which it could be given to."""
    if pixel_size_A is None:
        return []
    paths = None if given is None else {os.path.abspath(one.path) for one in given}  # noqa: PTH100
    came_of = state_pixel_size(workspace, pixel_size_A, paths)
    notes = []
    if came_of.changed:
        number = counted(len(came_of.changed), "image")
        notes.append(f"{number} of the project now counted with {pixel_size_A:g} Å a pixel")
    changed = {one.id for one in came_of.changed if one.pixel_size_A is not None}
    sets = pick_sets_of(workspace)
    picked = {image for one in sets for image in picked_images(workspace, one.id)}
    if changed & picked:
        notes.append(
            f"{counted(len(changed & picked), 'image')} of these picked with another pixel size "
            "before: use 'Pick again' under Train in the page"
        )
    if came_of.contradicted:
        first = came_of.contradicted[0]
        notes.append(
            f"{counted(len(came_of.contradicted), 'image')} of the project not counted with "
            f"{pixel_size_A:g} Å a pixel, since the headers say otherwise (the first, "
            f"{first.path}: {first.pixel_size_A:.5g} Å). Correct headers that are wrong"
        )
    return notes


def _classes(
    before: Sequence[ParticleClass], diameters_A: Mapping[str | None, float]
) -> list[ParticleClass]:
    """Return classes with the diameters that are stated; new ones come last.

    Raises
    ------
    UsageError
        If a diameter without a class meets several.
    """
    if None in diameters_A and len(before) > 1:
        names = ", ".join(one.name for one in before)
        raise UsageError(
            f"--diameter {diameters_A[None]:g}: the project has several kinds of particles "
            f"({names}). Name the one that is meant, as {before[0].name}={diameters_A[None]:g}."
        )
    only = before[0].name if before else ONLY_CLASS
    stated = {only if name is None else name: size_A for name, size_A in diameters_A.items()}
    known = [
        ParticleClass(name=one.name, diameter_A=stated.pop(one.name, one.diameter_A))
        for one in before
    ]
    return known + [ParticleClass(name=name, diameter_A=size_A) for name, size_A in stated.items()]

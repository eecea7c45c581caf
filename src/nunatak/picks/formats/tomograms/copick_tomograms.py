"""What a copick project's own tomograms say of the picks in it: shapes, and exact voxel sizes.

Its files of picks round the voxel size, or leave it out, and picks belong to a run and not to one
of its tomograms. Where those of a run share a shape and a voxel size, any of them serves.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from nunatak.images.copick_project import CopickTomogram, copick_project_at
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.tomograms import copick_json, copick_names
from nunatak.picks.image_catalogue import ImageCatalogue


def known(
    images: ImageCatalogue, found: Sequence[tuple[Path, PickFormat]], given: Iterable[Path]
) -> ImageCatalogue:
    """Return what is known of the tomograms of picks.

    Parameters
    ----------
    images
        What the user says, which is all that counts where it says anything.
    found
        The files of picks with their formats.
    given
        What was asked to be read: the projects among it know their tomograms.

    Returns
    -------
    ImageCatalogue
        The runs by their names, or ``images``. Of the tomograms of picks a catalogue knows all or
        none: if a run has no tomogram, or several that differ, the files of picks are asked.

    Raises
    ------
    FormatError, BadInput
        If a project cannot be read.
    """
    if not images.is_silent or not all(fmt is copick_json.FORMAT for _, fmt in found):
        return images
    of_run: defaultdict[str, list[CopickTomogram]] = defaultdict(list)
    for project in filter(None, map(copick_project_at, given)):
        for one in project.tomograms:
            of_run[one.run].append(one)
    runs = dict.fromkeys(copick_names.run_above(file) for file, _ in found)
    stand_ins = {run: _any_of(of_run[run]) for run in runs if run is not None}
    if len(stand_ins) < len(runs) or None in stand_ins.values():
        return images
    listed = [ListedMicrograph(path, run) for run, path in stand_ins.items() if path is not None]
    return ImageCatalogue.of_tomograms(MicrographList(tuple(listed)))


def _any_of(tomograms: Sequence[CopickTomogram]) -> Path | None:
    """Return one of the tomograms of a run, if it stands for all."""
    paths = [one.path for one in tomograms]
    if paths and ImageCatalogue(paths=paths).share_a_grid(map(str, paths)):
        return paths[0]
    return None

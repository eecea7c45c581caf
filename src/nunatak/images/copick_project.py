"""A copick project on disk: which objects it is about, and where its tomograms and picks lie.

The layout is copick's: a JSON configuration names one or two roots, and below each lie
``ExperimentRuns/<run>/VoxelSpacing<Å>/<type>.zarr`` and
``ExperimentRuns/<run>/Picks/<user>_<session>_<object>.json``. The overlay root is the writable
one; what it holds goes before the same thing in the static root.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput, FormatError
from nunatak.images.copick_config import (
    CopickConfig,
    PickableObject,
    is_copick_config,
    read_copick_config,
)
from nunatak.images.folders import FolderContent, Folders, natural
from nunatak.images.pixel_size import same, stated

RUNS_FOLDER = "ExperimentRuns"
"""Holds one folder a run."""

SPACING = "VoxelSpacing"
"""Begins the names of folders of tomograms; the voxel size follows, ångström."""

PICKS_FOLDER = "Picks"
"""Holds the picks of a run, one file a user, session and object."""

_FEATURES = "_features"
_MOST_NAMED = 5


@dataclass(frozen=True)
class CopickTomogram:
    """One tomogram of a project, unread.

    Attributes
    ----------
    run : str
        The tilt series that it was reconstructed from.
    tomogram_type : str
        Such as ``wbp`` or ``denoised``.
    voxel_size_A : float
        As its folder says.
    path : Path
        Its OME-Zarr folder.
    """

    run: str
    tomogram_type: str
    voxel_size_A: float
    path: Path


@dataclass(frozen=True)
class CopickProject:
    """A project as it was when it was read.

    Attributes
    ----------
    path : Path
        Its configuration.
    name : str
        Its title; may be empty.
    objects : tuple of PickableObject
        In the configuration's order.
    roots : tuple of Path
        The overlay root, then the static root where there is another one.
    runs : tuple of str
        In natural order.
    tomograms : tuple of CopickTomogram
        By run, voxel size and type.
    """

    path: Path
    name: str
    objects: tuple[PickableObject, ...]
    roots: tuple[Path, ...]
    runs: tuple[str, ...]
    tomograms: tuple[CopickTomogram, ...]

    def select(
        self,
        *,
        run: str | None = None,
        tomogram_type: str | None = None,
        voxel_size_A: float | None = None,
    ) -> tuple[CopickTomogram, ...]:
        """Return the tomograms of a run, a type and a voxel size (to 1 %).

        Raises
        ------
        BadInput
            If there is none; the message says which there are.
        """
        found = tuple(
            one
            for one in self.tomograms
            if run in (None, one.run)
            and tomogram_type in (None, one.tomogram_type)
            and (voxel_size_A is None or same(voxel_size_A, one.voxel_size_A))
        )
        if found:
            return found
        kinds = sorted({f"{one.tomogram_type} at {one.voxel_size_A:g} Å" for one in self.tomograms})
        asked = f"run {run or 'any'}, type {tomogram_type or 'any'}"
        asked += f", {voxel_size_A:g} Å" if voxel_size_A is not None else ""
        raise BadInput(
            f"{self.path}: no tomogram of {asked}. The project has {len(self.runs)} runs "
            f"({', '.join(self.runs[:5])}{', …' if len(self.runs) > 5 else ''}) and "
            f"{', '.join(kinds) or 'no tomograms'}."
        )

    def pick_files(self, run: str) -> tuple[Path, ...]:
        """Return the pick files of a run; one name in both roots is that of the overlay."""
        found: dict[str, Path] = {}
        for root in self.roots:
            folder = root / RUNS_FOLDER / run / PICKS_FOLDER
            for name in natural([*_listed(folder).files]):
                if name.endswith(".json") and not name.startswith("."):
                    found.setdefault(name, folder / name)
        return tuple(found[name] for name in natural(list(found)))


def read_copick_project(path: str | PathLike[str]) -> CopickProject:
    """Read a project's configuration and list its tomograms, opening none.

    Parameters
    ----------
    path
        The configuration (JSON). Roots that are relative paths are sought from its folder, then
        from the working directory.

    Returns
    -------
    CopickProject
        Runs and tomograms of both roots.

    Raises
    ------
    FormatError
        If the configuration is not one, or its objects or voxel spacings cannot be read.
    BadInput
        If a root is not on a disk of this machine, or missing.
    """
    file = Path(path)
    return _listed_project(file, read_copick_config(file))


def read_copick_root(folder: Path) -> CopickProject | None:
    """List what a root of a project holds, without the configuration, which names no objects then.

    Returns
    -------
    CopickProject or None
        With the folder for its configuration; None if the folder is no root.

    Raises
    ------
    FormatError
        If a voxel spacing cannot be read.
    """
    if not (folder / RUNS_FOLDER).is_dir():
        return None
    return _listed_project(folder, CopickConfig("", (), (folder,)))


def copick_configs(folder: Path) -> list[Path]:
    """Return the configurations of projects that lie in a folder, in natural order."""
    names = natural([*_listed(folder).files])
    return [folder / name for name in names if is_copick_config(folder / name)]


def only_copick_config(folder: Path) -> Path | None:
    """Return the configuration that lies in a folder, or None.

    Raises
    ------
    FormatError
        If there are several.
    """
    configs = copick_configs(folder)
    if len(configs) > 1:
        names = ", ".join(config.name for config in configs[:_MOST_NAMED])
        more = f", and {len(configs) - _MOST_NAMED} more" if len(configs) > _MOST_NAMED else ""
        raise FormatError(
            folder,
            f"{len(configs)} copick projects ({names}{more})",
            hint="Give one of these files",
        )
    return configs[0] if configs else None


def copick_project_at(path: Path) -> CopickProject | None:
    """Read the project that a path stands for: its configuration, or a folder.

    Returns
    -------
    CopickProject or None
        Of a folder that is a root, what it holds (see `read_copick_root`); of another one, the
        project whose configuration lies in it. None if the path stands for no project.

    Raises
    ------
    FormatError, BadInput
        As of `only_copick_config` and `read_copick_project`.
    """
    if is_copick_config(path):
        return read_copick_project(path)
    if not path.is_dir():
        return None
    root = read_copick_root(path)
    if root is not None:
        return root
    config = only_copick_config(path)
    return None if config is None else read_copick_project(config)


def _listed_project(file: Path, config: CopickConfig) -> CopickProject:
    roots = config.roots
    runs = natural(list({run for root in roots for run in _visible(root / RUNS_FOLDER)}))
    tomograms = {
        (one.run, one.voxel_size_A, one.tomogram_type): one
        for root in reversed(roots)
        for run in runs
        for one in _tomograms(root, run, file)
    }
    places = {run: index for index, run in enumerate(runs)}
    ordered = sorted(tomograms.values(), key=lambda one: (places[one.run], one.voxel_size_A))
    return CopickProject(file, config.name, config.objects, roots, tuple(runs), tuple(ordered))


def _tomograms(root: Path, run: str, file: Path) -> Iterator[CopickTomogram]:
    for spacing in _visible(root / RUNS_FOLDER / run):
        if not spacing.startswith(SPACING):
            continue
        folder = root / RUNS_FOLDER / run / spacing
        size_A = _spacing_A(spacing, folder, file)
        for name in natural(_visible(folder)):
            tomogram_type = name.removesuffix(".zarr")
            # Features of a tomogram lie beside it, under its name.
            if tomogram_type != name and not tomogram_type.endswith(_FEATURES):
                yield CopickTomogram(run, tomogram_type, size_A, folder / name)


def _spacing_A(name: str, folder: Path, file: Path) -> float:
    try:
        size_A = stated(float(name.removeprefix(SPACING)))
    except ValueError:
        size_A = None
    if size_A is None:
        raise FormatError(
            file,
            f"the folder {folder} names no voxel size",
            hint="Name it such as VoxelSpacing10.000, in ångström.",
        )
    return size_A


def _visible(folder: Path) -> list[str]:
    return [name for name in _listed(folder).folders if not name.startswith(".")]


def _listed(folder: Path) -> FolderContent:
    return Folders().content(folder)

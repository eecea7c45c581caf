"""copick's picks: ``ExperimentRuns/<run>/Picks/<user>_<session>_<object>.json``.

One file holds the picks of one object in one run, in ångström from the centre of the first voxel.
A particle is at ``location`` plus the translation of ``transformation_``, whose rotation turns
the object into its place in the tomogram. copick writes the identity, and trusts it, where no
orientation is known: a file of nothing but identities has no orientations. The Kaggle challenge's
files are named ``<object>.json`` and state neither scores nor a voxel spacing.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import BadInput, FormatError, UsageError
from nunatak.files import write_text
from nunatak.geometry import FloatArray
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.images.pixel_size import same
from nunatak.picks.context import FormatContext
from nunatak.picks.counted import counted
from nunatak.picks.formats import per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.tomograms import angstrom, copick_names, json_points, objects, runs
from nunatak.picks.formats.tomograms.copick_file import (
    UNIT,
    CopickFile,
    points_to_write,
    read_copick,
)
from nunatak.picks.table import ANGLE_COLUMNS, PickSet

ENDING = ".json"
_KEYS = (b'"pickable_object_name"', b'"transformation_"')


def sniff(head: bytes) -> bool:
    """Whether this is a JSON object with a key of copick's files of picks."""
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object and any(key in head for key in _KEYS)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the picks of one object in one run.

    Raises
    ------
    FormatError
        If the file is damaged, counts in another unit, or does not say its run.
    Mismatch
        If the run fits no tomogram or several, or no voxel size is known.
    """
    file = read_copick(path)
    image, of_run = _image(path, file.run, context)
    table, of_angles = _table(path, file, image)
    voxel_size_A, of_spacing = np.nan, list[str]()
    if len(table):  # without any, no size is needed
        voxel_size_A, of_spacing = _voxel_size_A(path, file.spacing_A, image, context)
    table = angstrom.to_voxels(table, np.full(len(table), voxel_size_A), context)
    notes = [*of_run, *of_spacing, *of_angles]
    return PickSet(table, images=(image,), source=path, notes=notes)


def read_in_file(path: Path) -> PickSet:
    """Read picks with positions in ångström, in a tomogram that is called as the run is.

    Raises
    ------
    FormatError
        If the file is damaged, or counts in another unit.
    """
    file = read_copick(path)
    run = copick_names.run_above(path) or file.run or path.stem
    table, notes = _table(path, file, run)
    if file.spacing_A is not None:
        table["pixel_size_A"] = file.spacing_A
    return PickSet(table, images=(run,), source=path, notes=notes)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one file a run and object, as the user and in the session that the context says.

    Picks without a class are called `objects.UNNAMED`. Every object has a file in every run: one
    without picks says that it was looked for.

    Parameters
    ----------
    picks
        What to write.
    path
        The folder of a copick project; or the file itself, if there is one run and one object.
    context
        May know the voxel sizes.

    Raises
    ------
    UsageError
        If one file is named for several runs or objects, or may not be replaced, or copick takes
        no such user or session.
    BadInput
        If copick takes no object of that name, or some picks of an object have an orientation and
        some have none.
    Mismatch
        If a voxel size is not known, or two tomograms belong to one run.
    """
    names = objects.object_names(picks.table)
    rows_of = objects.rows_of_objects(picks, names)
    copick_names.refuse_names(name for _, name in rows_of)
    user, session = _owner(context)
    runs.refuse_shared_runs(picks.images)
    files = _files(rows_of, path, context)
    angles_deg = objects.angles_deg(picks.table)
    for (image, name), rows in rows_of.items():
        _refuse_mixed(image, name, angles_deg[rows])
    sizes_A = angstrom.voxel_sizes_A(picks, context)
    points = points_to_write(picks.table, angstrom.from_voxels(picks.table, sizes_A, context))
    for (image, name), rows in rows_of.items():
        size_A = sizes_A.get(image)
        content = {
            "pickable_object_name": name,
            "user_id": user,
            "session_id": session,
            "run_name": runs.run_of(image),
            "voxel_spacing": None if size_A is None else size_A * context.grid.pixel_ratio,
            "unit": UNIT,
            "points": [points[row] for row in rows.tolist()],
            "trust_orientation": bool(np.isfinite(angles_deg[rows]).any()),
        }
        write_text(files[image, name], json.dumps(content, indent=1, allow_nan=False) + "\n")
    return list(files.values())


def _table(path: Path, file: CopickFile, image: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the picks of a file with positions in ångström, and a note on orientations."""
    n_points = len(file.positions_A)
    table = pd.DataFrame(
        {
            "image": pd.Series([image] * n_points, dtype=str),
            **dict(zip(("x_px", "y_px", "z_px"), file.positions_A.T, strict=True)),
            "class_name": pd.Series([file.name] * n_points, dtype=str),
        }
    )
    if np.isfinite(file.scores).any():
        table["score"] = file.scores
    if file.instance_ids.any():
        table[objects.INSTANCE_COLUMN] = file.instance_ids
    knows_angles, notes = _knows_angles(path, file)
    if knows_angles:
        table[list(ANGLE_COLUMNS)] = json_points.angles_deg_of(file.matrices)
    return table, notes


def _image(path: Path, stated: str | None, context: FormatContext) -> tuple[str, list[str]]:
    """Return the tomogram of a file, with a note where the file contradicts its own folder."""
    if context.image is not None:
        return context.image, []
    run = copick_names.run_above(path) or stated
    if run is None:
        raise FormatError(
            path,
            "neither the name of its run nor a folder <run>/Picks around it",
            field="run_name",
            hint="Name the tomogram in 'nunatak convert' (--image)",
        )
    moved = stated is not None and stated != run
    note = f"{path}: states run {stated}, but lies in the folder of run {run}, which was taken."
    return runs.images_of_runs([run], path, context)[run], [note] if moved else []


def _voxel_size_A(
    path: Path, spacing_A: float | None, image: str, context: FormatContext
) -> tuple[float, list[str]]:
    """Return the voxel side of the stored tomogram, with a note on what the file itself states."""
    if spacing_A is None:
        return angstrom.voxel_size_A(image, path, context), []
    own_A = spacing_A / context.grid.pixel_ratio
    known_A = context.images.pixel_size_A(image)
    if known_A is None:
        return own_A, [
            f"{path}: ångström became voxels by the file's own spacing of {spacing_A:.8g} Å, which "
            "copick may have rounded. Give the tomograms (--tomograms) for the exact one."
        ]
    if same(known_A, own_A):
        return known_A, []
    return known_A, [
        f"{path}: states voxels of {own_A:.5g} Å, but those of {image} have {known_A:.5g} Å, by "
        "which ångström became voxels."
    ]


def _knows_angles(path: Path, file: CopickFile) -> tuple[bool, list[str]]:
    """Tell whether a file's orientations mean something, with a note where it says otherwise."""
    n_points = len(file.matrices)
    if not n_points or (file.has_only_identities and not file.trusted):
        return False, []
    if file.has_only_identities:
        return False, [
            f"{path}: {counted(n_points, 'orientation')} that all are the identity, as copick "
            "writes where none is known, were not taken."
        ]
    if file.trusted is False:
        return False, [f"{path}: says not to trust its orientations, which were not taken."]
    return True, []


def _owner(context: FormatContext) -> tuple[str, str]:
    """Return the user and the session that written picks get."""
    facts = context.tomograms
    user = copick_names.USER if facts.as_copick_user is None else facts.as_copick_user
    session = copick_names.SESSION if facts.as_copick_session is None else facts.as_copick_session
    copick_names.refuse_owner(user, session)
    return user, session


def _files(
    rows_of: dict[tuple[str, str], objects.Rows], path: Path, context: FormatContext
) -> dict[tuple[str, str], Path]:
    if path.name.lower().endswith(ENDING) and not path.is_dir():
        if len(rows_of) != 1:
            raise UsageError(
                f"{path}: copick keeps one run's picks of one object in a file, but there are "
                f"{len(rows_of)} pairs of these. Name a folder to write to and the format."
            )
        files = dict.fromkeys(rows_of, path)
    else:
        user, session = _owner(context)
        files = {
            (image, name): path
            / copick_names.path_of(runs.run_of(image), name, user=user, session=session)
            for image, name in rows_of
        }
    per_image.refuse_existing(files.values(), context)
    return files


def _refuse_mixed(image: str, name: str, angles_deg: FloatArray) -> None:
    known = np.array([np.isfinite(row).all() for row in angles_deg], dtype=bool)
    if known.any() and not known.all():
        raise BadInput(
            f"{image}: {int((~known).sum())} of {len(known)} picks of {name} have no orientation, "
            "but copick says of all in a file whether to trust them. Write them separately."
        )


FORMAT = PickFormat(
    name="copick",
    title="copick JSON",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        unit="ångström from the centre of the first voxel",
        score=True,
        class_name=True,
        pixel_size=True,
        angles=True,
        columns=(objects.INSTANCE_COLUMN,),
        multi_image=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    read_in_file=read_in_file,
    refuse_images=runs.refuse_shared_runs,
    nested=(f"{RUNS_FOLDER}/*/Picks/*{ENDING}",),
)

"""RELION's AutoPick job layout: a list of micrographs, and one coordinate file for each.

``AutoPick/job012/autopick.star`` lists, in ``data_coordinate_files``, each micrograph beside
its coordinate file ``AutoPick/job012/<post>_autopick.star``, where ``<post>`` is the
micrograph's path after ``.../jobNNN/`` without its suffix (RELION's ``getOutputRootName``).
Paths are relative to the project. Coordinates are whole numbers unless the context says
otherwise: the files exist to be extracted, and RELION's extraction cuts decimals off.
"""

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, Mismatch
from nunatak.files import write_text
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats import relion_columns as relion
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.relion_star import pick_table
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.star_text import star_block
from nunatak.picks.table import PickSet, empty_table

LIST_NAME = "autopick.star"
_LIST_BLOCK = "coordinate_files"
_COORDINATES = "rlnMicrographCoordinates"
_DEFAULTS = {"rlnClassNumber": "0", "rlnAnglePsi": "0.000000"}
_JOB = re.compile(r"^(?:.*?/)?job\d{3,}/")


def sniff(head: bytes) -> bool:
    """Whether this is a list of coordinate files."""
    return b"data_coordinate_files" in head and b"_rlnMicrographCoordinates" in head


def coordinates_path(image: str) -> PurePosixPath:
    """Return where in the job folder an image's coordinates go.

    Raises
    ------
    Mismatch
        If the path would lead out of the job folder.

    Examples
    --------
    >>> str(coordinates_path("MotionCorr/job002/Movies/mic_1.mrc"))
    'Movies/mic_1_autopick.star'
    """
    post = PurePosixPath(_JOB.sub("", image, count=1).lstrip("/"))
    if ".." in post.parts or not post.name:
        raise Mismatch(
            f"{image}: a path with '..' has no place in a RELION job. Name the image relative "
            "to the project."
        )
    return post.with_name(f"{post.stem}_autopick.star")


def read(path: Path, context: FormatContext) -> PickSet:
    """Read a job folder or its list.

    Raises
    ------
    FormatError
        If a listed file is damaged, missing, or outside the project.
    Mismatch
        If the context's orientation needs the size of an unknown image.
    """
    list_path = path / LIST_NAME if path.is_dir() else path
    listing = _listing(list_path)
    images = listing.columns[relion.IMAGE]
    roots = _roots(list_path)
    tables = []
    for row, (image, name) in enumerate(zip(images, listing.columns[_COORDINATES], strict=True)):
        coordinates = _located(list_path, name, roots, int(listing.row_lines[row]))
        picks = relion.columns_of(pick_table(coordinates, read_star(coordinates)))
        picks.insert(0, "image", image)
        if len(picks):
            tables.append(picks)
    table = pd.concat(tables, ignore_index=True) if tables else empty_table()
    return PickSet(frame.to_source(table, context), images=tuple(images), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write a job folder (or the folder of a named ``autopick.star``); the list comes last.

    Raises
    ------
    Mismatch
        If two images would share a coordinate file, or a path leads out of the folder.
    """
    folder = path.parent if path.suffix == ".star" else path
    list_path = path if path.suffix == ".star" else path / LIST_NAME
    files = {image: folder / coordinates_path(image) for image in picks.images}
    _refuse_shared(files)
    per_image.refuse_existing([*files.values(), list_path], context)
    table = relion.with_scores(picks.table)
    x, y = frame.from_source(table, context)
    if context.round_coordinates is not False:
        x, y = frame.whole(x), frame.whole(y)
    rows_of = dict(frame.by_image(table))
    nothing = np.empty(0, dtype=np.int64)
    for image, file in files.items():
        rows = rows_of.get(image, nothing)
        write_text(file, star_block("", _columns(table.iloc[rows], x[rows], y[rows])))
    listing = {
        relion.IMAGE: pd.Series(list(files), dtype=str),
        _COORDINATES: pd.Series([_in_project(file, folder) for file in files.values()], dtype=str),
    }
    write_text(list_path, star_block(_LIST_BLOCK, listing))
    return [*files.values(), list_path]


def _columns(picks: pd.DataFrame, x: np.ndarray, y: np.ndarray) -> dict[str, pd.Series]:
    """Return RELION's columns of one image, with its own defaults for class and angle."""
    columns = {relion.X: pd.Series(x), relion.Y: pd.Series(y)}
    if "score" in picks.columns:
        columns[relion.SCORE] = picks["score"]
    for label, default in _DEFAULTS.items():
        missing = pd.Series([default] * len(picks), dtype=str)
        columns[label] = picks[label] if label in picks.columns else missing
    return columns


def _listing(path: Path) -> StarTable:
    tables = [table for table in read_star(path) if table.block == _LIST_BLOCK]
    if not tables:
        raise FormatError(
            path, f"no block data_{_LIST_BLOCK}; is this the list of an AutoPick job?"
        )
    tables[0].require(relion.IMAGE, _COORDINATES)
    return tables[0]


def _project_of(folder: Path) -> Path | None:
    # Jobs lie at <project>/<type>/jobNNN.
    absolute = folder.resolve()
    return absolute.parents[1] if re.fullmatch(r"job\d{3,}", absolute.name) else None


def _roots(list_path: Path) -> list[Path]:
    folder = list_path.parent
    project = _project_of(folder)
    return [root for root in (project, Path.cwd(), folder.resolve()) if root is not None]


def _located(list_path: Path, name: str, roots: list[Path], line: int) -> Path:
    """Find a listed file below one of the roots; a list may not point anywhere else."""
    allowed = False
    for root in roots:
        candidate = (root / name).resolve()
        if candidate.is_relative_to(root):
            allowed = True
            if candidate.is_file():
                return candidate
    problem = f"{name} does not exist" if allowed else f"{name} lies outside the project"
    searched = ", ".join(dict.fromkeys(str(root) for root in roots))
    raise FormatError(
        list_path, problem, line=line, field=_COORDINATES, hint=f"Looked below {searched}"
    )


def _in_project(file: Path, folder: Path) -> str:
    project = _project_of(folder)
    return str(file) if project is None else str(file.resolve().relative_to(project))


def _refuse_shared(files: dict[str, Path]) -> None:
    owners: dict[Path, str] = {}
    for image, file in files.items():
        if file in owners:
            raise Mismatch(
                f"{owners[file]} and {image} would both have their picks in {file}. RELION tells "
                "micrographs apart by their path after jobNNN/; write them into two jobs."
            )
        owners[file] = image


FORMAT = PickFormat(
    name="relion-autopick",
    title="RELION AutoPick job",
    suffixes=(".star",),
    capabilities=Capabilities(
        score=True,
        zero_for_unknown=("score",),
        columns=tuple(_DEFAULTS),
        multi_image=True,
        whole_by_default=True,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=relion.refuse_images,
)

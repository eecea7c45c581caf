"""IMOD models as picks: every point of every contour, one file a tomogram.

IMOD counts x and y from the corner of the first voxel and z from its middle, so that the centre
of the first voxel is (0.5, 0.5, 0) (IMOD's binary specification, "Model Coordinate
Conventions"). Objects are classes, by their names or numbers; a single object without a name is
none. The number of the contour is kept where an object has several.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from nunatak.errors import FormatError, Mismatch
from nunatak.geometry import FloatArray
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import frame, per_image
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.tomograms.imod_file import (
    FLAGS_TURNED,
    MAGIC,
    ImodModel,
    ImodObject,
    read_imod,
    write_imod,
)
from nunatak.picks.table import PickSet

ENDING = ".mod"
CONTOUR_COLUMN = "imod_contour"
FIRST_CENTRE = np.array([0.5, 0.5, 0.0])
"""IMOD's coordinates x, y, z of the centre of the first voxel."""

_DEFAULT_RADIUS_PX = 5


def sniff(head: bytes) -> bool:
    """Whether this is a binary IMOD model."""
    return head.startswith(MAGIC)


def read(path: Path, context: FormatContext) -> PickSet:
    """Read the points of one tomogram.

    Raises
    ------
    FormatError
        If the file is damaged, or its axes are exchanged.
    Mismatch
        If the file's stem fits no image or several, or the model was made on a tomogram whose y
        and z are exchanged.
    """
    model = read_imod(path)
    if model.flags & FLAGS_TURNED:
        raise FormatError(
            path,
            "y and z are stored exchanged, as 3dmod leaves them after a turned view",
            field="flags of the header",
            hint="Open the model in 3dmod, turn the view back (Edit, Image, Flip/Rotate) and save",
        )
    image = per_image.image_of(path, [ENDING], context)
    _refuse_exchanged_axes(path, model, image, context)
    contours = [
        (number, contour, points)
        for number, one in enumerate(model.objects)
        for contour, points in enumerate(one.contours, 1)
    ]
    positions = np.concatenate([np.empty((0, 3)), *(points for _, _, points in contours)])
    table = _table(image, positions + model.offset_px - FIRST_CENTRE)
    if len(model.objects) > 1 or any(one.name for one in model.objects):
        names = [one.name or str(number) for number, one in enumerate(model.objects, 1)]
        of_points = [names[number] for number, _, points in contours for _ in points]
        table["class_name"] = pd.Series(of_points, dtype=str)
    if any(len(one.contours) > 1 for one in model.objects):
        table[CONTOUR_COLUMN] = [contour for _, contour, points in contours for _ in points]
    return PickSet(frame.to_source(table, context), images=(image,), source=path)


def write(picks: PickSet, path: Path, context: FormatContext) -> list[Path]:
    """Write one model an image: one object a class, points scattered, in the contours they had.

    Raises
    ------
    UsageError
        If one file is named for several images.
    Mismatch
        If two images would share a file.
    """
    files = per_image.paths_for(picks, path, ENDING, context)
    position = frame.volume_in_file(picks.table, context) + FIRST_CENTRE
    rows_of = dict(frame.by_image(picks.table))
    radius_px = _DEFAULT_RADIUS_PX if context.box_px is None else max(1, context.box_px // 2)
    for image, file in files.items():
        rows = rows_of.get(image, np.empty(0, dtype=np.int64))
        model = ImodModel(_size_px(image, position[rows], context))
        model.objects = _objects(picks.table.iloc[rows], position[rows])
        write_imod(file, model, radius_px)
    return list(files.values())


def _table(image: str, position: FloatArray) -> pd.DataFrame:
    columns = dict(zip(("x_px", "y_px", "z_px"), position.T, strict=True))
    return pd.DataFrame({"image": pd.Series([image] * len(position), dtype=str), **columns})


def _objects(table: pd.DataFrame, position: FloatArray) -> list[ImodObject]:
    names = pd.Series([""] * len(table))
    if "class_name" in table.columns:
        names = table["class_name"].fillna("").astype(str)
    contours = np.ones(len(table))
    if CONTOUR_COLUMN in table.columns:
        # Tables of text hold numbers as text, which would sort 10 before 2.
        contours = pd.to_numeric(table[CONTOUR_COLUMN], errors="coerce").fillna(1).to_numpy()
    objects = [ImodObject(name) for name in pd.unique(names)] or [ImodObject("")]
    for one in objects:
        rows = np.flatnonzero(names.to_numpy() == one.name)
        _, groups = np.unique(contours[rows], return_inverse=True)
        n_groups = int(groups.max(initial=-1)) + 1
        one.contours = [position[rows[groups == group]] for group in range(n_groups)]
    return objects


def _size_px(image: str, position: FloatArray, context: FormatContext) -> tuple[int, int, int]:
    """Return a size of the file's grid that holds every point, x, y, z."""
    if len(context.images):
        nz, ny, nx = context.images.volume_shape(image)
        grid = context.grid
        sizes = np.array([nx / grid.ratio_x, ny / grid.ratio_y, nz / grid.ratio_z])
    else:
        sizes = np.floor(position.max(axis=0, initial=0)) + 1
    nx, ny, nz = (max(1, int(size + 0.5)) for size in sizes)
    return nx, ny, nz


def _refuse_exchanged_axes(
    path: Path, model: ImodModel, image: str, context: FormatContext
) -> None:
    if not len(context.images):
        return
    nz, ny, nx = context.images.volume_shape(image)
    if ny != nz and model.size_px == (nx, nz, ny):
        raise Mismatch(
            f"{path}: made on a tomogram of {nx} x {nz} x {ny} voxels, but {image} has {nx} x {ny} "
            f"x {nz}: y and z are exchanged, as before IMOD's trimvol -rx or -yz. Give the "
            "tomogram that the points were clicked on, or click on this one."
        )


FORMAT = PickFormat(
    name="imod",
    title="IMOD model",
    suffixes=(ENDING,),
    capabilities=Capabilities(
        dimensions=(3,),
        score=False,
        class_name=True,
        columns=(CONTOUR_COLUMN,),
        multi_image=False,
    ),
    sniff=sniff,
    read=read,
    write=write,
    refuse_images=per_image.refuse_shared_file_names,
)

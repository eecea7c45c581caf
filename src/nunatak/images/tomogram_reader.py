"""The one door to tomograms: MRC volumes and OME-Zarr folders."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from os import PathLike, fspath
from pathlib import Path

from nunatak.errors import BadInput
from nunatak.images.axis_order import (
    AxisOrder,
    may_be_xzy,
    refuse_other_names,
    rotated,
    rotated_shape,
    settled_order,
)
from nunatak.images.bad_voxels import settle_replacement
from nunatak.images.micrograph import ImageInfo
from nunatak.images.ome_zarr import open_ome_zarr
from nunatak.images.reader import native, open_image
from nunatak.images.source import Pixels
from nunatak.images.stable import FileState, changed, file_state, unchanged_while_reading
from nunatak.images.tomogram import Box, ReadBox, Tomogram
from nunatak.images.voxel_size import settled_voxel_size_A
from nunatak.images.zarr_metadata import is_zarr

STACK_SUFFIXES = (".mrcs", ".st", ".ali", ".preali")
"""Names of particle stacks, and of tilt series in IMOD: their headers look like a tomogram's."""


def read_tomogram(
    path: str | PathLike[str],
    *,
    voxel_size_A: float | None = None,
    listed_voxel_size_A: float | None = None,
    override: bool = False,
    axis_order: AxisOrder | None = None,
    wanted_voxel_size_A: float | None = None,
    is_mapped: bool = True,
) -> Tomogram:
    """Open a tomogram, check it, and settle its voxel size and axis order.

    An uncompressed MRC file is mapped and an OME-Zarr read chunk by chunk, so that a tomogram may
    be larger than memory. A mapped file must not be cut shorter while a part of it is read: the
    system ends a process that touches a map beyond the end of its file.

    Parameters
    ----------
    path
        An MRC file (also gzip or bzip2, which is read into memory), or an OME-Zarr folder.
    voxel_size_A
        The user's option, ångström: of level 0, where there are several.
    listed_voxel_size_A
        What a list or a copick project says, ångström.
    override
        Let the option (or else the list) win over a header that contradicts it.
    axis_order
        What the stored axes are; None asks where the shape leaves a doubt.
    wanted_voxel_size_A
        Take the coarsest level of an OME-Zarr that is still at least so fine; None takes level 0.
    is_mapped
        Whether an uncompressed MRC file may be mapped; otherwise each part is read from it.

    Returns
    -------
    Tomogram
        ``[z, y, x]``, whatever the order in the file.

    Raises
    ------
    BadInput
        If the file is missing, unreadable, no tomogram, blank, or holds too many voxels that are
        no numbers; if its voxel size is not known; or if its axis order is in doubt.
    FormatError
        If its content breaks its format.
    Mismatch
        If voxel sizes contradict each other, or voxels are not cubic, by more than 1 %.
    UsageError
        If ``voxel_size_A`` is not a size.
    """
    if "://" in fspath(path):
        raise BadInput(
            f"{fspath(path)}: not on a disk of this machine. Copy the tomogram here, or mount its "
            "storage, and give the path."
        )
    file = Path(path)
    sizes = (listed_voxel_size_A, voxel_size_A)
    if is_zarr(file):
        opened = _open_zarr(file, sizes, override, wanted_voxel_size_A, axis_order)
    else:
        opened = _in_order(_open_mrc(file, sizes, override, is_mapped), axis_order)
    return replace(opened, replacement=settle_replacement(opened.read_box, opened.shape, file))


def _open_zarr(
    path: Path,
    sizes: tuple[float | None, float | None],
    override: bool,
    wanted_A: float | None,
    axis_order: AxisOrder | None,
) -> Tomogram:
    refuse_other_names(path, axis_order)
    store = open_ome_zarr(path)
    z_A, y_A, x_A = store.voxel_sizes_A()
    size_A = settled_voxel_size_A((x_A, y_A, z_A), sizes, override, path)
    level = 0 if wanted_A is None else store.level_for(wanted_A / size_A)
    grid, info = store.grid(level), store.info(level)
    if axis_order is None and may_be_xzy(store.shape(level)):
        note = "thinnest along y; the names of its axes are believed"
        info = replace(info, notes=(*info.notes, note))

    def read_box(box: Box) -> Pixels:
        return native(store.read_box(level, box))

    return Tomogram(info, size_A * sum(grid.ratio_zyx) / 3, read_box, level=grid)


def _in_order(opened: Tomogram, axis_order: AxisOrder | None) -> Tomogram:
    shape = opened.shape
    if settled_order(shape, axis_order, opened.info.path) is AxisOrder.XYZ:
        return opened
    note = "read as x-z-y: positions are those in the tomogram after IMOD's 'clip rotx'"
    info = replace(opened.info, shape=rotated_shape(shape), notes=(*opened.info.notes, note))
    return replace(opened, info=info, read_box=rotated(opened.read_box, shape))


def _open_mrc(
    path: Path, sizes: tuple[float | None, float | None], override: bool, is_mapped: bool
) -> Tomogram:
    with unchanged_while_reading(path) as state:
        source = open_image(path, state)
        info = _require_volume(source.info)
        stated_A = (*source.pixel_size_xy_A, source.pixel_size_z_A)
        size_A = settled_voxel_size_A(stated_A, sizes, override, path)
        notes: tuple[str, ...] = ()
        read_box: ReadBox
        if source.read_part is not None and not is_mapped:
            read_box = partial(_read_unmapped, source.read_part, path, state)
        else:
            voxels, notes = source.load()
            if "compression" in info.detail:
                notes += ("compressed: all of it is in memory",)
                read_box = partial(_read, voxels)
            else:
                read_box = partial(_read_mapped, voxels, path, state)
    return Tomogram(replace(info, notes=info.notes + notes), size_A, read_box)


def _read_mapped(voxels: Pixels, path: Path, state: FileState, box: Box) -> Pixels:
    # Reading a map beyond the end of a file that was cut since would end the process.
    if file_state(path) != state:
        raise changed(path)
    return _read(voxels, box)


def _read_unmapped(
    read_part: Callable[[Box], Pixels], path: Path, state: FileState, box: Box
) -> Pixels:
    with unchanged_while_reading(path) as now:
        if now != state:
            raise changed(path)
        return native(read_part(box))


def _read(voxels: Pixels, box: Box) -> Pixels:
    return native(voxels[box])


def _require_volume(info: ImageInfo) -> ImageInfo:
    if info.format != "MRC":
        raise BadInput(
            f"{info.path}: a {info.format} {info.kind}; tomograms are read from MRC and OME-Zarr. "
            "Convert it to one of them, with its voxel size."
        )
    if info.kind == "micrograph":
        ny, nx = info.shape
        raise BadInput(
            f"{info.path}: one section of {nx} × {ny} pixels, not a tomogram. "
            "A tomogram has several sections."
        )
    if info.kind == "stack":
        sections = info.shape[0]
        if info.path.suffix.casefold() in STACK_SUFFIXES:
            raise BadInput(
                f"{info.path}: a stack of {sections} images by its header and its name, not a "
                "tomogram. Give the reconstructed tomogram; if this is one, name it .mrc or .rec."
            )
        note = (
            f"the header calls the {sections} sections a stack of images, as IMOD's do; they are "
            "read as a tomogram"
        )
        info = replace(info, notes=(*info.notes, note))
    return replace(info, kind="tomogram")

"""RELION's ``tomograms.star``: sizes and scales of the tomograms that particles lie in.

RELION 5 states everything: ``rlnTomoSizeX/Y/Z`` in unbinned pixels,
``rlnTomoTiltSeriesPixelSize`` and ``rlnTomoTomogramBinning``. RELION 4 knows no binning, for its
tomograms are made for looking at, by a separate command: the voxel size of the tomogram itself
tells it, or the user.
"""

from pathlib import Path

import numpy as np

from nunatak.errors import FormatError
from nunatak.geometry import FloatArray
from nunatak.images.pixel_size import same
from nunatak.picks.formats.star import StarTable, read_star
from nunatak.picks.formats.tomograms.relion_tomo_columns import TILT_SERIES_PIXEL_SIZE, TOMOGRAM
from nunatak.picks.formats.tomograms.relion_tomo_names import matched
from nunatak.picks.formats.tomograms.relion_tomo_scale import shape_px, voxel_size_A
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tilt_series import TiltSeries

SIZES = ("rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ")
BINNING = "rlnTomoTomogramBinning"


def read_tomograms_star(
    path: Path, *, binning: float | None = None, images: ImageCatalogue | None = None
) -> dict[str, TiltSeries]:
    r"""Read size and scale of every tomogram.

    Parameters
    ----------
    path
        ``tomograms.star``.
    binning
        Side of a voxel in pixels of the tilt series, of tomograms whose binning the file does not
        state.
    images
        The tomograms: where neither file nor ``binning`` states it, a tomogram's voxel size over
        the pixel size of its tilt series is the binning (`whole_binning`).

    Returns
    -------
    dict of str to TiltSeries
        By ``rlnTomoName``.

    Raises
    ------
    FormatError
        If the file is damaged or is not a ``tomograms.star``, repeats a tomogram, states a size
        that is not a positive whole number, or no binning is known.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tomograms.star"
    >>> labels = [TOMOGRAM, *SIZES, TILT_SERIES_PIXEL_SIZE, BINNING]
    >>> header = "".join(f"_{label}\n" for label in labels)
    >>> _ = path.write_text(f"data_global\nloop_\n{header}TS_01 4092 5760 2000 1.35 8")
    >>> read_tomograms_star(path)["TS_01"].size_px
    (4092, 5760, 2000)
    """
    table = naming_table(path)
    table.require(*SIZES, TILT_SERIES_PIXEL_SIZE)
    sizes_px = np.stack([_whole_sizes(table, label) for label in SIZES], axis=1)
    pixel_sizes_A = _positive(table, TILT_SERIES_PIXEL_SIZE)
    binnings = _binnings(table, sizes_px, pixel_sizes_A, binning, images)
    series: dict[str, TiltSeries] = {}
    for row, name in enumerate(table.columns[TOMOGRAM]):
        if name in series:
            raise FormatError(
                path,
                f"tomogram {name} is described twice",
                line=int(table.row_lines[row]),
                field=TOMOGRAM,
                hint="Remove or rename one of the two",
            )
        x, y, z = (int(size) for size in sizes_px[row])
        series[name] = TiltSeries((x, y, z), float(pixel_sizes_A[row]), float(binnings[row]))
    return series


def naming_table(path: Path) -> StarTable:
    """Return the table that names the tomograms.

    Raises
    ------
    FormatError
        If the file is damaged, or no table does.
    """
    tables = read_star(path)
    if not tables:
        raise FormatError(path, "a STAR file without any table")
    # RELION 4's file goes on with one table of projections a tomogram.
    table = next((one for one in tables if TOMOGRAM in one.columns), tables[0])
    table.require(TOMOGRAM)
    return table


def _positive(table: StarTable, label: str) -> FloatArray:
    numbers = table.numbers(label)
    _refuse(table, label, numbers <= 0, "a positive number")
    return numbers


def _whole_sizes(table: StarTable, label: str) -> FloatArray:
    numbers = table.numbers(label)
    # RELION 4 may write sizes that are not known as -1 or 0, which no centre can be made of.
    _refuse(table, label, (numbers < 1) | (numbers != np.round(numbers)), "a size in whole pixels")
    return numbers


def _refuse(table: StarTable, label: str, wrong: np.ndarray, expected: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise FormatError(
            table.path,
            f"{table.columns[label][row]} where {expected} was expected",
            line=int(table.row_lines[row]),
            field=label,
            hint=f"Correct it for tomogram {table.columns[TOMOGRAM][row]}",
        )


def _binnings(
    table: StarTable,
    sizes_px: FloatArray,
    pixel_sizes_A: FloatArray,
    stated: float | None,
    images: ImageCatalogue | None,
) -> FloatArray:
    binnings = np.full(len(table), np.nan)
    if BINNING in table.columns:
        binnings = table.numbers(BINNING, missing_allowed=True)
        _refuse(table, BINNING, binnings <= 0, "a positive number")
    unknown = np.isnan(binnings)
    if stated is not None:
        return np.where(unknown, stated, binnings)
    known = _known(table, images) if images is not None and unknown.any() else {}
    for row in np.flatnonzero(unknown):
        name = table.columns[TOMOGRAM][row]
        if name not in known:
            raise FormatError(
                table.path,
                f"no binning of tomogram {name}",
                line=int(table.row_lines[row]),
                field=BINNING,
                hint="State it, or give the tomograms, whose voxel size tells it",
            )
        voxel_A, shape = known[name]
        binnings[row] = whole_binning(voxel_A / pixel_sizes_A[row], sizes_px[row], shape)
    return binnings


def whole_binning(binning: float, size_px: FloatArray, shape: tuple[int, int, int] | None) -> float:
    """Return a binning, as a whole number where a rounded voxel size made it nearly one.

    A header of 10.0 Å may mean four pixels of 2.503 Å, or truly 10 Å, since some programs
    reconstruct at any size. The numbers of voxels tell.

    Parameters
    ----------
    binning
        Voxel size by pixel size.
    size_px
        ``(x, y, z)`` of the unbinned tomogram.
    shape
        ``(x, y, z)`` of the tomogram, voxels; None keeps the binning.

    Examples
    --------
    >>> size_px = np.array([4092.0, 5760.0, 2000.0])
    >>> whole_binning(3.9952, size_px, (1023, 1440, 500))
    4.0
    >>> whole_binning(3.9952, size_px, (1024, 1442, 500))
    3.9952
    """
    whole = float(max(round(binning), 1))
    if shape is None or not same(whole, binning):
        return binning
    by_whole, as_it_is = (np.abs(size_px / one - shape).max() for one in (whole, binning))
    return whole if by_whole < as_it_is else binning


def _known(
    table: StarTable, images: ImageCatalogue
) -> dict[str, tuple[float, tuple[int, int, int] | None]]:
    """Return voxel size and shape (x, y, z) of the tomograms among the images, by name."""
    known: dict[str, tuple[float, tuple[int, int, int] | None]] = {}
    # The names are looked up by the tomograms' own, so that a reconstruction of each is enough.
    for name, image in matched(table.columns[TOMOGRAM], images.names).items():
        size_A = voxel_size_A(image, images)
        if size_A is not None:
            known[name] = size_A, shape_px(image, images)
    return known

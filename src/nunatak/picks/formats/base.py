"""What a pick file format is: a name, what it can hold, and three functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nunatak.geometry import Orientation
from nunatak.picks.context import FormatContext
from nunatak.picks.table import PickSet


def _takes_any(_images: Sequence[str]) -> None:
    """Hold images of whatever name."""


def _exists(path: Path) -> bool:
    """Whether there is a file, which writing replaces."""
    return path.exists()


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a format holds and what it must be told.

    Attributes
    ----------
    dimensions : tuple of int
        Whose picks it holds: micrographs' (2), tomograms' (3), or both.
    score, class_name, pixel_size, angles : bool
        Holds a score, a class, a pixel size or an orientation of each pick.
    zero_for_unknown : tuple of str
        Columns of which an unknown value becomes 0, there being no other way to write it.
    columns : tuple of str
        Further columns of the pick table that it holds.
    columns_under_box : tuple of str
        Those of them in whose place a box size stands, where one is given.
    optics : bool
        Holds RELION's optics groups.
    empty_images : bool
        Holds images that were looked at and have no pick.
    multi_image : bool
        One file holds many images; otherwise one file (or more) belongs to each image.
    integer : bool
        Holds whole pixels only: positions are rounded, by at most half a pixel.
    whole_by_default : bool
        Positions are rounded to whole pixels unless exact ones are asked for.
    needs_shape : bool
        The size of each image must be known, on reading or on writing.
    needs_box : bool
        A box size must be given for writing.
    preserves_columns : bool
        Columns that nunatak does not know survive.
    unit_known : bool
        The format says in which pixels it counts; otherwise the binning must be stated.
    unit : str or None
        What its coordinates count, in words, where that is not the grid that was stated.
    orientation : Orientation
        How its axes relate to the stored image by its own convention.
    readable, writable : bool
        What is supported.
    """

    dimensions: tuple[int, ...] = (2,)
    score: bool = True
    class_name: bool = False
    pixel_size: bool = False
    angles: bool = False
    zero_for_unknown: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    columns_under_box: tuple[str, ...] = ()
    optics: bool = False
    empty_images: bool = True
    multi_image: bool = True
    integer: bool = False
    whole_by_default: bool = False
    needs_shape: bool = False
    needs_box: bool = False
    preserves_columns: bool = False
    unit_known: bool = True
    unit: str | None = None
    orientation: Orientation = Orientation.IDENTITY
    readable: bool = True
    writable: bool = True


@dataclass(frozen=True, kw_only=True)
class PickFormat:
    """A file format of picks.

    Attributes
    ----------
    name : str
        What the user types, such as ``"relion-star"``.
    title : str
        What the user reads, such as ``"RELION STAR"``.
    suffixes : tuple of str
        Endings of its file names, lower case. The first one is given to files that nunatak
        names itself.
    capabilities : Capabilities
        What it holds and needs.
    nested : tuple of str
        Patterns of its files below the folder of a project, for formats that keep them there.
        Their endings are those of many other files, and alone say nothing.
    sniff : callable
        ``(head: bytes) -> bool``: whether the first bytes of a file look like this format.
    read : callable
        ``(path, context) -> PickSet``, in nunatak's frame.
    write : callable
        ``(picks, path, context) -> list[Path]``: the files written, each whole or not at all.
    read_in_file : callable or None
        ``(path: Path) -> PickSet``, with positions, and names of tomograms, as they stand in the
        file: for what needs neither, such as counts. None where ``read`` asks for nothing that
        the file leaves unsaid.
    refuse_images : callable
        ``(images: Sequence[str]) -> None``: raises what ``write`` would raise about the names of
        the images alone, so that it can be known before they are picked.
    replaces : callable
        ``(path: Path) -> bool``: whether writing to this path would replace what lies there. Files
        that hold more than picks keep everything else.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    capabilities: Capabilities
    sniff: Callable[[bytes], bool]
    read: Callable[[Path, FormatContext], PickSet]
    write: Callable[[PickSet, Path, FormatContext], list[Path]]
    read_in_file: Callable[[Path], PickSet] | None = None
    refuse_images: Callable[[Sequence[str]], None] = _takes_any
    replaces: Callable[[Path], bool] = _exists
    nested: tuple[str, ...] = ()

"""Pick file formats: one small module each, behind a registry.

`read_picks` and `write_picks` are the doors; `FORMATS` lists what there is.
"""

from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.formats.base import Capabilities, PickFormat
from nunatak.picks.formats.doors import read_picks, write_picks
from nunatak.picks.formats.registry import FORMATS, format_for_writing, format_named, format_of
from nunatak.picks.image_catalogue import ImageCatalogue

__all__ = [
    "FORMATS",
    "Capabilities",
    "FileGrid",
    "FormatContext",
    "GridRule",
    "ImageCatalogue",
    "PickFormat",
    "format_for_writing",
    "format_named",
    "format_of",
    "read_picks",
    "write_picks",
]

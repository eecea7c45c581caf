"""How files of labels are to be read, where they do not say it themselves."""

from dataclasses import dataclass

from nunatak.geometry import Orientation
from nunatak.picks.file_grid import FileGrid


@dataclass(frozen=True)
class LabelReading:
    """What the user says about a file of labels; see `nunatak.picks.formats.read_picks`.

    Attributes
    ----------
    format : str or None
        Name of the format; None tells it by name and content.
    grid : FileGrid or None
        What coordinates count, such as pixels of binned images; None for what the format says.
    orientation : Orientation or None
        How the axes relate to the stored images; None for the format's convention.
    """

    format: str | None = None
    grid: FileGrid | None = None
    orientation: Orientation | None = None

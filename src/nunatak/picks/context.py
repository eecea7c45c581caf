"""What a pick file does not say about itself and its reader or writer must be told."""

from dataclasses import dataclass, field

from nunatak.errors import UsageError
from nunatak.geometry import Orientation
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.tomogram_facts import TomogramFacts


@dataclass(frozen=True, kw_only=True)
class FormatContext:
    """What the reader or writer of a pick file is told from outside.

    Attributes
    ----------
    images : ImageCatalogue
        The images: needed by formats that flip y, count in fractions, or name stems.
    image : str or None
        The image of a file that belongs to one image and does not name it.
    box_px : int or None
        Box side in the file's own pixels, for formats that hold boxes.
    grid : FileGrid
        In what the file counts. Applied before ``orientation`` on reading: programs load an
        image, mirror it, then bin it.
    orientation : Orientation or None
        How the file's axes relate to the stored image; None takes the format's own convention.
    round_coordinates : bool or None
        Write whole numbers (RELION's extraction cuts decimals off, which shifts particles by
        half a pixel on average); None takes the format's own habit.
    refined : bool
        Subtract RELION's refined origins from the coordinates on reading.
    overwrite : bool
        Replace files that exist.
    tomograms : TomogramFacts
        What files of picks in tomograms leave unsaid.
    most_rows : int or None
        A file of more is refused before it is read; None takes any.
    """

    images: ImageCatalogue = field(default_factory=ImageCatalogue)
    image: str | None = None
    box_px: int | None = None
    grid: FileGrid = field(default_factory=FileGrid)
    orientation: Orientation | None = None
    round_coordinates: bool | None = None
    refined: bool = False
    overwrite: bool = True
    tomograms: TomogramFacts = field(default_factory=TomogramFacts)
    most_rows: int | None = None

    def __post_init__(self) -> None:
        if self.box_px is not None and self.box_px < 1:
            raise UsageError(f"The box must be at least 1 pixel wide, but is {self.box_px}.")

"""Images: the queue, and how an image is drawn."""

from typing import Literal

from nunatak.server.bodies.base import Body
from nunatak.workspace.history import LastChange
from nunatak.workspace.images import ImageState

__all__ = [
    "ImageState",
    "ImageSummary",
    "LastChange",
    "Level",
    "PickCounts",
    "Plane",
    "Pyramid",
    "Queue",
    "Slices",
    "StateChange",
]

Plane = Literal["xy", "xz", "yz"]


class ImageSummary(Body):
    """An image in the queue.

    Attributes
    ----------
    id : int
        Never a path.
    name : str
        File name, for people; may occur twice.
    folder : str
        Where it lies, for people.
    shape : list of int or None
        ``[ny, nx]`` or ``[nz, ny, nx]``, pixels; None until it was read.
    pixel_size_A : float or None
    state : str
    labels, negatives, regions : int
        That a person set.
    doubt : float or None
        How much a correction here would teach, 0 to 1: see `nunatak.workspace.doubt`.
    problem : str or None
        Why it cannot be used.
    version : int
        Of its labels.
    changed : LastChange or None
        Who worked on it last, and when; None where nobody has.
    """

    id: int
    name: str
    folder: str
    shape: list[int] | None
    pixel_size_A: float | None
    state: ImageState
    labels: int
    negatives: int
    regions: int
    doubt: float | None
    problem: str | None
    version: int
    changed: LastChange | None


class Queue(Body):
    """All images, in the order of their names.

    Attributes
    ----------
    images : list of ImageSummary
    """

    images: list[ImageSummary]


class PickCounts(Body):
    """How many picks of a set the images show, as columns of equal length.

    Attributes
    ----------
    image : list of int
        Those that the set has come to.
    kept : list of int
        Of at least the set's threshold, outside excluded regions and not rejected; and those that
        a person keeps below it.
    rejected : list of int
        Of at least the threshold and outside excluded regions, by a person or a pruning.
    """

    image: list[int]
    kept: list[int]
    rejected: list[int]


class StateChange(Body):
    """A new state of an image.

    Attributes
    ----------
    state : str
    """

    state: ImageState


class Level(Body):
    """One size of an image.

    Attributes
    ----------
    scale : float
        Pixels of the stored image along one pixel of this level, exactly: 1, 2, 4 and so on.
        Pixel i begins at ``i * scale - 0.5``; the last may reach beyond the image.
    width, height : int
        Pixels of the level.
    low, high : float
        Pixel values that the greys 0 and 255 of its tiles stand for. Every level has its own, so
        that the same contrast looks alike at all of them.
    """

    scale: float
    width: int
    height: int
    low: float
    high: float


class Pyramid(Body):
    """How a micrograph is cut into tiles. Tile 0 of level 0 begins at the stored image's corner.

    Attributes
    ----------
    tile_px : int
        Side of a tile; those at the right and bottom end with the level.
    levels : list of Level
        From the finest.
    usual_low, usual_high : float
        Greys, 0 to 255, between which the contrast looks right to begin with, at every level.
    version : str
        Of the file, to be appended to the addresses of its tiles as ``v``: those may then be
        kept for good.
    """

    version: str
    tile_px: int
    levels: list[Level]
    usual_low: float
    usual_high: float


class Slices(Body):
    """How a tomogram is cut into slices.

    Attributes
    ----------
    shape : list of int
        ``[nz, ny, nx]``, voxels.
    scales : list of float
        Voxels along one pixel of a slice's sizes, from the finest, at least 1.
    usual_low, usual_high : float
        As of `Pyramid`.
    version : str
        As of `Pyramid`.
    """

    version: str
    shape: list[int]
    scales: list[float]
    usual_low: float
    usual_high: float

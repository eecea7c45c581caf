"""Open the images that a report shows, each once, and draw what it needs of them."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from nunatak.errors import BadInput, NunatakError
from nunatak.images.micrograph import Micrograph
from nunatak.images.reader import read_micrograph
from nunatak.reports.crops import overview_picture, pick_picture
from nunatak.reports.slabs import Slab

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Overview:
    """The picture of a micrograph, or of a slab of a tomogram.

    Attributes
    ----------
    picture : str
        Data URI.
    shape : tuple of int
        ``(rows, columns)``, pixels of the stored image.
    pixel_size_A : float
        Å.
    slab : Slab or None
        What is seen of a tomogram.
    caption : str
        The same in words.
    """

    picture: str
    shape: tuple[int, int]
    pixel_size_A: float
    slab: Slab | None = None
    caption: str = ""


@dataclass
class Pictures:
    """What could be drawn and what could not.

    Attributes
    ----------
    overviews : dict
        Image to its overviews.
    picks : dict
        Row label of the pick table to the data URI of its crop.
    problems : dict
        Image to the reason why nothing of it is shown.
    """

    overviews: dict[str, tuple[Overview, ...]] = field(default_factory=dict)
    picks: dict[int, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Painted:
    """What was drawn of one image: its overviews, and crops by row label."""

    overviews: tuple[Overview, ...]
    crops: dict[int, str]


Painter = Callable[[str, pd.DataFrame | None, pd.DataFrame], Painted]
"""Opens an image and draws it whole, if its picks (all of them) are given, and crops of rows."""


class _UnknownPixelSize(BadInput):
    """It will be unknown of all images, and no particle can be drawn."""


def draw(whole: Mapping[str, pd.DataFrame], rows: pd.DataFrame, paint: Painter) -> Pictures:
    """Draw overviews of whole images and crops of picks.

    Parameters
    ----------
    whole
        Images to show whole, with their picks.
    rows
        Rows of a pick table to crop.
    paint
        How to draw one image.

    Returns
    -------
    Pictures

    Raises
    ------
    BadInput
        If a micrograph's pixel size is unknown. An image that cannot be read is noted instead.
    """
    result = Pictures()
    wanted = {str(image): part for image, part in rows.groupby("image", sort=False)}
    for image in dict.fromkeys([*whole, *wanted]):
        try:
            painted = paint(image, whole.get(image), wanted.get(image, rows.iloc[:0]))
        except _UnknownPixelSize:
            raise
        except NunatakError as error:
            _log.warning("not shown in the report: %s", error)
            result.problems[image] = str(error)
            continue
        if painted.overviews:
            result.overviews[image] = painted.overviews
        result.picks |= painted.crops
    return result


@dataclass(frozen=True)
class MicrographPainter:
    """Draws micrographs.

    Attributes
    ----------
    diameter_A : float
        Typical diameter of the particles, Å.
    pixel_size_A : float or None
        For all micrographs; None takes the pick table's and each header's.
    override_pixel_size : bool
        Let ``pixel_size_A`` win over headers that contradict it.
    """

    diameter_A: float
    pixel_size_A: float | None = None
    override_pixel_size: bool = False

    def __call__(self, image: str, picks: pd.DataFrame | None, rows: pd.DataFrame) -> Painted:
        """Draw a micrograph (see `Painter`)."""
        micrograph = read_micrograph(
            image,
            pixel_size_A=self.pixel_size_A,
            listed_pixel_size_A=listed_pixel_size_A(rows),
            override=self.override_pixel_size,
        )
        pixel_size_A, pixels = _known_pixel_size_A(micrograph, image), micrograph.pixels
        overviews: tuple[Overview, ...] = ()
        if picks is not None:
            picture = overview_picture(pixels, diameter_px=self.diameter_A / pixel_size_A)
            overviews = (Overview(picture, micrograph.shape, pixel_size_A),)
        columns = (rows[name] for name in ("x_px", "y_px", "diameter_A"))
        crops = {
            int(row): pick_picture(pixels, x_px, y_px, diameter_px=diameter_A / pixel_size_A)
            for row, x_px, y_px, diameter_A in zip(rows.index, *columns, strict=True)
        }
        return Painted(overviews, crops)


def listed_pixel_size_A(rows: pd.DataFrame) -> float | None:
    """Return the first pixel size that rows of a pick table state, Å."""
    if "pixel_size_A" not in rows:
        return None
    stated = rows["pixel_size_A"].dropna()
    return float(stated.iloc[0]) if len(stated) else None


def _known_pixel_size_A(micrograph: Micrograph, image: str) -> float:
    if micrograph.pixel_size_A is None:
        raise _UnknownPixelSize(
            f"{image}: its pixel size is unknown, so that a diameter in ångström cannot be drawn. "
            "Give the pixel size (--pixel-size)."
        )
    return micrograph.pixel_size_A

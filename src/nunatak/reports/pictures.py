"""Open the micrographs that a report shows, each once, and draw what it needs of them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from nunatak.errors import BadInput, NunatakError
from nunatak.images.micrograph import Micrograph
from nunatak.images.reader import read_micrograph
from nunatak.reports.crops import overview_picture, pick_picture

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Overview:
    """A micrograph's picture.

    Attributes
    ----------
    picture : str
        Data URI.
    shape : tuple of int
        ``(ny, nx)`` of the stored image, pixels.
    radius_px : float
        Particle radius in pixels of the stored image.
    """

    picture: str
    shape: tuple[int, int]
    radius_px: float


@dataclass
class Pictures:
    """What could be drawn and what could not.

    Attributes
    ----------
    overviews : dict
        Image to its overview.
    picks : dict
        Row label of the pick table to the data URI of its crop.
    problems : dict
        Image to the reason why nothing of it is shown.
    """

    overviews: dict[str, Overview] = field(default_factory=dict)
    picks: dict[int, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def draw(
    overviews: Iterable[str],
    rows: pd.DataFrame,
    *,
    diameter_A: float,
    pixel_size_A: float | None,
    override_pixel_size: bool = False,
) -> Pictures:
    """Draw overviews of whole micrographs and crops of picks.

    Parameters
    ----------
    overviews
        Images to show whole.
    rows
        Rows of a pick table to crop.
    diameter_A
        Particle diameter, Å.
    pixel_size_A
        For all micrographs; None takes the pick table's and each header's.
    override_pixel_size
        Let ``pixel_size_A`` win over headers that contradict it.

    Returns
    -------
    Pictures

    Raises
    ------
    BadInput
        If a micrograph's pixel size is unknown. One that cannot be read is noted instead.
    """
    result = Pictures()
    whole = set(overviews)
    wanted = {str(image): part for image, part in rows.groupby("image", sort=False)}
    for image in dict.fromkeys([*whole, *wanted]):
        part = wanted.get(image, rows.iloc[:0])
        try:
            micrograph = read_micrograph(
                image,
                pixel_size_A=pixel_size_A,
                listed_pixel_size_A=_listed_pixel_size(part),
                override=override_pixel_size,
            )
        except NunatakError as error:
            _log.warning("not shown in the report: %s", error)
            result.problems[image] = str(error)
            continue
        diameter_px = diameter_A / _known_pixel_size(micrograph, image)
        pixels = micrograph.pixels
        if image in whole:
            picture = overview_picture(pixels, diameter_px=diameter_px)
            result.overviews[image] = Overview(picture, micrograph.shape, diameter_px / 2)
        for row, x_px, y_px in zip(part.index, part["x_px"], part["y_px"], strict=True):
            result.picks[int(row)] = pick_picture(pixels, x_px, y_px, diameter_px=diameter_px)
    return result


def _listed_pixel_size(rows: pd.DataFrame) -> float | None:
    if "pixel_size_A" not in rows:
        return None
    stated = rows["pixel_size_A"].dropna()
    return float(stated.iloc[0]) if len(stated) else None


def _known_pixel_size(micrograph: Micrograph, image: str) -> float:
    if micrograph.pixel_size_A is None:
        raise BadInput(
            f"{image}: its pixel size is unknown, so that a diameter in ångström cannot be drawn. "
            "Give the pixel size (--pixel-size)."
        )
    return micrograph.pixel_size_A

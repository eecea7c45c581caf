"""Galleries of picks with their decisions, ready to be set."""

from dataclasses import dataclass

import pandas as pd

from nunatak.pruning.decide import KEEP, REJECT, REVIEW
from nunatak.reports.galleries import Gallery
from nunatak.reports.pictures import Pictures
from nunatak.reports.pruning_galleries import class_in_words
from nunatak.reports.summary import short_names
from nunatak.reports.views import score_text

_KINDS = {KEEP: "selected", REVIEW: "review", REJECT: "rejected"}
"""Decision to CSS class."""


@dataclass(frozen=True)
class Tile:
    """A crop in a gallery; ``kind`` is its CSS class."""

    picture: str
    score: str
    where: str
    kind: str


@dataclass(frozen=True)
class Wall:
    """A gallery of crops."""

    title: str
    note: str
    tiles: tuple[Tile, ...]
    n_missing: int


class WallMaker:
    """Makes galleries ready to be set.

    Parameters
    ----------
    table
        All picks, for short names of their images.
    pictures
        What could be drawn of them.
    """

    def __init__(self, table: pd.DataFrame, pictures: Pictures) -> None:
        self._label_of = short_names([str(image) for image in table["image"].unique()])
        self._pictures = pictures

    def __call__(self, gallery: Gallery) -> Wall:
        """Return a gallery of picks with ``probability``, ``predicted_class``, ``decision``."""
        rows = gallery.rows
        columns = ("image", "x_px", "y_px", "probability", "predicted_class", "decision")
        tiles = tuple(
            Tile(
                picture=self._pictures.picks[number],
                score=score_text(probability),
                where=f"{self._label_of[image]}, x {x_px:.0f}, y {y_px:.0f}; "
                f"{class_in_words(name)}",
                kind=_KINDS[decision],
            )
            for number, image, x_px, y_px, probability, name, decision in zip(
                rows.index, *(rows[column] for column in columns), strict=True
            )
            if number in self._pictures.picks
        )
        return Wall(gallery.title, gallery.note, tiles, n_missing=len(rows) - len(tiles))

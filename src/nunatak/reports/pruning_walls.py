"""Galleries of picks with their decisions, ready to be set."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nunatak.picks.table import coordinate_columns
from nunatak.pruning.decide import KEEP, REJECT, REVIEW
from nunatak.reports.galleries import Gallery
from nunatak.reports.pictures import Pictures
from nunatak.reports.pruning_galleries import shown_as
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
        columns = ("image", "probability", "decision")
        tiles = tuple(
            Tile(
                picture=self._pictures.picks[number],
                score=score_text(probability),
                where=f"{self._label_of[image]}, {place}; {name}",
                kind=_KINDS[decision],
            )
            for number, place, name, image, probability, decision in zip(
                rows.index,
                _places(rows),
                shown_as(rows),
                *(rows[column] for column in columns),
                strict=True,
            )
            if number in self._pictures.picks
        )
        return Wall(gallery.title, gallery.note, tiles, n_missing=len(rows) - len(tiles))


def _places(rows: pd.DataFrame) -> list[str]:
    """Write the position of each pick."""
    columns = coordinate_columns(rows)
    return [
        ", ".join(f"{name[0]} {at:.0f}" for name, at in zip(columns, position, strict=True))
        for position in rows[[*columns]].to_numpy(np.float64)
    ]

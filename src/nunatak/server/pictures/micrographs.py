"""Pictures of micrographs."""

from collections.abc import Iterator
from contextlib import contextmanager

from nunatak.images.reader import read_micrograph
from nunatak.images.stable import unchanged_while_reading
from nunatak.server.bodies.images import Level, Pyramid
from nunatak.server.pictures.crops import CropSource, PyramidSource, parts_of
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.grey_pyramid import TILE_PX
from nunatak.server.pictures.greys import USUAL_HIGH, USUAL_LOW, Greys
from nunatak.server.pictures.limits import Gate
from nunatak.server.pictures.pyramids import Pyramids
from nunatak.server.pictures.thumbnail import level_thumbnail, micrograph_thumbnail
from nunatak.workspace.images import ImageRecord


class MicrographPictures:
    """Draws micrographs.

    Parameters
    ----------
    pyramids
        Where their levels come from.
    gate
        Bounds how many are read at once without making levels.
    facts
        Is told what was read.
    """

    def __init__(self, pyramids: Pyramids, gate: Gate, facts: Facts) -> None:
        self._pyramids = pyramids
        self._gate = gate
        self._facts = facts

    def describe(self, record: ImageRecord, version: str) -> Pyramid:
        """Say how a micrograph is cut into tiles."""
        levels = self._pyramids.get(record, version).levels
        return Pyramid(
            version=version,
            tile_px=TILE_PX,
            levels=[
                Level(
                    scale=level.scale,
                    width=level.shape[1],
                    height=level.shape[0],
                    low=level.between.low,
                    high=level.between.high,
                )
                for level in levels
            ],
            usual_low=USUAL_LOW,
            usual_high=USUAL_HIGH,
        )

    def tile(
        self, record: ImageRecord, version: str, level: int, row: int, column: int
    ) -> Greys | None:
        """Return a tile; None where there is none."""
        return self._pyramids.get(record, version).tile(level, row, column)

    def thumbnail(self, record: ImageRecord, version: str) -> Greys:
        """Draw a micrograph small."""
        if self._pyramids.is_ready(version):
            coarsest = self._pyramids.get(record, version).levels[-1]
            return level_thumbnail(coarsest.whole(), coarsest.between)
        path = file_of(record)
        with self._gate.passing(), unchanged_while_reading(path):
            micrograph = read_micrograph(
                path, listed_pixel_size_A=record.stated_pixel_size_A, is_mapped=False
            )
            thumbnail = micrograph_thumbnail(micrograph.pixels)
        self._facts.note_read(record, micrograph.shape, micrograph.pixel_size_A)
        return thumbnail

    @contextmanager
    def crops(self, record: ImageRecord, version: str) -> Iterator[CropSource]:
        """Yield where parts of a micrograph are had soonest."""
        # Making all levels takes longer than all pictures of a gallery of a hundred micrographs.
        parts = None if self._pyramids.is_ready(version) else parts_of(file_of(record))
        yield PyramidSource(self._pyramids.get(record, version)) if parts is None else parts

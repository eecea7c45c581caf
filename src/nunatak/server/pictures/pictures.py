"""The one door to pictures of a project's images."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from nunatak.errors import BadInput, ResourceError
from nunatak.server.bodies.images import Pyramid, Slices
from nunatak.server.pictures.array_file import LostFile
from nunatak.server.pictures.cache import MOST_BYTES, PictureCache
from nunatak.server.pictures.facts import Facts, file_of
from nunatak.server.pictures.greys import Greys
from nunatak.server.pictures.jpeg import as_jpeg
from nunatak.server.pictures.limits import Gate, Once
from nunatak.server.pictures.micrographs import MicrographPictures
from nunatak.server.pictures.pyramids import Pyramids
from nunatak.server.pictures.sheet import GREY, Place, assemble, draw_places
from nunatak.server.pictures.slices import Plane
from nunatak.server.pictures.tomograms import TomogramPictures
from nunatak.server.pictures.versions import version_of
from nunatak.server.pictures.volumes import Volumes
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import ImageRecord, image_of
from nunatak.workspace.project import settings_of

MOST_READ_AT_ONCE = 2
PATIENCE_S = 20.0
"""How long a request waits until others have read their images."""

PATIENCE_ASIDE_S = 60.0
"""The same, of thumbnails."""

_THUMBNAIL = "thumbnail"

Answer = TypeVar("Answer")
Ask = Callable[[ImageRecord, str], Answer]
"""Answers for a version of an image."""


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes
    ----------
    version : str
        Of the image's file.
    jpeg : bytes
    """

    version: str
    jpeg: bytes


class Pictures:
    """Draws the images of a project, from any thread.

    How many are asked for at once is bounded by `nunatak.server.security.flood`. All methods
    raise `NotFound` for an unknown image, `BadInput` for one that cannot be read (which becomes
    its problem in the project), and `ResourceError` when too many images are to be read first.
    Those for micrographs return None for a tomogram and the other way round, as well as for
    what lies outside.

    Parameters
    ----------
    workspace
        The project.
    cache_bytes
        How much pictures may take on disk.
    when_usable
        Called when an image that could not be read can be picked.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        cache_bytes: int = MOST_BYTES,
        when_usable: Callable[[], object] = lambda: None,
    ) -> None:
        self._workspace = workspace
        self._ndim = settings_of(workspace).ndim
        self._cache = PictureCache(workspace.cache, cache_bytes)
        gate = Gate(MOST_READ_AT_ONCE, wait_s=PATIENCE_S)
        # The image that is looked at does not wait for a queue full of thumbnails; these wait for
        # each other, on a slow disk for long.
        aside = Gate(1, wait_s=PATIENCE_ASIDE_S)
        self._facts = Facts(workspace, when_usable)
        self._pyramids = Pyramids(self._cache, gate, self._facts)
        self._volumes = Volumes(self._cache, gate, self._facts)
        self._micrographs = MicrographPictures(self._pyramids, aside, self._facts)
        self._tomograms = TomogramPictures(self._volumes, gate)
        self._thumbnails: Once[str, bytes] = Once()

    def close(self) -> None:
        """Finish what is being written; copies of tomograms are given up."""
        self._volumes.close()
        self._pyramids.close()

    def pyramid(self, image: int) -> Pyramid | None:
        """Say how a micrograph is cut into tiles."""
        return self._asked_in(2, image, self._micrographs.describe)

    def tile(self, image: int, level: int, row: int, column: int) -> Picture | None:
        """Draw a tile of a micrograph."""

        def draw(record: ImageRecord, version: str) -> Picture | None:
            return _picture(version, self._micrographs.tile(record, version, level, row, column))

        return self._asked_in(2, image, draw)

    def slices(self, image: int) -> Slices | None:
        """Say how a tomogram is cut into slices."""
        return self._asked_in(3, image, self._tomograms.describe)

    def slice(
        self, image: int, plane: Plane, index: int, *, thickness: int = 1, size: int = 0
    ) -> Picture | None:
        """Draw a slice of a tomogram (see `nunatak.server.pictures.slices.draw_slice`)."""

        def draw(record: ImageRecord, version: str) -> Picture | None:
            drawn = self._tomograms.slice(
                record, version, plane, index, thickness=thickness, size=size
            )
            return _picture(version, drawn)

        return self._asked_in(3, image, draw)

    def thumbnail(self, image: int) -> Picture:
        """Draw an image small, with a contrast to be shown as it is."""

        def draw(record: ImageRecord, version: str) -> Picture:
            jpeg = self._thumbnails.make(version, lambda: self._thumbnail(record, version))
            return Picture(version, jpeg)

        return self._asked(image, draw)

    def sheet(self, places: Sequence[Place], *, tile_px: int, columns: int) -> bytes:
        """Draw candidates, by rows, as one JPEG picture.

        Parameters
        ----------
        places
            At least one; on an image that cannot be read it is grey, as is all beyond an image.
        tile_px
            Side of each picture, which shows 1.6 diameters.
        columns
            Pictures in a row.
        """
        usual_A = settings_of(self._workspace).largest_diameter_A
        by_image: defaultdict[int, list[int]] = defaultdict(list)
        for number, place in enumerate(places):
            by_image[place.image].append(number)
        drawn: list[Greys] = [np.full((tile_px, tile_px), GREY, dtype=np.uint8)] * len(places)
        for image, numbers in by_image.items():
            mine = [places[number] for number in numbers]
            with suppress(BadInput):
                for number, picture in zip(
                    numbers, self._candidates(image, mine, tile_px, usual_A), strict=True
                ):
                    drawn[number] = picture
        return as_jpeg(assemble(drawn, tile_px=tile_px, columns=columns))

    def _candidates(
        self, image: int, places: list[Place], tile_px: int, usual_A: float | None
    ) -> list[Greys]:
        def draw(record: ImageRecord, version: str) -> list[Greys]:
            with self._kind.crops(record, version) as source:
                return draw_places(
                    source,
                    places,
                    tile_px=tile_px,
                    pixel_size_A=record.pixel_size_A or record.stated_pixel_size_A,
                    usual_diameter_A=usual_A,
                )

        return self._asked(image, draw)

    def _thumbnail(self, record: ImageRecord, version: str) -> bytes:
        path = self._cache.path(version, _THUMBNAIL)
        with suppress(OSError):
            return path.read_bytes()
        jpeg = as_jpeg(self._kind.thumbnail(record, version))
        # Where the cache cannot be written, it is drawn each time.
        with suppress(ResourceError), self._cache.writing(path) as temporary:
            temporary.write_bytes(jpeg)
        return jpeg

    @property
    def _kind(self) -> MicrographPictures | TomogramPictures:
        return self._tomograms if self._ndim == 3 else self._micrographs

    def _asked_in(self, ndim: int, image: int, ask: Ask[Answer | None]) -> Answer | None:
        if ndim == self._ndim:
            return self._asked(image, ask)
        image_of(self._workspace, image)
        return None

    def _asked(self, image: int, ask: Ask[Answer]) -> Answer:
        record = image_of(self._workspace, image)
        with self._facts.noting_problems(record):
            version = version_of(file_of(record))
            try:
                return ask(record, version)
            except LostFile:
                self._pyramids.forget(version)
                self._volumes.forget(version)
                return ask(record, version)


def _picture(version: str, greys: Greys | None) -> Picture | None:
    return None if greys is None else Picture(version, as_jpeg(greys))

"""Which micrographs to look at for the orientation of picks."""

import logging
from collections.abc import Iterator

from nunatak.geometry import Orientation
from nunatak.images.micrograph import Micrograph
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.reader import read_micrograph
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet
from nunatak.sampling import evenly

AS_STORED = Orientation.IDENTITY
"""How to read picks whose orientation is in question."""

_log = logging.getLogger(__name__)


def micrographs_with_picks(
    picks: PickSet, listed: MicrographList, *, limit: int, pixel_size_A: float | None = None
) -> Iterator[Micrograph]:
    """Read micrographs that have picks, evenly spread over all of them, one at a time.

    Parameters
    ----------
    picks
        The picks.
    listed
        Micrographs to choose from.
    limit
        How many to read at most.
    pixel_size_A
        The user's pixel size, ångström; it goes before lists and headers.

    Yields
    ------
    Micrograph

    Raises
    ------
    BadInput
        If a micrograph cannot be read.
    """
    counts = picks.table["image"].value_counts()
    names = NameIndex([name for name in picks.images if counts.get(name, 0)])
    found = names.resolve_all([str(one.path) for one in listed]).found
    candidates = [one for one in listed if str(one.path) in found]
    if not candidates:
        return
    if len(candidates) > limit:
        _log.info("looking at %d of %d micrographs with picks", limit, len(candidates))
    for number in evenly(len(candidates), limit):
        one = candidates[number]
        yield read_micrograph(
            one.path,
            pixel_size_A=pixel_size_A,
            listed_pixel_size_A=one.pixel_size_A,
            override=pixel_size_A is not None,
        )

"""What files of picks in tomograms leave unsaid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nunatak.errors import UsageError
from nunatak.picks.tilt_series import TiltSeries, TomogramCentre


@dataclass(frozen=True, kw_only=True)
class TomogramFacts:
    """Facts from outside, for the formats that need them.

    Attributes
    ----------
    tilt_series : mapping of str to TiltSeries
        By the name of the tomogram: for RELION's files, which count in the tilt series' pixels
        (see `nunatak.picks.formats.tomograms.tomograms_star`).
    centre : TomogramCentre
        What RELION 5 counts from.
    numbers : mapping of int to str
        Tomograms of files that number them (Dynamo, TOM).
    index_base : int
        0 or 1: the first voxel, in files whose programs disagree about it (Dynamo).
    copick_user, copick_session : str or None
        Whose picks to read from a copick project; None reads those of all.
    joins_copick_owners : bool
        Whether picks of one object in one tomogram are joined where they are of several users or
        sessions; they are refused otherwise.
    as_copick_user, as_copick_session : str or None
        Whose picks those become that are written to a copick project; None is this program, in
        its session 0.
    any_of_run : bool
        Whether any of the tomograms that belong to a run may stand for it, where they share a
        shape and a voxel size: for whoever asks for positions and never looks at the voxels.
    """

    tilt_series: Mapping[str, TiltSeries] = field(default_factory=lambda: MappingProxyType({}))
    centre: TomogramCentre = TomogramCentre.HALF
    numbers: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    index_base: int = 0
    copick_user: str | None = None
    copick_session: str | None = None
    joins_copick_owners: bool = True
    as_copick_user: str | None = None
    as_copick_session: str | None = None
    any_of_run: bool = False

    def __post_init__(self) -> None:
        if self.index_base not in (0, 1):
            raise UsageError(f"The first voxel is number 0 or 1, not {self.index_base}.")

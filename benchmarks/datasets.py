"""The real micrographs that benchmarks judge by, and their labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nunatak.picks.formats import read_picks
from nunatak.picks.table import PickSet

MATCHING_RADIUS = 0.5
"""A pick is right within this share of the particle's radius."""


@dataclass(frozen=True)
class RealSet:
    """Micrographs of one specimen.

    Attributes
    ----------
    name : str
        Its folder.
    title : str
        For people.
    diameter_A, pixel_size_A : float
    truth : str
        The label set to judge by.
    others : tuple of str
        Further label sets, for side information.
    """

    name: str
    title: str
    diameter_A: float
    pixel_size_A: float
    truth: str = "particles"
    others: tuple[str, ...] = ()

    @property
    def matching_radius_A(self) -> float:
        """Greatest distance between a pick and the label it stands for."""
        return MATCHING_RADIUS * self.diameter_A / 2

    @property
    def diameter_px(self) -> float:
        """Of a particle in the stored micrographs."""
        return self.diameter_A / self.pixel_size_A

    def micrographs(self, data: Path, limit: int | None = None) -> list[Path]:
        """List the micrographs, or the first few of them."""
        found = sorted((data / self.name / "micrographs").glob("*.mrc"))
        if not found:
            raise SystemExit(f"No micrographs in {data / self.name}. Name the data with --data.")
        return found[:limit]

    def labels(self, data: Path, micrographs: Sequence[Path], name: str | None = None) -> PickSet:
        """Read a label set, restricted to some micrographs."""
        return restricted(read_picks(data / self.name / f"{name or self.truth}.star"), micrographs)


REAL_SETS = (
    RealSet("empiar10146", "apoferritin", diameter_A=122, pixel_size_A=1.5),
    RealSet("empiar10028", "80S ribosome", diameter_A=300, pixel_size_A=5.36),
    RealSet(
        "empiar10017",
        "β-galactosidase",
        diameter_A=180,
        pixel_size_A=3.54,
        truth="cryoppp",
        others=(
            "empiar_published",
            "autopickbc_pos",
            "autopickbc_neg",
            "repic_topaz_scored",
            "repic_cryolo",
        ),
    ),
)


def restricted(picks: PickSet, micrographs: Iterable[Path]) -> PickSet:
    """Return the picks on some micrographs, found by file name (unique within a set)."""
    wanted = {path.name for path in micrographs}
    images = tuple(image for image in picks.images if Path(image).name in wanted)
    return replace(picks, table=picks.table[picks.table["image"].isin(images)], images=images)


def quality_micrographs(data: Path) -> dict[str, list[Path]]:
    """List the micrographs of each quality class by the class's name."""
    folder = data / "micrograph_quality"
    found = {
        entry.name: sorted(entry.glob("*.png"))
        for entry in sorted(folder.glob("*"))
        if entry.is_dir()
    }
    if not found:
        raise SystemExit(f"No micrographs in {folder}. Name the data with --data.")
    return found

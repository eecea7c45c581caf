"""One picking job: a detector, options and micrographs put together."""

import logging
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from nunatak import __version__
from nunatak.detection import preparation
from nunatak.detection.contrast import SAMPLE, ContrastVote, Side, decide, vote
from nunatak.detection.finished import Finished
from nunatak.detection.journal import Journal
from nunatak.detection.model import DetectorModel
from nunatak.detection.options import PickOptions
from nunatak.detection.parallel import Crew, Stopwatch, in_order
from nunatak.detection.pipeline import Finder, Reader, run
from nunatak.detection.preparation import Prepared, prepare
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.images.stable import file_state
from nunatak.sampling import evenly

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What to pick, with what, and how.

    Attributes
    ----------
    detector : DetectorModel
        The model.
    options : PickOptions
        Resolved.
    entries : mapping of str to ListedMicrograph
        The micrographs by name, in order.
    scorer : Scorer
        The detector's network on its device.
    """

    detector: DetectorModel
    options: PickOptions
    entries: Mapping[str, ListedMicrograph]
    scorer: Scorer

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that decides which candidates there are, except the micrographs."""
        return {
            "version": __version__,
            "preparation": preparation.VERSION,
            "model_sha256": self.detector.sha256,
            **self.options.deciding(),
        }

    def prepare(self, image: str) -> Prepared:
        """Read one micrograph at the working size (see `nunatak.detection.preparation`)."""
        entry = self.entries[image]
        return prepare(
            entry.path,
            diameter_A=self.options.diameter_A,
            diameter_px=self.detector.header.diameter_px,
            normalisation=self.detector.header.normalisation,
            pixel_size_A=self.options.pixel_size_A,
            listed_pixel_size_A=entry.pixel_size_A,
            override_pixel_size=self.options.override_pixel_size,
        )

    def contrast(self) -> Side:
        """Return the contrast of the particles, from a few micrographs unless it is given."""
        if self.options.contrast != "auto":
            return self.options.contrast
        names = list(self.entries)
        sample = [names[index] for index in evenly(len(names), SAMPLE)]
        read = Reader(self.prepare, self._crew.readers, Stopwatch())
        casts = in_order(lambda image: self._vote(read(image)), sample, self._crew)
        ballots = [cast for cast in casts if cast is not None]
        side = decide(ballots)
        _log.info(
            "particles are %s in these micrographs (evidence dark:light %s)",
            side,
            ", ".join(f"{cast.dark:.1f}:{cast.light:.1f}" for cast in ballots) or "none",
        )
        return side

    def contrast_remembered(self, journal: Journal | None, *, anew: bool) -> Side:
        """Return the contrast that an earlier run has decided on, or decide (anew)."""
        if journal is None:
            return self.contrast()
        if anew or "contrast" not in journal.memory:
            journal.remember(contrast=self.contrast())
        side: Side = journal.memory["contrast"]
        return side

    def unfinished(self, journal: Journal | None) -> list[str]:
        """Return the micrographs that an earlier run did not finish, or that changed since."""
        if journal is None:
            return list(self.entries)
        return [name for name in self.entries if not self._is_finished(name, journal)]

    def results(
        self,
        images: Sequence[str],
        *,
        contrast: Side,
        journal: Journal | None,
        stopwatch: Stopwatch,
    ) -> Generator[Finished | Failure, None, None]:
        """Pick micrographs one after the other (see `nunatak.detection.pipeline.run`)."""
        header = self.detector.header
        finder = Finder(
            self.scorer,
            inverted=contrast != header.contrast,
            floor=header.score_floor,
            min_distance_A=self.options.min_distance_A,
        )
        return run(
            images,
            prepare=self.prepare,
            finder=finder,
            keep=_forget if journal is None else journal.append,
            stopwatch=stopwatch,
            crew=self._crew,
        )

    @property
    def _crew(self) -> Crew:
        # By all micrographs, not by those that are left: a continued run computes alike.
        return Crew.of(torch.get_num_threads(), len(self.entries))

    def _vote(self, prepared: Prepared | Failure) -> ContrastVote | None:
        """Look at one micrograph for its contrast; None if it could not be read."""
        if isinstance(prepared, Failure):
            return None
        header, options = self.detector.header, self.options
        return vote(
            prepared.image,
            self.scorer,
            level=header.default_threshold,
            min_distance_px=header.diameter_px * options.min_distance_A / options.diameter_A,
        )

    def _is_finished(self, name: str, journal: Journal) -> bool:
        earlier = journal.finished.get(name)
        try:
            return earlier is not None and earlier.state == file_state(self.entries[name].path)
        except BadInput:
            return False  # it will fail again, and be reported


def by_identity(listed: MicrographList) -> dict[str, ListedMicrograph]:
    """Micrographs by the name they were given, or by their path where a name means two files."""
    uses = Counter(micrograph.name for micrograph in listed)
    return {one.name if uses[one.name] == 1 else str(one.path.absolute()): one for one in listed}


@contextmanager
def torch_threads(wanted: int | None) -> Generator[None, None, None]:
    """Let torch use so many processor threads inside the block; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _forget(_micrograph: Finished) -> None:
    """Keep nothing: without an output there is nothing to continue."""

"""Pick micrographs, the one that the user looks at first."""

from collections.abc import Generator, Iterable

from nunatak.detection.contrast import Side, decide, is_clear, vote
from nunatak.detection.job import Job
from nunatak.detection.model import load_model
from nunatak.detection.options import resolved_options
from nunatak.detection.parallel import Crew, Stopwatch
from nunatak.detection.pipeline import Finder, Reader, run
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.detection.threshold_table import basis_of
from nunatak.server.runs.found_set import SetFacts
from nunatak.server.runs.pickers import Outcome, PickPlan, all_threads


class MicrographPicker:
    """A detector of particles in micrographs; see `nunatak.server.runs.pickers.Picker`.

    Parameters
    ----------
    plan
        What to do.
    contrast
        What is known already; None to find out.

    Attributes
    ----------
    contrast : str or None
        Of the particles, once it is found out.
    """

    def __init__(self, plan: PickPlan, *, contrast: Side | None) -> None:
        detector = load_model(plan.model)
        header = detector.header
        options = resolved_options(
            header,
            diameter_A=max(plan.diameters_A.values(), default=None),
            min_distance_A=None,
            border_A=0.0,
            threshold=None,
            wanted_precision=None,
            max_per_micrograph=None,
            contrast=plan.contrast,
            pixel_size_A=None,
            override_pixel_size=False,
            device="auto",
            arithmetic="auto",
            threads=None,
        )
        scorer = Scorer(detector, device=options.device, precision=options.arithmetic)
        self._job = Job(detector, options, plan.entries, scorer)
        self.contrast: Side | None = contrast if plan.contrast == "auto" else plan.contrast
        self.threshold = options.threshold
        self.classes = tuple(kind.name for kind in header.classes)
        tables = {kind.name: header.threshold_table for kind in header.classes}
        self.facts = SetFacts(
            model=header.name,
            sha256=detector.sha256,
            threshold_tables=tables if header.threshold_table else {},
            basis=basis_of(header),
            diameter_A=max(plan.diameters_A.values(), default=None),
            contrast=plan.contrast,
        )

    def first(self, image: str) -> Outcome:
        """Pick one micrograph with all threads.

        Where it shows clearly on which side the particles are, no other one is asked.
        """
        if self.contrast is None:
            self.contrast = self._contrast_by(image)
        crew = Crew(workers=1, threads=all_threads(), readers=1)
        (outcome,) = self._run([image], crew)
        return outcome

    def others(self, images: Iterable[str]) -> Generator[Outcome, None, None]:
        """Pick micrographs, several at a time."""
        return self._run(images, Crew.of(all_threads(), len(self._job.entries)))

    def _run(self, images: Iterable[str], crew: Crew) -> Generator[Outcome, None, None]:
        header, options = self._job.detector.header, self._job.options
        finder = Finder(
            self._job.scorer,
            inverted=self.contrast != header.contrast,
            floor=header.score_floor,
            min_distance_A=options.min_distance_A,
        )
        return run(
            images,
            prepare=self._job.prepare,
            finder=finder,
            keep=lambda _finished: None,
            stopwatch=Stopwatch(),
            crew=crew,
        )

    def _contrast_by(self, image: str) -> Side:
        read = Reader(self._job.prepare, 1, Stopwatch())(image)
        if not isinstance(read, Failure):
            header, options = self._job.detector.header, self._job.options
            apart_px = header.diameter_px * options.min_distance_A / options.diameter_A
            level = header.default_threshold
            ballot = vote(read.image, self._job.scorer, level=level, min_distance_px=apart_px)
            if is_clear(ballot):
                return decide([ballot])
        return self._job.contrast()

"""Pick tomograms, the one that the user looks at first."""

from collections.abc import Generator, Iterable

from nunatak.detection.contrast import Side
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.volumes.by_diameter import for_diameter
from nunatak.detection.volumes.kept_memory import kept_memory
from nunatak.detection.volumes.volume_job import VolumeJob
from nunatak.detection.volumes.volume_model import VolumeModel, load_volume_model
from nunatak.detection.volumes.volume_options import resolved_volume_options
from nunatak.detection.volumes.volume_precision import volume_basis
from nunatak.detection.volumes.volume_scoring import VolumeScorer
from nunatak.detection.volumes.volume_views import ONE_VIEW
from nunatak.server.runs.found_set import SetFacts
from nunatak.server.runs.pickers import Outcome, PickPlan


class TomogramPicker:
    """A detector of particles in tomograms; see `nunatak.server.runs.pickers.Picker`.

    Parameters
    ----------
    plan
        What to do. A model of sizes looks for the largest class, as one kind of particle.
    """

    def __init__(self, plan: PickPlan) -> None:
        detector, diameter_A = _detector(plan)
        header = detector.header
        options = resolved_volume_options(
            header,
            diameter_A=None,
            threshold=None,
            wanted_precision=None,
            border_A=0.0,
            max_per_tomogram=None,
            contrast=None if plan.contrast == "auto" else plan.contrast,
            voxel_size_A=None,
            override_voxel_size=False,
            axis_order=None,
            views=1,
            device="auto",
            arithmetic="auto",
            threads=None,
        )
        scorer = VolumeScorer(
            detector.network, device=options.device, precision=options.arithmetic, views=ONE_VIEW
        )
        self._job = VolumeJob(detector, options, plan.entries, scorer)
        self.contrast: Side | None = options.contrast
        self.classes = tuple(kind.name for kind in header.classes)
        # One threshold for all: the page has one slider.
        self.threshold = max(options.thresholds.values())
        self.facts = SetFacts(
            model=header.name,
            sha256=detector.sha256,
            threshold_tables={
                kind.name: kind.threshold_table for kind in header.classes if kind.threshold_table
            },
            basis=volume_basis(header),
            diameter_A=diameter_A,
            contrast=plan.contrast,
        )

    def first(self, image: str) -> Outcome:
        """Pick one tomogram."""
        with kept_memory():
            return self._job.picked(image, Stopwatch())

    def others(self, images: Iterable[str]) -> Generator[Outcome, None, None]:
        """Pick tomograms, one at a time."""
        return (self.first(image) for image in images)


def _detector(plan: PickPlan) -> tuple[VolumeModel, float | None]:
    """Return a detector, and the diameter for which it was made, where its kinds have none."""
    detector = load_volume_model(plan.model)
    if detector.header.classes_are == "kinds":
        return detector, None
    diameter_A = max(plan.diameters_A.values())
    return for_diameter(detector, diameter_A), diameter_A

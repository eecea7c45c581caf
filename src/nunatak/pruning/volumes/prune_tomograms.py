"""Tell particles among picks in tomograms from junk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nunatak.detection.contrast import Side
from nunatak.detection.job import torch_threads
from nunatak.detection.options import Contrast
from nunatak.detection.volumes.pick_tomograms import GENERAL_MODEL
from nunatak.errors import UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.picks.table import PickSet
from nunatak.pruning.chosen_model import chosen_model
from nunatak.pruning.conclude import concluded
from nunatak.pruning.gather import Gathered
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.judging import judged_with
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_images import PickImages
from nunatak.pruning.result import PruneResult
from nunatak.pruning.seen_file import checksum, kept_in
from nunatak.pruning.sources import matched_labels
from nunatak.pruning.tuning import FineTune, Seeing
from nunatak.pruning.volumes.class_diameters import Diameter
from nunatak.pruning.volumes.gather_volumes import gather_volume_features


@dataclass(frozen=True)
class _Tomograms(Seeing):
    """How the picks' tomograms are found and read; ``diameter_A`` is that of a typical particle."""

    diameter_of: Diameter | None = None
    axis_order: AxisOrder | None = None

    def gather(
        self, picks: PickSet, model: PruningModel, contrast: Contrast, *, with_detector: bool
    ) -> Gathered:
        """Look at every pick."""
        with torch_threads(self.workers):
            return gather_volume_features(
                picks,
                model,
                diameter_A=self.diameter_of,
                contrast=side_of(contrast),
                device=self.device,
                views=self.views,
                detector=GENERAL_MODEL if with_detector else None,
                on_image=self.on_image,
                tomograms=self.micrographs,
                voxel_size_A=self.pixel_size_A,
                override_voxel_size=self.override_pixel_size,
                axis_order=self.axis_order,
            )


def prune_tomograms(
    picks: PickSet,
    *,
    labels: MatchedLabels | PickSet | None,
    diameter_A: Diameter | None,
    model: PruningModel | str | PathLike[str] | None,
    keep_fdr: float | None,
    fine_tune: FineTune,
    tomograms: Micrographs,
    voxel_size_A: float | None,
    override_voxel_size: bool,
    axis_order: AxisOrder | None,
    contrast: Contrast,
    views: int,
    with_detector: bool,
    threads: int | None,
    device: str,
    seed: int,
    seen: Path | None,
    on_progress: Callable[[int], None] | None,
) -> PruneResult:
    """Give every pick in tomograms a probability, a class and a decision.

    Parameters and errors are those of `nunatak.pruning.prune.prune`, which calls this.
    """
    refuse_fine_tuning(fine_tune)
    classifier = chosen_model(model, picks.ndim)
    images = PickImages.of(picks, diameter_A, tomograms, voxel_size_A)
    if isinstance(labels, PickSet):
        labels = matched_labels(picks, images.diameter_px, labelled=[labels])
    seeing = _Tomograms(
        images.typical_A,
        tomograms,
        voxel_size_A,
        override_voxel_size,
        threads,
        device,
        views,
        on_progress,
        diameter_A,
        axis_order,
    )
    options = {
        "diameter_A": dict(diameter_A) if isinstance(diameter_A, Mapping) else diameter_A,
        "voxel_size_A": voxel_size_A,
        "axis_order": None if axis_order is None else axis_order.value,
        "views": views,
        "with_detector": with_detector,
    }
    gathered = kept_in(
        seen,
        lambda: checksum(
            picks,
            classifier,
            images.files.values(),
            {**options, "override_voxel_size": override_voxel_size, "contrast": contrast},
        ),
        lambda: seeing.gather(picks, classifier, contrast, with_detector=with_detector),
    )
    judgement = judged_with(
        picks, labels, classifier, gathered, seeing, loss="full", fine_tune="never", seed=seed
    )
    return concluded(
        picks,
        labels,
        classifier,
        gathered,
        judgement,
        diameter_A=diameter_A,
        diameter_px=images.diameter_px,
        keep_fdr=keep_fdr,
        options={**options, "fine_tune": "never"},
        seed=seed,
    )


def side_of(contrast: Contrast) -> Side:
    """Return the contrast of particles in tomograms, which are dark unless the user knows better.

    Nearly every reconstruction shows protein dark; to find out as on micrographs takes a detector
    that scores whole tomograms.
    """
    return "dark" if contrast == "auto" else contrast


def refuse_fine_tuning(wanted: FineTune) -> None:
    """Refuse to fine-tune the classifier of picks in tomograms.

    Raises
    ------
    UsageError
        If it is asked for.
    """
    if wanted == "always":
        raise UsageError(
            "--fine-tune always: the classifier of picks in tomograms cannot be fine-tuned. Leave "
            "the option out: a linear head learns from the labels."
        )

"""From picks and their tomograms to what the shipped models say of each pick."""

from collections.abc import Callable, Iterable
from os import PathLike

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.detection.precision import Precision
from nunatak.detection.volumes.kept_memory import kept_memory
from nunatak.detection.volumes.volume_model import VolumeModel
from nunatak.errors import BadInput, UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import MicrographList
from nunatak.picks.table import PickSet
from nunatak.pruning.cutting import failing_alone
from nunatak.pruning.embedding import USUAL_VIEWS
from nunatak.pruning.gather import Gathered, ignore, nothing_known
from nunatak.pruning.model import PruningModel
from nunatak.pruning.volumes.class_diameters import Diameter
from nunatak.pruning.volumes.pick_slabs import TomogramCutter
from nunatak.pruning.volumes.slab_embedding import SlabEmbedder
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.pruning.volumes.volume_detector_scores import VolumeDetectorScores

_REASONS_SHOWN = 5


def gather_volume_features(
    picks: PickSet,
    model: PruningModel,
    *,
    diameter_A: Diameter | None = None,
    contrast: Side = "dark",
    device: str = "auto",
    views: int = USUAL_VIEWS,
    detector: VolumeModel | str | PathLike[str] | None = None,
    on_image: Callable[[int], None] | None = None,
    tomograms: MicrographList | Iterable[str | PathLike[str]] = (),
    voxel_size_A: float | None = None,
    override_voxel_size: bool = False,
    axis_order: AxisOrder | None = None,
    precision: Precision = "auto",
) -> Gathered:
    """Look at every pick in its tomogram with the classifier, and with a detector if asked.

    One tomogram after the other, of which only the slabs of the picks are read.

    Parameters
    ----------
    picks
        In tomograms.
    model
        The classifier of slabs.
    diameter_A
        See `nunatak.pruning.volumes.class_diameters.diameters_A`.
    contrast
        Particles in the stored tomograms.
    device, precision
        Where the networks compute, and in which number format.
    views
        Of each pick, see `nunatak.pruning.volumes.slab_views.VIEWS`.
    detector
        A detector by size, such as ``"general-3d"``, to ask as well: it scores all of every
        tomogram, which takes much longer than all else. None asks nobody.
    on_image
        Called with the number of tomograms finished since the last call.
    tomograms, voxel_size_A, override_voxel_size, axis_order
        See `nunatak.pruning.volumes.pick_slabs.TomogramCutter`.

    Raises
    ------
    BadInput
        If no pick at all can be judged, or they are not in tomograms.
    UsageError
        If the model judges picks on micrographs.
    ResourceError
        If the device or its memory does not suffice.
    """
    advance = on_image or ignore
    cutter = TomogramCutter(
        picks,
        spec=slab_spec(model),
        diameter_A=diameter_A,
        voxel_size_A=voxel_size_A,
        override_voxel_size=override_voxel_size,
        axis_order=axis_order,
        tomograms=tomograms,
        contrast=contrast,
        detector=None
        if detector is None
        else VolumeDetectorScores(detector, device=device, precision=precision),
    )
    look = SlabEmbedder(model, views=views, device=device, precision=precision)
    features, judged = nothing_known(picks, model), np.zeros(len(picks), dtype=bool)
    failures = list(cutter.missing)
    advance(len(failures))
    for image in cutter.images:
        with kept_memory(), failing_alone(image, failures):
            for part in cutter.cut(image):
                embedded = look(part.crops)
                features.embedding[part.rows] = embedded.embedding
                features.log_probability[part.rows] = embedded.log_probability
                features.detector_logit[part.rows] = part.detector_logit
                judged[part.rows] = True
        advance(1)
    if len(picks) and not judged.any():
        reasons = "".join(f"\n  {failure.reason}" for failure in failures[:_REASONS_SHOWN])
        raise BadInput(f"No pick can be judged ({len(failures)} failures):{reasons}")
    return Gathered(features, judged, failures, contrast)


def slab_spec(model: PruningModel) -> SlabSpec:
    """Return what a model is shown of a pick in a tomogram.

    Raises
    ------
    UsageError
        If the model judges picks on micrographs.
    """
    spec = model.header.crop
    if not isinstance(spec, SlabSpec):
        raise UsageError(
            f"{model.path or model.header.name} judges picks on micrographs. Give a pruning model "
            "for tomograms."
        )
    return spec

"""Tell particles among picks from junk."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from nunatak.detection.options import Contrast
from nunatak.errors import UsageError
from nunatak.images.axis_order import AxisOrder
from nunatak.objectives.two_branch import USUAL_WEIGHTS, MultiLossKind, MultiLossWeights
from nunatak.picks.table import PickSet
from nunatak.pruning.chosen_model import chosen_model
from nunatak.pruning.conclude import concluded
from nunatak.pruning.embedding import USUAL_VIEWS
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.judging import judged_with
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.model import PruningModel
from nunatak.pruning.pick_images import PickImages
from nunatak.pruning.prunable import refuse_other_images, refuse_unprunable
from nunatak.pruning.result import PruneResult
from nunatak.pruning.seen_file import checksum, kept_in
from nunatak.pruning.sources import matched_labels
from nunatak.pruning.tuning import FineTune, Seeing
from nunatak.pruning.volumes.class_diameters import Diameter
from nunatak.pruning.volumes.prune_tomograms import prune_tomograms


def prune(
    picks: PickSet,
    *,
    labels: MatchedLabels | PickSet | None = None,
    diameter_A: Diameter | None = None,
    model: PruningModel | str | PathLike[str] | None = None,
    keep_fdr: float | None = None,
    loss: MultiLossKind = "full",
    loss_weights: MultiLossWeights = USUAL_WEIGHTS,
    fine_tune: FineTune = "auto",
    micrographs: Micrographs = (),
    tomograms: Micrographs = (),
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    axis_order: AxisOrder | None = None,
    contrast: Contrast = "auto",
    views: int = USUAL_VIEWS,
    with_detector: bool | None = None,
    threads: int | None = None,
    device: str = "auto",
    seed: int = 0,
    seen: str | PathLike[str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> PruneResult:
    """Give every pick a probability of being a particle, a class and a decision.

    Parameters
    ----------
    picks
        Of any picker, on micrographs, with particle images, or in tomograms.
    labels
        What a person says of some of them: matched labels, or a table of labelled picks; see
        `nunatak.pruning.sources.matched_labels` for other kinds. None: the shipped classifier
        judges alone.
    diameter_A
        Of the particle, ångström; None takes that of the table. In tomograms it may be that of
        each class of picks, by its ``class_name``.
    model
        The classifier, or the path or name of one; None takes the shipped one for the picks'
        images.
    keep_fdr
        Keep as many picks as possible with at most this share of junk; None keeps what is more
        likely a particle than not.
    loss, loss_weights
        Terms of the loss in fine-tuning, and what they weigh.
    fine_tune
        Whether to train the classifier itself on the labels; ``"auto"`` does so where
        cross-validation within the labels says that it wins, and never in tomograms.
    micrographs, tomograms
        Where the images are looked up, inputs as of `nunatak.images.inputs.list_micrographs` or
        `nunatak.images.tomogram_inputs.list_tomograms`, or a list made before. None: the picks
        name their paths.
    pixel_size_A, override_pixel_size
        Of the images, ångström, in tomograms the side of a voxel; and whether it wins over
        headers and lists that contradict it.
    axis_order
        Of all tomograms; None asks where a shape leaves a doubt.
    contrast
        Particles in the stored images; ``"auto"`` finds out, and takes tomograms for dark.
    views, device
        As of `nunatak.pruning.gather.gather_features`.
    with_detector
        Whether to ask the detector, too; None asks it on micrographs alone: in tomograms that
        takes much longer than all else.
    threads
        Of the processor; None takes torch's own choice.
    seed
        Of every random choice.
    seen
        File, ``*.safetensors``, that keeps what the models saw of the picks: where it holds that
        already, nothing is looked at again, and judging with other labels takes a few seconds.
    on_progress
        Called with the number of images finished since the last call.

    Returns
    -------
    PruneResult

    Raises
    ------
    UsageError
        If the diameter is nowhere stated, options contradict each other, or ``seen`` is a file of
        something else.
    BadInput
        If there are no picks, none can be judged, or labels do not fit.
    ResourceError
        If the device or its memory does not suffice.
    """
    refuse_unprunable(picks)
    if keep_fdr is not None and not 0 < keep_fdr < 1:
        raise UsageError(
            f"--keep-fdr {keep_fdr:g}: a share between 0 and 1 is needed, such as 0.05."
        )
    kept = None if seen is None else Path(seen)
    refuse_other_images(picks, micrographs=micrographs, tomograms=tomograms)
    if picks.ndim == 3:
        return prune_tomograms(
            picks,
            labels=labels,
            diameter_A=diameter_A,
            model=model,
            keep_fdr=keep_fdr,
            fine_tune=fine_tune,
            tomograms=tomograms,
            voxel_size_A=pixel_size_A,
            override_voxel_size=override_pixel_size,
            axis_order=axis_order,
            contrast=contrast,
            views=views,
            with_detector=with_detector or False,
            threads=threads,
            device=device,
            seed=seed,
            seen=kept,
            on_progress=on_progress,
        )
    images = PickImages.of(picks, diameter_A, micrographs, pixel_size_A)
    if isinstance(labels, PickSet):
        labels = matched_labels(picks, images.diameter_px, labelled=[labels])
    classifier = chosen_model(model, picks.ndim)
    with_detector = with_detector is not False
    seeing = Seeing(
        images.typical_A,
        micrographs,
        pixel_size_A,
        override_pixel_size,
        threads,
        device,
        views,
        on_progress,
    )
    options = {
        "diameter_A": images.typical_A,
        "pixel_size_A": pixel_size_A,
        "views": views,
        "with_detector": with_detector,
    }
    gathered = kept_in(
        kept,
        lambda: checksum(
            picks,
            classifier,
            images.files.values(),
            {**options, "override_pixel_size": override_pixel_size, "contrast": contrast},
        ),
        lambda: seeing.gather(picks, classifier, contrast, with_detector=with_detector),
    )
    judgement = judged_with(
        picks,
        labels,
        classifier,
        gathered,
        seeing,
        loss=loss,
        weights=loss_weights,
        fine_tune=fine_tune,
        seed=seed,
    )
    return concluded(
        picks,
        labels,
        classifier,
        gathered,
        judgement,
        diameter_A=images.typical_A,
        diameter_px=images.diameter_px,
        keep_fdr=keep_fdr,
        options={
            **options,
            "loss": loss,
            "loss_weights": loss_weights.model_dump(),
            "fine_tune": fine_tune,
        },
        seed=seed,
    )

"""Pick particles from micrographs: the package's main job."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from os import PathLike
from pathlib import Path

from nunatak.detection.execution import carry_out
from nunatak.detection.foreseen import Foreseen
from nunatak.detection.job import Job, by_identity, torch_threads
from nunatak.detection.journal import Journal
from nunatak.detection.model import load_model
from nunatak.detection.options import Contrast, resolved_options
from nunatak.detection.output import Output
from nunatak.detection.precision import Precision
from nunatak.detection.result import PickResult
from nunatak.detection.scoring import Scorer
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import MicrographList

GENERAL_MODEL = "general-2d"


def pick(
    micrographs: MicrographList | Iterable[str | PathLike[str]],
    *,
    diameter_A: float | None = None,
    model: str | PathLike[str] = GENERAL_MODEL,
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    output: str | PathLike[str] | None = None,
    file_format: str | None = None,
    selected_only: bool = False,
    threshold: float | None = None,
    wanted_precision: float | None = None,
    min_distance_A: float | None = None,
    border_A: float = 0.0,
    max_per_micrograph: int | None = None,
    contrast: Contrast = "auto",
    device: str = "auto",
    arithmetic: Precision = "auto",
    threads: int | None = None,
    redo: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> PickResult:
    """Find particles in micrographs.

    Every candidate above the model's low floor is returned, and written, with its score; the
    threshold, the border and the limit only mark which of them are ``selected``.

    When the same call is made again, a run that was stopped is continued where it ended, and
    one that was completed picks only micrographs that are new or have changed: what is finished
    lies in a journal beside the output.

    Parameters
    ----------
    micrographs
        Files, folders, globs, text lists or RELION ``micrographs_ctf.star`` (see
        `nunatak.images.inputs.list_micrographs`), or a list made before.
    diameter_A
        Particle diameter (longest extent), Å. Not needed with a model that knows its particle.
    model
        A model file, or the name of one that ships with the package.
    pixel_size_A
        Å per pixel of all micrographs. Default: from their headers or the STAR file.
    override_pixel_size
        Let ``pixel_size_A`` win over a header that contradicts it.
    output
        File or folder to write to; the suffix chooses the format. Nothing is written without.
    file_format
        Name of the output's format, where the suffix does not say it.
    selected_only
        Write the selected candidates only. The result holds all of them all the same.
    threshold
        Score from which on a candidate is selected. Default: the model's.
    wanted_precision
        Instead of a threshold, the share of the selected candidates that shall be right: takes
        the lowest threshold that promises so much on the candidates found (see
        `nunatak.detection.thresholds`). What was chosen is the result's ``threshold_choice``.
    min_distance_A
        Two candidates are at least so far apart, Å. Default: 0.4 diameters.
    border_A
        Candidates whose centre is closer to the image's outer edge are not selected, Å. The
        default keeps particles that the border cuts, with a lower score: extraction leaves out
        those that it cannot use, and knows its box.
    max_per_micrograph
        At most so many are selected in each micrograph, the best ones.
    contrast
        Particles against ice: ``"dark"``, ``"light"``, or ``"auto"`` to find out.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    arithmetic
        Number format of the network: ``"auto"``, ``"float32"``, ``"bfloat16"`` or
        ``"float16"``.
    threads
        Processor threads of the network. Default: torch's own choice.
    redo
        Start over, and replace an output that exists.
    on_progress
        Called with the number of micrographs finished since the last call.

    Returns
    -------
    PickResult
        Candidates and failures. A micrograph that cannot be read is a failure, not an error.

    Raises
    ------
    UsageError
        If options contradict each other, the model promises no such precision, or the output
        exists and is not this program's, or was written with other settings.
    BadInput
        If there is no micrograph, none of them can be picked, or the model cannot be read.
    Mismatch
        If the journal of a run with other settings lies beside the output.
    ResourceError
        If the device, the memory or the disk does not suffice.
    Interrupted
        If the process is asked to stop; what was finished is kept.

    Examples
    --------
    >>> import nunatak
    >>> result = nunatak.pick(["micrographs/*.mrc"], diameter_A=122)  # doctest: +SKIP
    >>> result.picks.table[["image", "x_px", "y_px", "score"]]  # doctest: +SKIP
    """
    detector = load_model(model)
    options = resolved_options(
        detector.header,
        diameter_A=diameter_A,
        min_distance_A=min_distance_A,
        border_A=border_A,
        threshold=threshold,
        wanted_precision=wanted_precision,
        max_per_micrograph=max_per_micrograph,
        contrast=contrast,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        device=device,
        arithmetic=arithmetic,
        threads=threads,
    )
    listed = (
        micrographs if isinstance(micrographs, MicrographList) else list_micrographs(micrographs)
    )
    scorer = Scorer(detector, device=options.device, precision=options.arithmetic)
    job = Job(detector, options, by_identity(listed), scorer)
    target = None
    if output is not None:
        target = Output.named(Path(output), file_format, selected_only=selected_only)
        kinds = detector.header.classes
        target.check(
            job.settings,
            images=list(job.entries),
            # Only formats of tomograms care for the scale, which is in the headers.
            foreseen=Foreseen(
                dict.fromkeys(job.entries, 1.0),
                [kind.name for kind in kinds] if len(kinds) > 1 else [],
            ),
            redo=redo,
        )
    with (
        torch_threads(options.threads),
        Journal(target.journal, job.settings, redo=redo) if target else nullcontext() as journal,
    ):
        result = carry_out(job, journal, missing=listed.missing, on_progress=on_progress)
        if target is not None:
            result = target.write(result, job.settings)
    return result

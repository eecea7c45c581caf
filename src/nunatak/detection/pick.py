"""Pick particles from micrographs: the package's main job."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nunatak.detection.contrast import Side
from nunatak.detection.header import ModelHeader
from nunatak.detection.job import Job, torch_threads
from nunatak.detection.journal import Finished, Journal
from nunatak.detection.model import load_model
from nunatak.detection.options import (
    MIN_DISTANCE_IN_DIAMETERS,
    Contrast,
    PickOptions,
    resolved_diameter_A,
)
from nunatak.detection.output import Output
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.precision import Precision
from nunatak.detection.record import circumstances
from nunatak.detection.result import Failure, PickResult, pick_set
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput, Interrupted, UsageError
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList, MissingMicrograph

GENERAL_MODEL = "general-2d"

_log = logging.getLogger(__name__)


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
    min_distance_A: float | None = None,
    border_A: float = 0.0,
    max_per_micrograph: int | None = None,
    contrast: Contrast = "auto",
    device: str = "auto",
    precision: Precision = "auto",
    threads: int | None = None,
    redo: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> PickResult:
    """Find particles in micrographs.

    Every candidate above the model's low floor is returned, and written, with its score; the
    threshold, the border and the limit only mark which of them are ``selected``.

    A run that was stopped is continued where it ended when the same call is made again: what
    is finished lies in a journal beside the output until the output is complete.

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
        Probability from which on a candidate is selected. Default: the model's.
    min_distance_A
        Two candidates are at least so far apart, Å. Default: 0.4 diameters.
    border_A
        Candidates whose centre is closer to the image's outer edge are not selected, Å. The
        default keeps particles that the border cuts: extraction leaves out those that it cannot
        use, and knows its box.
    max_per_micrograph
        At most so many are selected in each micrograph, the best ones.
    contrast
        Particles against ice: ``"dark"``, ``"light"``, or ``"auto"`` to find out.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    precision
        ``"auto"``, ``"float32"``, ``"bfloat16"`` or ``"float16"``.
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
        If options contradict each other, or the output exists and is not this program's.
    BadInput
        If there is no micrograph, none of them can be picked, or the model cannot be read.
    Mismatch
        If an unfinished run with other options lies beside the output.
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
    options = _resolved(
        detector.header,
        diameter_A=diameter_A,
        min_distance_A=min_distance_A,
        border_A=border_A,
        threshold=threshold,
        max_per_micrograph=max_per_micrograph,
        contrast=contrast,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        device=device,
        precision=precision,
        threads=threads,
    )
    listed = (
        micrographs if isinstance(micrographs, MicrographList) else list_micrographs(micrographs)
    )
    scorer = Scorer(detector, device=options.device, precision=options.precision)
    job = Job(detector, options, _by_identity(listed), scorer)
    target = None
    if output is not None:
        target = Output.named(Path(output), file_format, selected_only=selected_only)
        target.check(redo=redo)
    with (
        torch_threads(options.threads),
        Journal(target.journal, job.settings, redo=redo) if target else nullcontext() as journal,
    ):
        missing = [_missing(micrograph) for micrograph in listed.missing]
        result = _picked(job, journal, missing, on_progress or _ignore)
        if target is not None and journal is not None:
            target.write(result)
            journal.remove()
    return result


def _resolved(header: ModelHeader, **given: Any) -> PickOptions:
    diameter_A = resolved_diameter_A(given["diameter_A"], header)
    defaults = {
        "diameter_A": diameter_A,
        "min_distance_A": MIN_DISTANCE_IN_DIAMETERS * diameter_A,
        "threshold": header.default_threshold,
    }
    filled = {name: defaults.get(name) if value is None else value for name, value in given.items()}
    try:
        return PickOptions.model_validate(filled)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"Option {name}: {first['msg']} (given: {first['input']!r}).") from error


def _by_identity(listed: MicrographList) -> dict[str, ListedMicrograph]:
    """Micrographs by the name they were given, or by their path where a name means two files."""
    uses = Counter(micrograph.name for micrograph in listed)
    return {one.name if uses[one.name] == 1 else str(one.path.absolute()): one for one in listed}


def _missing(micrograph: MissingMicrograph) -> Failure:
    named = f"named by the {micrograph.origin}"
    return Failure(micrograph.name, f"{micrograph.name}: there is no such file ({named}).")


def _picked(
    job: Job,
    journal: Journal | None,
    failures: list[Failure],
    on_progress: Callable[[int], None],
) -> PickResult:
    finished: dict[str, Finished] = {}
    stopwatch = Stopwatch()
    start = time.perf_counter()
    try:
        images = job.unfinished(journal)
        if journal is not None:
            finished = {i: journal.finished[i] for i in job.entries.keys() - set(images)}
        if finished:
            _log.warning("%d micrographs were finished by an earlier run", len(finished))
            on_progress(len(finished))
        side = job.contrast_remembered(journal)
        for outcome in job.results(images, contrast=side, journal=journal, stopwatch=stopwatch):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                finished[outcome.image] = outcome
            on_progress(1)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(_farewell(finished, job, journal)) from interrupt
    if not finished:
        raise BadInput(_none_picked(failures))
    seconds = {**stopwatch.seconds, "total": time.perf_counter() - start}
    ordered = [finished[name] for name in job.entries if name in finished]
    return PickResult(
        picks=pick_set(ordered, job.options, job.detector.header.classes),
        failures=tuple(failures),
        options=job.options,
        contrast=side,
        shapes={micrograph.image: micrograph.shape for micrograph in ordered},
        seconds=seconds,
        provenance=_provenance(job, side, len(ordered), failures, seconds),
    )


def _provenance(
    job: Job, side: Side, picked: int, failures: list[Failure], seconds: dict[str, float]
) -> dict[str, Any]:
    detector = job.detector
    return {
        "command": "pick",
        **circumstances(),
        "options": job.options.model_dump(),
        "model": {
            "name": detector.header.name,
            "path": str(detector.path),
            "sha256": detector.sha256,
            "score_floor": detector.header.score_floor,
        },
        "device": str(job.scorer.device),
        "dtype": str(job.scorer.dtype).removeprefix("torch."),
        "contrast": side,
        "micrographs": {"picked": picked, "failed": len(failures)},
        "failures": [asdict(failure) for failure in failures],
        "seconds": seconds,
    }


def _farewell(finished: dict[str, Finished], job: Job, journal: Journal | None) -> str:
    total = len(job.entries)
    if journal is None:
        return f"Interrupted after {len(finished)} of {total} micrographs; nothing was written."
    # Those in flight were still finished, but did not come back to this thread.
    kept = len(job.entries.keys() & journal.finished.keys())
    return (
        f"Interrupted; {kept} of {total} micrographs are finished and kept in {journal.path}. "
        "Give the same command again to go on from there."
    )


def _none_picked(failures: list[Failure]) -> str:
    if len(failures) == 1:
        return failures[0].reason
    reasons = "".join(f"\n  {failure.reason}" for failure in failures[:5])
    more = f"\n  and {len(failures) - 5} more" if len(failures) > 5 else ""
    return f"None of the {len(failures)} micrographs could be picked:{reasons}{more}"


def _ignore(_count: int) -> None:
    """Say nothing."""

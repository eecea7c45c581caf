"""Carry out a picking job, from the first micrograph to the joined result."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import numpy as np

from nunatak.detection.contrast import Side
from nunatak.detection.doubts import doubt_about_selection, doubt_about_size
from nunatak.detection.finished import Finished
from nunatak.detection.job import Job
from nunatak.detection.journal import Journal
from nunatak.detection.options import PickOptions
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.record import circumstances
from nunatak.detection.result import Failure, PickResult, pick_set
from nunatak.detection.thresholds import ThresholdChoice, choose_threshold
from nunatak.errors import BadInput, Interrupted
from nunatak.images.micrograph_list import ListedMicrograph, MissingMicrograph
from nunatak.picks.judged import IMAGE_NOUN

Entries = Mapping[str, ListedMicrograph]

_log = logging.getLogger(__name__)


def carry_out(
    job: Job,
    journal: Journal | None,
    *,
    missing: Iterable[MissingMicrograph] = (),
    on_progress: Callable[[int], None] | None = None,
) -> PickResult:
    """Pick the micrographs of a job that an earlier run has not finished, and join all results.

    Parameters
    ----------
    job
        What to do.
    journal
        Keeps what is finished; None keeps nothing.
    missing
        Micrographs that were named and cannot be used: failures from the start.
    on_progress
        Called with the number of micrographs finished since the last call.

    Raises
    ------
    BadInput
        If no micrograph could be picked.
    Interrupted
        If the process is asked to stop; the journal has what was finished.
    """
    advance = on_progress or _ignore
    failures = [Failure.of_missing(micrograph) for micrograph in missing]
    stopwatch = Stopwatch()
    start = time.perf_counter()
    finished: dict[str, Finished] = {}
    try:
        images = job.unfinished(journal)
        finished.update(earlier(job.entries, journal, images))
        reused_count = len(finished)
        advance(reused_count)
        side = job.contrast_remembered(journal, anew=not finished)
        outcomes = job.results(images, contrast=side, journal=journal, stopwatch=stopwatch)
        with closing(outcomes):
            for outcome in outcomes:
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    if len(finished) == reused_count:  # the first one, while there is time
                        _warn(doubt_about_size(job.options.diameter_A, outcome.pixel_size_A))
                    finished[outcome.image] = outcome
                advance(1)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(farewell(len(finished), job.entries, journal)) from interrupt
    if not finished:
        raise BadInput(none_picked(failures))
    seconds = {**stopwatch.seconds, "total": time.perf_counter() - start}
    ordered = [finished[name] for name in job.entries if name in finished]
    options, choice = _with_threshold(job, ordered)
    notes = {micrograph.image: micrograph.notes for micrograph in ordered if micrograph.notes}
    result = PickResult(
        picks=pick_set(ordered, options, job.detector.header.classes),
        failures=tuple(failures),
        options=options,
        contrast=side,
        shapes={micrograph.image: micrograph.shape for micrograph in ordered},
        notes=notes,
        seconds=seconds,
        provenance={
            **_provenance(job, side, len(ordered), failures, seconds),
            "options": options.model_dump(),
            "notes": notes,
            "threshold_choice": None if choice is None else asdict(choice),
        },
        reused_count=reused_count,
        threshold_choice=choice,
    )
    _warn(doubt_about_selection(result))
    return result


def _warn(doubt: str | None) -> None:
    if doubt is not None:
        _log.warning("%s", doubt)


def earlier(
    entries: Entries, journal: Journal | None, images: Sequence[str], *, noun: str = IMAGE_NOUN[2]
) -> dict[str, Finished]:
    """Return what an earlier run has finished.

    Parameters
    ----------
    entries
        All images by name.
    journal
        Of the earlier run, if any.
    images
        What is left to do.
    noun
        What the images are.
    """
    if journal is None:
        return {}
    found = {name: journal.finished[name] for name in entries.keys() - set(images)}
    if found:
        _log.info("%d %ss were finished by an earlier run", len(found), noun)
    left_out = len(journal.finished.keys() - entries.keys())
    if left_out:
        _log.warning(
            "%d %ss of earlier runs are not named now, so that they are no longer in the output. "
            "To have them in it, name them as well: they are in %s, and are not picked anew",
            left_out,
            noun,
            journal.path,
        )
    return found


def _with_threshold(
    job: Job, micrographs: list[Finished]
) -> tuple[PickOptions, ThresholdChoice | None]:
    """Choose the threshold for a wanted precision, which needs all candidates."""
    wanted = job.options.wanted_precision
    if wanted is None:
        return job.options, None
    scores = np.concatenate([micrograph.candidates.score for micrograph in micrographs])
    choice = choose_threshold(job.detector.header, wanted, scores)
    return job.options.model_copy(update={"threshold": choice.threshold}), choice


def _provenance(
    job: Job, side: Side, picked: int, failures: list[Failure], seconds: dict[str, float]
) -> dict[str, Any]:
    detector = job.detector
    return {
        "command": "pick",
        **circumstances(),
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


def farewell(
    count: int, entries: Entries, journal: Journal | None, *, noun: str = IMAGE_NOUN[2]
) -> str:
    """Say what is left of a run that was stopped after so many images."""
    total = len(entries)
    if journal is None:
        return f"Interrupted after {count} of {total} {noun}s; nothing was written."
    # Those in flight were still finished, but did not come back to this thread.
    kept = len(entries.keys() & journal.finished.keys())
    return (
        f"Interrupted; {kept} of {total} {noun}s are finished and kept in {journal.path}. "
        "Give the same command again to go on from there."
    )


def none_picked(failures: Sequence[Failure], *, noun: str = IMAGE_NOUN[2]) -> str:
    """Say why there is no result at all."""
    if len(failures) == 1:
        return failures[0].reason
    reasons = "".join(f"\n  {failure.reason}" for failure in failures[:5])
    more = f"\n  and {len(failures) - 5} more" if len(failures) > 5 else ""
    return f"None of the {len(failures)} {noun}s could be picked:{reasons}{more}"


def _ignore(_count: int) -> None:
    """Say nothing."""

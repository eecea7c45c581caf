"""Carry out a job of picking tomograms, from the first tomogram to the joined result."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from nunatak.detection.execution import earlier, farewell, none_picked
from nunatak.detection.finished import Finished
from nunatak.detection.journal import Journal
from nunatak.detection.parallel import Stopwatch
from nunatak.detection.record import circumstances
from nunatak.detection.result import Failure
from nunatak.detection.volumes.kept_memory import kept_memory
from nunatak.detection.volumes.volume_job import VolumeJob
from nunatak.detection.volumes.volume_result import VolumePickResult, volume_pick_set
from nunatak.errors import BadInput, Interrupted
from nunatak.images.micrograph_list import MissingMicrograph
from nunatak.picks.judged import IMAGE_NOUN

NOUN = IMAGE_NOUN[3]


def carry_out_volumes(
    job: VolumeJob,
    journal: Journal | None,
    *,
    missing: Iterable[MissingMicrograph] = (),
    on_progress: Callable[[int], None] | None = None,
) -> VolumePickResult:
    """Pick the tomograms that an earlier run has not finished, one after the other.

    All processor threads work on one tomogram: two at a time would need twice the memory.

    Parameters
    ----------
    job, journal, missing, on_progress
        As in `nunatak.detection.execution.carry_out`.

    Raises
    ------
    BadInput
        If no tomogram could be picked.
    Interrupted
        If the process is asked to stop; the journal has what was finished.
    """
    advance = on_progress or _ignore
    failures = [Failure.of_missing(one) for one in missing]
    stopwatch = Stopwatch()
    start = time.perf_counter()
    finished: dict[str, Finished] = {}
    try:
        images = job.unfinished(journal)
        finished.update(earlier(job.entries, journal, images, noun=NOUN))
        reused_count = len(finished)
        advance(reused_count)
        for image in images:
            with kept_memory():
                outcome = job.picked(image, stopwatch)
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                if journal is not None:
                    journal.append(outcome)
                finished[image] = outcome
            advance(1)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(farewell(len(finished), job.entries, journal, noun=NOUN)) from interrupt
    if not finished:
        raise BadInput(none_picked(failures, noun=NOUN))
    seconds = {**stopwatch.seconds, "total": time.perf_counter() - start}
    ordered = [finished[name] for name in job.entries if name in finished]
    notes = {tomogram.image: tomogram.notes for tomogram in ordered if tomogram.notes}
    return VolumePickResult(
        picks=volume_pick_set(ordered, job.options, job.model.header.classes),
        failures=tuple(failures),
        options=job.options,
        shapes={tomogram.image: tomogram.shape for tomogram in ordered},
        voxel_sizes_A={tomogram.image: tomogram.pixel_size_A for tomogram in ordered},
        seconds=seconds,
        provenance={
            **_provenance(job),
            "tomograms": {"picked": len(ordered), "failed": len(failures)},
            "failures": [asdict(failure) for failure in failures],
            "seconds": seconds,
            "notes": notes,
        },
        notes=notes,
        reused_count=reused_count,
    )


def _provenance(job: VolumeJob) -> dict[str, Any]:
    header = job.model.header
    return {
        "command": "pick",
        **circumstances(),
        "model": {
            "name": header.name,
            "path": str(job.model.path),
            "sha256": job.model.sha256,
            "score_floor": header.score_floor,
        },
        "device": str(job.scorer.device),
        "dtype": str(job.scorer.dtype).removeprefix("torch."),
        "options": job.options.model_dump(mode="json"),
    }


def _ignore(_count: int) -> None:
    """Say nothing."""

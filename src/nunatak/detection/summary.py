"""Say in words what a picking run found, and how to go on from there."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from nunatak.detection.record import record_path
from nunatak.detection.result import PickResult
from nunatak.detection.thresholds import ThresholdChoice
from nunatak.picks.counted import counted
from nunatak.picks.formats import cryosparc_cs, relion_autopick, relion_star
from nunatak.picks.formats.base import PickFormat

_RELION = "in RELION's Particle extraction, use an autopick FOM threshold of"
_THRESHOLD_OF = {
    relion_star.FORMAT.name: _RELION,
    relion_autopick.FORMAT.name: _RELION,
    cryosparc_cs.FORMAT.name: "in CryoSPARC's Inspect Picks, set the NCC score threshold to",
}
"""Where programs apply a threshold of their own to the scores, by the format they read."""


def in_words(result: PickResult) -> str:
    """Sum up a run for its user: what was found, where it is, and what to do with it."""
    return "\n".join(_lines(result))


def origin(result: PickResult) -> dict[str, str]:
    """Label what a report must say about where picks come from."""
    provenance, options = result.provenance, result.options
    model = provenance["model"]
    limit = options.max_per_micrograph
    choice = result.threshold_choice
    return {
        "Command": " ".join(provenance["command_line"]),
        "Model": f"{model['name']} (sha256 {model['sha256'][:12]}…)",
        "Particle diameter": f"{options.diameter_A:g} Å",
        "Smallest distance": f"{options.min_distance_A:g} Å",
        "Threshold": f"{options.threshold:g} (candidates from {model['score_floor']:g} on)",
        **({} if choice is None else {"Threshold chosen": _chosen(choice)}),
        "Border margin": f"{options.border_A:g} Å",
        "Limit a micrograph": "none" if limit is None else str(limit),
        "Contrast": f"{result.contrast} particles"
        + (" (found out)" if options.contrast == "auto" else ""),
        "Device": f"{provenance['device']}, {provenance['dtype']}",
        "Picked": provenance["date"],
    }


def _lines(result: PickResult) -> Iterator[str]:
    count = len(result.picks.images)
    threshold = result.options.threshold
    taken = "taken to be " if result.options.contrast == "auto" else ""
    yield (
        f"{counted(count, 'micrograph')} in {result.seconds['total']:.1f} s; particles are "
        f"{taken}{result.contrast}."
    )
    if result.reused_count:
        yield (
            f"{result.reused_count} of the micrographs were finished by an earlier run and have "
            f"not changed; {count - result.reused_count} picked now."
        )
    yield (
        f"{counted(len(result.picks), 'candidate')}, {result.selected_count} of them selected "
        f"(score at least {threshold:g}): {result.selected_count / count:.0f} a micrograph."
    )
    if result.threshold_choice is not None:
        yield _chosen(result.threshold_choice)
    elif result.output is not None and result.selected_count < len(result.picks):
        yield (
            "If particles are missing, or ice is selected, give the same command with another "
            "--threshold, or with --precision; nothing is computed anew."
        )
    if result.notes:
        yield _noted(result)
    if result.output is None or result.output_format is None:
        return
    if result.is_output_selected:
        yield f"{result.output} holds the selected ones."
        return
    yield from _advice(result, result.output, result.output_format)


def _advice(result: PickResult, output: Path, fmt: PickFormat) -> Iterator[str]:
    """Say how to use the selected ones of a file of all candidates."""
    holds_selection = fmt.capabilities.preserves_columns
    threshold_suffices = result.is_selected_by_threshold
    if not (holds_selection or threshold_suffices):
        yield (
            f"{output} holds all candidates with their scores, and not which of them are selected; "
            "no threshold alone tells. For the selected ones, give --selected-only and another "
            "output."
        )
        return
    yield f"{output} holds all candidates with their scores. To use the selected ones:"
    elsewhere = _THRESHOLD_OF.get(fmt.name) if threshold_suffices else None
    if elsewhere is not None:
        yield f"  {elsewhere} {result.options.threshold:g};"
    yield f"  {'' if elsewhere is None else 'or '}write them to a file of their own, in any format:"
    choice = "--selected-only" if holds_selection else f"--threshold {result.options.threshold:g}"
    unit = "" if fmt.capabilities.unit_known else " --input-binning 1"
    yield f"  nunatak convert {shlex.quote(str(output))} -o selected.star {choice}{unit}"


def _noted(result: PickResult) -> str:
    """Say how many files had irregularities, with the first one."""
    image, notes = next(iter(result.notes.items()))
    where = "" if result.output is None else f" (all of them in {record_path(result.output)})"
    return (
        f"{counted(len(result.notes), 'micrograph')} with something to note{where}, such as "
        f"{image}: {'; '.join(notes)}."
    )


def _chosen(choice: ThresholdChoice) -> str:
    """Say what a threshold promises, and on which data the promise rests."""
    if choice.precision is None:
        return f"No candidate is likely enough for a precision of {choice.wanted_precision:g}."
    return (
        f"Chosen for a precision of {choice.wanted_precision:g}: {choice.precision} is "
        f"expected, at a recall of {choice.recall}, judging by {choice.basis}."
    )

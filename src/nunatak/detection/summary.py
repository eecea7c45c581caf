"""Say in words what a picking run found, and how to go on from there."""

from collections.abc import Iterator
from pathlib import Path

from nunatak.detection.result import PickResult


def in_words(result: PickResult, output: Path, *, selected_only: bool = False) -> str:
    """Sum up a run for its user.

    Parameters
    ----------
    result
        What was found.
    output
        Where the picks were written.
    selected_only
        Whether only the selected candidates were.
    """
    return "\n".join(_lines(result, output, selected_only=selected_only))


def origin(result: PickResult) -> dict[str, str]:
    """Label what a report must say about where picks come from."""
    provenance, options = result.provenance, result.options
    model = provenance["model"]
    limit = options.max_per_micrograph
    return {
        "Command": " ".join(provenance["command_line"]),
        "Model": f"{model['name']} (sha256 {model['sha256'][:12]}…)",
        "Particle diameter": f"{options.diameter_A:g} Å",
        "Smallest distance": f"{options.min_distance_A:g} Å",
        "Threshold": f"{options.threshold:g} (candidates from {model['score_floor']:g} on)",
        "Border margin": f"{options.border_A:g} Å",
        "Limit a micrograph": "none" if limit is None else str(limit),
        "Contrast": f"{result.contrast} particles"
        + (" (found out)" if options.contrast == "auto" else ""),
        "Device": f"{provenance['device']}, {provenance['dtype']}",
        "Picked": provenance["date"],
    }


def _lines(result: PickResult, output: Path, *, selected_only: bool) -> Iterator[str]:
    count = len(result.picks.images)
    threshold = result.options.threshold
    found = "found to be " if result.options.contrast == "auto" else ""
    yield (
        f"{_number(count, 'micrograph')} in {result.seconds['total']:.1f} s; particles are "
        f"{found}{result.contrast}."
    )
    yield (
        f"{_number(len(result.picks), 'candidate')}, {result.selected_count} of them selected "
        f"(score at least {threshold:g}): {result.selected_count / count:.0f} a micrograph."
    )
    if selected_only:
        yield f"{output} holds the selected ones."
        return
    yield f"{output} holds all candidates with their scores. To use the selected ones alone:"
    yield f"  RELION     in Particle extraction, use an autopick FOM threshold of {threshold:g}"
    yield f"  CryoSPARC  in Inspect Picks, set the NCC score threshold to {threshold:g}"
    yield "  otherwise  give this command again with --selected-only --redo"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

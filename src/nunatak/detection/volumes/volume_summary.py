"""Say in words what a run on tomograms found, and how to go on from there."""

from collections import Counter
from collections.abc import Iterator

from nunatak.detection.record import record_path
from nunatak.detection.thresholds import ThresholdChoice
from nunatak.detection.volumes.volume_result import VolumePickResult
from nunatak.picks.counted import counted
from nunatak.picks.judged import IMAGE_NOUN


def in_words(result: VolumePickResult) -> str:
    """Sum up a run for its user: what was found, where it is, and what to do with it."""
    return "\n".join(_lines(result))


def origin(result: VolumePickResult) -> dict[str, str]:
    """Label what a report must say about where picks come from."""
    provenance, options = result.provenance, result.options
    model = provenance["model"]
    limit, diameter_A = options.max_per_tomogram, options.diameter_A
    thresholds = ", ".join(f"{name} {value:g}" for name, value in options.thresholds.items())
    return {
        "Command": " ".join(provenance["command_line"]),
        "Model": f"{model['name']} (sha256 {model['sha256'][:12]}…)",
        **({} if diameter_A is None else {"Particle diameter": f"{diameter_A:g} Å"}),
        "Thresholds": f"{thresholds} (candidates from {model['score_floor']:g} on)",
        "Border margin": f"{options.border_A:g} Å",
        "Limit a tomogram": "none" if limit is None else str(limit),
        "Contrast": f"{options.contrast} particles",
        "Mirror images": str(options.views),
        "Device": f"{provenance['device']}, {provenance['dtype']}",
        "Picked": provenance["date"],
    }


def _lines(result: VolumePickResult) -> Iterator[str]:
    noun, count, table = IMAGE_NOUN[3], len(result.picks.images), result.picks.table
    diameter_A = result.options.diameter_A
    size = "" if diameter_A is None else f" of {diameter_A:g} Å"
    yield (
        f"{counted(count, noun)} in {result.seconds['total']:.1f} s; particles{size} are taken to "
        f"be {result.options.contrast}."
    )
    if result.reused_count:
        yield (
            f"{result.reused_count} of the {noun}s were finished by an earlier run and have not "
            f"changed; {count - result.reused_count} picked now."
        )
    yield f"{counted(len(table), 'candidate')}, {result.selected_count} of them selected:"
    found, chosen = Counter(table["class_name"]), Counter(table["class_name"][table["selected"]])
    for name, threshold in result.options.thresholds.items():
        expected = _expected(result.threshold_choices.get(name))
        yield f"  {name}: {chosen[name]} of {found[name]} (score at least {threshold:g}{expected})"
    if result.threshold_choices:
        choice = next(iter(result.threshold_choices.values()))
        yield f"Chosen for a precision of {choice.wanted_precision:g}, judging by {choice.basis}."
    if not result.selected_count:
        yield "If there should be some, check the contrast (--contrast) and the voxel size."
    if result.notes:
        image, notes = next(iter(result.notes.items()))
        where = "" if result.output is None else f" (all of them in {record_path(result.output)})"
        yield (
            f"{counted(len(result.notes), noun)} with something to note{where}, such as {image}: "
            f"{'; '.join(notes)}."
        )
    if result.output is None:
        return
    if result.is_output_selected:
        yield f"{result.output} holds the selected ones."
        return
    yield f"{result.output} holds all candidates with their scores."
    if result.selected_count < len(table):
        yield (
            "To select others, give the same command with another --threshold; nothing is computed "
            "anew. For the selected ones alone, give --selected-only and another output."
        )


def _expected(choice: ThresholdChoice | None) -> str:
    """Say what a threshold promises that was chosen for its precision."""
    if choice is None:
        return ""
    if choice.precision is None:
        return ", above all candidates: none is likely enough"
    return f"; a precision of {choice.precision} is expected, at a recall of {choice.recall}"

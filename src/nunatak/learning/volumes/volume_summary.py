"""Say in words what a training on tomograms learns from, what came of it, and what comes next."""

import shlex
from collections.abc import Iterator

import numpy as np

from nunatak.learning.volumes.volume_label_set import VolumeLabelSet
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_validation import ClassFigures
from nunatak.picks.counted import counted

_COLUMNS = ("class", "particles", "AP", "F1", "threshold")

_NO_VALIDATION = (
    "No tomogram was kept aside for validation. With complete labels of every class in two "
    "tomograms or more, one is; of others, name some whose labels are complete (--validation)."
)


def labels_in_words(labels: VolumeLabelSet) -> str:
    """Sum up labels in tomograms: what is used, class by class, then the findings."""
    tomograms = labels.tomograms.values()
    kinds = np.concatenate([one.class_index for one in tomograms])
    counts = np.bincount(kinds, minlength=len(labels.classes)).tolist()
    named = ", ".join(f"{n} {name}" for n, name in zip(counts, labels.classes, strict=True))
    text = f"{counted(len(kinds), 'label')} in {counted(len(tomograms), 'tomogram')}: {named}."
    return "\n".join([text, *(f"{one.severity.value}: {one}" for one in labels.findings)])


def in_words(result: VolumeTrainingResult) -> str:
    """Sum up a training for its user: what was kept and why, what to expect, what comes next."""
    return "\n".join(_lines(result))


def what_was_kept(result: VolumeTrainingResult) -> str:
    """Say which weights were kept, and why."""
    score, steps = result.validation_score, counted(result.last_step, "step")
    if score is None:
        return f"The weights after step {result.best_step} of {steps} were kept, unjudged. " + (
            _NO_VALIDATION
        )
    found = (
        f"mean average precision {score:.3f} on {counted(len(result.validation), 'tomogram')} "
        "kept aside"
    )
    if result.best_step:
        return f"The weights after step {result.best_step} of {steps} were kept: {found}."
    if result.model.header.provenance.get("start") is None:
        return (
            f"The random first weights were kept ({found}): nothing was learned in {steps}. Train "
            "for longer (--steps), or from a model."
        )
    return f"The start was kept ({found}): no validation in {steps} of training was better."


def unjudged_thresholds(result: VolumeTrainingResult) -> str:
    """Say what the thresholds rest on of classes that no tomogram kept aside holds; "" for none."""
    header = result.model.header
    judged = {name for name, one in result.figures.items() if one.particles}
    unjudged = [kind for kind in header.classes if kind.name not in judged]
    if not unjudged:
        return ""
    values = ", ".join(f"{one.name} {one.threshold:.3g}" for one in unjudged)
    text = f"Thresholds: {values}."
    if result.validation:
        missing = " or ".join(one.name for one in unjudged)
        text = f"No particle of {missing} lies in the tomograms kept aside. {text}"
    names = header.provenance.get("thresholds_counted_in")
    if names:
        where = counted(len(names), "tomogram") if isinstance(names, list) else "tomograms"
        return (
            f"{text} There, {where} not completely labelled hold as many candidates of each class "
            "by itself as particles are expected, if there are so many. Fewer are picked where two "
            "classes claim a place, and how many of them are right, nobody has counted."
        )
    origin = header.provenance.get("start")
    whose = f"those of {origin['name']}" if isinstance(origin, dict) else "the default"
    return (
        f"{text} They are {whose} and rest on nothing that was learned here: every tomogram read "
        f"is completely labelled and was {'kept aside or ' if result.validation else ''}trained "
        "on. Give some without labels as well, or look at the picks and choose anew (nunatak "
        "pick: --threshold)."
    )


def next_command(result: VolumeTrainingResult) -> str:
    """Return the command that picks with the model."""
    return f"nunatak pick TOMOGRAMS --model {shlex.quote(str(result.output))} -o picks.csv"


def _lines(result: VolumeTrainingResult) -> Iterator[str]:
    yield what_was_kept(result)
    yield (
        f"Trained on {counted(len(result.training), 'tomogram')} in {result.seconds:.0f} s, at "
        f"voxels of {result.model.header.voxel_size_A:g} Å."
    )
    if result.figures:
        yield from _table(result.figures)
    unjudged = unjudged_thresholds(result)
    if unjudged:
        yield unjudged
    yield f"{result.output} is the model. To pick with it:"
    yield f"  {next_command(result)}"


def _table(figures: dict[str, ClassFigures]) -> Iterator[str]:
    """Lay out what is reached on the tomograms kept aside, a row a class."""
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for name, one in figures.items():
        reached = (f"{value:.3f}" for value in (one.average_precision, one.f1))
        known = tuple(reached) if one.particles else ("-", "-")
        rows.append((name, str(one.particles), *known, f"{one.threshold:.3g}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        numbers = (text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join([f"  {row[0].ljust(widths[0])}", *numbers])

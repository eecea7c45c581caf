"""Say in words what a training learns from, what came of it, and how to go on from there."""

import shlex
from collections.abc import Iterator, Sequence

from nunatak.detection.header import ThresholdRow
from nunatak.detection.threshold_table import Expected, basis_of
from nunatak.learning.result import TrainingResult
from nunatak.learning.training_data import TrainingData
from nunatak.picks.counted import counted
from nunatak.training.metrics import StepMetrics


def data_in_words(data: TrainingData) -> str:
    """Sum up what is learned from: the report on the labels, the split, the expected number."""
    training, validation = len(data.training), len(data.validation)
    held_out = sum(len(image.positives_px) for image in data.validation)
    lines = [data.report.to_text()]
    if data.left_out:
        lines.append(f"{data.left_out} micrographs without labels take no part: enough do.")
    if validation:
        lines.append(
            f"Training on {counted(training, 'micrograph')}; {validation} with "
            f"{counted(held_out, 'label')} kept aside for validation."
        )
    else:
        lines.append(f"Training on {counted(training, 'micrograph')}. {_no_validation(data)}")
    particles = data.particles
    source = "as given" if particles.low == particles.high else "estimated"
    lines.append(
        f"{_interval(particles.value, particles.low, particles.high)} particles a micrograph "
        f"({source}); particles are {data.contrast}."
    )
    return "\n".join(lines)


def in_words(result: TrainingResult) -> str:
    """Sum up a training for its user: what was kept and why, what to expect, what comes next."""
    return "\n".join(_lines(result))


def what_was_kept(result: TrainingResult) -> str:
    """Say which weights were kept, and why."""
    score = result.validation_score
    steps = f"of {counted(result.last_step, 'step')}"
    if score is None and not result.best_step:
        return (
            "The start was kept: even on the labels that were learned from, the trained weights "
            f"were worse. Check these labels. {_no_validation(result)}"
        )
    if score is None:
        return (
            f"The weights after step {result.best_step} {steps} were kept, unjudged. "
            f"{_no_validation(result)}"
        )
    found = f"average precision {score:.3f} on the held-out labels"
    if result.best_step:
        sure = (
            ""
            if result.ahead is None
            else f", ahead of the start in {100 * result.ahead:.0f} % of draws of these labels"
        )
        return f"The weights after step {result.best_step} {steps} were kept: {found}{sure}."
    if result.model.header.provenance.get("start") is None:
        return (
            f"The random first weights were kept ({found}): nothing was learned in "
            f"{counted(result.last_step, 'step')}. Train for longer (--steps), or from a model."
        )
    return f"The start was kept ({found}): {_why_the_start(result)}"


def default_row(result: TrainingResult) -> ThresholdRow | None:
    """Return the row of the threshold table that the default threshold lies at."""
    header = result.model.header
    rows = [row for row in header.threshold_table if row.threshold <= header.default_threshold]
    return rows[-1] if rows else None


def threshold_in_words(result: TrainingResult) -> str:
    """Say what picking with the model takes, and what it may be expected to give."""
    threshold, row = result.model.header.default_threshold, default_row(result)
    if row is None:
        return (
            f"Default threshold {threshold:g}, that of the start: without held-out labels nothing "
            "says what it gives."
        )
    measured = basis_of(result.model.header)
    basis = f"by {measured}" if result.is_calibrated else f"as measured for the start by {measured}"
    return (
        f"Default threshold {threshold:g}: precision "
        f"{Expected(row.precision, row.precision_low, row.precision_high)}, recall "
        f"{Expected(row.recall, row.recall_low, row.recall_high)}, {basis}."
    )


def next_command(result: TrainingResult) -> str:
    """Return the command that picks with the model."""
    return f"nunatak pick MICROGRAPHS --model {shlex.quote(str(result.output))} -o picks.star"


def _no_validation(training: TrainingData | TrainingResult) -> str:
    if not training.asked_aside:
        return "No micrograph was to be kept aside for validation (validation_share is 0)."
    return (
        "No micrograph could be kept aside for validation: label a few particles, at least four "
        "on some micrographs and four on others."
    )


def _why_the_start(result: TrainingResult) -> str:
    if result.ahead is None:
        return (
            f"no validation in {counted(result.last_step, 'step')} of training was better. "
            "Where more labels do not help, the start may know these particles already."
        )
    best = _best_trained(result.metrics)
    trained = "" if best is None else f" ({best[1]:.3f} at step {best[0]})"
    return (
        f"the trained weights{trained} are ahead of it in only {100 * result.ahead:.0f} % of "
        f"draws of these labels, where {100 * result.ahead_asked:.0f} % are asked for. "
        "More labels would decide."
    )


def _best_trained(metrics: Sequence[StepMetrics]) -> tuple[int, float] | None:
    judged = [
        (one.validation, one.step) for one in metrics if one.step > 0 and one.validation is not None
    ]
    if not judged:
        return None
    value, step = max(judged)
    return step, value


def _lines(result: TrainingResult) -> Iterator[str]:
    yield what_was_kept(result)
    particles = result.particles
    yield (
        f"{_interval(particles.value, particles.low, particles.high)} particles a micrograph; "
        f"{result.seconds:.0f} s of training."
    )
    yield threshold_in_words(result)
    yield f"{result.output} is the model. To pick with it:"
    yield f"  {next_command(result)}"


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.0f}" if low == high else f"{value:.0f} [{low:.0f}, {high:.0f}]"

"""What the template of a training report is given: plain values, ready to be set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nunatak.detection.header import ThresholdRow
from nunatak.detection.threshold_table import Expected, basis_of
from nunatak.learning.labels.report import LabelReport
from nunatak.learning.result import TrainingResult
from nunatak.learning.summary import default_row, what_was_kept
from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.figures import Chart
from nunatak.reports.page import FAILURES_LISTED, Wall
from nunatak.reports.training_charts import loss_chart, threshold_chart, validation_chart
from nunatak.reports.training_panels import example_walls, panels
from nunatak.reports.views import Panel

_STEP_OF_TABLE = 0.05


@dataclass(frozen=True)
class Thresholds:
    """What the thresholds of a class give; its name is empty where it is the only one."""

    name: str
    chart: Chart
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TrainingPage:
    """Everything on the page, in its order; the first of ``classes`` has the headings."""

    title: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    labels: str
    findings: tuple[tuple[str, str], ...]
    validation: Chart | None
    loss: Chart | None
    course_note: str
    classes: tuple[tuple[str, ...], ...]
    classes_note: str
    thresholds: tuple[Thresholds, ...]
    thresholds_note: str
    panels_title: str
    panels_note: str
    panels: tuple[Panel, ...]
    walls: tuple[Wall, ...]
    failures: tuple[tuple[str, str], ...]
    n_failures: int
    provenance: tuple[tuple[str, str], ...]


def compose(result: TrainingResult, *, provenance: Mapping[str, str]) -> TrainingPage:
    """Put the page together.

    Parameters
    ----------
    result
        Of the training.
    provenance
        Where the model comes from, name to text, in the order in which it is shown.
    """
    header = result.model.header
    threshold = header.default_threshold
    failures = [(failure.image, failure.reason) for failure in result.failures]
    failures += result.labels.unusable
    shown = {"threshold": threshold, "diameter_px": header.diameter_px}
    validation = validation_chart(result.metrics, result.best_step)
    return TrainingPage(
        title=f"{header.name}: trained on {counted(result.labels.n_positive, 'label')}",
        lead=what_was_kept(result),
        figures=_key_figures(result, len(failures)),
        labels=_labels(result.labels),
        findings=_findings(result.labels),
        validation=validation,
        loss=loss_chart(result.metrics),
        course_note=_course_note(result, is_judged=validation is not None),
        classes=(),
        classes_note="",
        thresholds=thresholds_of("", header.threshold_table, threshold),
        thresholds_note=f"By {basis_of(header)}. On other micrographs, with more junk or less, "
        "‘nunatak pick --precision’ works out the threshold anew.",
        **_panels_texts(result),
        panels=panels(result.examples, **shown),
        walls=example_walls(result.examples, **shown),
        failures=tuple(failures[:FAILURES_LISTED]),
        n_failures=len(failures),
        provenance=tuple(provenance.items()),
    )


def _key_figures(result: TrainingResult, n_failures: int) -> tuple[tuple[str, str], ...]:
    score, row = result.validation_score, default_row(result)
    particles = result.particles
    kept = "the start" if result.best_step == 0 else f"step {result.best_step}"
    precision = "–" if row is None else str(Expected(row.precision))
    return (
        ("average precision, held out", "–" if score is None else f"{score:.3f}"),
        ("weights kept", kept),
        ("labels", grouped_digits(result.labels.n_positive)),
        ("particles a micrograph", grouped_digits(round(particles.value))),
        ("default threshold", f"{result.model.header.default_threshold:.4g}"),
        ("precision at it", precision),
        *([("failed files", grouped_digits(n_failures))] if n_failures else []),
    )


def _labels(report: LabelReport) -> str:
    negatives = f" and {counted(report.n_negative, 'place')} marked as no particle"
    return (
        f"{counted(report.n_positive, 'label')}{negatives if report.n_negative else ''} on "
        f"{report.n_labelled} of {counted(report.n_micrographs, 'micrograph')}, from "
        f"{counted(report.n_read, 'row')} of {report.source}."
    )


def _findings(report: LabelReport) -> tuple[tuple[str, str], ...]:
    return tuple((found.severity.value, str(found)) for found in report.findings)


def _course_note(result: TrainingResult, *, is_judged: bool) -> str:
    if not is_judged:
        return "No micrograph was kept aside, so that nothing judged the course."
    return (
        f"Judged on {counted(len(result.validation), 'micrograph')} kept aside, whole. Labels "
        "are few: small steps up or down are chance."
    )


def _panels_texts(result: TrainingResult) -> dict[str, str]:
    inverted = (
        " Shown with inverted contrast." if result.contrast != result.model.header.contrast else ""
    )
    picks = f"Picks from the default threshold up. Circles have the particle’s diameter.{inverted}"
    if result.validation:
        return {
            "panels_title": "Validation micrographs",
            "panels_note": f"No training saw them. {picks}",
        }
    return {
        "panels_title": "Training micrographs",
        "panels_note": "The model was trained on these labels: finding them proves little. "
        f"{picks}",
    }


def thresholds_of(
    name: str, table: Sequence[ThresholdRow], default: float
) -> tuple[Thresholds, ...]:
    """Show what thresholds give, at round ones and at the default; nothing for a short table.

    Parameters
    ----------
    name
        Of the class; empty where it is the only one.
    table
        Of the model.
    default
        Its threshold.
    """
    chart = threshold_chart(table, default)
    if chart is None:
        return ()
    kept = row_at(table, default)
    rows = [
        row
        for row in table
        if row is kept or abs(row.threshold / _STEP_OF_TABLE % 1 - 0.5) > 0.5 - 1e-6
    ]
    return (Thresholds(name, chart, tuple(_table_row(row) for row in rows)),)


def row_at(table: Sequence[ThresholdRow], threshold: float) -> ThresholdRow | None:
    """Return the row of a table, in rising order, that a threshold lies at."""
    rows = [row for row in table if row.threshold <= threshold]
    return rows[-1] if rows else None


def precision_of(row: ThresholdRow | None) -> str:
    """Return what a row's precision is to say; a dash for no row, and for one of no candidates."""
    if row is None or row.selects_nothing:
        return "–"
    return str(Expected(row.precision, row.precision_low, row.precision_high))


def _table_row(row: ThresholdRow) -> tuple[str, ...]:
    probability = (
        "–"
        if row.probability is None
        else str(Expected(row.probability, row.probability_low, row.probability_high))
    )
    return (
        f"{row.threshold:g}",
        precision_of(row),
        str(Expected(row.recall, row.recall_low, row.recall_high)),
        f"{row.f1:.2f}",
        probability,
    )

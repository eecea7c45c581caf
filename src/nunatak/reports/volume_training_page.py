"""What the template is given of a training on tomograms."""

from collections.abc import Iterator, Mapping

from nunatak.detection.threshold_table import Expected
from nunatak.detection.volumes.volume_header import VolumeClass
from nunatak.learning.volumes.volume_result import VolumeTrainingResult
from nunatak.learning.volumes.volume_summary import unjudged_thresholds, what_was_kept
from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.page import FAILURES_LISTED
from nunatak.reports.training_charts import loss_chart, validation_chart
from nunatak.reports.training_page import TrainingPage, precision_of, row_at, thresholds_of
from nunatak.reports.volume_training_panels import judged_examples, label_walls, panels

_CLASS_HEADINGS = (
    *("Class", "Diameter", "Particles", "AP", "Best F1"),
    *("Threshold", "Precision", "Recall"),
)


def compose(result: VolumeTrainingResult, *, provenance: Mapping[str, str]) -> TrainingPage:
    """Put the page together.

    Parameters
    ----------
    result
        Of the training.
    provenance
        Where the model comes from, name to text, in the order in which it is shown.
    """
    header = result.model.header
    examples = judged_examples(result)
    failures = [(failure.image, failure.reason) for failure in result.failures]
    validation = validation_chart(result.metrics, result.best_step)
    return TrainingPage(
        title=f"{header.name}: trained on {counted(_recorded_labels(result), 'label')}",
        lead=what_was_kept(result),
        figures=_key_figures(result),
        labels=_labels(result),
        findings=(),
        validation=validation,
        loss=loss_chart(result.metrics, first_lesson=result.first_lesson),
        course_note=_course_note(result),
        classes=(_CLASS_HEADINGS, *(_class_row(result, one) for one in header.classes)),
        classes_note=_classes_note(result),
        thresholds=tuple(
            one
            for kind in header.classes
            for one in thresholds_of(kind.name, kind.threshold_table, kind.threshold)
        ),
        thresholds_note="By the tomograms kept aside. In others, with more of some class or less, "
        "they give something else.",
        panels_title="Validation tomograms" if result.validation else "Training tomograms",
        panels_note=" ".join(_panels_notes(result)),
        panels=panels(examples, voxel_size_A=header.voxel_size_A),
        walls=label_walls(examples, voxel_size_A=header.voxel_size_A),
        failures=tuple(failures[:FAILURES_LISTED]),
        n_failures=len(failures),
        provenance=tuple(provenance.items()),
    )


def _key_figures(result: VolumeTrainingResult) -> tuple[tuple[str, str], ...]:
    score, header = result.validation_score, result.model.header
    return (
        ("average precision, kept aside", "–" if score is None else f"{score:.3f}"),
        ("weights kept", f"step {result.best_step}" if result.best_step else "the start"),
        ("labels", grouped_digits(_recorded_labels(result))),
        ("classes", str(len(header.classes))),
        ("tomograms trained on", grouped_digits(len(result.training))),
        ("working voxel size", f"{header.voxel_size_A:g} Å"),
        *([("failed files", grouped_digits(len(result.failures)))] if result.failures else []),
    )


def _labels(result: VolumeTrainingResult) -> str:
    recorded = result.model.header.provenance
    aside = len(result.validation)
    return (
        f"{counted(_recorded_labels(result), 'label')}, {recorded.get('labels_are')}, in "
        f"{counted(len(result.training), 'tomogram')} for training (with or without labels) and "
        f"{aside} kept aside."
    )


def _recorded_labels(result: VolumeTrainingResult) -> int:
    """Return the number of labels that the model's provenance states."""
    labels = result.model.header.provenance.get("labels")
    number = labels.get("n_positive") if isinstance(labels, dict) else None
    return number if isinstance(number, int) else 0


def _course_note(result: VolumeTrainingResult) -> str:
    if not result.validation:
        return "No tomogram was kept aside, so that nothing judged the course."
    return (
        f"Judged on {counted(len(result.validation), 'tomogram')} kept aside, whole: mean over the "
        "classes. Labels are few: small steps up or down are chance."
    )


def _classes_note(result: VolumeTrainingResult) -> str:
    note = "Nothing was kept aside to judge them."
    if result.figures:
        note = (
            "In the tomograms kept aside: average precision (AP), and F1, precision and recall "
            "at the threshold."
        )
    return f"{note} {unjudged_thresholds(result)}".rstrip()


def _class_row(result: VolumeTrainingResult, kind: VolumeClass) -> tuple[str, ...]:
    figures = result.figures.get(kind.name)
    row = row_at(kind.threshold_table, kind.threshold)
    reached = (
        (f"{figures.average_precision:.3f}", f"{figures.f1:.3f}")
        if figures is not None and figures.particles
        else ("–", "–")
    )
    return (
        kind.name,
        f"{kind.diameter_A:.4g} Å",
        "–" if figures is None else grouped_digits(figures.particles),
        *reached,
        f"{kind.threshold:.3g}",
        precision_of(row),
        "–" if row is None else str(Expected(row.recall)),
    )


def _panels_notes(result: VolumeTrainingResult) -> Iterator[str]:
    if result.validation:
        yield "No training saw them."
    else:
        yield "The model was trained on these labels: finding them proves little."
    if all(volume.is_complete for volume, _ in result.examples):
        yield "All particles are labelled, so that a pick without a label is wrong."
    else:
        yield "Not all particles are labelled: a pick without a label may be right."
    yield (
        "Picks from each class’s threshold up, on slabs of a few planes at the working voxel size, "
        "where most labels are. Circles have the particles’ diameters."
    )

"""What a pruning came to, at the head of its report."""

import pandas as pd

from nunatak.pruning.classes import DUPLICATE
from nunatak.pruning.decide import KEEP, NOTHING_KEPT, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.result import PruneResult
from nunatak.pruning.summary import doubt_of, warning_of_labels
from nunatak.pruning.volumes.class_diameters import one_diameter_A
from nunatak.reports.axes import counted, grouped_digits
from nunatak.reports.diameters import diameters_in_words

METHODS = {
    "shipped": ("shipped classifier", "The shipped classifier judged alone, without any label."),
    "linear": ("linear head", "A linear head on the shipped classifier, learned from the labels."),
    "positive-unlabelled": (
        "positive-unlabelled",
        "A linear head on the shipped classifier, learned from labels of one kind and the "
        "unlabelled picks.",
    ),
    "fine-tuned": ("fine-tuned", "The classifier itself, trained on with the labels."),
}
"""Name and explanation of each method."""

COUNTED = {"kept": KEEP, "to review": REVIEW, "rejected": REJECT}
"""What is said of a decision, to the decision."""


def lead_of(result: PruneResult, table: pd.DataFrame) -> str:
    """Say how was judged, where the limits lie, and how large the particle is.

    Parameters
    ----------
    result
        Of the pruning.
    table
        Its pick table, with ``diameter_A`` unless particle images are shown.
    """
    explained = METHODS[result.method][1]
    if result.keep_from >= NOTHING_KEPT:
        limits = "No pick can be kept with so few false ones as were asked for"
    else:
        limits = f"Kept from a probability of {result.keep_from:.3g} up"
    if result.reject_below < result.keep_from:
        limits += f", rejected below {result.reject_below:.3g}"
    cautions = "".join(f" {one}" for one in (warning_of_labels(result), doubt_of(result)) if one)
    has_size = len(table) > 0 and "diameter_A" in table
    size = f" {diameters_in_words(table, one_diameter_A(result.diameter_A))}" if has_size else ""
    return f"{explained} {limits}.{cautions}{size}"


def key_figures(result: PruneResult, n_failures: int) -> tuple[tuple[str, str], ...]:
    """Return the figures that matter most, name and value of each."""
    counts = result.counts
    labels = result.labels
    if labels is None:
        said = ("labels", "0")
    else:
        duplicates = labels.counts.get(DUPLICATE, 0)
        more = f", {counted(duplicates, 'duplicate')}" if duplicates else ""
        particles, junk = int(labels.is_particle.sum()), int(labels.is_junk.sum())
        said = (
            f"labels: {counted(particles, 'particle')}, {junk} junk{more}",
            grouped_digits(len(labels)),
        )
    unjudged = [("unjudged", grouped_digits(counts[UNJUDGED]))] if counts[UNJUDGED] else []
    return (
        *((name, grouped_digits(counts[key])) for name, key in COUNTED.items()),
        *unjudged,
        _false_rate(result),
        said,
        ("method", METHODS[result.method][0]),
        *([("failed files", grouped_digits(n_failures))] if n_failures else []),
    )


def _false_rate(result: PruneResult) -> tuple[str, str]:
    found = result.discovery.at(result.keep_from)
    if found.kept == 0:
        return "expected false among the kept", "–"
    name = "expected false among the kept"
    if result.has_interval:
        name += f", {100 * found.low:.1f} to {100 * found.high:.1f} %"
    return name, f"{100 * found.rate:.1f} %"

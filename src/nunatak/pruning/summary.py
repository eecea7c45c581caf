"""Say in words what a pruning decided."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from nunatak.picks.counted import counted
from nunatak.pruning.classes import DUPLICATE
from nunatak.pruning.decide import (
    DUPLICATE_WITHIN,
    KEEP,
    NOTHING_KEPT,
    REJECT,
    REVIEW,
    UNJUDGED,
)
from nunatak.pruning.judgement import SHIPPED
from nunatak.pruning.particle_names import image_noun
from nunatak.pruning.result import PruneResult
from nunatak.pruning.volumes.kept_by_kind import by_kind, shared_places

METHODS = {
    "shipped": "by the shipped classifier alone",
    "linear": "by a linear head on the shipped classifier",
    "positive-unlabelled": "by a linear head that learned from labels of one kind and from the "
    "unlabelled picks",
    "fine-tuned": "by the classifier, fine-tuned",
}

_DOUBTS = {
    2: "the diameter, the pixel size, the contrast (--contrast) and the binning of the picks, and "
    "whether they are mirrored (nunatak orientation)",
    3: "the diameter, the voxel size, the binning and the axis order of the picks, and the "
    "contrast (--contrast)",
}
"""What is wrong where hardly anything looks like a particle, by the number of axes."""

_MOST_CLASSES = 8
_WORST = 5
_FEW = 0.2
"""Share of the picks: pickers that find fewer particles among what they pick are rare."""

_FEWEST_PICKS = 10
"""A micrograph of fewer picks may lose most of them by chance."""


def in_words(result: PruneResult) -> str:
    """Sum up a pruning for its user: how it judged, what it decided, and where to look."""
    return "\n".join(_lines(result))


def _lines(result: PruneResult) -> Iterator[str]:
    counts = result.counts
    yield (
        f"{counted(len(result.picks), 'pick')} judged {METHODS[result.method]}"
        f"{_labels(result)}: {counts[KEEP]} kept, {counts[REVIEW]} to review, "
        f"{counts[REJECT]} rejected{_unjudged(counts[UNJUDGED])}."
    )
    yield _limits(result)
    warning = warning_of_labels(result)
    if warning:
        yield warning
    doubt = doubt_of(result)
    if doubt:
        yield doubt
    rejected = result.picks.table.loc[
        result.picks.table["decision"] == REJECT, "predicted_class"
    ].value_counts()
    if len(rejected):
        kinds = (f"{count} {name}" for name, count in rejected.head(_MOST_CLASSES).items())
        yield f"Rejected, by what they look like: {', '.join(kinds)}."
    yield from _few(result)
    yield from _kinds(result)
    yield from _views(result)
    worst = result.by_micrograph()
    worst = worst[(worst["picks"] - worst[UNJUDGED] >= _FEWEST_PICKS)].head(_WORST)
    if len(worst) and len(result.picks.images) > 1:
        yield f"{image_noun(result.picks).capitalize()}s that lose most:"
        yield from _rows(worst)


def _labels(result: PruneResult) -> str:
    labels = result.labels
    if labels is None:
        return ""
    duplicates = labels.counts.get(DUPLICATE, 0)
    more = f", {counted(duplicates, 'duplicate')}" if duplicates else ""
    return (
        f" (labels: {counted(int(labels.is_particle.sum()), 'particle')} and "
        f"{int(labels.is_junk.sum())} of junk{more})"
    )


def _unjudged(count: int) -> str:
    return f", {count} unjudged" if count else ""


def _limits(result: PruneResult) -> str:
    if result.keep_from >= NOTHING_KEPT:
        best = result.picks.table["probability"].max()
        said = "" if np.isnan(best) else f"; the best has a probability of {best:.3g}"
        return (
            f"No pick can be kept with so few false ones{said}. Allow more (--keep-fdr), or label "
            "some picks."
        )
    return f"Kept from a probability of {result.keep_from:.3g} on{_false(result)}."


def _false(result: PruneResult) -> str:
    kept = result.discovery.at(result.keep_from)
    if kept.kept == 0:
        return ""
    return (
        f": an estimated {100 * kept.rate:.1f} % of the kept are false{interval_of(result)}, and "
        f"{100 * kept.found_share:.0f} % of the particles are kept"
    )


def interval_of(result: PruneResult) -> str:
    """Say how far the estimated share of false ones reaches; empty where that is not known."""
    kept = result.discovery.at(result.keep_from)
    if not result.has_interval:
        return ""
    return f" (95 % interval {100 * kept.low:.1f} to {100 * kept.high:.1f} %)"


def doubt_of(result: PruneResult) -> str:
    """Say what speaks against the estimated share of false ones; empty where nothing does."""
    if result.method != SHIPPED or result.discovery.at(result.keep_from).kept == 0:
        return ""
    rests = "The estimate rests on simulations alone and was not checked on these images"
    if result.picks.ndim == 3:
        return f"{rests}: in tomograms it is often far too hopeful. Give labels."
    return f"{rests}. If the rate matters, give a few labels of both kinds."


def warning_of_labels(result: PruneResult) -> str:
    """Warn where the labels seem to be of mistakes alone; empty where they do not."""
    found = result.contradictions
    if not found.are_many:
        return ""
    return (
        f"Take care: {found.contradicting} of {counted(found.labels, 'label')} contradict the "
        "judgement without labels. If it was mainly mistakes that were labelled, good picks may "
        "now be rejected and junk be kept: label some picks that were judged right, too."
    )


def _views(result: PruneResult) -> Iterator[str]:
    views = result.views
    if views is None or not views.is_thinned.any():
        return
    thinned = views.is_thinned
    yield (
        f"Take care: of {counted(len(thinned), 'group')} of picks that look alike, "
        f"{int(thinned.sum())} lost more than chance allows ({int(views.rejected[thinned].sum())} "
        f"of {int(views.picks[thinned].sum())} picks, with an estimated "
        f"{views.particles_lost[thinned].sum():.0f} particles among the lost). A view of the "
        "particle may be among them; look at them (--report), or label some."
    )


def _few(result: PruneResult) -> Iterator[str]:
    """Doubt the labels and the geometry where hardly anything is kept that was looked at."""
    counts = result.counts
    judged = len(result.picks) - counts[UNJUDGED]
    is_asked = result.keep_from < NOTHING_KEPT
    if is_asked and judged >= _FEWEST_PICKS and counts[KEEP] < _FEW * judged:
        doubts = _DOUBTS[result.picks.ndim]
        if result.labels is not None:
            doubts = f"the labels, {doubts}"
        yield f"Only {counts[KEEP]} of {judged} are kept. If there should be more, check {doubts}."


def _kinds(result: PruneResult) -> Iterator[str]:
    """Say what is left of each kind of particle, where picks of several lie in tomograms."""
    rows = by_kind(result.picks.table)
    if len(rows) < 2:
        return
    kept = (
        f"{row[KEEP]} of {row['picks']} {name or 'without a class'}" for name, row in rows.items()
    )
    yield f"Kept of each class: {', '.join(kept)}."
    shared = shared_places(result)
    if shared:
        yield (
            f"{counted(shared, 'kept pick')} {'is' if shared == 1 else 'are'} within "
            f"{DUPLICATE_WITHIN:g} diameters of a kept pick of another class. Both stay: nobody "
            "can tell here which of the two it is."
        )


def _rows(worst: pd.DataFrame) -> Iterator[str]:
    width = int(worst["image"].str.len().max())
    columns = ("image", KEEP, "picks", "kept_share")
    for image, kept, picks, share in zip(*(worst[name] for name in columns), strict=True):
        yield f"  {image:{width}}  {kept} of {picks} kept ({100 * share:.0f} %)"

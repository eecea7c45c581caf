"""What came of a pruning, in words for the page."""

from nunatak.picks.counted import counted
from nunatak.pruning.decide import KEEP, NOTHING_KEPT, REJECT, REVIEW, UNJUDGED
from nunatak.pruning.labels import MatchedLabels
from nunatak.pruning.result import PruneResult
from nunatak.pruning.summary import doubt_of, interval_of

MANY_LABELS = 10
"""Of candidates that people judged; fewer leave most to the shipped classifier."""

_TEACH = f"keep or reject {MANY_LABELS} candidates or more in the gallery, and prune again"


def pruning_account(
    result: PruneResult, labels: MatchedLabels | None, *, keep_fdr: float | None
) -> str:
    """Say what was decided, how much junk is left by estimate, and what it was learned from.

    Parameters
    ----------
    result
        Of the pruning.
    labels
        What it learned from; None if nobody judged anything.
    keep_fdr
        Share of junk that was accepted; None if none was asked for.

    Returns
    -------
    str
        Sentences.
    """
    is_bound = keep_fdr is not None
    sentences = (
        _decided(result.counts, leaves_out=is_bound),
        _junk(result, is_bound=is_bound),
        _learned(labels),
    )
    return " ".join(one for one in sentences if one)


def _decided(counts: dict[str, int], *, leaves_out: bool) -> str:
    text = (
        f"{counted(counts[KEEP], 'candidate')} kept, {counts[REVIEW]} worth a look"
        f"{' and left out until you keep them' if leaves_out and counts[REVIEW] else ''}, "
        f"{counts[REJECT]} rejected"
    )
    if counts[UNJUDGED]:
        text += f", {counts[UNJUDGED]} that could not be judged and stay"
    return f"{text}."


def _junk(result: PruneResult, *, is_bound: bool) -> str:
    if is_bound and result.keep_from >= NOTHING_KEPT:
        return (
            "So little junk cannot be had here, and nothing is kept but what you keep: accept "
            "more, or keep and reject more candidates in the gallery."
        )
    kept = result.discovery.at(result.keep_from)
    if not kept.kept:
        return ""
    return (
        f"Of the kept, an estimated {100 * kept.rate:.1f} % are junk"
        f"{interval_of(result)}. {doubt_of(result)}"
    ).rstrip()


def _learned(labels: MatchedLabels | None) -> str:
    if labels is None:
        return f"Judged without your word: {_TEACH} to teach it."
    learned = f"Learned from {counted(len(labels), 'candidate')} that you judged"
    if len(labels) < MANY_LABELS:
        return f"{learned}, which is little: {_TEACH} to teach it more."
    return f"{learned}."

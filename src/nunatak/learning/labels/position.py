"""Whether labels lie where particles are, by looking at some of the micrographs."""

from collections.abc import Sequence

from nunatak.errors import BadInput
from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.learning.labels.check import Frames, by_image
from nunatak.learning.labels.evidence import EvidenceOf
from nunatak.learning.labels.fit import FitReport, LabelledPlace, Verdict, fit_labels
from nunatak.learning.labels.hypotheses import Hypothesis, ReadAs
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.labels.rows import Rows
from nunatak.sampling import evenly

MOST_MICROGRAPHS = 20
"""Micrographs that are looked at, spread evenly over the labelled ones."""

MOST_LABELS = 100
"""Labels of one micrograph that are looked at."""


def look(
    rows: Rows,
    frames: Frames,
    micrographs: Sequence[ListedMicrograph],
    evidence_of: EvidenceOf,
    hypotheses: Sequence[Hypothesis],
) -> tuple[FitReport | None, list[tuple[str, str]]]:
    """Compare readings of the labels with what some of the micrographs show.

    Returns
    -------
    report : FitReport or None
        None if no micrograph could be read.
    unreadable : list of (str, str)
        Micrographs whose pixels cannot be read, with the reason.
    """
    particles = rows.taken(rows.is_positive)
    numbers_of = dict(by_image(particles))
    candidates = [one for one in micrographs if one.name in numbers_of]
    places, unreadable = [], []
    for number in evenly(len(candidates), MOST_MICROGRAPHS):
        one = candidates[number]
        try:
            evidence = evidence_of(one)
        except BadInput as error:
            unreadable.append((one.name, str(error)))
            continue
        xy = particles.xy_px[numbers_of[one.name]]
        frame = frames[one.name]
        taken = xy[evenly(len(xy), MOST_LABELS)]
        places.append(LabelledPlace(taken, frame.shape, frame.pixel_size_A, evidence))
    return (fit_labels(places, hypotheses) if places else None), unreadable


def fit_findings(fit: FitReport, read_as: ReadAs) -> list[Finding]:
    """Say what the micrographs say, if it is bad news."""
    seen = f"{fit.n_labels} labels on {fit.n_micrographs} micrographs"
    if fit.verdict is Verdict.MISREAD:
        best = fit.best
        return [
            Finding(
                kind="misread",
                severity=Severity.REFUSAL,
                count=fit.n_labels,
                text=f"The labels do not lie on particles (looked at {seen}: as they are "
                f"{fit.given.z:.1f} standard deviations above chance, {best.hypothesis.name} "
                f"{best.z:.1f})",
                cause=f"Most likely {best.hypothesis.cause}",
                remedy=read_as.remedy(best.hypothesis),
            )
        ]
    if fit.verdict is Verdict.DOUBTFUL:
        return [
            Finding(
                kind="doubtful",
                severity=Severity.WARNING,
                count=fit.n_labels,
                text=f"Looking at {seen}, nothing at the labels looks more like a particle than at "
                "random places, and no mirroring or scaling changes that",
                cause="They may be labels of other micrographs, the diameter or the contrast may "
                "be wrong, or the particle is unlike any that the general model knows",
                remedy="Look at some of them before you trust the result",
            )
        ]
    return []

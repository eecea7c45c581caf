"""Bring labels and micrographs together by name, and say what does not fit."""

import difflib
from collections.abc import Sequence

import numpy as np

from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.labels.report import Finding, Severity, first, share
from nunatak.learning.labels.rows import Rows
from nunatak.picks.names import NameIndex, stem_of

_MOST_SUGGESTED_FOR = 3
_SIMILAR = 0.6


def matched(
    rows: Rows, listed: MicrographList
) -> tuple[Rows, list[Finding], list[tuple[str, str]]]:
    """Rename the labels' micrographs as the list names them; leave out those that are not in it.

    Returns
    -------
    rows : Rows
        On micrographs of the list only.
    findings : list of Finding
    unusable : list of (str, str)
        Micrographs of the labels that are not in the list, with the reason.
    """
    asked = [str(name) for name in dict.fromkeys(rows.image)]
    names = [one.name for one in listed]
    resolution = NameIndex(names).resolve_all(asked)
    is_known = np.array([name in resolution.found for name in rows.image], dtype=bool)
    findings = []
    if resolution.unmatched:
        findings.append(_missing(list(resolution.unmatched), names, int((~is_known).sum()), rows))
    if resolution.moved:
        findings.append(_moved(resolution.moved, resolution.found, len(resolution.found)))
    kept = rows.taken(is_known)
    kept.image = np.array([resolution.found[name] for name in kept.image], dtype=object)
    return kept, findings, list(resolution.unmatched.items())


def _missing(missing: Sequence[str], names: Sequence[str], n_labels: int, rows: Rows) -> Finding:
    asked = len(dict.fromkeys(rows.image))
    is_all = len(missing) == asked
    text = (
        f"None of the {asked} micrographs of the labels is among the {len(names)} given"
        if is_all
        else f"{share(len(missing), asked, 'micrographs of the labels')} are not among the "
        f"{len(names)} given; their {n_labels} labels are not used"
    )
    return Finding(
        kind="missing micrograph",
        severity=Severity.REFUSAL if is_all else Severity.ERROR,
        count=len(missing),
        text=text,
        examples=first(missing),
        cause=_why_missing(missing, names),
        remedy="Give these micrographs too, or labels of those that you give",
    )


def _why_missing(missing: Sequence[str], names: Sequence[str]) -> str:
    by_stem: dict[str, list[str]] = {}
    for name in names:
        by_stem.setdefault(stem_of(name), []).append(name)
    ambiguous = [name for name in missing if stem_of(name) in by_stem]
    if ambiguous:
        name = ambiguous[0]
        return (
            f"{len(ambiguous)} of them differ from given micrographs only by their folders, and "
            f"it is not clear which is meant: {name} may be "
            f"{' or '.join(by_stem[stem_of(name)][:3])}"
        )
    alike = []
    for name in missing[:_MOST_SUGGESTED_FOR]:
        close = difflib.get_close_matches(stem_of(name), by_stem, n=1, cutoff=_SIMILAR)
        if close:
            alike.append(f"{by_stem[close[0]][0]} for {name}")
    if alike:
        return f"The nearest names are {', '.join(alike)}"
    return f"No name is similar; the first micrograph given is {names[0]}" if names else ""


def _moved(moved: Sequence[str], found: dict[str, str], n_found: int) -> Finding:
    return Finding(
        kind="other folder",
        severity=Severity.NOTE,
        count=len(moved),
        text=f"{share(len(moved), n_found, 'micrographs')} were found by their file names, in "
        "other folders than the labels state",
        examples=tuple(f"{name} as {found[name]}" for name in moved[:2]),
    )

"""Read labels in any pick format and account for every one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath

import numpy as np

from nunatak.errors import Mismatch
from nunatak.geometry import Orientation
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.labels.check import (
    Frames,
    crowding,
    scarcity,
    without_duplicates,
    without_outside,
)
from nunatak.learning.labels.evidence import EvidenceOf
from nunatak.learning.labels.extent import corner_findings, outside_findings
from nunatak.learning.labels.fit import FitReport, Verdict
from nunatak.learning.labels.frames import (
    frames_of,
    pixel_size_finding,
    stated_ratios,
    unreadable_finding,
)
from nunatak.learning.labels.hypotheses import ReadAs, all_hypotheses
from nunatak.learning.labels.names import matched
from nunatak.learning.labels.position import fit_findings, look
from nunatak.learning.labels.report import Finding, LabelReport, Severity
from nunatak.learning.labels.rows import Rows, rows_of
from nunatak.learning.labels.set import LabelSet, assembled
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import read_picks
from nunatak.picks.formats.doors import files_of
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

LabelSource = PickSet | str | PathLike[str] | Sequence[str | PathLike[str]]

MIRRORED_FORMATS = frozenset({"cryosparc", "cryoppp"})
"""Formats whose own convention mirrors y on reading."""


@dataclass
class _Account:
    """What was found so far."""

    findings: list[Finding] = field(default_factory=list)
    unusable: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(found.severity is Severity.REFUSAL for found in self.findings)


def read_labels(
    labels: LabelSource,
    micrographs: MicrographList,
    *,
    diameter_A: float,
    pixel_size_A: float | None = None,
    evidence_of: EvidenceOf | None = None,
    format: str | None = None,
    image: str | None = None,
    grid: FileGrid | None = None,
    orientation: Orientation | None = None,
) -> LabelSet:
    """Read labels, bring them onto their micrographs, and check where they lie.

    Labels of micrographs that are not given, beyond the edge, given twice or contradicting each
    other are left out and counted in the report. Labels that as a whole cannot be right are
    refused with the suspected cause.

    Parameters
    ----------
    labels
        A file or folder of picks in any format, several of them, or a table. Classes named
        junk, negative and the like, and rows that a person marked as not selected, are places
        known to be no particle (see `nunatak.learning.labels.rows.rows_of`).
    micrographs
        The micrographs to learn from.
    diameter_A
        Particle diameter.
    pixel_size_A
        The user's pixel size; it goes before lists and headers.
    evidence_of
        Shows where a micrograph has particles, such as a
        `nunatak.learning.labels.evidence.ModelEvidence`; None leaves the positions unchecked.
    format, image, grid, orientation
        As for `nunatak.picks.formats.read_picks`.

    Returns
    -------
    LabelSet
        With its report.

    Raises
    ------
    Mismatch
        If the labels are in tomograms, if no labelled micrograph is among those given or can be
        read, if many labels lie outside, if they fit the micrographs only after mirroring,
        transposing or scaling, or if none is left.
    FormatError
        If a file of labels is damaged.
    """
    images = ImageCatalogue.listed(micrographs, pixel_size_A)
    if isinstance(labels, PickSet):
        picks, source = labels, fspath(labels.source or "The labels")
    else:
        picks = read_picks(
            labels, format, images=images, image=image, grid=grid, orientation=orientation
        )
        source = _named(labels)
    if picks.ndim != 2:
        raise Mismatch(
            f"{source}: positions with z, in tomograms, but the images are micrographs. Give "
            "labels of micrographs, or train on the tomograms."
        )
    read_as = ReadAs(
        orientation or _own_orientation(labels, format), 1.0 if grid is None else grid.ratio_x
    )
    rows, classes, findings = rows_of(picks)
    account = _Account(findings)
    rows, found, missing = matched(rows, micrographs)
    account.findings += found
    account.unusable += missing
    rows, frames = _with_frames(rows, images, account)
    ratios = stated_ratios(rows, frames)
    if ratios:
        account.findings.append(pixel_size_finding(ratios, frames))
    rows, fit = _positions_checked(
        rows,
        frames,
        micrographs,
        evidence_of=evidence_of,
        ratios=ratios,
        read_as=read_as,
        account=account,
    )
    if grid is None and (fit is None or fit.verdict is not Verdict.FITS):
        account.findings += _unit_findings(labels, format)
    if not account.is_refused:
        rows = _cleaned(rows, frames, diameter_A, account, len(micrographs))
    report = LabelReport(
        source=source,
        n_read=len(picks),
        n_positive=int(rows.is_positive.sum()),
        n_negative=int((~rows.is_positive).sum()),
        n_micrographs=len(micrographs),
        n_labelled=len(set(rows.image)),
        findings=tuple(account.findings),
        fit=fit,
        unusable=tuple(account.unusable),
    )
    report.raise_refusals()
    return assembled(rows, frames, micrographs, classes, report)


def _named(labels: str | PathLike[str] | Sequence[str | PathLike[str]]) -> str:
    if isinstance(labels, str | PathLike):
        return fspath(labels)
    return ", ".join(fspath(one) for one in labels)


def _own_orientation(labels: LabelSource, format: str | None) -> Orientation:
    if isinstance(labels, PickSet):
        return Orientation.IDENTITY
    mirrored = any(fmt.name in MIRRORED_FORMATS for _, fmt in files_of(labels, format))
    return Orientation.FLIP_Y if mirrored else Orientation.IDENTITY


def _unit_findings(labels: LabelSource, format: str | None) -> list[Finding]:
    """Refuse tables that do not say how far their images were downscaled, unless they fit."""
    if isinstance(labels, PickSet):
        return []
    silent = [fmt for _, fmt in files_of(labels, format) if not fmt.capabilities.unit_known]
    return [
        Finding(
            kind="unit",
            severity=Severity.REFUSAL,
            count=len(silent),
            text=f"A {fmt.title} does not say how far its images were downscaled, and the "
            "micrographs do not show that they were not",
            remedy="Convert it, stating the unit: nunatak convert with --input-binning",
        )
        for fmt in silent[:1]
    ]


def _without(rows: Rows, unreadable: list[tuple[str, str]], account: _Account) -> Rows:
    if not unreadable:
        return rows
    account.findings.append(unreadable_finding(unreadable, rows))
    account.unusable += unreadable
    return rows.taken(~np.isin(rows.image, [name for name, _ in unreadable]))


def _with_frames(rows: Rows, images: ImageCatalogue, account: _Account) -> tuple[Rows, Frames]:
    frames, unreadable = frames_of(rows, images)
    return _without(rows, unreadable, account), frames


def _positions_checked(
    rows: Rows,
    frames: Frames,
    micrographs: MicrographList,
    *,
    evidence_of: EvidenceOf | None,
    ratios: dict[str, float],
    read_as: ReadAs,
    account: _Account,
) -> tuple[Rows, FitReport | None]:
    """Ask the micrographs, then the edges, whether the labels were read rightly."""
    sizes_A = {frame.pixel_size_A for frame in frames.values()}
    hypotheses = all_hypotheses(sizes_A, dict.fromkeys(round(r, 3) for r in ratios.values()))
    fit = None
    if evidence_of is not None and rows.is_positive.any():
        fit, unreadable = look(rows, frames, micrographs.micrographs, evidence_of, hypotheses)
        rows = _without(rows, unreadable, account)
    verdict = None if fit is None else fit.verdict
    if fit is None:
        account.findings += corner_findings(rows, frames)
    else:
        account.findings += fit_findings(fit, read_as)
    if verdict is not Verdict.MISREAD:
        account.findings += outside_findings(
            rows, frames, hypotheses, read_as, is_doubtful=verdict is Verdict.DOUBTFUL
        )
    return rows, fit


def _cleaned(
    rows: Rows, frames: Frames, diameter_A: float, account: _Account, n_micrographs: int
) -> Rows:
    """Leave out labels that cannot be used, one by one, and look at what is left."""
    rows, found = without_outside(rows, frames)
    account.findings += found
    rows, found = without_duplicates(rows, frames, diameter_A)
    account.findings += found
    account.findings += crowding(rows, frames, diameter_A)
    account.findings += scarcity(rows, n_micrographs)
    return rows

"""Labels in tomograms: which are used, of which class, and what became of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.result import Failure
from nunatak.errors import BadInput, Mismatch
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.labels.rows import (
    NEGATIVE,
    negative_finding,
    scored_finding,
    unselected_finding,
)
from nunatak.learning.labels.told_apart import has_scores, told_apart
from nunatak.learning.labels.words import ONLY_CLASS
from nunatak.learning.volumes.volume_label_checks import (
    KIND,
    is_particle,
    refuse_other_voxels,
    without_duplicates,
    without_outside,
)
from nunatak.learning.volumes.volume_unreadable import unreadable, unreadable_finding
from nunatak.picks.counted import counted
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.names import NameIndex
from nunatak.picks.table import PickSet, coordinate_columns

CLASS = "class_name"


@dataclass(frozen=True)
class TomogramLabels:
    """Labels of one tomogram, in voxels as stored.

    Attributes
    ----------
    centres_px : ndarray, shape (n, 3), float64
        Of the particles, x, y, z.
    class_index : ndarray, shape (n,), int64
    empty_px : ndarray, shape (m, 3), float64
        Places that are known to be no particle, x, y, z.
    unclear_px : ndarray, shape (k, 3), float64
        Places of which nobody knows what they hold, x, y, z: of labels that contradict each
        other, or that lie outside.
    """

    centres_px: NDArray[np.float64]
    class_index: NDArray[np.int64]
    empty_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    unclear_px: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))


NO_LABELS = TomogramLabels(np.empty((0, 3)), np.empty(0, np.int64))


@dataclass(frozen=True)
class VolumeLabelSet:
    """Usable labels, and an account of all the others.

    Attributes
    ----------
    tomograms : dict of str to TomogramLabels
        By the tomogram's name as listed; also those that were looked at and hold nothing.
    classes : tuple of str
        Names of the classes.
    findings : tuple of Finding
        In the order in which they were made.
    failures : tuple of Failure
        Labelled tomograms that are missing or cannot be read.
    """

    tomograms: Mapping[str, TomogramLabels]
    classes: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()


def require_particles(labels: PickSet) -> None:
    """Refuse labels of which no row is a particle, before anything is asked about their classes.

    Raises
    ------
    BadInput
        If there is none.
    """
    is_negative, is_left_out = told_apart(labels.table)
    n_rows, n_negative = len(labels), int(is_negative.sum())
    if n_negative + int(is_left_out.sum()) < n_rows:
        return
    held = "it has no rows"
    if n_rows:
        held = f"of {counted(n_rows, 'row')} {n_negative} marked as no particle"
        if is_left_out.any():
            held += f", {int(is_left_out.sum())} not selected"
    origin = labels.source or "the labels"
    raise BadInput(f"{origin}: no label of a particle ({held}). Give some labelled particles.")


def class_names(labels: PickSet) -> list[str]:
    """Return the classes of the labelled particles, sorted; one that stands for all if none."""
    if CLASS not in labels.table:
        return [ONLY_CLASS]
    is_negative, is_left_out = told_apart(labels.table)
    named = labels.table[CLASS][~is_negative & ~is_left_out].dropna().astype(str).unique()
    return sorted(name for name in named if name) or [ONLY_CLASS]


def sorted_labels(
    labels: PickSet,
    listed: MicrographList,
    images: ImageCatalogue,
    diameters_A: Mapping[str, float],
    *,
    are_complete: bool,
) -> VolumeLabelSet:
    """Give every label to its tomogram and its class, and leave out what cannot be used.

    Rows that were rejected, or whose class is called junk and the like, are places known to be no
    particle (`nunatak.learning.labels.told_apart.told_apart`). Labels in tomograms that are
    missing or cannot be read are left out and counted.

    Parameters
    ----------
    labels
        In tomograms.
    listed
        The tomograms.
    images
        The same, with what their headers say.
    diameters_A
        Of the classes by name, in order. Of a single one, labels without any class are taken.
    are_complete
        Whether all particles of a labelled tomogram are labelled.

    Raises
    ------
    BadInput
        If the labels are of micrographs, there is none that can be used, or a class is missing
        or unknown; `Mismatch` if a tomogram is not among those given, many labels lie outside
        theirs, or labels were made at another voxel size.
    """
    origin = str(labels.source or "the labels")
    if labels.ndim != 3:
        raise BadInput(f"{origin}: positions without z, of micrographs. Give labels in tomograms.")
    require_particles(labels)
    known = _resolved(labels, listed, origin)
    failures = unreadable(known.values(), listed, images)
    table, findings = _with_kinds(labels, tuple(diameters_A), origin, are_complete=are_complete)
    table = table.assign(image=table["image"].map(known))
    lost = [failure.image for failure in failures]
    if failures:
        findings.append(unreadable_finding(failures, table, n_tomograms=len(labels.images)))
        table = table[~table["image"].isin(lost)]
    table, outside, found = without_outside(table, images, origin)
    findings += found
    table, torn, found = without_duplicates(table, images, list(diameters_A.values()))
    findings += found
    refuse_other_voxels(table, images)
    if not is_particle(table).any():
        said = "".join(f" {one}" for one in findings)
        raise BadInput(f"{origin}: no usable label of a particle among {len(labels)} rows.{said}")
    unclear = [outside[is_particle(outside)], torn]
    return VolumeLabelSet(
        {
            name: _of_tomogram(
                table[table["image"] == name], [part[part["image"] == name] for part in unclear]
            )
            for name in dict.fromkeys(known[image] for image in labels.images)
            if name not in lost
        },
        tuple(diameters_A),
        tuple(findings),
        tuple(failures),
    )


def _resolved(labels: PickSet, listed: MicrographList, origin: str) -> dict[str, str]:
    """Return the tomogram that each name in the labels means, one that is missing at last."""
    there = NameIndex([one.name for one in listed]).resolve_all(labels.images)
    missing = NameIndex([one.name for one in listed.missing]).resolve_all(there.unmatched)
    if missing.unmatched:
        raise Mismatch(
            f"{origin}: {len(missing.unmatched)} of {len(labels.images)} tomograms of the labels "
            "are not clearly one of those given. "
            f"{there.unmatched[next(iter(missing.unmatched))]}"
        )
    return {**there.found, **missing.found}


def _of_tomogram(table: pd.DataFrame, unclear: Sequence[pd.DataFrame]) -> TomogramLabels:
    is_one = is_particle(table)
    xyz_px = _places_px(table)
    return TomogramLabels(
        xyz_px[is_one],
        table[KIND].to_numpy(np.int64)[is_one],
        xyz_px[~is_one],
        np.concatenate([_places_px(part) for part in unclear]),
    )


def _places_px(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[list(coordinate_columns(table))].to_numpy(np.float64)


def _with_kinds(
    labels: PickSet, classes: Sequence[str], origin: str, *, are_complete: bool
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the rows that say something, with the column `KIND`."""
    table = labels.table
    is_negative, is_left_out = told_apart(table)
    particles = table[~is_negative & ~is_left_out]
    kinds = np.full(len(table), NEGATIVE, dtype=np.int64)
    kinds[~is_negative & ~is_left_out] = _class_index(particles, classes, origin)
    findings = []
    if is_left_out.any():
        count = int(is_left_out.sum())
        findings.append(_taken_for_empty(count) if are_complete else unselected_finding(count))
    elif has_scores(table) and "selected" not in table:
        findings.append(scored_finding(len(table)))
    if is_negative.any():
        findings.append(negative_finding(int(is_negative.sum())))
    return table.assign(**{KIND: kinds})[~is_left_out], findings


def _class_index(table: pd.DataFrame, classes: Sequence[str], origin: str) -> NDArray[np.int64]:
    names = [""] * len(table)
    if CLASS in table:
        names = table[CLASS].fillna("").astype(str).tolist()
    # Some without a class among named ones may be of another kind.
    if len(classes) == 1 and not any(names):
        return np.zeros(len(table), dtype=np.int64)
    index = {name: number for number, name in enumerate(classes)}
    unknown = sorted(set(names) - set(index))
    if unknown:
        found = ", ".join(name or "no class" for name in unknown[:5])
        raise BadInput(
            f"{origin}: labels of {found}, but diameters are given of {', '.join(classes)}. Name "
            f"the class of every label (column {CLASS}), and give each a diameter."
        )
    return np.array([index[name] for name in names], dtype=np.int64)


def _taken_for_empty(count: int) -> Finding:
    return Finding(
        kind="not selected",
        severity=Severity.WARNING,
        count=count,
        text=f"{count} candidates are not marked as selected and are no labels; labels are taken "
        "to be complete, so that the places of these count as empty",
        remedy="If some may be particles, the labels are not complete (nunatak train: --labels-are "
        "sparse)",
    )

"""Labelled tomograms that cannot be read: named, and counted with the labels that are lost."""

from collections.abc import Iterable, Sequence

import pandas as pd

from nunatak.detection.result import Failure
from nunatak.errors import BadInput
from nunatak.images.micrograph_list import MicrographList
from nunatak.learning.labels.report import Finding, Severity, first, share
from nunatak.picks.counted import counted
from nunatak.picks.image_catalogue import ImageCatalogue


def unreadable(
    names: Iterable[str], listed: MicrographList, images: ImageCatalogue
) -> list[Failure]:
    """Read the headers of labelled tomograms, and return those that cannot be used.

    Parameters
    ----------
    names
        Of the tomograms as listed, missing ones among them.
    listed
        The tomograms.
    images
        The same, with what their headers say.
    """
    missing = {one.name: Failure.of_missing(one) for one in listed.missing}
    failures = []
    for name in names:
        if name in missing:
            failures.append(missing[name])
            continue
        try:
            images.volume_shape(name)
            images.pixel_size_A(name)
        except BadInput as error:
            failures.append(Failure(name, str(error)))
    return failures


def unreadable_finding(
    failures: Sequence[Failure], table: pd.DataFrame, *, n_tomograms: int
) -> Finding:
    """Count labelled tomograms that cannot be used, and the labels that are lost with them.

    Parameters
    ----------
    failures
        These tomograms, one at least.
    table
        All labels.
    n_tomograms
        How many tomograms have labels, or were looked at and hold nothing.
    """
    names = [failure.image for failure in failures]
    lost = int(table["image"].isin(names).sum())
    return Finding(
        kind="unreadable tomogram",
        severity=Severity.ERROR,
        count=len(names),
        text=f"{share(len(names), n_tomograms, 'labelled tomograms')} cannot be used, nor can "
        f"{counted(lost, 'label')} there",
        examples=first(names),
        cause=failures[0].reason,
    )

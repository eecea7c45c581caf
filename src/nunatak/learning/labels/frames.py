"""What is known of the labelled micrographs without their pixels, and what the labels say of it."""

import numpy as np

from nunatak.errors import BadInput
from nunatak.images.pixel_size import same
from nunatak.learning.labels.check import Frame, Frames, by_image
from nunatak.learning.labels.report import Finding, Severity, first, share
from nunatak.learning.labels.rows import Rows
from nunatak.picks.image_catalogue import ImageCatalogue

CALIBRATION = 0.05
"""Pixel sizes that differ by less come from two calibrations, not from two grids."""


def frames_of(rows: Rows, images: ImageCatalogue) -> tuple[Frames, list[tuple[str, str]]]:
    """Read the headers of the labelled micrographs.

    Returns
    -------
    frames : dict of str to Frame
    unreadable : list of (str, str)
        Micrographs that cannot be read or have no pixel size, with the reason.
    """
    frames, unreadable = {}, []
    for name in dict.fromkeys(rows.image):
        try:
            shape, size_A = images.shape(name), images.pixel_size_A(name)
        except BadInput as error:
            unreadable.append((name, str(error)))
            continue
        if size_A is None:
            reason = f"{name}: its pixel size is not known. Give it in Å (--pixel-size)."
            unreadable.append((name, reason))
            continue
        frames[name] = Frame(shape, size_A)
    return frames, unreadable


def unreadable_finding(unreadable: list[tuple[str, str]], rows: Rows) -> Finding:
    """Count micrographs that cannot be used, and the labels that are lost with them."""
    names = [name for name, _ in unreadable]
    asked = len(dict.fromkeys(rows.image))
    lost = int(np.isin(rows.image, names).sum())
    return Finding(
        kind="unreadable micrograph",
        severity=Severity.REFUSAL if len(names) == asked else Severity.ERROR,
        count=len(names),
        text=f"{share(len(names), asked, 'labelled micrographs')} cannot be used, nor can their "
        f"{lost} labels",
        examples=first(names),
        cause=unreadable[0][1],
    )


def stated_ratios(rows: Rows, frames: Frames) -> dict[str, float]:
    """Compare the pixel sizes that the labels state with those of the micrographs.

    Returns
    -------
    dict of str to float
        Micrograph to the ratio of the stated to its own, where they differ by more than 1 %.
    """
    ratios = {}
    for name, numbers in by_image(rows):
        stated = rows.stated_A[numbers]
        stated = stated[np.isfinite(stated) & (stated > 0)]
        if not len(stated):
            continue
        stated_A, own_A = float(np.median(stated)), frames[name].pixel_size_A
        if not same(stated_A, own_A):
            ratios[name] = stated_A / own_A
    return ratios


def pixel_size_finding(ratios: dict[str, float], frames: Frames) -> Finding:
    """Say that labels and micrographs state two pixel sizes, and what that may mean."""
    name, ratio = next(iter(ratios.items()))
    own_A = frames[name].pixel_size_A
    text = (
        f"The labels state a pixel size of {own_A * ratio:.5g} Å on {len(ratios)} micrographs, "
        f"which have {own_A:.5g} Å"
    )
    if abs(ratio - 1) < CALIBRATION:
        cause, remedy = "One of the two may be an older calibration", "Check which is right"
    else:
        cause = f"The labels may count pixels of images {'binned' if ratio > 1 else 'enlarged'}"
        cause += f" by {max(ratio, 1 / ratio):.4g}, or one of the two is wrong"
        remedy = "Check the unit of the labels and the pixel size"
    return Finding(
        kind="pixel size",
        severity=Severity.WARNING,
        count=len(ratios),
        text=text,
        examples=first(ratios),
        cause=cause,
        remedy=remedy,
    )

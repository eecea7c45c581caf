"""An image or a project of tomograms in words, for people."""

import math
from collections import Counter

from nunatak.images.axis_order import may_be_xzy
from nunatak.images.copick_project import CopickProject
from nunatak.images.micrograph import ImageInfo
from nunatak.images.tomogram_reader import STACK_SUFFIXES
from nunatak.images.zarr_metadata import is_zarr

_MOST_RUNS = 5


def describe(info: ImageInfo) -> dict[str, str]:
    """Describe an image by label and text, in the order in which to show them.

    Parameters
    ----------
    info
        From `nunatak.images.reader.read_info`.

    Returns
    -------
    dict of str to str
        Labels and values with their units.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> info = ImageInfo(Path("a.mrc"), "MRC", (400, 300), np.dtype("f4"), 1.5, "micrograph")
    >>> for label, text in describe(info).items():
    ...     print(f"{label}: {text}")
    file: a.mrc
    kind: micrograph
    format: MRC
    size: 300 × 400 px (x × y)
    pixel type: float32
    pixel size: 1.5 Å
    field of view: 450 × 600 Å
    uncompressed: 0.5 MB
    """
    x_first = tuple(reversed(info.shape))
    axes = " × ".join("xyz"[: len(x_first)])
    is_volume = info.kind in ("volume", "tomogram")
    text = {
        "file": str(info.path),
        "kind": info.kind,
        "format": info.format,
        "size": " × ".join(str(side) for side in x_first) + f" px ({axes})",
        "pixel type": info.dtype.name,
        "voxel size" if is_volume else "pixel size": _size(info),
    }
    if info.pixel_size_A is not None:
        shown = x_first if is_volume else x_first[:2]
        sides_A = [f"{side * info.pixel_size_A:.0f}" for side in shown]
        text["field of view"] = " × ".join(sides_A) + " Å"
    text["uncompressed"] = f"{math.prod(info.shape) * info.dtype.itemsize / 1e6:.1f} MB"
    text |= info.detail
    notes = [*info.notes, *_doubts(info)]
    for number, note in enumerate(notes, start=1):
        text[f"note {number}" if len(notes) > 1 else "note"] = note
    return text


def _size(info: ImageInfo) -> str:
    if info.pixel_size_A is not None:
        return f"{info.pixel_size_A:.5g} Å"
    return info.unequal_sizes or "not stated"


def _doubts(info: ImageInfo) -> list[str]:
    """Say what whoever reads the image as a tomogram has to ask about."""
    if len(info.shape) != 3 or info.path.suffix.casefold() in STACK_SUFFIXES:
        return []
    sections, rows, columns = info.shape
    if not may_be_xzy((sections, rows, columns)):
        return []
    if is_zarr(info.path):
        return ["thinnest along y; the names of its axes are believed"]
    if info.format != "MRC":
        return []
    what = "the" if info.kind == "volume" else "if this is a tomogram, the"
    return [
        f"{what} {rows} rows may be the thickness, as in IMOD's tomograms before they are rotated "
        "(x-z-y): --axis-order says what they are"
    ]


def describe_project(project: CopickProject) -> dict[str, str]:
    """Describe a copick project by label and text, in the order in which to show them.

    Parameters
    ----------
    project
        From `nunatak.images.copick_project.read_copick_project`.
    """
    text = {"file": str(project.path), "kind": "copick project"}
    if project.name:
        text["name"] = project.name
    text["roots"] = ", ".join(str(root) for root in project.roots)
    more = len(project.runs) - _MOST_RUNS
    listed = [*project.runs[:_MOST_RUNS], *([f"and {more} more"] if more > 0 else [])]
    text["runs"] = f"{len(project.runs)}" + (f" ({', '.join(listed)})" if listed else "")
    kinds = Counter((one.tomogram_type, one.voxel_size_A) for one in project.tomograms)
    text["tomograms"] = (
        ", ".join(f"{number} {kind} at {size:g} Å" for (kind, size), number in kinds.items())
        or "none"
    )
    text["pick files"] = str(sum(len(project.pick_files(run)) for run in project.runs))
    for one in project.objects:
        facts = [
            f"label {one.label}" if one.label is not None else "no label",
            f"radius {one.radius_A:g} Å" if one.radius_A is not None else "no radius",
            *([] if one.is_particle else ["no particle"]),
        ]
        text[f"object {one.name}"] = ", ".join(facts)
    return text

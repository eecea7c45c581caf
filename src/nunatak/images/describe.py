"""An image file in words, for people."""

import math

from nunatak.images.micrograph import ImageInfo


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
    text = {
        "file": str(info.path),
        "kind": info.kind,
        "format": info.format,
        "size": " × ".join(str(side) for side in x_first) + f" px ({axes})",
        "pixel type": info.dtype.name,
        "pixel size": "not stated" if info.pixel_size_A is None else f"{info.pixel_size_A:.5g} Å",
    }
    if info.pixel_size_A is not None:
        sides_A = [f"{side * info.pixel_size_A:.0f}" for side in x_first[:2]]
        text["field of view"] = " × ".join(sides_A) + " Å"
    text["uncompressed"] = f"{math.prod(info.shape) * info.dtype.itemsize / 1e6:.1f} MB"
    text |= info.detail
    for number, note in enumerate(info.notes, start=1):
        text[f"note {number}" if len(info.notes) > 1 else "note"] = note
    return text

"""Pixel sizes of picks to be merged, from the headers of their images."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet


def with_sizes_of_images(sets: Sequence[PickSet], images: ImageCatalogue) -> list[PickSet]:
    """Return the sets with the pixel sizes of images of which no set states any.

    What a set states goes before a header, as when one of two sets states it.

    Parameters
    ----------
    sets
        Picks of several pickers.
    images
        Their images; those that are not among them are left as they are.

    Raises
    ------
    BadInput
        If an image whose pixel size is asked for cannot be read.
    Mismatch
        If the voxels of a tomogram are not cubic.
    """
    image_of = [images.index.resolve_all(one.images).found for one in sets]
    stated = set()
    for one, names in zip(sets, image_of, strict=True):
        if "pixel_size_A" in one.table:
            sized = one.table["image"][one.table["pixel_size_A"].notna()].unique()
            stated |= {names[name] for name in sized if name in names}
    return [
        _filled(one, {name: image for name, image in names.items() if image not in stated}, images)
        for one, names in zip(sets, image_of, strict=True)
    ]


def _filled(one: PickSet, image_of: dict[str, str], images: ImageCatalogue) -> PickSet:
    picked = [name for name in one.table["image"].unique() if name in image_of]
    known_A = {name: images.pixel_size_A(image_of[name]) for name in picked}
    known_A = {name: size_A for name, size_A in known_A.items() if size_A is not None}
    if not known_A:
        return one
    sizes_A = one.table["image"].map(known_A).astype(np.float64)
    if "pixel_size_A" in one.table:
        sizes_A = one.table["pixel_size_A"].fillna(sizes_A)
    return replace(one, table=one.table.assign(pixel_size_A=sizes_A))

"""What picks will look like, known before the work: for a rehearsal of writing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import pandas as pd

from nunatak.images.shapes import Shape, VolumeShape
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet, coordinate_columns, empty_table

_SIDE_PX = 64
"""Of images whose size is not known yet."""

_FEW = 10


@dataclass(frozen=True)
class Foreseen:
    """The images and the classes of picks that are not there yet.

    Attributes
    ----------
    pixel_sizes_A : mapping of str to float
        Of each image that can be expected to have picks, by name.
    classes : sequence of str
        Names of the classes; none where picks will have no class.
    ndim : int
        2 for micrographs, 3 for tomograms.
    shapes : mapping of str to tuple of int
        Of the images whose headers were read for it, by name; of others one is invented.
    """

    pixel_sizes_A: Mapping[str, float]
    classes: Sequence[str] = ()
    ndim: int = 2
    shapes: Mapping[str, Shape | VolumeShape] = field(default_factory=dict)

    def few(self) -> "Foreseen":
        """Return the same of a few images only."""
        return replace(self, pixel_sizes_A=dict(islice(self.pixel_sizes_A.items(), _FEW)))

    def picks(self) -> PickSet:
        """Return one pick of each class in each image, with the columns of a run."""
        names = list(self.classes) or [""]
        table = pd.DataFrame(
            [(image, name) for image in self.pixel_sizes_A for name in names],
            columns=["image", "class_name"],
        )
        table = table.assign(
            **dict.fromkeys(coordinate_columns(empty_table(self.ndim)), 1.0),
            score=0.5,
            selected=True,
            diameter_A=1.0,
            pixel_size_A=table["image"].map(dict(self.pixel_sizes_A)).astype(float),
        )
        return PickSet(
            table if self.classes else table.drop(columns="class_name"),
            images=tuple(self.pixel_sizes_A),
        )

    def catalogue(self) -> ImageCatalogue:
        """Return the images, those of unknown shape with an invented one."""
        invented = (_SIDE_PX, _SIDE_PX) if self.ndim == 2 else (_SIDE_PX, _SIDE_PX, _SIDE_PX)
        shapes = {name: self.shapes.get(name, invented) for name in self.pixel_sizes_A}
        return ImageCatalogue(shapes, pixel_sizes_A=self.pixel_sizes_A)

"""Crops of particle images that another program has extracted, stack by stack."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.parallel import Crew
from nunatak.detection.preparation import REFUSED_BELOW_PX
from nunatak.detection.result import Failure
from nunatak.errors import BadInput, Mismatch
from nunatak.images.pixel_size import agree
from nunatak.images.reader import open_image
from nunatak.images.source import Pixels
from nunatak.images.stable import unchanged_while_reading
from nunatak.picks.counted import counted
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import PickSet
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.cutting import ImageCrops, failing_alone, parts_of
from nunatak.pruning.image_files import files_named
from nunatak.pruning.particle_images import crops_of, floats, steps, window
from nunatak.pruning.particle_names import particle_names
from nunatak.sampling import evenly

_STACKS_LOOKED_AT = 5
_IMAGES_LOOKED_AT = 100
"""Of each stack, to find out its contrast."""

_CLEAR = 3.0
"""Standard errors from which a difference between particles and their rims is no chance."""

_log = logging.getLogger(__name__)


class StackCutter:
    """Cuts crops from the particle images that a pick table names.

    Parameters
    ----------
    picks
        With particle images, see `nunatak.pruning.particle_names`.
    diameter_A
        Of a particle.
    spec
        Sizes of the crops.
    pixel_size_A, override_pixel_size
        Of the particle images, and whether it wins over a header that contradicts it. Without,
        it comes from the pick file or the stacks' headers.
    threads
        Of the processor.

    Attributes
    ----------
    images : tuple of str
        Stacks that were found.
    missing : list of Failure
        Those that were not.
    crew : Crew
        How many are worked on at a time.
    contrast : str
        ``"dark"`` or ``"light"``: particles in the stacks. Light until it is set, as programs
        extract them.

    Raises
    ------
    BadInput
        If the table names no particle images, or cannot be read.
    """

    def __init__(
        self,
        picks: PickSet,
        *,
        diameter_A: float,
        spec: CropSpec,
        pixel_size_A: float | None = None,
        override_pixel_size: bool = False,
        threads: int = 1,
    ) -> None:
        self._names = particle_names(picks)
        rows_of = by_image(pd.DataFrame({"image": self._names.stack}))
        self._rows = {stack: rows.astype(np.int64) for stack, rows in rows_of}
        self._files = files_named(list(self._rows), picks.source)
        self.images = tuple(self._files)
        self.missing = [
            Failure(name, f"{name}: there is no such file. Start where its path leads to it.")
            for name in self._rows
            if name not in self._files
        ]
        self.crew = Crew.of(threads, len(self.images))
        self.contrast: Side = "light"
        self._diameter_A, self._spec = diameter_A, spec
        self._pixel_size_A, self._override = pixel_size_A, override_pixel_size

    def find_contrast(self) -> Side:
        """Compare the middle of some particle images with their rims."""
        found: list[NDArray[np.float64]] = []
        for index in evenly(len(self.images), _STACKS_LOOKED_AT):
            name = self.images[index]
            unread: list[Failure] = []  # the failure is reported when its picks are cut
            with failing_alone(name, unread):
                pixels, _ = self._open(name)
                inside = self._names.section[self._rows[name]]
                inside = inside[inside < len(pixels)]
                sample = inside[evenly(len(inside), _IMAGES_LOOKED_AT)]
                found.append(steps(floats(pixels, sample)))
        all_steps = np.concatenate(found) if found else np.empty(0)
        all_steps = all_steps[np.isfinite(all_steps)]
        if len(all_steps) > 1:
            evidence = all_steps.mean() / max(all_steps.std() / np.sqrt(len(all_steps)), 1e-12)
            if abs(evidence) >= _CLEAR:
                side: Side = "light" if evidence > 0 else "dark"
                _log.info("particles are %s in these stacks", side)
                return side
        _log.warning(
            "the stacks do not show whether particles are dark or light; taken as light, as "
            "programs extract them. Say otherwise with --contrast"
        )
        return "light"

    def cut(self, image: str) -> Iterator[ImageCrops]:
        """Yield the crops of one stack's picks (see `nunatak.pruning.cutting.Cutter`).

        The surroundings are 0 throughout, since particle images have none.
        """
        rows, sections = self._rows[image], self._names.section[self._rows[image]]
        pixels, header_A = self._open(image)
        size_A = self._settled_A(image, rows, header_A)
        diameter_px = self._diameter_A / size_A
        box = min(pixels.shape[1:])
        if not REFUSED_BELOW_PX <= diameter_px <= box:
            raise BadInput(
                f"{image}: a particle of {self._diameter_A:g} Å spans {diameter_px:.3g} pixels of "
                f"{size_A:.5g} Å, in boxes of {box} pixels. Check the pixel size and the diameter "
                "(both in Å)."
            )
        known = sections < len(pixels)
        rows, sections = rows[known], sections[known]
        middle = window(pixels, diameter_px * self._spec.particle_diameters)
        blank = 0
        for part in parts_of(len(rows)):
            images = floats(pixels[:, *middle], sections[part])
            # The sum of an image with a NaN or an infinity is not finite.
            shows = np.isfinite(images.sum(axis=(1, 2))) & (np.ptp(images, axis=(1, 2)) > 0)
            blank += int((~shows).sum())
            if shows.any():
                dark = images[shows] if self.contrast == "dark" else -images[shows]
                crops = crops_of(dark, self._spec.diameter_px / diameter_px, self._spec)
                unasked = np.full(len(crops), np.nan)
                yield ImageCrops(image, rows[part][shows], crops, unasked)
        problems = []
        if not known.all():
            beyond = counted(int((~known).sum()), "pick")
            problems.append(f"{beyond} of an image beyond the last of {len(pixels)}")
        if blank:
            problems.append(f"{counted(blank, 'image')} that are blank or hold NaN or infinity")
        if problems:
            raise BadInput(
                f"{image}: {'; '.join(problems)}; not judged. Extract the particles again."
            )

    def _open(self, name: str) -> tuple[Pixels, float | None]:
        """Map a stack, shape (n, ny, nx), and return the pixel size of its header."""
        path = self._files[name]
        with unchanged_while_reading(path) as state:
            source = open_image(path, state)
            pixels, _ = source.load()
        stack = pixels[None] if pixels.ndim == 2 else pixels
        return stack, source.pixel_size_xy_A[0]

    def _settled_A(self, name: str, rows: NDArray[np.int64], header_A: float | None) -> float:
        """Return the one pixel size of a stack's images."""
        sizes_A = np.unique(self._names.pixel_size_A[rows])
        sizes_A = sizes_A[np.isfinite(sizes_A)]
        if len(sizes_A) > 1 and self._pixel_size_A is None:
            raise Mismatch(
                f"{name}: the pick file states the pixel sizes {sizes_A[0]:.5g} Å and "
                f"{sizes_A[-1]:.5g} Å for images of one stack. Give --pixel-size."
            )
        listed_A = float(sizes_A[0]) if len(sizes_A) == 1 else None
        size_A = agree(
            header_A, listed_A, self._pixel_size_A, path=Path(name), override=self._override
        )
        if size_A is None:
            raise BadInput(
                f"{name}: neither the pick file nor the header states a pixel size. Give it in Å "
                "with --pixel-size."
            )
        return size_A

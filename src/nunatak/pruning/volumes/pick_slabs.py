"""Cut the slabs of picks in tomograms."""

from collections.abc import Iterable, Iterator
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import Side
from nunatak.detection.parallel import Crew
from nunatak.detection.preparation import REFUSED_BELOW_PX
from nunatak.errors import BadInput
from nunatak.images.axis_order import AxisOrder
from nunatak.images.micrograph_list import MicrographList
from nunatak.images.tomogram import Tomogram
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import PickSet
from nunatak.pruning.cutting import ImageCrops, parts_of
from nunatak.pruning.listed_size import listed_size_A
from nunatak.pruning.volumes.class_diameters import Diameter, diameters_A
from nunatak.pruning.volumes.held_voxels import held
from nunatak.pruning.volumes.slab_spec import SlabSpec
from nunatak.pruning.volumes.slabs import SlabCutter
from nunatak.pruning.volumes.tomogram_files import tomogram_files
from nunatak.pruning.volumes.volume_detector_scores import VolumeDetectorScores


class TomogramCutter:
    """Cuts slabs from tomograms; it is a `nunatak.pruning.cutting.Cutter`.

    Parameters
    ----------
    picks
        In tomograms.
    spec
        Sizes of the slabs.
    diameter_A
        See `nunatak.pruning.volumes.class_diameters.diameters_A`.
    voxel_size_A, override_voxel_size, axis_order
        See `nunatak.images.tomogram_reader.read_tomogram`. Without, the voxel size comes from
        the list of tomograms, the pick table or the headers, which must not disagree.
    tomograms
        See `nunatak.pruning.volumes.tomogram_files.tomogram_files`.
    contrast
        Particles in the stored tomograms.
    detector
        Is asked for its logits; None asks nobody.
    threads
        Of the processor.

    Attributes
    ----------
    images : tuple of str
        Tomograms that have picks and were found.
    missing : list of Failure
        Those that were not.
    crew : Crew
        One tomogram at a time: two would need twice the memory.

    Raises
    ------
    BadInput
        If the picks are not in tomograms, the diameter of one is not known, or ``tomograms`` are
        given and there are none.
    """

    def __init__(
        self,
        picks: PickSet,
        *,
        spec: SlabSpec,
        diameter_A: Diameter | None = None,
        voxel_size_A: float | None = None,
        override_voxel_size: bool = False,
        axis_order: AxisOrder | None = None,
        tomograms: MicrographList | Iterable[str | PathLike[str]] = (),
        contrast: Side = "dark",
        detector: VolumeDetectorScores | None = None,
        threads: int = 1,
    ) -> None:
        if picks.ndim != 3:
            raise BadInput(
                f"{picks.source}: picks on micrographs where picks in tomograms were expected."
            )
        self._files, self.missing = tomogram_files(picks, tomograms)
        self.images = tuple(self._files)
        self.crew = Crew.of(threads, 1)
        self.contrast = contrast
        self._rows = {image: rows.astype(np.int64) for image, rows in by_image(picks.table)}
        self._positions_px = picks.positions_px
        self._diameters_A = diameters_A(picks, diameter_A)
        unknown_A = np.full(len(picks), np.nan)
        self._stated_A = np.asarray(picks.table.get("pixel_size_A", unknown_A), dtype=np.float64)
        self._spec = spec
        self._voxel_size_A, self._override = voxel_size_A, override_voxel_size
        self._axis_order = axis_order
        self._detector = detector

    def cut(self, image: str) -> Iterator[ImageCrops]:
        """Yield the slabs of one tomogram's picks.

        Raises
        ------
        BadInput
            If the tomogram cannot be read, or picks lie outside of it or span hardly a voxel; the
            others were yielded before.
        """
        tomogram = self._read(image)
        rows = self._rows[image]
        diameters_px = self._diameters_A[rows] / tomogram.voxel_size_A
        is_near = _near(self._positions_px[rows], diameters_px, tomogram.shape)
        is_large = diameters_px >= REFUSED_BELOW_PX
        judged = rows[is_near & is_large]
        logit = np.full(len(judged), np.nan)
        if self._detector is not None and len(judged):
            logit = self._detector.at(
                tomogram, self._positions_px[judged], self._diameters_A[judged], self.contrast
            )
        cutter = SlabCutter(held(tomogram), self._spec, inverted=self.contrast == "light")
        for part in parts_of(len(judged)):
            slabs = cutter.cut(
                self._positions_px[judged[part]],
                self._diameters_A[judged[part]] / tomogram.voxel_size_A,
            )
            yield ImageCrops(image, judged[part], slabs, logit[part])
        if not is_large.all():
            raise self._too_small(image, tomogram, rows[~is_large])
        if not is_near.all():
            raise self._outside(image, tomogram, rows[~is_near])

    def _read(self, image: str) -> Tomogram:
        file = self._files[image]
        return read_tomogram(
            file.path,
            voxel_size_A=self._voxel_size_A,
            listed_voxel_size_A=listed_size_A(
                image,
                file.pixel_size_A,
                self._stated_A[self._rows[image]],
                override=self._override,
                what="voxel",
            ),
            override=self._override,
            axis_order=self._axis_order,
        )

    def _outside(self, image: str, tomogram: Tomogram, rows: NDArray[np.int64]) -> BadInput:
        nz, ny, nx = tomogram.shape
        x, y, z = self._positions_px[rows[0]]
        return BadInput(
            f"{image}: {len(rows)} of {len(self._rows[image])} picks lie outside the tomogram of "
            f"{nx} × {ny} × {nz} voxels (the first at x {x:.6g}, y {y:.6g}, z {z:.6g}) and are "
            "not judged. Check the binning and the axis order of the picks."
        )

    def _too_small(self, image: str, tomogram: Tomogram, rows: NDArray[np.int64]) -> BadInput:
        size_A, voxel_A = self._diameters_A[rows[0]], tomogram.voxel_size_A
        return BadInput(
            f"{image}: {len(rows)} of {len(self._rows[image])} picks are not judged: a particle "
            f"of {size_A:g} Å spans {size_A / voxel_A:.2g} voxels of {voxel_A:g} Å, too few. "
            "Check the voxel size and the diameter (both in Å)."
        )


def _near(
    positions_px: NDArray[np.float64], diameters_px: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Tell which positions lie in the tomogram, or so near that a particle reaches in."""
    reach = 0.5 * diameters_px[:, None]
    upper = np.array(shape[::-1]) - 0.5 + reach
    near = np.all((positions_px >= -0.5 - reach) & (positions_px <= upper), axis=1)
    return np.asarray(near, dtype=np.bool_)

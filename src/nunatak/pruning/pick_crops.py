"""Crops of picks, image by image."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing

import torch

from nunatak.detection.options import Contrast
from nunatak.detection.parallel import in_order
from nunatak.detection.result import Failure
from nunatak.picks.table import PickSet
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.cutting import Cutter, ImageCrops, failing_alone
from nunatak.pruning.detector_scores import DetectorScores
from nunatak.pruning.image_files import Micrographs
from nunatak.pruning.micrograph_cutter import MicrographCutter
from nunatak.pruning.particle_names import has_particle_images
from nunatak.pruning.particle_stack import StackCutter

_log = logging.getLogger(__name__)


def cutter_of(
    picks: PickSet,
    *,
    diameter_A: float,
    spec: CropSpec,
    contrast: Contrast = "auto",
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    micrographs: Micrographs = (),
    detector: DetectorScores | None = None,
    voter: DetectorScores | None = None,
    threads: int = 1,
) -> Cutter:
    """Choose where the crops of picks are cut from, and settle the contrast.

    Crops come from the micrographs; where none of these can be found, and the pick table names
    particle images, from the particle images, which have no surroundings.

    Parameters
    ----------
    picks, diameter_A, spec, pixel_size_A, override_pixel_size, micrographs, detector, threads
        See `nunatak.pruning.micrograph_cutter.MicrographCutter` and
        `nunatak.pruning.particle_stack.StackCutter`.
    contrast
        Particles in the stored images: ``"dark"``, ``"light"``, or ``"auto"`` to find out.
    voter
        Finds it out on micrographs. Default: ``detector``, or else the shipped one.

    Raises
    ------
    BadInput
        If ``micrographs`` are given and there are none, or the names of the particle images
        cannot be read.
    """
    cutter: MicrographCutter | StackCutter = MicrographCutter(
        picks,
        diameter_A=diameter_A,
        spec=spec,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        micrographs=micrographs,
        detector=detector,
        threads=threads,
    )
    if not cutter.images and has_particle_images(picks):
        cutter = StackCutter(
            picks,
            diameter_A=diameter_A,
            spec=spec,
            pixel_size_A=pixel_size_A,
            override_pixel_size=override_pixel_size,
            threads=threads,
        )
    if contrast != "auto":
        cutter.contrast = contrast
    elif isinstance(cutter, StackCutter):
        cutter.contrast = cutter.find_contrast()
    elif cutter.images:
        cutter.contrast = cutter.find_contrast(voter or detector or DetectorScores())
    return cutter


def crops_of_picks(
    picks: PickSet,
    *,
    diameter_A: float,
    spec: CropSpec,
    contrast: Contrast = "auto",
    pixel_size_A: float | None = None,
    override_pixel_size: bool = False,
    micrographs: Micrographs = (),
    detector: DetectorScores | None = None,
    workers: int | None = None,
    on_failure: Callable[[Failure], None] | None = None,
) -> Iterator[ImageCrops]:
    """Cut the crops of picks, image by image.

    Parameters
    ----------
    picks, diameter_A, spec, contrast, pixel_size_A, override_pixel_size, micrographs, detector
        See `cutter_of`.
    workers
        Threads of the processor. Default: torch's own choice.
    on_failure
        Called with every image that is missing, cannot be read, or has picks that cannot be cut.
        Default: a warning.

    Yields
    ------
    ImageCrops
        In the order of the images; one with many picks comes in several parts.

    Raises
    ------
    BadInput
        As `cutter_of`.
    ResourceError
        If the memory of the device does not suffice.
    """
    cutter = cutter_of(
        picks,
        diameter_A=diameter_A,
        spec=spec,
        contrast=contrast,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        micrographs=micrographs,
        detector=detector,
        threads=workers or torch.get_num_threads(),
    )
    return _all_crops(cutter, on_failure or _warn)


def _all_crops(cutter: Cutter, on_failure: Callable[[Failure], None]) -> Iterator[ImageCrops]:
    for failure in cutter.missing:
        on_failure(failure)

    def work(image: str) -> tuple[list[ImageCrops], list[Failure]]:
        parts: list[ImageCrops] = []
        failures: list[Failure] = []
        with failing_alone(image, failures):
            for part in cutter.cut(image):  # what came before a failure is kept
                parts.append(part)
        return parts, failures

    with closing(in_order(work, cutter.images, cutter.crew)) as outcomes:
        for parts, failures in outcomes:
            yield from parts
            for failure in failures:
                on_failure(failure)


def _warn(failure: Failure) -> None:
    _log.warning("%s", failure.reason)

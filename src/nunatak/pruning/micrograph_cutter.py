"""Cut the crops of picks on micrographs, each of which is read once."""

import logging
from collections.abc import Iterator
from contextlib import closing
from threading import BoundedSemaphore

import numpy as np
from numpy.typing import NDArray

from nunatak.detection.contrast import SAMPLE, ContrastVote, Side, decide
from nunatak.detection.parallel import Crew, in_order
from nunatak.detection.result import Failure
from nunatak.errors import BadInput
from nunatak.picks.formats.frame import by_image
from nunatak.picks.table import PickSet
from nunatak.pruning.crops import CropSpec, cut_crops
from nunatak.pruning.cutting import ImageCrops, failing_alone, parts_of
from nunatak.pruning.detector_scores import Detected, DetectorScores
from nunatak.pruning.image_files import Micrographs, micrograph_files
from nunatak.pruning.listed_size import listed_size_A
from nunatak.pruning.working_micrograph import WorkingMicrograph, read_working_micrograph
from nunatak.sampling import evenly

_log = logging.getLogger(__name__)


class MicrographCutter:
    """Cuts crops from micrographs.

    Parameters
    ----------
    picks
        On micrographs.
    diameter_A
        Of a particle.
    spec
        Sizes of the crops.
    pixel_size_A, override_pixel_size
        See `nunatak.images.reader.read_micrograph`. Without, the pixel size comes from the list
        of micrographs, the pick table or the micrographs' headers, which must not disagree.
    micrographs
        See `nunatak.pruning.image_files.micrograph_files`.
    detector
        Is asked for its logits; None asks nobody.
    threads
        Of the processor.

    Attributes
    ----------
    images : tuple of str
        Micrographs that have picks and were found.
    missing : list of Failure
        Those that were not.
    crew : Crew
        How many are worked on at a time.
    contrast : str
        ``"dark"`` or ``"light"``: particles in the stored micrographs. Dark until it is set.
    """

    def __init__(
        self,
        picks: PickSet,
        *,
        diameter_A: float,
        spec: CropSpec,
        pixel_size_A: float | None = None,
        override_pixel_size: bool = False,
        micrographs: Micrographs = (),
        detector: DetectorScores | None = None,
        threads: int = 1,
    ) -> None:
        self._files, self.missing = micrograph_files(picks, micrographs)
        self.images = tuple(self._files)
        self.crew = Crew.of(threads, len(self.images))
        self.contrast: Side = "dark"
        self._rows = {image: rows.astype(np.int64) for image, rows in by_image(picks.table)}
        self._positions_px = picks.positions_px
        unknown_A = np.full(len(picks), np.nan)
        self._stated_A = np.asarray(picks.table.get("pixel_size_A", unknown_A), dtype=np.float64)
        self._diameter_A, self._spec = diameter_A, spec
        self._pixel_size_A, self._override = pixel_size_A, override_pixel_size
        self._detector = detector
        self._turn = BoundedSemaphore(self.crew.readers)

    def find_contrast(self, voter: DetectorScores) -> Side:
        """Find out from a few micrographs whether particles are dark or light."""

        def vote(image: str) -> ContrastVote | None:
            unread: list[Failure] = []  # the failure is reported when its picks are cut
            with failing_alone(image, unread):
                return voter.vote(self._read(image))
            return None

        sample = [self.images[index] for index in evenly(len(self.images), SAMPLE)]
        with closing(in_order(vote, sample, self.crew)) as ballots:
            side = decide([ballot for ballot in ballots if ballot is not None])
        _log.info("particles are %s in these micrographs", side)
        return side

    def cut(self, image: str) -> Iterator[ImageCrops]:
        """Yield the crops of one micrograph's picks (see `nunatak.pruning.cutting.Cutter`)."""
        micrograph = self._read(image)
        rows = self._rows[image]
        near = micrograph.is_near(self._positions_px[rows])
        judged = rows[near]
        positions_px = self._positions_px[judged]
        said: Detected | None = None
        if self._detector is not None and len(judged):
            said = self._detector.at(micrograph, positions_px, self.contrast)
        centres_px = micrograph.positions_in(positions_px, micrograph.scale.resampled_shape)
        dark = micrograph.image if self.contrast == "dark" else -micrograph.image
        for part in parts_of(len(judged)):
            crops = cut_crops(dark, centres_px[part], self._spec)
            logit = np.full(len(crops), np.nan) if said is None else said.logit[part]
            features = None if said is None else said.features[part]
            yield ImageCrops(image, judged[part], crops, logit, features)
        if not near.all():
            raise self._outside(micrograph, image, rows[~near], len(rows))

    def _read(self, image: str) -> WorkingMicrograph:
        file = self._files[image]
        with self._turn:
            return read_working_micrograph(
                file.path,
                diameter_A=self._diameter_A,
                diameter_px=self._spec.diameter_px,
                pixel_size_A=self._pixel_size_A,
                listed_pixel_size_A=listed_size_A(
                    image,
                    file.pixel_size_A,
                    self._stated_A[self._rows[image]],
                    override=self._override,
                    what="pixel",
                ),
                override_pixel_size=self._override,
            )

    def _outside(
        self, micrograph: WorkingMicrograph, image: str, rows: NDArray[np.int64], total: int
    ) -> BadInput:
        ny, nx = micrograph.stored_shape
        x, y = self._positions_px[rows[0]]
        return BadInput(
            f"{image}: {len(rows)} of {total} picks lie outside the image of {nx} × {ny} pixels "
            f"(the first at x {x:.6g}, y {y:.6g}) and are not judged. Check the binning and the "
            "orientation of the picks."
        )

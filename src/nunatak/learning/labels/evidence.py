"""Where a micrograph shows particles, by a general detector's scores."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from nunatak.detection.model import DetectorModel, load_model
from nunatak.detection.preparation import Prepared, prepare
from nunatak.detection.scoring import Scorer
from nunatak.images.micrograph_list import ListedMicrograph

_CROSS = ndimage.generate_binary_structure(2, 1)
"""A label may miss the peak by a pixel of the score map, a tenth of the diameter."""


@dataclass(frozen=True)
class EvidenceMap:
    """How much each place of a micrograph looks like the centre of a particle.

    Attributes
    ----------
    values : ndarray, shape (my, mx), float32
        ``-ln(1 - rank)``, where the rank of a place is the share of the micrograph's places that
        look less like a centre: exponentially distributed over random places, with the mean 1,
        whatever the scale of the scores behind it.
    """

    values: NDArray[np.float32]

    @classmethod
    def of_scores(cls, scores: NDArray[np.floating]) -> "EvidenceMap":
        """Return the evidence in a score map.

        Parameters
        ----------
        scores : ndarray, shape (my, mx) or (classes, my, mx)
            Anything that grows with the evidence for a particle; of several classes the best
            counts. The map covers the micrograph, at any size.
        """
        best = scores.max(axis=0) if scores.ndim == 3 else scores
        near = ndimage.maximum_filter(best, footprint=_CROSS)
        ranks = stats.rankdata(near, method="average").reshape(near.shape)
        return cls(-np.log1p(-(ranks - 0.5) / near.size).astype(np.float32))


EvidenceOf = Callable[[ListedMicrograph], EvidenceMap]
"""Looks at a micrograph. A `nunatak.errors.BadInput` that it raises is counted, not fatal."""


class ModelEvidence:
    """Looks at micrographs with a detector that knows nothing of the labels.

    Parameters
    ----------
    model
        The detector, or the path or name of one.
    diameter_A
        Particle diameter.
    pixel_size_A, override_pixel_size
        See `nunatak.images.reader.read_micrograph`.
    inverted
        Whether particles have the contrast opposite to the one the model was trained with.
    device
        As for `Scorer`.
    """

    def __init__(
        self,
        model: DetectorModel | str | PathLike[str] = "general-2d",
        *,
        diameter_A: float,
        pixel_size_A: float | None = None,
        override_pixel_size: bool = False,
        inverted: bool = False,
        device: str = "auto",
    ) -> None:
        detector = model if isinstance(model, DetectorModel) else load_model(model)
        self._scorer = Scorer(detector, device=device)
        self._diameter_px = detector.header.diameter_px
        self._diameter_A = diameter_A
        self._pixel_size_A = pixel_size_A
        self._override = override_pixel_size
        self._inverted = inverted

    def __call__(self, one: ListedMicrograph) -> EvidenceMap:
        """Read and score a micrograph.

        Raises
        ------
        BadInput
            If it cannot be read, or its pixel size is unknown.
        """
        prepared = prepare(
            one.path,
            diameter_A=self._diameter_A,
            diameter_px=self._diameter_px,
            pixel_size_A=self._pixel_size_A,
            listed_pixel_size_A=one.pixel_size_A,
            override_pixel_size=self._override,
        )
        return evidence_in(prepared, self._scorer, inverted=self._inverted)


def evidence_in(prepared: Prepared, scorer: Scorer, *, inverted: bool = False) -> EvidenceMap:
    """Score a micrograph that is at the working size already (see `ModelEvidence`)."""
    return EvidenceMap.of_scores(scorer.logits(-prepared.image if inverted else prepared.image))

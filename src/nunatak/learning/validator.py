"""Validate detectors by labels from which they have not learned."""

from collections.abc import Sequence

import numpy as np
import torch

from nunatak.detection.header import ThresholdRow
from nunatak.detection.model import DetectorModel
from nunatak.detection.scoring import Scorer
from nunatak.learning.calibration import calibrate_on_labels
from nunatak.learning.class_prior import EXPECTED_ERROR, ParticleNumber
from nunatak.learning.found import Found, find_on, label_scores, said_of
from nunatak.learning.score_model import ScorePrior
from nunatak.learning.validation import labelled_average_precision, share_better
from nunatak.learning.working_images import WorkingImage
from nunatak.picks.counted import counted
from nunatak.training.checkpoint import checksum


def find_on_all(
    model: DetectorModel, images: Sequence[WorkingImage], device: torch.device
) -> tuple[Found, ...]:
    """Return what a detector finds on each of some images."""
    scorer = Scorer(model, device=str(device))
    return tuple(
        find_on(scorer, image, diameter_px=model.header.diameter_px, floor=model.header.score_floor)
        for image in images
    )


class Validator:
    """Held-out micrographs, and what each detector found on them.

    The best weights of a training are looked at several times: to choose them, to compare them
    with the start, to calibrate them. What was found is remembered by the weights' checksum.

    Parameters
    ----------
    images
        Kept aside. Those without a labelled particle say nothing and are left out.
    particles
        Expected in a micrograph.
    device
        Of the detectors.
    seed
        Of all random numbers.

    Attributes
    ----------
    images : tuple of WorkingImage
        With at least one label each; may be empty.
    """

    def __init__(
        self,
        images: Sequence[WorkingImage],
        particles: ParticleNumber,
        *,
        device: torch.device,
        seed: int,
    ) -> None:
        self.images = tuple(image for image in images if len(image.positives_px))
        self._particles = particles
        self._device = device
        self._seed = seed
        self._remembered: dict[str, tuple[Found, ...]] = {}

    def labels_in_words(self) -> str:
        """Return how many labels there are, on how many micrographs."""
        return f"{counted(self.n_labels, 'label')} on {counted(len(self.images), 'micrograph')}"

    @property
    def n_labels(self) -> int:
        """Number of held-out labels."""
        return sum(len(image.positives_px) for image in self.images)

    def found(self, model: DetectorModel) -> tuple[Found, ...]:
        """Return what a model finds on each of the images."""
        weights = checksum(model.network.state_dict())
        if weights not in self._remembered:
            self._remembered[weights] = find_on_all(model, self.images, self._device)
        return self._remembered[weights]

    def average_precision(self, model: DetectorModel) -> float:
        """Estimate the average precision (see `labelled_average_precision`).

        With the lower end of the number of particles: with too many, every good detector would
        seem perfect, and none better than another.
        """
        found = self.found(model)
        scores = np.concatenate([one.score for one in found])
        particles = self._particles.low * len(found)
        return labelled_average_precision(label_scores(found), scores, particles)

    def share_ahead(self, before: DetectorModel, after: DetectorModel) -> float:
        """Tell how sure the labels are that one model is better (see `share_better`)."""
        return share_better(
            self.found(before),
            self.found(after),
            self._particles.low,
            rng=np.random.default_rng([self._seed, 1]),
        )

    def threshold_table(
        self,
        model: DetectorModel,
        prior: ScorePrior,
        *,
        expected_particles: float | None,
        expected_error: float = EXPECTED_ERROR,
    ) -> tuple[ThresholdRow, ...]:
        """Calibrate a model's scores; empty without labels, or if none of them is found.

        Parameters
        ----------
        model
            Whose scores to calibrate.
        prior
            Belief about them.
        expected_particles, expected_error
            In a micrograph, and its relative standard deviation; None to learn it from the labels.
        """
        found = self.found(model)
        if not label_scores(found).any():
            return ()
        return calibrate_on_labels(
            said_of(found, shown_from=None),
            [one.score for one in found],
            score_floor=model.header.score_floor,
            prior=prior,
            expected_particles=expected_particles,
            expected_error=expected_error,
            seed=self._seed,
        ).table

    def joined_by(self, images: Sequence[WorkingImage]) -> "Validator":
        """Return a validator that also looks at other micrographs."""
        return Validator(
            (*self.images, *images), self._particles, device=self._device, seed=self._seed
        )

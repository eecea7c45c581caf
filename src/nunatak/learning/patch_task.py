"""The training task of patch classifiers: minibatches of patches, objective, autoencoder."""

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from nunatak.learning.patch_batches import PatchBatch, PatchOptions, PatchSampler
from nunatak.learning.region_shares import region_shares
from nunatak.learning.settings import LearningSettings
from nunatak.learning.working_images import WorkingImage
from nunatak.networks.decoder import Decoder
from nunatak.networks.patch_classifier import PatchClassifier
from nunatak.objectives.autoencoder import reconstruction_loss
from nunatak.objectives.priors import published_prior
from nunatak.objectives.registry import OBJECTIVES


class PatchLearner(nn.Module):
    """A patch classifier and, where wanted, a decoder that rebuilds patches from its features.

    Parameters
    ----------
    classifier
        What is kept in the end.
    with_decoder
        Whether to rebuild patches.
    """

    def __init__(self, classifier: PatchClassifier, *, with_decoder: bool) -> None:
        super().__init__()
        self.classifier = classifier
        self.decoder = (
            Decoder(
                channels=classifier.feature_channels,
                side=1,
                patch_side=classifier.receptive_field_px,
            )
            if with_decoder
            else None
        )

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return logits of shape (b, classes), and the patches rebuilt, shape of the input."""
        features = self.classifier.features(patches)[:, :, None, None]
        rebuilt = None if self.decoder is None else self.decoder(features)
        return self.classifier.head(features).flatten(1), rebuilt


class PatchTask:
    """Makes minibatches and scores them, for `nunatak.training.loop.fit`.

    Parameters
    ----------
    images
        To train on, labelled or not.
    settings
        Objective, minibatch, autoencoder, seed.
    classifier
        To be trained.
    particles
        Expected in a micrograph.
    rank
        Of this process; each draws its own minibatches.
    """

    def __init__(
        self,
        images: Sequence[WorkingImage],
        settings: LearningSettings,
        classifier: PatchClassifier,
        *,
        particles: float,
        rank: int = 0,
    ) -> None:
        self._settings = settings
        self.module = PatchLearner(classifier, with_decoder=settings.autoencoder_weight > 0)
        self._sampler = PatchSampler(
            [image.image for image in images],
            [image.positives_px.astype(float) for image in images],
            PatchOptions(
                side_px=classifier.receptive_field_px,
                radius_px=settings.positive_radius_px,
                batch_size=settings.batch_size,
                positive_share=settings.positive_share,
                everything_unlabelled=settings.objective == "pu",
            ),
            seed=settings.seed,
            rank=rank,
            excluded=[None if one.regions is None else one.regions.excluded for one in images],
        )
        shares = region_shares(
            expected_particles=particles,
            n_labels=sum(len(image.positives_px) for image in images),
            n_images=len(images),
            n_pixels=sum(image.usable_px for image in images),
            radius_px=settings.positive_radius_px,
        )
        name, self._prior = published_prior(settings.objective, shares.positive, shares.labelled)
        self._objective = OBJECTIVES[name]

    def batch_at(self, step: int) -> PatchBatch:
        """Return the minibatch of a step: a pure function of the step."""
        return self._sampler.batch_at(step)

    def loss(self, network: nn.Module, batch: PatchBatch, teacher: nn.Module) -> Tensor:
        """Score a minibatch by the published objective; the teacher has no part in it."""
        logits, rebuilt = network(batch.patches)
        positive, unlabelled = logits[: batch.n_positive, 0], logits[batch.n_positive :, 0]
        loss = self._objective.on_patches(positive, unlabelled, self._prior)
        if rebuilt is not None:
            weight = self._settings.autoencoder_weight
            loss = loss + reconstruction_loss(batch.patches, rebuilt, weight=weight)
        return loss

    def detector(self, module: nn.Module) -> PatchClassifier:
        """Return the classifier inside a trained module."""
        return cast("PatchLearner", module).classifier

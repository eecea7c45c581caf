"""How the classifier's and the detector's logits add up to one, learned on simulated picks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from nunatak.geometry import Scale
from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES
from nunatak.pruning.detector_scores import DetectorScores
from nunatak.pruning.embedding import embed
from nunatak.pruning.features import PickFeatures
from nunatak.pruning.head import LinearHead, fit_head
from nunatak.pruning.header import ClassifierOnly, Fusion
from nunatak.pruning.model import PruningModel
from nunatak.pruning.working_micrograph import WorkingMicrograph
from nunatak.recipes.general_pruner_recipe import PrunerRecipe
from nunatak.recipes.pruning_bank import PickBank, picked_field
from nunatak.simulate.crops import DrawnField
from nunatak.simulate.density import Density

FloatArray = NDArray[np.float64]

_STRENGTH = 1e-3
"""Of the prior on the weights: next to none, for there are thousands of labels."""


@dataclass(frozen=True, eq=False)
class FittedFusion:
    """The zero-label judgement, and what it is fitted to.

    Attributes
    ----------
    fusion : Fusion
        For picks with a detector logit.
    classifier_only : ClassifierOnly
        For picks without.
    features : PickFeatures
        Of the simulated picks.
    is_particle : ndarray, shape (n,), bool
        Which of them are particles.
    """

    fusion: Fusion
    classifier_only: ClassifierOnly
    features: PickFeatures
    is_particle: NDArray[np.bool_]

    @property
    def fields(self) -> dict[str, ClassifierOnly]:
        """What it sets in the model's header."""
        return {"fusion": self.fusion, "classifier_only": self.classifier_only}


def fitted_fusion(
    model: PruningModel,
    bank: PickBank,
    complexes: Sequence[Density],
    recipe: PrunerRecipe,
    *,
    seed: int,
) -> FittedFusion:
    """Fit the judgement without labels on simulated picks that no training saw.

    Particles and junk weigh alike, whatever their numbers: how much junk there is differs from
    one set of picks to the next.

    Parameters
    ----------
    model
        The pruner.
    bank, complexes, seed
        The picks, and what they were simulated from: the detector needs their fields again.
    recipe
        How they were simulated.
    """
    # The first two views are the same ones in two dimensions and in three.
    seen = embed(model, bank.pixels(np.arange(len(bank))), views=2)
    # In tomograms the detector is asked on demand only: its weight there stays 0.
    logit = np.zeros(len(bank)) if recipe.ndim == 3 else _detected(bank, complexes, recipe, seed)
    features = PickFeatures(
        embedding=seen.embedding,
        log_probability=seen.log_probability,
        detector_logit=logit,
        picker_score=np.full(len(bank), np.nan),
    )
    is_particle = bank.class_index == SEEN_CLASSES.index(PARTICLE)
    classifier = features.classifier_logit
    both = _fitted(features.detector_logit[:, None], classifier, is_particle)
    alone = _fitted(np.zeros((len(bank), 0)), classifier, is_particle)
    return FittedFusion(
        fusion=Fusion(bias=both.bias, classifier=both.slope, detector=float(both.weights[0])),
        classifier_only=ClassifierOnly(bias=alone.bias, classifier=alone.slope),
        features=features,
        is_particle=is_particle,
    )


def _detected(
    bank: PickBank, complexes: Sequence[Density], recipe: PrunerRecipe, seed: int
) -> FloatArray:
    """Ask the detector about the places of simulated picks, whose fields are drawn again."""
    detector = DetectorScores()
    logits = []
    for index in np.unique(bank.field).tolist():
        drawn, picks = picked_field(complexes, recipe.picks, seed=seed, index=index)
        working = _as_read(drawn, recipe.crop.diameter_px)
        logits.append(detector.at(working, picks.centres_px, "dark").logit)
    return np.concatenate(logits)


def figures(fusion: FittedFusion, bank: PickBank) -> dict[str, float | int | str]:
    """Judge the classifier on the picks that the fusion was fitted to, for the model's file."""
    guess = fusion.features.log_probability.argmax(axis=1)
    logit = fusion.features.offset(fusion)
    return {
        "picks": len(bank),
        "area_under_roc": round(area_under_roc(logit, fusion.is_particle), 4),
        "area_under_roc_classifier": round(
            area_under_roc(fusion.features.classifier_logit, fusion.is_particle), 4
        ),
        "accuracy_of_classes": round(float((guess == bank.class_index).mean()), 4),
        "data": "simulated picks of complexes that took no part in training",
    }


def area_under_roc(score: FloatArray, is_positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive scores above a negative (Mann and Whitney)."""
    order = rankdata(score)
    n = int(is_positive.sum())
    excess = order[is_positive].sum() - n * (n + 1) / 2
    return float(excess / (n * (len(score) - n)))


def _fitted(x: FloatArray, offset: FloatArray, is_particle: NDArray[np.bool_]) -> LinearHead:
    share = np.where(is_particle, is_particle.mean(), 1 - is_particle.mean())
    return fit_head(x, offset, is_particle, strength=_STRENGTH, sample_weight=0.5 / share)


def _as_read(drawn: DrawnField, diameter_px: float) -> WorkingMicrograph:
    """Treat a simulated field as a micrograph that was read and resampled already."""
    ny, nx = drawn.image.shape
    pixel_size_A = drawn.scene.pixel_size_A
    return WorkingMicrograph(
        image=drawn.image,
        bad=None,
        scale=Scale((ny, nx), (ny, nx)),
        corner_px=(0, 0),
        stored_shape=(ny, nx),
        pixel_size_A=pixel_size_A,
        diameter_A=diameter_px * pixel_size_A,
        diameter_px=diameter_px,
    )

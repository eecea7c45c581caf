"""What is known about each pick, and the matrix of features that a head is fitted on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from nunatak.errors import BadInput
from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES

FloatArray = NDArray[np.float64]

MAX_COMPONENTS = 96
"""Principal components of the embedding that are kept at most; the rest of it is noise."""

_FITTED_ON = 20_000
"""Picks that the principal components are computed from at most."""

_FLOOR = 3.0
"""Whitening floor, in mean variances of the components: directions of less variance than this
are made little larger, those of more are brought down to the same."""

_EMBEDDING_VARIANCE = 8.0
"""Of all the embedding's columns together, where each of the other columns has 1: it is many
directions, and is trusted with more than one of those, but not with more than all of them."""

_TOLD_SD = 1.2
"""Standard deviation of the judgements as told from the embedding: they are trusted early, but a
single pair of odd labels must not turn them round."""

_PICKS_A_COLUMN = 5
"""Fewer picks than this for each component cannot tell how judgement follows from embedding."""

_RIDGE = 0.01
"""Penalty of that regression, in mean variances of the components."""

_MOST = 5.0
"""Standard deviations beyond which a feature's value says nothing more."""


class ClassifierFusion(Protocol):
    """How the classifier's logit c becomes that of a judgement: ``bias + classifier · c``."""

    @property
    def bias(self) -> float:
        """Logit where the classifier is undecided."""
        ...

    @property
    def classifier(self) -> float:
        """Weight of the classifier's logit."""
        ...


class DetectorFusion(ClassifierFusion, Protocol):
    """How it adds up with the detector's logit d: ``bias + classifier · c + detector · d``."""

    @property
    def detector(self) -> float:
        """Weight of the detector's logit."""
        ...


class ZeroLabelJudgement(Protocol):
    """What a model's header says about judging without labels."""

    @property
    def fusion(self) -> DetectorFusion:
        """For picks with a detector logit."""
        ...

    @property
    def classifier_only(self) -> ClassifierFusion:
        """For picks without."""
        ...


@dataclass(frozen=True, eq=False)
class PickFeatures:
    """What the shipped models and the picker say about each of n picks.

    Attributes
    ----------
    embedding : ndarray, shape (n, e), float32
        Of the crops.
    log_probability : ndarray, shape (n, c), float32
        Of ``classes``, by the shipped classifier.
    detector_logit, picker_score : ndarray, shape (n,)
        Of the shipped detector at the pick's place, and what the picker gave; NaN where unknown.
    classes
        Names of the columns of ``log_probability``.

    Raises
    ------
    BadInput
        If the lengths do not fit together, or ``classes`` lacks the particle.
    """

    embedding: NDArray[np.float32]
    log_probability: NDArray[np.float32]
    detector_logit: FloatArray
    picker_score: FloatArray
    classes: tuple[str, ...] = SEEN_CLASSES

    def __post_init__(self) -> None:
        lengths = {len(part) for part in (self.embedding, self.log_probability)}
        lengths |= {len(part) for part in (self.detector_logit, self.picker_score)}
        if len(lengths) > 1:
            raise BadInput(f"Features of one table of picks have the lengths {sorted(lengths)}.")
        if self.log_probability.shape[1] != len(self.classes) or PARTICLE not in self.classes:
            raise BadInput(
                f"{self.log_probability.shape[1]} log-probabilities cannot be those of the classes "
                f"{', '.join(self.classes)}; one of them must be '{PARTICLE}'."
            )

    def __len__(self) -> int:
        return len(self.embedding)

    @property
    def classifier_logit(self) -> FloatArray:
        """Log-odds of a particle by the shipped classifier, shape (n,)."""
        particle = self.classes.index(PARTICLE)
        log_probability = self.log_probability.astype(np.float64)
        others = np.delete(log_probability, particle, axis=1)
        return log_probability[:, particle] - logsumexp(others, axis=1)

    def offset(self, header: ZeroLabelJudgement) -> FloatArray:
        """Judge without labels.

        Parameters
        ----------
        header
            Of the pruning model.

        Returns
        -------
        ndarray, shape (n,), float64
            Logit of being a particle where particles and junk are equally many.
        """
        both, alone = header.fusion, header.classifier_only
        seen = np.isfinite(self.detector_logit)
        classifier = self.classifier_logit
        detector = np.where(seen, self.detector_logit, 0.0)
        return np.where(
            seen,
            both.bias + both.classifier * classifier + both.detector * detector,
            alone.bias + alone.classifier * classifier,
        )

    def matrix(self, *, seed: int = 0) -> FloatArray:
        """Bring everything to comparable scales.

        Parameters
        ----------
        seed
            Of the choice of picks that the principal components are computed from.

        Returns
        -------
        ndarray, shape (n, d), float64
            Columns of mean 0: up to 96 principal components of the embedding, whitened with a
            floor; then the classes' log-probabilities relative to their mean, the detector's
            logit and the picker's score, each of variance 1 and without those that do not vary.
            An unknown value is 0, which is neutral. Last come the detector's logit and the picker's
        score as they can be told from the embedding: what is by chance in a judgement of single
        picks averages out over the picks that look alike, and needs no label to do so.
        """
        log_probability = np.maximum(self.log_probability.astype(np.float64), -10.0)
        judgements = np.column_stack(
            [
                log_probability - log_probability.mean(axis=1, keepdims=True),
                self.detector_logit,
                self.picker_score,
            ]
        )
        generator = np.random.default_rng(seed)
        components = _components(self.embedding, generator)
        told = [
            _told_from(components, judgement)
            for judgement in (self.detector_logit, self.picker_score)
        ]
        told_columns = _TOLD_SD * _standardised(np.column_stack(told))
        return np.concatenate([components, _standardised(judgements), told_columns], axis=1)


def _components(embedding: NDArray[np.float32], generator: np.random.Generator) -> FloatArray:
    """Project on principal components, whitened with a floor, of the agreed total variance."""
    known = np.flatnonzero(np.isfinite(embedding).all(axis=1))
    sample = known
    if len(known) > _FITTED_ON:
        sample = np.sort(generator.choice(known, _FITTED_ON, replace=False))
    if len(sample) < 2:
        return np.zeros((len(embedding), 0))
    mean = embedding[sample].mean(axis=0, dtype=np.float64)
    centred = embedding[sample] - mean
    variance, axes = np.linalg.eigh(centred.T @ centred / len(sample))
    kept = np.argsort(variance)[::-1][: min(MAX_COMPONENTS, len(sample) - 1)]
    variance, axes = variance[kept], axes[:, kept]
    if not variance[0] > 0:
        return np.zeros((len(embedding), 0))
    axes = axes / np.sqrt(variance + _FLOOR * variance.mean())
    whitened = variance / (variance + _FLOOR * variance.mean())
    axes *= np.sqrt(_EMBEDDING_VARIANCE / whitened.sum())
    # Every axis has a sign of its own choosing; the largest entry made positive, it has one.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(kept))])
    result = np.zeros((len(embedding), len(kept)))
    result[known] = embedding[known] @ axes.astype(np.float32)
    result[known] -= mean @ axes
    return result


def _told_from(components: FloatArray, judgement: FloatArray) -> FloatArray:
    """Predict a judgement linearly from the components (ridge regression), shape (n,).

    NaN throughout where fewer picks have one than would keep the prediction from learning them by
    heart.
    """
    seen = components.any(axis=1)
    known = np.flatnonzero(np.isfinite(judgement) & seen)
    n_columns = components.shape[1]
    if n_columns == 0 or len(known) < _PICKS_A_COLUMN * n_columns:
        return np.full(len(judgement), np.nan)
    x, low_high = components[known], np.quantile(judgement[known], [0.01, 0.99])
    y = np.clip(judgement[known], *low_high)
    penalty = _RIDGE * x.var(axis=0).mean() * np.eye(n_columns)
    weights = np.linalg.solve(x.T @ x / len(x) + penalty, x.T @ (y - y.mean()) / len(x))
    return np.where(seen, components @ weights, np.nan)


def _standardised(columns: FloatArray) -> FloatArray:
    """Scale columns to mean 0 and variance 1 over what is known, and drop those that say nothing.

    The middle and the spread are the median and that of the middle two thirds where these exist,
    since scores of pickers have tails without end.
    """
    result = []
    for column in columns.T:
        known = np.isfinite(column)
        if not known.any():
            continue
        low, middle, high = np.quantile(column[known], [1 / 6, 0.5, 5 / 6])
        spread = (high - low) / 1.935 or column[known].std()
        if spread > 1e-9 * max(abs(middle), 1.0):
            scaled = np.clip((column - middle) / spread, -_MOST, _MOST)
            result.append(np.where(known, scaled - scaled[known].mean(), 0.0))
    return np.column_stack(result) if result else np.zeros((len(columns), 0))

"""What is known about each pick, and the matrix of features that a head is fitted on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from nunatak.errors import BadInput
from nunatak.pruning.classes import PARTICLE, SEEN_CLASSES

FloatArray = NDArray[np.float64]

MAX_COMPONENTS = 64
"""Principal components that are kept at most of many features; the rest of these is noise."""

_FITTED_ON = 20_000
"""Picks that the principal components are computed from at most."""

_EMBEDDING_VARIANCE = 8.0
"""Of all the embedding's columns together, where each of the other columns has 1: it is many
directions, and is trusted with more than one of those."""

_DETECTOR_VARIANCE = 4.0
"""Of all columns of the detector's features together (tried on picks of EMPIAR-10146 and 10028,
which it helps, and on simulated ones, of which the embedding knows enough)."""

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
    agreement : ndarray, shape (n,), or None
        Share of the pickers that looked at the image which picked this particle; NaN where
        unknown. None where the picks are not merged from those of several pickers.
    detector_features : ndarray, shape (n, f), float32, or None
        What the detector's last hidden layer holds at the pick's place; NaN where unknown. None
        where the detector was not asked.

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
    agreement: FloatArray | None = None
    detector_features: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        lengths = {len(part) for part in (self.embedding, self.log_probability)}
        lengths |= {len(part) for part in (self.detector_logit, self.picker_score)}
        lengths |= {
            len(part) for part in (self.agreement, self.detector_features) if part is not None
        }
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
            Columns of mean 0: up to 64 principal components each of the embedding and of the
            detector's features, of the variances that they have relative to each other; then the
            detector's logit, the picker's score and the pickers' agreement, each of variance 1 and
            without those that do not vary. An unknown value is 0, which is neutral. The classes'
            log-probabilities have no column: the offset and the embedding hold what they say, and
            on simulated sets they led few labels astray.
        """
        judgements = [self.detector_logit, self.picker_score]
        if self.agreement is not None:
            judgements.append(self.agreement)
        generator = np.random.default_rng(seed)
        columns = [_components(self.embedding, generator, variance=_EMBEDDING_VARIANCE)]
        if self.detector_features is not None:
            columns.append(
                _components(self.detector_features, generator, variance=_DETECTOR_VARIANCE)
            )
        return np.concatenate([*columns, _standardised(np.column_stack(judgements))], axis=1)


def _components(
    embedding: NDArray[np.float32], generator: np.random.Generator, *, variance: float
) -> FloatArray:
    """Project on principal components of a given total variance."""
    known = np.flatnonzero(np.isfinite(embedding).all(axis=1))
    sample = known
    if len(known) > _FITTED_ON:
        sample = np.sort(generator.choice(known, _FITTED_ON, replace=False))
    if len(sample) < 2:
        return np.zeros((len(embedding), 0))
    mean = embedding[sample].mean(axis=0, dtype=np.float64)
    centred = embedding[sample] - mean
    found, axes = np.linalg.eigh(centred.T @ centred / len(sample))
    kept = np.argsort(found)[::-1][: min(MAX_COMPONENTS, len(sample) - 1)]
    found, axes = found[kept], axes[:, kept]
    if not found[0] > 0:
        return np.zeros((len(embedding), 0))
    axes = axes * np.sqrt(variance / found.sum())
    # Every axis has a sign of its own choosing; the largest entry made positive, it has one.
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(kept))])
    result = np.zeros((len(embedding), len(kept)))
    result[known] = embedding[known] @ axes.astype(np.float32)
    result[known] -= mean @ axes
    return result


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

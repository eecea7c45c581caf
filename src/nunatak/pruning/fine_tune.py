"""Train the whole classifier on a few labels, where cross-validation within them says it pays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from nunatak.errors import BadInput
from nunatak.objectives.two_branch import USUAL_WEIGHTS, MultiLossKind, MultiLossWeights
from nunatak.pruning.classes import DUPLICATE, JUNK, PARTICLE
from nunatak.pruning.embedding import embed
from nunatak.pruning.fine_tune_epochs import IGNORED, trained
from nunatak.pruning.model import PruningModel

FloatArray = NDArray[np.float64]

EPOCHS = 40

MOST_CROPS = 8000
"""Crops that a training sees at most: with more labels than a few hundred it passes over them less
often, so that many labels take minutes, too, and not hours."""

MARGIN = 0.02
"""Nats a label that fine-tuning must gain, and seem to gain for sure, before it is preferred."""


def epochs_for(n_labels: int) -> int:
    """Return how often a training passes over so many labels.

    Examples
    --------
    >>> epochs_for(40), epochs_for(1000), epochs_for(50_000)
    (40, 8, 1)
    """
    return max(1, min(EPOCHS, MOST_CROPS // max(n_labels, 1)))


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What fine-tuning gives on labels that it has not seen.

    Attributes
    ----------
    log_loss : ndarray, shape (epochs,), float64
        Mean over all labels, each held out once, after so many epochs.
    stop_after : int
        Epochs after which it is least: what to train on all labels for.
    logit : ndarray, shape (k,), float64
        Log-odds of a particle, out of fold. When to stop was told by the labels of the other
        folds alone.
    """

    log_loss: FloatArray
    stop_after: int
    logit: FloatArray


def fine_tune(
    model: PruningModel,
    crops: NDArray[np.float32],
    class_index: NDArray[np.int64],
    *,
    loss: MultiLossKind = "full",
    weights: MultiLossWeights = USUAL_WEIGHTS,
    seed: int = 0,
    epochs: int = EPOCHS,
    stop_after: int | None = None,
    device: str = "cpu",
) -> PruningModel:
    """Train a copy of a classifier on labelled picks.

    Parameters
    ----------
    model
        To start from; stays as it is.
    crops : ndarray, shape (k, 2, side, side), float32
        Of the labelled picks alone.
    class_index : ndarray, shape (k,), int64
        Into the classes of the model's header (see `class_indices`); -1 is ignored.
    loss, weights
        Terms of the multi-loss. With ``"ce"`` the second branch learns too, but leaves the
        backbone alone.
    seed
        Of the order and of the augmentation.
    epochs
        Over which the learning rate falls to 0 by a cosine.
    stop_after
        Epochs after which to stop all the same; see `Rehearsal`.
    device
        Where to train: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    PruningModel
        On the CPU, in evaluation mode; the header's provenance tells how it came about.

    Raises
    ------
    BadInput
        If crops and classes do not fit together, or no particle or no junk is among them.
    """
    last = epochs if stop_after is None else stop_after
    if not 1 <= last <= epochs:
        raise BadInput(f"Fine-tuning cannot stop after {last} of {epochs} epochs.")
    states = trained(
        model,
        crops,
        class_index,
        loss=loss,
        weights=weights,
        seed=seed,
        epochs=epochs,
        device=device,
    )
    network = next(state for epoch, state in enumerate(states, start=1) if epoch == last)
    told = {
        "loss": loss,
        "weights": weights.model_dump(),
        "seed": seed,
        "epochs": last,
        "labels": int((class_index >= 0).sum()),
    }
    provenance = {**model.header.provenance, "fine_tuning": told}
    return PruningModel(
        header=model.header.model_copy(update={"provenance": provenance}),
        network=network.cpu().eval(),
    )


def rehearse(
    model: PruningModel,
    crops: NDArray[np.float32],
    class_index: NDArray[np.int64],
    fold: NDArray[np.int64],
    *,
    loss: MultiLossKind = "full",
    weights: MultiLossWeights = USUAL_WEIGHTS,
    seed: int = 0,
    epochs: int = EPOCHS,
    device: str = "cpu",
) -> Rehearsal:
    """Fine-tune once for each fold of the labels, without it, and judge it.

    Parameters
    ----------
    model, crops, class_index, loss, weights, seed, epochs, device
        As for `fine_tune`.
    fold : ndarray, shape (k,), int64
        Which fold each label is of; the same folds as other methods are judged by.

    Returns
    -------
    Rehearsal

    Raises
    ------
    BadInput
        If there are fewer than two folds, or a fold leaves no particle or no junk to learn from.
    """
    names = np.unique(fold)
    if len(names) < 2 or len(fold) != len(class_index):
        raise BadInput(
            f"{len(class_index)} labels came in {len(names)} folds of {len(fold)} labels in all; "
            "fine-tuning is judged by at least two folds."
        )
    particle = model.header.classes.index(PARTICLE)
    logit = np.zeros((epochs, len(class_index)))
    for number, name in enumerate(names):
        own = fold == name
        states = trained(
            model,
            crops[~own],
            class_index[~own],
            loss=loss,
            weights=weights,
            seed=seed + number,
            epochs=epochs,
            device=device,
        )
        for epoch, network in enumerate(states):
            state = PruningModel(model.header, network)
            logit[epoch, own] = _particle_logit(state, crops[own], particle, device)
    losses = np.stack([log_losses(one, class_index == particle) for one in logit])
    losses[:, class_index == IGNORED] = np.nan
    curve = np.nanmean(losses, axis=1)
    out_of_fold = np.empty(len(fold))
    for name in names:
        own = fold == name
        out_of_fold[own] = logit[np.nanmean(losses[:, ~own], axis=1).argmin(), own]
    return Rehearsal(curve, int(curve.argmin()) + 1, out_of_fold)


def fine_tune_wins(
    tuned_logit: FloatArray,
    linear_logit: FloatArray,
    is_particle: NDArray[np.bool_],
    *,
    margin: float = MARGIN,
) -> bool:
    """Tell whether fine-tuning judges labels that it has not seen better than a linear head.

    Parameters
    ----------
    tuned_logit, linear_logit : ndarray, shape (k,), float64
        Log-odds of a particle, out of the same folds.
    is_particle : ndarray, shape (k,), bool
        The labels.
    margin
        Nats a label.

    Returns
    -------
    bool
        Whether the mean gain in log-loss is above the margin by more than its standard error
        (the rule of one standard error: Breiman et al. 1984, in favour of the simpler one).

    Examples
    --------
    >>> truth = np.array([True, True, False, False])
    >>> sure, unsure = np.where(truth, 3.0, -3.0), np.where(truth, 0.5, -0.5)
    >>> fine_tune_wins(sure, unsure, truth), fine_tune_wins(unsure, sure, truth)
    (True, False)
    """
    gain = log_losses(linear_logit, is_particle) - log_losses(tuned_logit, is_particle)
    if len(gain) < 2:
        return False
    standard_error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() - standard_error > margin)


def log_losses(logit: FloatArray, is_particle: NDArray[np.bool_]) -> FloatArray:
    """Logarithmic loss of each label, nats, shape (k,)."""
    return np.logaddexp(0.0, np.where(is_particle, -logit, logit))


def class_indices(
    names: NDArray[np.str_], log_probability: NDArray[np.float32], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    """Say what labels stand for among the classes that a classifier tells apart.

    Parameters
    ----------
    names : ndarray, shape (k,), str
        Labels, of `nunatak.pruning.classes.CLASSES`.
    log_probability : ndarray, shape (k, c), float32
        What the classifier makes of the labelled picks.
    classes
        Its classes.

    Returns
    -------
    ndarray, shape (k,), int64
        Junk whose kind nobody named is of the kind that the classifier takes it for; a duplicate,
        whose picture is that of a particle, is ignored: -1.

    Raises
    ------
    BadInput
        If a label is none of these.
    """
    unknown = sorted(set(names.tolist()) - {*classes, JUNK, DUPLICATE})
    if unknown:
        raise BadInput(
            f"The classifier knows no class {', '.join(unknown)}, only {', '.join(classes)}."
        )
    as_junk = log_probability.copy()
    as_junk[:, classes.index(PARTICLE)] = -np.inf
    index: NDArray[np.int64] = as_junk.argmax(axis=1)
    for number, name in enumerate(classes):
        index[names == name] = number
    index[names == DUPLICATE] = IGNORED
    return index


def _particle_logit(
    model: PruningModel, crops: NDArray[np.float32], particle: int, device: str
) -> FloatArray:
    judged = embed(model, crops, device=device, precision="float32").log_probability
    others = np.delete(judged, particle, axis=1)
    return np.asarray(judged[:, particle] - logsumexp(others, axis=1), dtype=np.float64)

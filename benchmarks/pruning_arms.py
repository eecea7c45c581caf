"""Ways to tell particles from junk with a few labels, which the pruning study compares."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nunatak.pruning.classes import PARTICLE
from nunatak.pruning.decide import KEPT_FROM
from pruning_features import Eyes, Seen
from pruning_measures import kept_at
from pruning_ours import Ours
from pruning_replicas import Replica

COUNTS = (0, 1, 2, 5, 10, 20, 50, 100)
"""Labels a class."""

MANY, FEW = 20, 5
"""Labels a class at which the replicas are compared, and at which ours should match them."""

DRAWS, DRAWS_OF_MANY, DRAWS_OF_ABLATION = 20, 50, 10
DRAWS_OF_FINE_TUNED = 3
DRAWS_OF_SIMULATED = 3
"""Of each simulated set: there are 21 of them, which makes 63 draws."""


@dataclass(frozen=True, eq=False)
class Case:
    """What an arm is given.

    Attributes
    ----------
    seen : Seen
        Crops and features of all picks of the set.
    eyes : Eyes
        Models to start from.
    rows : ndarray, int64
        Picks that take part, labelled or not.
    labelled : ndarray, shape (k,), int64
    names : ndarray, shape (k,), str
        The labels.
    called : ndarray, shape (classes,), str
        What each class of the shipped classifier is called by the labels.
    judged : ndarray, shape (n,), int64
        Picks to judge; what they are nobody tells.
    seed : int
    """

    seen: Seen
    eyes: Eyes
    rows: NDArray[np.int64]
    labelled: NDArray[np.int64]
    names: NDArray[np.str_]
    called: NDArray[np.str_]
    judged: NDArray[np.int64]
    seed: int


@dataclass(frozen=True, eq=False)
class Answer:
    """What an arm makes of the judged picks.

    Attributes
    ----------
    probability : ndarray, shape (n,), float64
        Of being a particle.
    taken : ndarray, shape (n,), bool
        What is taken for a particle.
    predicted : ndarray, shape (n,), str
        Class.
    kept : ndarray, shape (n,), bool
        What is kept where 5 % of false picks are allowed.
    more : dict
        What else is worth telling: JSON values.
    """

    probability: NDArray[np.float64]
    taken: NDArray[np.bool_]
    predicted: NDArray[np.str_]
    kept: NDArray[np.bool_]
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Arm:
    """A way to learn.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    settings : Ours or Replica
    draws : mapping
        Number of draws for each number of labels a class.
    is_ablation : bool
    is_slow : bool
        A minute and more a run: tried on the real sets alone.
    """

    name: str
    title: str
    settings: Ours | Replica
    draws: Mapping[int, int]
    is_ablation: bool = False
    is_slow: bool = False

    def described(self) -> dict[str, Any]:
        """Tell what determines its judgement: JSON values."""
        return {"kind": type(self.settings).__name__, **asdict(self.settings)}

    def judge(self, case: Case) -> Answer:
        """Learn from the labels, and judge."""
        judge: Callable[[Any, Case], Answer] = by_replica if self.is_replica else by_ours
        return judge(self.settings, case)

    @property
    def is_replica(self) -> bool:
        """Whether it is somebody else's method."""
        return isinstance(self.settings, Replica)


def by_replica(replica: Replica, case: Case) -> Answer:
    """Train a replica, and take its word."""
    classes = np.unique(case.names)
    network = replica.trained(
        case.eyes.model.network,
        case.seen.of(case.labelled),
        np.searchsorted(classes, case.names).astype(np.int64),
        classes=len(classes),
        seed=case.seed,
        device=case.eyes.device,
    )
    shares = replica.probability(network, case.seen.crops, rows=case.judged)
    probability = shares[:, classes.tolist().index(PARTICLE)]
    predicted = classes[shares.argmax(axis=1)]
    return Answer(probability, predicted == PARTICLE, predicted, kept_at(probability))


def by_ours(ours: Ours, case: Case) -> Answer:
    """Judge as `nunatak prune` does."""
    found = ours.judged(case)
    place = np.searchsorted(case.rows, case.judged)
    probability = found.probability[place]
    return Answer(
        probability,
        probability >= KEPT_FROM,
        found.predicted[place],
        probability >= found.keep_from,
        found.account,
    )


_CURVE = {count: DRAWS_OF_MANY if count == MANY else DRAWS for count in COUNTS}
_ONCE_AND_MANY = {0: 1, MANY: DRAWS_OF_ABLATION}

OURS = Arm("ours", "nunatak, linear head", Ours(), {**_CURVE, 0: DRAWS})
RELEASED = Arm(
    "released", "PickerOptimizer as released", Replica(two_branches=False), {MANY: DRAWS_OF_MANY}
)
PUBLISHED = Arm(
    "published", "PickerOptimizer as published", Replica(two_branches=True), {MANY: DRAWS_OF_MANY}
)

ARMS = (
    OURS,
    RELEASED,
    PUBLISHED,
    Arm("no-context", "without the surroundings", Ours(context=False), _ONCE_AND_MANY, True),
    Arm("no-detector", "without the detector", Ours(detector=False), _ONCE_AND_MANY, True),
    Arm(
        "no-detector-features",
        "with the detector's logit alone",
        Ours(detector_features=False),
        {MANY: DRAWS_OF_ABLATION},
        True,
    ),
    *(
        Arm(
            f"fine-tuned-{loss}",
            f"fine-tuned, {title}",
            Ours(fine_tune=loss),
            {MANY: DRAWS_OF_FINE_TUNED},
            True,
            is_slow=True,
        )
        for loss, title in (
            ("ce", "one branch"),
            ("two-branch", "two branches"),
            ("full", "two branches, consistency and contrast"),
        )
    ),
    Arm(
        "fine-tuned-from-random",
        "fine-tuned, as the last, from random weights",
        Ours(fine_tune="full", pretrained=False),
        {MANY: DRAWS_OF_FINE_TUNED},
        True,
        is_slow=True,
    ),
)
"""In the order of their importance."""

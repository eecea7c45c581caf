"""The CZII score of a set of picks: for programs (`to_dict`) and people (`to_text`)."""

from dataclasses import dataclass
from typing import Any

BETA = 4
"""Weight of recall over precision."""


@dataclass(frozen=True)
class CziiClass:
    """Counts of one class, summed over tomograms.

    Attributes
    ----------
    name : str
    weight : float
    truths, candidates : int
    true_positives : int
        Truths with a candidate near.
    """

    name: str
    weight: float
    truths: int
    candidates: int
    true_positives: int

    @property
    def false_positives(self) -> int:
        """Candidates beyond the truths found; negative where candidates find two each."""
        return self.candidates - self.true_positives

    @property
    def false_negatives(self) -> int:
        """Truths without a candidate near."""
        return self.truths - self.true_positives

    @property
    def precision(self) -> float:
        """Truths found over candidates, 0 without candidates."""
        return self.true_positives / self.candidates if self.candidates else 0.0

    @property
    def recall(self) -> float:
        """Truths found over truths, 0 without truths."""
        return self.true_positives / self.truths if self.truths else 0.0

    @property
    def f_beta(self) -> float:
        """F-measure with `BETA`, 0 where precision and recall are."""
        precision, recall = self.precision, self.recall
        if precision + recall == 0:
            return 0.0
        return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)

    def to_dict(self) -> dict[str, Any]:
        """Return counts and figures in plain types."""
        figures = ("false_positives", "false_negatives", "precision", "recall", "f_beta")
        return {**vars(self), **{name: getattr(self, name) for name in figures}}


@dataclass(frozen=True)
class CziiScore:
    """The score of one selection of picks.

    Attributes
    ----------
    name : str
        How the selection came about, in words.
    classes : tuple of CziiClass
        Those that the truth set contains, by name.
    total_weight : float
        Of all classes known, in the truth set or not.
    n_unselected_truths : int
        Candidates of the truth set that are marked as not selected, left out.
    """

    name: str
    classes: tuple[CziiClass, ...]
    total_weight: float
    n_unselected_truths: int = 0

    @property
    def score(self) -> float:
        """Mean of the classes' F-measures by weight; a class without a truth counts as 0."""
        return sum(one.weight * one.f_beta for one in self.classes) / self.total_weight

    def to_dict(self) -> dict[str, Any]:
        """Return the score in plain types fit for JSON."""
        classes = [one.to_dict() for one in self.classes]
        return {
            "name": self.name,
            "score": self.score,
            "beta": BETA,
            "classes": classes,
            "n_unselected_truths": self.n_unselected_truths,
        }

    def to_text(self) -> str:
        """Return a table for people."""
        title = f"CZII score, {self.name[0].lower()}{self.name[1:]}: {self.score:.4f}"
        header = (
            f"  {'class':24}{'weight':>7}{'true':>7}{'picks':>7}{'found':>7}{'precision':>11}"
            f"{'recall':>9}{f'F{BETA}':>9}"
        )
        lines = [
            f"  {one.name:24}{one.weight:7g}{one.truths:7}{one.candidates:7}{one.true_positives:7}"
            f"{one.precision:11.4f}{one.recall:9.4f}{one.f_beta:9.4f}"
            for one in self.classes
        ]
        return "\n".join([title, header, *lines])

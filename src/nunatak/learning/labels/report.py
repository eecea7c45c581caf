"""What is odd about a set of labels: counted, with examples, the suspected cause and the remedy."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from nunatak.errors import EXIT_OK, EXIT_SOME_FAILED, Mismatch
from nunatak.learning.labels.fit import FitReport

_MOST_EXAMPLES = 5


class Severity(StrEnum):
    """How serious a finding is."""

    NOTE = "note"
    """Worth knowing."""

    WARNING = "warning"
    """Nothing is lost, but something may be wrong."""

    ERROR = "error"
    """Part of the labels cannot be used; the rest can."""

    REFUSAL = "refusal"
    """Nothing should be learned from these labels before the cause is removed."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One kind of oddity.

    Attributes
    ----------
    kind : str
        For programs, such as ``"outside"``.
    severity : Severity
    count : int
        How many labels or micrographs it concerns.
    text : str
        What was found, a sentence without its full stop.
    examples : tuple of str
        Names or positions of some.
    cause : str
        What is suspected; empty where nothing is.
    remedy : str
        What to do; empty where there is nothing to do.
    """

    kind: str
    severity: Severity
    count: int
    text: str
    examples: tuple[str, ...] = ()
    cause: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [self.text + self._such_as(), self.cause, self.remedy]
        return " ".join(part if part[-1] in ".?" else f"{part}." for part in parts if part)

    def _such_as(self) -> str:
        if not self.examples:
            return ""
        shown = ", ".join(self.examples[:_MOST_EXAMPLES])
        return f" ({shown}{', …' if self.count > len(self.examples[:_MOST_EXAMPLES]) else ''})"

    def to_dict(self) -> dict[str, object]:
        """Return the finding as what JSON can hold."""
        return {
            "kind": self.kind,
            "severity": self.severity.value,
            "count": self.count,
            "text": self.text,
            "examples": list(self.examples),
            "cause": self.cause,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, kw_only=True)
class LabelReport:
    """What became of the labels, and everything that is odd about them.

    Attributes
    ----------
    source : str
        Where the labels came from.
    n_read : int
        Rows of the labels as read.
    n_positive, n_negative : int
        What is used: labelled particles and places marked as none.
    n_micrographs, n_labelled : int
        Micrographs given, and those of them with a usable label.
    findings : tuple of Finding
        In the order in which they were made. The rows that are not used are all counted here.
    fit : FitReport or None
        What the micrographs say about the positions; None where they were not looked at.
    unusable : tuple of (str, str)
        Micrographs whose labels cannot be used, each with the reason.
    """

    source: str
    n_read: int
    n_positive: int
    n_negative: int
    n_micrographs: int
    n_labelled: int
    findings: tuple[Finding, ...] = ()
    fit: FitReport | None = None
    unusable: tuple[tuple[str, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """3 if part of the labels cannot be used, 0 otherwise."""
        failed = any(found.severity is Severity.ERROR for found in self.findings)
        return EXIT_SOME_FAILED if failed else EXIT_OK

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(found for found in self.findings if found.severity is severity)

    def raise_refusals(self) -> None:
        """Refuse labels that nothing should be learned from.

        Raises
        ------
        Mismatch
            With everything that speaks against them.
        """
        refused = self.of(Severity.REFUSAL)
        if refused:
            raise Mismatch(f"{self.source}: " + " ".join(str(found) for found in refused))

    def to_text(self) -> str:
        """Sum up for the terminal: what is used, then the findings, the worst first."""
        used = f"{self.n_positive} labels"
        if self.n_negative:
            used += f" and {self.n_negative} places marked as no particle"
        lines = [
            f"{used} on {self.n_labelled} of {self.n_micrographs} micrographs "
            f"({self.source}, {self.n_read} rows)."
        ]
        order = list(reversed(Severity))
        ranked = sorted(self.findings, key=lambda found: order.index(found.severity))
        lines += [f"{found.severity.value}: {found}" for found in ranked]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the report as what JSON can hold."""
        return {
            "source": self.source,
            "n_read": self.n_read,
            "n_positive": self.n_positive,
            "n_negative": self.n_negative,
            "n_micrographs": self.n_micrographs,
            "n_labelled": self.n_labelled,
            "findings": [found.to_dict() for found in self.findings],
            "fit": None if self.fit is None else self.fit.to_dict(),
            "unusable": [list(pair) for pair in self.unusable],
        }


def share(count: int, total: int, noun: str) -> str:
    """Say a count with its share.

    Examples
    --------
    >>> share(3, 12, "labels")
    '3 of 12 labels (25 %)'
    """
    return f"{count} of {total} {noun} ({100 * count / total:.0f} %)"


def first(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first few different names, as examples."""
    return tuple(dict.fromkeys(names))[:_MOST_EXAMPLES]

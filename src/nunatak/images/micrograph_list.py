"""What the user's inputs name: micrographs that exist, and everything else, counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NO_SUCH_FILE = "there is no such file"


@dataclass(frozen=True, slots=True)
class ListedMicrograph:
    """One micrograph, not opened yet.

    Attributes
    ----------
    path : Path
        Where it is.
    name : str
        Its identity: the path as the user, the pattern, the list or the STAR file gave it.
    pixel_size_A : float or None
        From the STAR file.
    """

    path: Path
    name: str
    pixel_size_A: float | None = None


@dataclass(frozen=True, slots=True)
class MissingMicrograph:
    """Something that an input names and that cannot be worked on.

    Attributes
    ----------
    name : str
        As it was given; what is no text is escaped.
    origin : str
        The list or STAR file that names it, or ``"the command line"``.
    problem : str
        Why not.
    """

    name: str
    origin: str
    problem: str = NO_SUCH_FILE

    @property
    def reason(self) -> str:
        """Why it cannot be worked on, and who named it."""
        return f"{self.problem} (named by {self.origin})"


@dataclass(frozen=True)
class MicrographList:
    """The micrographs to work on, in order.

    Attributes
    ----------
    micrographs : tuple of ListedMicrograph
        Each file once.
    missing : tuple of MissingMicrograph
        An error each, though not a reason to leave the others out.
    n_duplicates : int
        How often a file that was already listed came again.
    notes : tuple of str
        What was left out and which folder names are relative to, counted, for the user.
    """

    micrographs: tuple[ListedMicrograph, ...]
    missing: tuple[MissingMicrograph, ...] = ()
    n_duplicates: int = 0
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.micrographs)

    def __iter__(self) -> Iterator[ListedMicrograph]:
        return iter(self.micrographs)

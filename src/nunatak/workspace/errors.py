"""Why a change was refused, beyond the errors that the whole package shares."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nunatak.errors import BadInput, FormatError, Mismatch

if TYPE_CHECKING:
    from nunatak.workspace.decisions import Said
    from nunatak.workspace.marks import Labels
    from nunatak.workspace.project import Settings


class NotFound(BadInput):
    """An image, a set of picks or a run that the project does not have."""

    def __init__(self, what: str, number: int) -> None:
        super().__init__(
            f"This project has no {what} {number}. Reload the page to see what there is."
        )


class NoProject(BadInput):
    """A folder that holds no project."""


class NewerProject(BadInput):
    """A project that a newer version of nunatak made."""


class DamagedProject(FormatError):
    """A database that cannot be read any more; one that is restored can."""


class StaleEdit(Mismatch):
    """Somebody changed the image since; nothing of the edit was saved.

    Attributes
    ----------
    labels : Labels
        As they are now.
    """

    def __init__(self, labels: "Labels") -> None:
        self.labels = labels
        super().__init__(
            "This image was changed in another window or by another person since you loaded it. "
            "Your change was not saved; look at both and repeat what is missing."
        )


class StaleSettings(Mismatch):
    """Somebody changed the settings since; nothing was changed.

    Attributes
    ----------
    settings : Settings
        As they are now.
    """

    def __init__(self, settings: "Settings") -> None:
        self.settings = settings
        super().__init__(
            "The project's settings were changed in another window or by another person since you "
            "loaded them. Look at them again, and repeat your change."
        )


class StaleReview(Mismatch):
    """Somebody decided otherwise on the same candidates since; nothing of the review was saved.

    Attributes
    ----------
    present : mapping of int to Said
        What is saved of them now, by number.
    """

    def __init__(self, present: "Mapping[int, Said]") -> None:
        self.present = present
        super().__init__(
            f"Somebody else, or another window, decided otherwise on {len(present)} of these "
            "candidates since you loaded them. Nothing was saved; look at both and decide again."
        )

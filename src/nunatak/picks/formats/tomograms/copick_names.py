"""Where copick keeps the picks of a run, and which names it takes."""

import re
from collections.abc import Iterable
from pathlib import Path

from nunatak.errors import BadInput, UsageError
from nunatak.images.copick_project import PICKS_FOLDER, RUNS_FOLDER

USER = "nunatak"
SESSION = "0"
"""By copick's convention, the session of a tool."""

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1F\x7F\s_]')
"""Underscores part user, session and object in copick's file names."""


def path_of(run: str, name: str, *, user: str = USER, session: str = SESSION) -> Path:
    """Return the file of a run's picks of an object, below the project's folder.

    Examples
    --------
    >>> path_of("TS_1", "ribosome").as_posix()
    'ExperimentRuns/TS_1/Picks/nunatak_0_ribosome.json'
    """
    return Path(RUNS_FOLDER, run, PICKS_FOLDER, f"{user}_{session}_{name}.json")


def refuse_owner(user: str, session: str) -> None:
    """Refuse names of a user or a session that copick refuses.

    Raises
    ------
    UsageError
        As in `refuse_names`.
    """
    for what, name in (("user", user), ("session", session)):
        if not name or _taken(name) != name:
            raise UsageError(
                f"copick takes no {what} named {name!r}: no underscores, blanks, dashes at either "
                f'end, nor any of <>:"/\\|?*. Give another one (--copick-{what}).'
            )


def run_above(path: Path) -> str | None:
    """Return the run in whose folder of picks a file lies, or None."""
    folder = path.absolute().parent
    return folder.parent.name or None if folder.name == PICKS_FOLDER else None


def refuse_names(names: Iterable[str]) -> None:
    """Refuse names of objects that copick refuses.

    Raises
    ------
    BadInput
        If a name holds an underscore, a blank or a character of paths, or begins or ends with a
        dash; the message says a name that copick takes.
    """
    for name in names:
        taken = _taken(name)
        if taken != name:
            hint = f"to {taken!r}, for instance" if taken else "to one with letters or digits"
            raise BadInput(
                f"copick takes no object named {name!r}: no underscores, blanks, dashes at either "
                f'end, nor any of <>:"/\\|?*. Rename that class {hint}.'
            )


def _taken(name: str) -> str:
    """Return what copick would make of a name; the name itself where copick takes it."""
    return _REFUSED.sub("-", name).strip("-")

"""Where copick keeps the picks of a run, and which names it takes."""

import re
from collections.abc import Iterable
from pathlib import Path

from nunatak.errors import BadInput
from nunatak.images.copick_project import RUNS_FOLDER

USER = "nunatak"
SESSION = "0"
"""By copick's convention, the session of a tool."""

_PICKS_FOLDER = "Picks"
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1F\x7F\s_]')
"""Underscores part user, session and object in copick's file names."""


def path_of(run: str, name: str) -> Path:
    """Return the file of a run's picks of an object, below the project's folder.

    Examples
    --------
    >>> path_of("TS_1", "ribosome").as_posix()
    'ExperimentRuns/TS_1/Picks/nunatak_0_ribosome.json'
    """
    return Path(RUNS_FOLDER, run, _PICKS_FOLDER, f"{USER}_{SESSION}_{name}.json")


def run_above(path: Path) -> str | None:
    """Return the run in whose folder of picks a file lies, or None."""
    folder = path.absolute().parent
    return folder.parent.name or None if folder.name == _PICKS_FOLDER else None


def refuse_names(names: Iterable[str]) -> None:
    """Refuse names of objects that copick refuses.

    Raises
    ------
    BadInput
        If a name holds an underscore, a blank or a character of paths, or begins or ends with a
        dash; the message says a name that copick takes.
    """
    for name in names:
        taken = _REFUSED.sub("-", name).strip("-")
        if taken != name:
            hint = f"to {taken!r}, for instance" if taken else "to one with letters or digits"
            raise BadInput(
                f"copick takes no object named {name!r}: no underscores, blanks, dashes at either "
                f'end, nor any of <>:"/\\|?*. Rename that class {hint}.'
            )

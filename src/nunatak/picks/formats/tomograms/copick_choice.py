"""Whose picks are read from a copick project, where several users and sessions picked one object.

copick tells them apart by the names of its files, ``<user>_<session>_<object>.json``. Picks of a
person and of a program lie side by side there, and joining them unasked would be wrong.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from nunatak.errors import BadInput, UsageError
from nunatak.images.copick_project import copick_project_at
from nunatak.picks.counted import counted
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.tomograms import copick_json
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

Found = list[tuple[Path, PickFormat]]
"""Files of picks with their formats."""

_Group = list[tuple[Path, int]]
"""Files of one object in one tomogram, with how many picks each holds."""

_CHOOSE = "Choose by --copick-user and --copick-session."


def files_of_project(path: Path) -> list[Path]:
    """Return all files of picks of a project, run by run.

    Parameters
    ----------
    path
        Its configuration, or the folder that this lies in.

    Returns
    -------
    list of Path
        Empty if the path stands for no project.

    Raises
    ------
    BadInput
        If there are none, or the project cannot be read.
    """
    project = copick_project_at(path)
    if project is None:
        return []
    files = [file for run in project.runs for file in project.pick_files(run)]
    if not files:
        raise BadInput(
            f"{project.path}: a copick project of {counted(len(project.runs), 'run')} without a "
            "file of picks. Pick its tomograms, or correct its overlay_root."
        )
    return files


def owner_of(path: Path) -> tuple[str, str] | None:
    """Return user and session of a file of picks; None of a file that is named otherwise.

    Examples
    --------
    >>> owner_of(Path("Picks/alice_1_ribosome.json")), owner_of(Path("Picks/ribosome.json"))
    (('alice', '1'), None)
    """
    user, *others = path.stem.split("_", 2)
    return (user, others[0]) if len(others) == 2 else None


def chosen(found: Found, facts: TomogramFacts) -> Found:
    """Return the files of the user and the session that were asked for, and those not copick's.

    Raises
    ------
    BadInput
        If there are files of copick, and none of them is of that user and session.
    """
    if facts.copick_user is None and facts.copick_session is None:
        return found
    owners = {file: owner_of(file) for file, fmt in found if fmt is copick_json.FORMAT}
    fitting = {file for file, owner in owners.items() if owner and _is_wanted(owner, facts)}
    if owners and not fitting:
        there = sorted({_in_words(file) for file in owners})
        wanted = f"user {facts.copick_user or 'any'}, session {facts.copick_session or 'any'}"
        raise BadInput(
            f"No copick picks of {wanted}. By their names, the files are of "
            f"{', '.join(there[:5])}{' and others' if len(there) > 5 else ''}."
        )
    return [(file, fmt) for file, fmt in found if file not in owners or file in fitting]


def refuse_idle_choice(found: Found, facts: TomogramFacts) -> None:
    """Refuse to choose among the users and sessions of files that have none.

    Raises
    ------
    UsageError
        If a user or a session was asked for, and no file is copick's.
    """
    is_asked = facts.copick_user is not None or facts.copick_session is not None
    if is_asked and not any(fmt is copick_json.FORMAT for _, fmt in found):
        raise UsageError(
            "--copick-user and --copick-session choose among copick's files of picks, and there "
            "are none. Leave them out."
        )


def notes_on_joined(found: Found, parts: Sequence[PickSet]) -> list[str]:
    """Say of which objects several files were joined in one tomogram, and whose they are.

    Parameters
    ----------
    found
        The files.
    parts
        The picks of each file.
    """
    return [
        f"Warning: {_several(name, groups)}, all of which were taken: {_whose(groups)}. {_CHOOSE}"
        for name, groups in _joined(found, parts).items()
    ]


def refuse_joined(found: Found, parts: Sequence[PickSet]) -> None:
    """Refuse files that hold one object in one tomogram, of whose picks one set is meant.

    Parameters
    ----------
    found
        The files.
    parts
        The picks of each file.

    Raises
    ------
    BadInput
        If there are such files; the message says whose they are.
    """
    for name, groups in _joined(found, parts).items():
        raise BadInput(
            f"{_several(name, groups)}: {_whose(groups)}. {_CHOOSE} To take several of them, unite "
            "them first (nunatak merge)."
        )


def _joined(found: Found, parts: Sequence[PickSet]) -> dict[str, list[_Group]]:
    """Return by object the files that share it and a tomogram, tomogram by tomogram."""
    files: defaultdict[tuple[str, str], _Group] = defaultdict(list)
    for (file, fmt), part in zip(found, parts, strict=True):
        if fmt is copick_json.FORMAT and len(part):
            name = str(part.table["class_name"].iloc[0])
            files[name, part.images[0]].append((file, len(part)))
    joined: defaultdict[str, list[_Group]] = defaultdict(list)
    for (name, _), of_one in files.items():
        if len(of_one) > 1:
            joined[name].append(of_one)
    return joined


def _several(name: str, groups: list[_Group]) -> str:
    return f"{name} has several copick files in {counted(len(groups), 'tomogram')}"


def _whose(groups: list[_Group]) -> str:
    n_picks: defaultdict[str, int] = defaultdict(int)
    for file, number in (one for group in groups for one in group):
        n_picks[_in_words(file)] += number
    return ", ".join(f"{counted(number, 'pick')} of {who}" for who, number in n_picks.items())


def _is_wanted(owner: tuple[str, str], facts: TomogramFacts) -> bool:
    user, session = owner
    return facts.copick_user in (None, user) and facts.copick_session in (None, session)


def _in_words(file: Path) -> str:
    owner = owner_of(file)
    return f"user {owner[0]}, session {owner[1]}" if owner else "nobody"

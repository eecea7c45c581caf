"""Whether a process still runs: its number alone does not tell, as numbers are used again."""

import os
import subprocess
from pathlib import Path

_SELF = "/proc/self/stat"
_AFTER_NAME = 2
"""Fields of /proc/PID/stat up to the name, which may hold blanks and parentheses."""
_STATE, _START = 3, 22
_GONE = {"Z", "X", "x"}


def process_start(pid: int) -> str | None:
    """Return when a process of this machine began, None where there is none.

    Parameters
    ----------
    pid
        Its number.

    Returns
    -------
    str
        A text that no other process of this number had, also not before the machine was started
        anew. Processes that have ended and wait to be collected are gone.

    Examples
    --------
    >>> import os
    >>> process_start(os.getpid()) == process_start(os.getpid()) is not None
    True
    """
    if not Path(_SELF).exists():
        return _start_by_ps(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if fields[_STATE - _AFTER_NAME - 1] in _GONE:
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {fields[_START - _AFTER_NAME - 1]}"


def is_of_this_machine(started: str) -> bool:
    """Tell whether a process that began then is of this machine, since that was switched on.

    Where the system does not tell machines apart, every process is.
    """
    if not Path(_SELF).exists():
        return True
    mine = process_start(os.getpid()) or ""
    return started.partition(" ")[0] == mine.partition(" ")[0]


def is_alive(pid: int, started: str) -> bool:
    """Tell whether the process of this number is still the one that began at that time."""
    return process_start(pid) == started


def is_hidden(pid: int) -> bool:
    """Tell whether a process of this number runs of which the system tells other users nothing.

    So it is where /proc was mounted with ``hidepid``, as on many login nodes of clusters.
    """
    if process_start(pid) is not None:
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError) as error:
        return isinstance(error, PermissionError)
    return False


def _start_by_ps(pid: int) -> str | None:
    """Ask the system's own tool, where there is no /proc."""
    found = subprocess.run(  # noqa: S603 - a number is no shell's word
        ["ps", "-o", "lstart=,stat=", "-p", str(pid)],  # noqa: S607 - a part of every Unix
        capture_output=True,
        text=True,
        check=False,
    )
    words = found.stdout.split()
    if found.returncode or not words or words[-1][0] in _GONE:
        return None
    return " ".join(words[:-1])

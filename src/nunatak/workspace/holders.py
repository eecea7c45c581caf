"""Which programs hold a file's locks, as far as the system tells."""

import os
from pathlib import Path

_LOCKS = Path("/proc/locks")
_NOBODY_KNOWN = "another program, perhaps on another machine"


def holders_of(path: Path) -> str:
    """Say in words who holds locks on a file.

    Linux lists the locks of its own machine. The file is not opened: closing it again would drop
    the locks that this process holds on it.

    Examples
    --------
    >>> holders_of(Path("no_such_file"))
    'another program, perhaps on another machine'
    """
    try:
        file = path.stat()
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return _NOBODY_KNOWN
    here = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    fields = [line.split() for line in lines]
    pids = {int(one[4]) for one in fields if here in one and one[1] != "->"}
    return " and ".join(_described(pid) for pid in sorted(pids)) or _NOBODY_KNOWN


def _described(pid: int) -> str:
    if pid == os.getpid():
        return "this program itself"
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({name})"

"""Which server a project has: one at a time, so that no run is started twice.

The database says who holds the project. Whether that server still runs, the system tells on the
same machine; of another machine, or where it hides what others run, a file tells, which the server
touches every few seconds.
"""

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nunatak.errors import NunatakError, UsageError
from nunatak.server.life_sign import GONE_AFTER_S, LifeSign
from nunatak.workspace.base import now
from nunatak.workspace.connection import Workspace
from nunatak.workspace.holding import Holder, hold, holder_of, release
from nunatak.workspace.processes import (
    is_alive,
    is_hidden,
    is_of_this_machine,
    process_start,
)

BEAT_S = 10.0
"""Between two signs of life."""

_log = logging.getLogger(__name__)


class AlreadyServed(UsageError):
    """The project has a server.

    Attributes
    ----------
    address : str or None
        Where it is; None where only another user knows it.
    """

    def __init__(self, message: str, address: str | None = None) -> None:
        super().__init__(message)
        self.address = address


class Claim:
    """A server's hold on a project, which gives signs of life in a thread of its own.

    Parameters
    ----------
    workspace
        The project.
    mine
        This server.
    address
        To open in the browser.
    """

    def __init__(self, workspace: Workspace, mine: Holder, address: str) -> None:
        self._workspace = workspace
        self._mine = mine
        self._address = address
        self._sign = LifeSign(workspace.folder, mine.claim)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="life sign", daemon=True)
        self.taken_by: Holder | None = None
        """Who took the project over, as while this machine slept; None while it is held."""

    def begin(self) -> None:
        """Begin to give signs of life."""
        self._thread.start()

    def end(self) -> None:
        """Give no more of them."""
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        was_well = True
        while not self._is_over.wait(BEAT_S):
            try:
                self._look()
                was_well = True
            except NunatakError:
                pass  # the disk may be away for a while
            except Exception:
                # Without this thread another machine would take the project over unnoticed.
                if was_well:
                    _log.exception("Cannot give a sign of life")
                was_well = False
            if self.taken_by is not None:
                os.kill(os.getpid(), signal.SIGINT)
                return

    def _look(self) -> None:
        """Give a sign of life, and see whether the project is still held."""
        with suppress(NunatakError):  # where it fails, another server may be taking over
            self._sign.renew(self._address)
        holder = holder_of(self._workspace)
        if holder is None or holder.claim != self._mine.claim:
            # A backup that was put in place names a server that has gone long ago, or none.
            self.taken_by = _held(self._workspace, self._mine)


def refuse_second(folder: Path) -> None:
    """Refuse to serve a project that has a server.

    Raises
    ------
    AlreadyServed
        If it has one; the message says whose, where and what to do.
    """
    with Workspace(folder) as workspace:
        other = holder_of(workspace)
    if other is not None and not _has_gone(folder, other):
        raise _refusal(folder, other)


@contextmanager
def claimed(folder: Path, address: str, user: str) -> Iterator[Claim]:
    """Hold a project for this process while the block runs.

    Should another server take it over, Ctrl-C is sent to this process.

    Parameters
    ----------
    folder
        Of the project.
    address
        To open in the browser, with the token; only this user can read it there.
    user
        To whom edits are ascribed.

    Raises
    ------
    AlreadyServed
        If it has a server.
    ResourceError
        If the folder cannot be written.
    """
    pid = os.getpid()
    mine = Holder(
        claim=secrets.token_hex(8),
        user=user,
        machine=socket.gethostname(),
        pid=pid,
        started=process_start(pid) or "",
        since=now(),
    )
    with Workspace(folder) as workspace:
        gone = holder_of(workspace)
        sign = LifeSign(folder, mine.claim)
        try:
            # Before the claim, so that nobody finds a claim without a sign of life.
            sign.make(address)
            other = _held(workspace, mine)
            if other is not None:
                raise _refusal(folder, other)
            if gone is not None:
                LifeSign(folder, gone.claim).remove()
            claim = Claim(workspace, mine, address)
            claim.begin()
            try:
                yield claim
            finally:
                claim.end()
                with suppress(NunatakError):  # the disk is full or away: then it is found gone
                    release(workspace, mine.claim)
        finally:
            sign.remove()


def _held(workspace: Workspace, mine: Holder) -> Holder | None:
    """Take a project; return the server that holds it instead."""
    return hold(workspace, mine, lambda other: _has_gone(workspace.folder, other))


def _is_here(holder: Holder) -> bool:
    return holder.machine == socket.gethostname() and is_of_this_machine(holder.started)


def _has_gone(folder: Path, holder: Holder) -> bool:
    if _is_here(holder) and not is_hidden(holder.pid):
        return not is_alive(holder.pid, holder.started)
    silent_s = LifeSign(folder, holder.claim).silent_s()
    return silent_s is None or silent_s > GONE_AFTER_S


def _refusal(folder: Path, holder: Holder) -> AlreadyServed:
    """Say whose server holds the project, and what to do."""
    sign = LifeSign(folder, holder.claim)
    address, is_here = sign.address(), _is_here(holder)
    since = datetime.fromisoformat(holder.since).astimezone().strftime("%d %b %Y %H:%M")
    if address is not None and is_here:
        return AlreadyServed(
            f"{folder}: a server of this project runs already, since {since}. Open its address, or "
            f"end it first (Ctrl-C in its terminal, or kill {holder.pid}):\n\n  {address}\n",
            address,
        )
    where = "on this machine" if is_here else f"on {holder.machine}"
    text = f"{folder}: {holder.user} has this project open {where}, since {since}. "
    text += (
        f"End that server (Ctrl-C in its terminal), or work with it at its address there:\n\n"
        f"  {address}\n\n"
        if address is not None
        else f"Ask {holder.user} to end that server (Ctrl-C in its terminal) or to give you its "
        f"address, at which what you do is ascribed to {holder.user}; or begin a project of your "
        "own with --project. "
    )
    if not is_here:
        text += (
            f"If it was killed, try again in {GONE_AFTER_S:.0f} s: a server that gives no sign of "
            "life for so long counts as gone."
        )
    return AlreadyServed(text.rstrip(), address)

"""One session of ``nunatak label``: from the socket to the last word in the terminal."""

import html
import os
import signal
import socket
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from nunatak.server.last_port import keep_port, last_port
from nunatak.server.listening import Listening
from nunatak.server.parts import opened_services
from nunatak.server.running import claimed, refuse_second
from nunatak.server.security.access import Access, new_token
from nunatak.workspace.connection import Workspace
from nunatak.workspace.project import settings_of
from nunatak.workspace.runs import runs_of

Say = Callable[[str], object]


def run_session(
    folder: Path, listening: Listening, *, user: str, say: Say, tell: Say, opens_browser: bool
) -> None:
    """Serve a project until it is ended.

    Parameters
    ----------
    folder
        Of the project.
    listening
        Where.
    user
        To whom edits are ascribed.
    say
        Takes what a person reads.
    tell
        Takes the address alone.
    opens_browser
        Whether to open the page in a browser of this machine.

    Raises
    ------
    AlreadyServed
        If the project has a server.
    UsageError
        If it cannot listen there.
    """
    refuse_second(folder)
    token, claim = new_token(), None
    # From here on, Ctrl-C is how a session ends, and no failure.
    with suppress(KeyboardInterrupt), _hanging_up_ends(), ExitStack() as stack:
        door = stack.enter_context(listening.opened(last_port(folder)))
        address = listening.address(door, token)
        claim = stack.enter_context(claimed(folder, address, user))
        if listening.path is None:
            keep_port(folder, listening.near_port(door))
        services = stack.enter_context(opened_services(folder, user))
        services.runs.start()
        access = Access(
            token=token,
            project=f"{socket.gethostname()}:{folder.absolute()}",
            project_id=settings_of(services.workspace).id,
            is_exposed=listening.is_exposed,
        )
        _welcome(listening, listening.tunnel(door), address, say=say, tell=tell)
        if opens_browser:
            stack.enter_context(_opened_in_browser(address, folder))
        # Loaded while the process loads that makes the first picks.
        from nunatak.server.serve import serve  # noqa: PLC0415

        serve(services, access, door)
    if claim is not None and claim.taken_by is not None:
        say(
            f"{claim.taken_by.user} has taken this project over on {claim.taken_by.machine}, since "
            "this server gave no sign of life for a while, as when a computer sleeps."
        )
    say("The server has ended. Everything is saved; give the same command again to go on.")
    for name in _trainings(folder):
        say(f"The training {name} goes on by itself, and is found again then.")


def _welcome(listening: Listening, tunnel: str, address: str, *, say: Say, tell: Say) -> None:
    if listening.is_exposed:
        say(
            "Warning: other machines can reach this page, and the connection is not encrypted: "
            "who listens on the network can read the address, and then do all that you can do."
        )
    came_from_afar = bool({"SSH_CONNECTION", "SLURM_JOB_ID"} & set(os.environ))
    needs_tunnel = listening.path is not None or came_from_afar
    if needs_tunnel:
        say(
            "On your own computer, give this command and leave it running (with the name by which "
            f"you reach this machine, if that is another):\n\n  {tunnel}\n\n"
            "Then open this address in its browser:\n"
        )
    else:
        say("Open this address in a browser of this machine:\n")
    tell(address)
    if not needs_tunnel:
        say(f"\nFrom another computer, first give there:\n\n  {tunnel}")
    say("\nCtrl-C ends the server.")


@contextmanager
def _opened_in_browser(address: str, folder: Path) -> Iterator[None]:
    """Open the page in a browser, by a file that only the user can read.

    All users of a machine see the words of each other's commands: the token must not be there.
    """
    handle, name = tempfile.mkstemp(prefix=".open-", suffix=".html", dir=folder)  # of mode 0600
    path = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(
            '<!doctype html><meta charset="utf-8"><title>nunatak</title>'
            f'<meta http-equiv="refresh" content="0; url={html.escape(address)}">\n'
        )
    try:
        webbrowser.open(path.absolute().as_uri())
        yield
    finally:
        path.unlink(missing_ok=True)


def _trainings(folder: Path) -> list[str]:
    """Return the names of trainings that run without the server."""
    with Workspace(folder) as workspace:
        runs = runs_of(workspace)
    return [run.name for run in runs if run.kind == "train" and run.has_process]


@contextmanager
def _hanging_up_ends() -> Iterator[None]:
    """End in order when the terminal closes too, unless the user had it ignored (``nohup``)."""
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)

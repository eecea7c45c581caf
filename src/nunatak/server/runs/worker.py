"""The process of one run: ``python -m nunatak.server.runs.worker PROJECT RUN``."""

import logging
import os
import sys
from collections.abc import Sequence

from nunatak.errors import Interrupted, NunatakError
from nunatak.server.bodies.runs import TrainAsked
from nunatak.server.runs.orders import PickOrder, order_of
from nunatak.server.runs.process import GOES_ON, INTERRUPTED
from nunatak.server.runs.progress_file import ProgressFile
from nunatak.server.runs.work import Work
from nunatak.training.interruption import StopRequest
from nunatak.workspace.connection import Workspace
from nunatak.workspace.processes import process_start
from nunatak.workspace.runs import change_run, run_of, take_run

_WORDS = {
    "with --expected-particles": "in the project's settings",
    "with --diameter": "in the project's settings",
}

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Do what a run's record asks for, and record what came of it.

    Parameters
    ----------
    arguments
        The project's folder, the run's number, and that of the server's process.

    Returns
    -------
    int
        0 if it was done, or was not this process's to do.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    folder, run, server = arguments
    if os.getppid() != int(server):
        return 0  # it is gone: the next one begins the run anew
    with Workspace(folder) as workspace:
        own = os.getpid()
        started = process_start(own) or ""
        if not take_run(workspace, int(run), pid=own, process_started=started):
            return 0
        return _carried_out(workspace, int(run), int(server))


def _carried_out(workspace: Workspace, run: int, server: int) -> int:
    record = run_of(workspace, run)
    is_picking = record.kind == "pick"

    def may_go_on() -> bool:
        return not is_picking or os.getppid() == server

    try:
        with (
            StopRequest() as stop,
            ProgressFile(workspace.run_folder(run)) as progress,
            stop.anywhere(),
        ):
            message = _done(Work(workspace, record, progress, may_go_on))
    except (Interrupted, KeyboardInterrupt):
        _log.info("stopped")
        return _record_stop(workspace, run, is_picking=is_picking)
    except NunatakError as error:
        _log.exception("failed")
        change_run(workspace, run, state="failed", message=_for_the_page(str(error)))
        return 1
    except Exception as error:
        _log.exception("failed")
        change_run(
            workspace,
            run,
            state="failed",
            message=f"An error in nunatak itself ({type(error).__name__}: {error}). The log of "
            "this run says more; please report it.",
        )
        return 1
    change_run(workspace, run, state="done", message=message)
    return 0


def _done(work: Work) -> str:
    order = order_of(work.run.asked)
    # Each brings modules that the others do not need.
    if isinstance(order, PickOrder):
        from nunatak.server.runs.picking import pick  # noqa: PLC0415

        return pick(work, order)
    if isinstance(order, TrainAsked):
        from nunatak.server.runs.training import train  # noqa: PLC0415

        return train(work, order)
    from nunatak.server.runs.pruning import prune  # noqa: PLC0415

    return prune(work, order)


def _for_the_page(message: str) -> str:
    """Say in the page's words what messages say in those of the command line."""
    for option, words in _WORDS.items():
        message = message.replace(option, words)
    return message


def _record_stop(workspace: Workspace, run: int, *, is_picking: bool) -> int:
    """Record a stop that a user asked for; the server knows more about any other.

    A run that was interrupted, as when a computer is shut down, goes on at the server's next
    start.
    """
    kept = "What was picked is kept." if is_picking else GOES_ON
    change_run(
        workspace,
        run,
        only_if={"stopping"},
        state="stopped",
        message=f"Stopped by a user. {kept}",
    )
    if is_picking:
        change_run(workspace, run, only_if={"running"}, state="waiting")
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

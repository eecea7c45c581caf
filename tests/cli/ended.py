"""How a command that is run inside a test ends."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nunatak.training.progress import Progress


@dataclass
class Ended:
    """Named as by `subprocess.CompletedProcess`."""

    returncode: object
    stdout: str
    stderr: str


Run = Callable[..., Ended]
"""The fixture ``run``: takes the words of a command."""


@contextmanager
def stopping_after_step_2() -> Iterator[Callable[[Progress], None]]:
    """Ask this process to end, as a scheduler does, in the middle of its training."""

    def show(progress: Progress) -> None:
        if progress.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    yield show

"""How long something takes, as far as a test can tell on a busy machine."""

import gc
import time
from collections.abc import Callable

TRIALS = 3


def processor_seconds(action: Callable[[], object]) -> float:
    """Return the processor time of the quickest of three trials.

    Processor time leaves out what else the machine does. Python's collector of unused objects
    waits meanwhile: its work grows with what earlier tests left behind.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        seconds = []
        for _ in range(TRIALS):
            start = time.process_time()
            action()
            seconds.append(time.process_time() - start)
    finally:
        if collects:
            gc.enable()
    return min(seconds)

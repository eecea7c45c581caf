"""Wait for what another process does."""

import time
from collections.abc import Callable

SECONDS_TO_WAIT = 120.0
"""Longer than anything takes on a busy machine."""


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so, or fail."""
    ends = time.monotonic() + SECONDS_TO_WAIT
    while not condition():
        assert time.monotonic() < ends, "it did not come so in time"
        time.sleep(0.02)

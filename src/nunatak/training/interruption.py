"""Stop at a safe place when the user or a cluster's scheduler asks."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Turn SIGTERM and SIGINT (Ctrl-C) into a request; use as a context manager.

    A first signal only sets `requested`, which the work looks at when it is safe to stop; inside
    `anywhere` it stops at once by `KeyboardInterrupt`. A second signal always does: whoever asks
    twice does not want to wait. Outside the main thread, where Python delivers no signals, nothing
    is ever requested.

    Attributes
    ----------
    requested : bool
    """

    def __init__(self) -> None:
        self.requested = False
        self._anywhere = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.getsignal(number) for number in _SIGNALS}
            for number in _SIGNALS:
                signal.signal(number, self._receive)
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            # None is a handler of another language's, which Python cannot put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    @contextmanager
    def anywhere(self) -> Iterator[None]:
        """Let a signal end the block at once: inside it there is nothing to lose.

        Raises
        ------
        KeyboardInterrupt
            If the request comes inside the block or came before it.
        """
        self._anywhere = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._anywhere = False

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        again = self.requested
        self.requested = True
        if again or self._anywhere:
            raise KeyboardInterrupt

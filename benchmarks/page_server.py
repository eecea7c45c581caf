"""The command ``nunatak label`` in a process of its own, asked as its page asks."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from processes import nunatak_command

PATIENCE_S = 300.0
_EVERY_S = 0.05


class PageServer:
    """A server, from its start on.

    Parameters
    ----------
    words
        Of the command, after ``nunatak label``.
    cores
        Processor cores that it and its runs may use; None for all.

    Attributes
    ----------
    began : float
        When the command was given, by `time.monotonic`.
    address : str
        For a browser, with the secret in it.

    Raises
    ------
    SystemExit
        If it does not start.
    """

    def __init__(self, words: Sequence[str | Path], *, cores: int | None = None) -> None:
        allowed = set(sorted(os.sched_getaffinity(0))[:cores])
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            [str(nunatak_command()), "label", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, allowed),  # noqa: PLW1509
        )
        output = self._process.stdout
        line = output.readline() if output is not None else ""
        if not line:
            raise SystemExit(f"the server did not start (code {self._process.wait(PATIENCE_S)})")
        self.address = line.strip()
        address = urlsplit(self.address)
        self._host, self._port = str(address.hostname), int(address.port or 0)
        with closing(self.connection()) as connection:
            connection.request("GET", f"/?{address.query}")
            cookie = str(connection.getresponse().headers["set-cookie"]).partition(";")[0]
        self._headers = {"Cookie": cookie, "Content-Type": "application/json"}
        self.start_s = time.monotonic() - self.began

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection of its own."""
        return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_S)

    def ask(
        self, connection: http.client.HTTPConnection, path: str, content: object = None
    ) -> tuple[int, bytes]:
        """Send a request to the API and return the status and the answer; with content a POST."""
        method = "GET" if content is None else "POST"
        body = None if content is None else json.dumps(content)
        connection.request(method, f"/api{path}", body, self._headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def value(self, path: str, content: object = None) -> Any:
        """Return the JSON value of an answer.

        Raises
        ------
        SystemExit
            If the request is refused.
        """
        with closing(self.connection()) as connection:
            status, answer = self.ask(connection, path, content)
        if status >= 400:
            raise SystemExit(f"{path}: {status} {answer.decode()}")
        return json.loads(answer) if answer else None

    def wait_until(self, path: str, is_there: Callable[[bytes], bool]) -> bytes:
        """Ask again and again until an answer is as wanted, and return it."""
        end = time.monotonic() + PATIENCE_S
        with closing(self.connection()) as connection:
            while time.monotonic() < end:
                _, answer = self.ask(connection, path)
                if is_there(answer):
                    return answer
                time.sleep(_EVERY_S)
        raise SystemExit(f"{path} never came")

    def kill(self) -> None:
        """Kill it at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def end(self) -> None:
        """End it as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE_S)

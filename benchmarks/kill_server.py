"""Kill the real server at random moments while edits are being saved, and count what is lost.

Several writers save edits over HTTP, each to an image of its own, as fast as the server answers.
After a random time the server is killed (SIGKILL) and started again. Each writer then sends the
edit that was under way once more, as a page does after a dropped tunnel, and the labels must be
exactly those that were acknowledged.
"""

import http.client
import json
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mrcfile
import numpy as np

import common

WRITERS = 3
SHAPE = (64, 64)
LONGEST_S = 1.0
"""From the first edit to the kill, at most."""

START_S = 120.0
_SERVER = "from nunatak.cli.main import main; main()"


@dataclass
class Account:
    """What was sent and what came of it.

    Attributes
    ----------
    rounds, acknowledged : int
    in_flight : int
        Edits under way when the server was killed.
    saved_unheard : int
        Of them, those that were saved though the answer did not arrive.
    lost, damaged : list of str
        What must not be.
    start_s : list of float
        From the command to the first answer.
    """

    rounds: int = 0
    acknowledged: int = 0
    in_flight: int = 0
    saved_unheard: int = 0
    lost: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)


class Server:
    """The command ``nunatak label`` in a process of its own."""

    def __init__(self, project: Path, images: Path) -> None:
        command = [sys.executable, "-c", _SERVER, "label", str(images), "--project", str(project)]
        began = time.monotonic()
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        output = self._process.stdout
        line = output.readline() if output is not None else ""
        if not line:
            raise SystemExit(f"the server did not start (code {self._process.wait(START_S)})")
        address = urlsplit(line.strip())
        self._host, self._port = str(address.hostname), int(address.port or 0)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=START_S)
        connection.request("GET", f"/?{address.query}")
        cookie = str(connection.getresponse().headers["set-cookie"]).partition(";")[0]
        connection.close()
        self._headers = {"Cookie": cookie, "Content-Type": "application/json"}
        self.start_s = time.monotonic() - began

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection of its own."""
        return http.client.HTTPConnection(self._host, self._port, timeout=START_S)

    def ask(
        self, connection: http.client.HTTPConnection, path: str, content: object = None
    ) -> tuple[int, Any]:
        """Send a request; with content it is a POST."""
        method = "GET" if content is None else "POST"
        body = None if content is None else json.dumps(content)
        connection.request(method, f"/api{path}", body, self._headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def kill(self) -> None:
        """Kill it at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


class Writer:
    """Saves edits of one image, and knows what was acknowledged."""

    def __init__(self, image: int, seed: int) -> None:
        self.image = image
        self.version = 0
        self.points: dict[str, tuple[float, float]] = {}
        self.under_way: dict[str, Any] | None = None
        self.n_acknowledged = 0
        self.refused: list[str] = []
        self._random = random.Random(seed)  # noqa: S311 - draws test data

    def write(self, server: Server, stop: threading.Event) -> None:
        """Save edits until the server has gone."""
        with closing(server.connection()) as connection:
            while not stop.is_set():
                self.under_way = self.under_way or self._edit()
                try:
                    status, answer = server.ask(
                        connection, f"/images/{self.image}/edits", self.under_way
                    )
                except (OSError, http.client.HTTPException, ValueError):
                    return  # killed: nobody knows whether it was saved
                if status != 200:
                    self.refused.append(f"image {self.image}: {status} {answer}")
                    return
                self._acknowledge(answer["version"])

    def settle(self, server: Server, account: Account) -> None:
        """Send the edit that was under way again, and compare what the server has."""
        with closing(server.connection()) as connection:
            path = f"/images/{self.image}"
            _, before = server.ask(connection, f"{path}/labels")
            if before["version"] < self.version:
                account.lost.append(f"image {self.image}: version {before['version']}")
            if self.under_way is not None:
                account.in_flight += 1
                account.saved_unheard += before["version"] > self.version
                _, answer = server.ask(connection, f"{path}/edits", self.under_way)
                self._acknowledge(answer["version"])
            _, labels = server.ask(connection, f"{path}/labels")
        found = {one["id"]: (one["x"], one["y"]) for one in labels["points"]}
        if found != self.points or labels["version"] != self.version:
            account.lost.append(f"image {self.image}: {set(found) ^ set(self.points)}")

    def _edit(self) -> dict[str, Any]:
        draw = self._random
        operations: list[dict[str, Any]] = []
        for _ in range(draw.randint(1, 3)):
            point = {
                "id": f"{draw.getrandbits(64):016x}",
                "kind": "particle",
                "x": draw.uniform(0, SHAPE[1] - 1),
                "y": draw.uniform(0, SHAPE[0] - 1),
                "class_name": "particle",
            }
            operations.append({"operation": "put_point", "point": point})
        if len(self.points) > 20:
            ids = draw.sample(sorted(self.points), 2)
            operations.append({"operation": "remove", "ids": ids})
        edit_id = f"{draw.getrandbits(64):016x}"
        return {"id": edit_id, "base_version": self.version, "operations": operations}

    def _acknowledge(self, version: int) -> None:
        for operation in (self.under_way or {})["operations"]:
            if operation["operation"] == "remove":
                for one in operation["ids"]:
                    del self.points[one]
            else:
                point = operation["point"]
                self.points[point["id"]] = (point["x"], point["y"])
        self.version = version
        self.n_acknowledged += 1
        self.under_way = None


def killed_rounds(folder: Path, rounds: int, seed: int, longest_s: float = LONGEST_S) -> Account:
    """Kill a server so many times, and return what came of it.

    Parameters
    ----------
    folder
        Empty; for the project and its images.
    rounds
        How often to kill.
    seed
        Of the edits and of the moments.
    longest_s
        From the first edit to the kill, at most.
    """
    images, project = folder / "images", folder / "project"
    _make_images(images, seed)
    draw = random.Random(seed)  # noqa: S311 - draws moments
    writers = [Writer(number + 1, seed + number) for number in range(WRITERS)]
    account = Account()
    for _ in range(rounds):
        server = Server(project, images)
        account.start_s.append(server.start_s)
        for writer in writers:
            writer.settle(server, account)
        _write_until_killed(server, writers, draw.uniform(0, longest_s))
        account.damaged += _damage(project / "project.sqlite")
        account.rounds += 1
    server = Server(project, images)
    for writer in writers:
        writer.settle(server, account)
    server.kill()
    account.acknowledged = sum(writer.n_acknowledged for writer in writers)
    account.lost += [refusal for writer in writers for refusal in writer.refused]
    return account


def _write_until_killed(server: Server, writers: list[Writer], after_s: float) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=one.write, args=(server, stop)) for one in writers]
    for thread in threads:
        thread.start()
    time.sleep(after_s)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()


def _damage(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    return [] if found == "ok" else [str(found)]


def _make_images(folder: Path, seed: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for number in range(WRITERS):
        with mrcfile.new(
            folder / f"mic_{number}.mrc", rng.normal(size=SHAPE).astype(np.float32)
        ) as file:
            file.voxel_size = 1.0


def in_words(account: Account) -> Mapping[str, Any]:
    """Return the account as the result file has it."""
    return {
        "rounds": account.rounds,
        "writers": WRITERS,
        "edits_acknowledged": account.acknowledged,
        "edits_under_way_when_killed": account.in_flight,
        "of_these_saved": account.saved_unheard,
        "lost": account.lost,
        "damaged": account.damaged,
        "median_seconds_to_start": round(statistics.median(account.start_s), 3),
    }


def main() -> None:
    """Run the benchmark."""
    made = common.parser(__doc__ or "")
    made.add_argument("--rounds", type=int, default=200, help="how often to kill")
    options = made.parse_args()
    load = common.machine_load()
    with tempfile.TemporaryDirectory() as folder:
        account = killed_rounds(Path(folder), options.rounds, options.seed)
    common.write_result(
        "kill_server",
        options.results,
        measured={"lost": len(account.lost), "damaged": len(account.damaged)},
        seeds={"edits_and_moments": options.seed},
        content=in_words(account),
        load=load,
    )


if __name__ == "__main__":
    main()

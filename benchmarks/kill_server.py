"""Kill the real server at random moments while edits are being saved, and count what is lost.

Several writers save edits over HTTP, each to an image of its own, as fast as the server answers.
After a random time the server is killed (SIGKILL) and started again. Each writer then sends the
edit that was under way once more, as a page does after a dropped tunnel, and the labels must be
exactly those that were acknowledged.
"""

import http.client
import json
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np

import common
from page_server import PageServer

WRITERS = 3
SHAPE = (64, 64)
LONGEST_S = 1.0
"""From the first edit to the kill, at most."""


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

    def write(self, server: PageServer, stop: threading.Event) -> None:
        """Save edits until the server has gone."""
        with closing(server.connection()) as connection:
            while not stop.is_set():
                self.under_way = self.under_way or self._edit()
                try:
                    status, answer = server.ask(
                        connection, f"/images/{self.image}/edits", self.under_way
                    )
                except (OSError, http.client.HTTPException):
                    return  # killed: nobody knows whether it was saved
                if status != 200:
                    self.refused.append(f"image {self.image}: {status} {answer.decode()}")
                    return
                self._acknowledge(json.loads(answer)["version"])

    def settle(self, server: PageServer, account: Account) -> None:
        """Send the edit that was under way again, and compare what the server has."""
        path = f"/images/{self.image}"
        before = server.value(f"{path}/labels")
        if before["version"] < self.version:
            account.lost.append(f"image {self.image}: version {before['version']}")
        if self.under_way is not None:
            account.in_flight += 1
            account.saved_unheard += before["version"] > self.version
            self._acknowledge(server.value(f"{path}/edits", self.under_way)["version"])
        labels = server.value(f"{path}/labels")
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
        server = PageServer([images, "--project", project])
        account.start_s.append(server.start_s)
        for writer in writers:
            writer.settle(server, account)
        _write_until_killed(server, writers, draw.uniform(0, longest_s))
        account.damaged += _damage(project / "project.sqlite")
        account.rounds += 1
    server = PageServer([images, "--project", project])
    for writer in writers:
        writer.settle(server, account)
    server.kill()
    account.acknowledged = sum(writer.n_acknowledged for writer in writers)
    account.lost += [refusal for writer in writers for refusal in writer.refused]
    return account


def _write_until_killed(server: PageServer, writers: list[Writer], after_s: float) -> None:
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

"""Time from ``nunatak label`` on a folder of 500 micrographs to the first picture and picks.

A few simulated micrographs stand for 500, by links: what is timed reads the image that a person
sees first, and the names and some headers of the others. Times run from the start of the command,
the interpreter's own included, to answers over HTTP, as a browser would ask for them.
"""

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import common
from large_files import DIAMETER_A, micrographs_of_4096, read_once
from processes import nunatak_command

DIFFERENT = 4
PATIENCE_S = 300.0
_EVERY_S = 0.05


class Page:
    """The server of a new project, asked as a page asks."""

    def __init__(self, images: Path, project: Path, cores: int) -> None:
        words = ["label", str(images), "--diameter", f"{DIAMETER_A:g}", "--project", str(project)]
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [str(nunatak_command()), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, _cores(cores)),  # noqa: PLW1509
        )
        output = self._process.stdout
        address = urlsplit(output.readline().strip() if output is not None else "")
        self._connection = http.client.HTTPConnection(
            str(address.hostname), int(address.port or 0), timeout=PATIENCE_S
        )
        self._cookie = ""
        _, headers = self._ask(f"/?{address.query}")
        self._cookie = headers["set-cookie"].partition(";")[0]

    def seconds_until(self, path: str, is_there: Callable[[bytes], bool]) -> float:
        """Ask again and again until an answer is as wanted; return the time since the start."""
        while time.monotonic() - self._began < PATIENCE_S:
            content, _ = self._ask(path)
            if is_there(content):
                return time.monotonic() - self._began
            time.sleep(_EVERY_S)
        raise SystemExit(f"{path} never came")

    def value(self, path: str) -> Any:
        """Return what an address of the API holds."""
        return json.loads(self._ask(path)[0])

    def want(self, image: int) -> None:
        """Say that this image is looked at."""
        self._ask(f"/api/images/{image}/wanted", "POST")

    def end(self) -> None:
        """End the server as Ctrl-C does."""
        self._connection.close()
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE_S)

    def _ask(self, path: str, method: str = "GET") -> tuple[bytes, http.client.HTTPMessage]:
        self._connection.request(method, path, headers={"Cookie": self._cookie})
        answer = self._connection.getresponse()
        return answer.read(), answer.headers


def _cores(count: int) -> set[int]:
    return set(sorted(os.sched_getaffinity(0))[:count])


def first_look(images: Path, folder: Path, cores: int) -> dict[str, float]:
    """Start once and return the times, in seconds."""
    page = Page(images, folder, cores)
    try:
        queue = page.seconds_until("/api/images", lambda content: b'"images":[{' in content)
        first = page.value("/api/images")["images"][0]["id"]
        page.want(first)
        tile = f"/api/images/{first}/tiles/0/0/0"
        picture = page.seconds_until(tile, lambda content: content.startswith(b"\xff\xd8"))
        page.seconds_until("/api/pick-sets", lambda content: b'"id"' in content)
        number = page.value("/api/pick-sets")["pick_sets"][0]["id"]
        picks = page.seconds_until(
            f"/api/pick-sets/{number}/images/{first}",
            lambda content: b'"is_picked":true' in content,
        )
    finally:
        page.end()
    return {"queue": queue, "first_picture": picture, "first_picks": picks}


def _linked(files: list[Path], folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        source = files[number % len(files)].absolute()
        (folder / f"mic_{number:04d}.mrc").symlink_to(source)
    return folder


def main() -> None:
    """Run the benchmark."""
    made = common.parser(__doc__ or "")
    common.add_work(made)
    made.add_argument("--count", type=int, default=500, help="micrographs in the folder")
    made.add_argument("--starts", type=int, default=5, help="how often to start, each time anew")
    made.add_argument("--cores", type=int, default=2, help="that the server and its runs may use")
    options = made.parse_args()
    load = common.machine_load()
    files = micrographs_of_4096(options.work, DIFFERENT, seed=options.seed)
    read_once(files)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = _linked(files, folder / "images", options.count)
        starts = [
            first_look(images, folder / f"project-{number}", options.cores)
            for number in range(options.starts)
        ]
    medians = {key: median(start[key] for start in starts) for key in starts[0]}
    common.write_result(
        "page_speed",
        options.results,
        measured={"first_picks_seconds": medians["first_picks"]},
        seeds={"simulation": options.seed},
        content={
            "micrographs": options.count,
            "cores_used": options.cores,
            "median_seconds": common.rounded(medians),
            "seconds": common.rounded(starts),
        },
        load=load,
    )


if __name__ == "__main__":
    main()

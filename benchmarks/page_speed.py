"""Time from ``nunatak label`` on a folder of 500 micrographs to the first picture and picks.

A few simulated micrographs stand for 500, by links: what is timed reads the image that a person
sees first, and the names and some headers of the others. Times run from the start of the command,
the interpreter's own included, to answers over HTTP, as a browser would ask for them.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import common
from large_files import DIAMETER_A, micrographs_of_4096, read_once
from page_server import PageServer

DIFFERENT = 4


def first_look(images: Path, folder: Path, cores: int) -> dict[str, float]:
    """Start once and return the times, in seconds."""
    words = [images, "--diameter", f"{DIAMETER_A:g}", "--project", folder]
    server = PageServer(words, cores=cores)

    def seconds_until(path: str, is_there: Callable[[bytes], bool]) -> float:
        server.wait_until(path, is_there)
        return time.monotonic() - server.began

    try:
        queue = seconds_until("/images", lambda content: b'"images":[{' in content)
        first = server.value("/images")["images"][0]["id"]
        server.value(f"/images/{first}/wanted", {})
        tile = f"/images/{first}/tiles/0/0/0"
        picture = seconds_until(tile, lambda content: content.startswith(b"\xff\xd8"))
        seconds_until("/pick-sets", lambda content: b'"id"' in content)
        number = server.value("/pick-sets")["pick_sets"][0]["id"]
        picks = seconds_until(
            f"/pick-sets/{number}/images/{first}", lambda content: b'"is_picked":true' in content
        )
    finally:
        server.end()
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

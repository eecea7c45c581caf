"""Frames a second while a micrograph with 100 000 circles is panned, zoomed and pointed at.

A browser opens the page of a real server on a micrograph of 4096 × 4096 pixels, and each move of
the mouse or of its wheel is made as soon as the one before is on its way to the screen. Without
``--gpu`` the browser draws by software (SwiftShader), which says how the page does on a machine
without a graphics card; with it the result is one of its own and is judged.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright

import common
from large_files import SIDE_PX, micrographs_of_4096
from nunatak.server.prepare import prepare
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of
from nunatak.workspace.pick_sets import add_pick_set, change_pick_set
from nunatak.workspace.picks import save_image_picks
from nunatak.workspace.runs import add_run, change_run
from page_server import PageServer

SIZES = ((1280, 720), (1920, 1080))
MOVES = ("pan", "zoom", "hover")
PATIENCE_MS = 120_000
READY = '[data-testid="canvas"][data-ready="true"]'
SOFTWARE = ("swiftshader", "llvmpipe", "softpipe", "software")

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")
_BY_SOFTWARE = (
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_BY_GPU = ("--enable-gpu", "--ignore-gpu-blocklist", "--use-gl=angle")
_SCRIPT = Path(__file__).with_name("page_frames.js")


def main() -> None:
    """Run the benchmark."""
    options = _options()
    load = common.machine_load()
    image = micrographs_of_4096(options.work, 1, seed=options.seed)[0]
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "project"
        _make_project(project, image, options)
        server = PageServer(["--project", project])
        try:
            renderer, measured = _measured(server.address, options)
        finally:
            server.end()
    # A slow card could move an old picture quickly; pointing draws nothing on the card.
    frames = [one[move]["drawn_median"] for one in measured for move in ("pan", "zoom")]
    frames += [one["hover"]["median"] for one in measured]
    common.write_result(
        "page_frames_gpu" if options.gpu else "page_frames",
        options.results,
        measured={"frames_a_second": min(frames)} if options.gpu else {},
        seeds={"simulation": options.seed, "circles": options.seed},
        content={
            "circles": options.circles,
            "diameter_px": options.diameter,
            "side_px": SIDE_PX,
            "seconds": options.seconds,
            "renderer": renderer,
            "windows": common.rounded(measured, 4),
        },
        load=load,
    )


def _options() -> argparse.Namespace:
    made = common.parser(__doc__ or "")
    common.add_work(made)
    made.add_argument("--circles", type=int, default=100_000, help="picks on the micrograph")
    made.add_argument("--diameter", type=float, default=40.0, help="of a circle, Å and pixels")
    made.add_argument("--seconds", type=float, default=8.0, help="of each way of moving")
    made.add_argument("--gpu", action="store_true", help="draw by a graphics card, and judge that")
    made.add_argument(
        "--chromium",
        default=os.environ.get("NUNATAK_CHROMIUM")
        or next(filter(None, map(shutil.which, _PROGRAMS)), None),
        metavar="FILE",
        help="the browser",
    )
    options = made.parse_args()
    if options.chromium is None:
        made.error("no Chromium is found: name one by --chromium")
    return options


def _make_project(folder: Path, image: Path, options: argparse.Namespace) -> None:
    """Make a project whose picks are drawn at random, by a run that is over: none is started."""
    prepare(folder, [str(image)], user="benchmark", diameters_A={None: options.diameter})
    rng = np.random.default_rng(options.seed)
    x, y = rng.uniform(0, SIDE_PX - 1, (2, options.circles))
    with Workspace(folder) as workspace:
        run = add_run(workspace, kind="pick", name="random", asked={}, user="benchmark").id
        change_run(workspace, run, state="done")
        number = add_pick_set(
            workspace, name="random", threshold=0.0, classes=["particle"], run=run
        )
        found = NewCandidates(x_px=x, y_px=y, score=rng.random(options.circles))
        save_image_picks(workspace, number, images_of(workspace)[0].id, found)
        change_pick_set(workspace, number, is_complete=True)


def _measured(address: str, options: argparse.Namespace) -> tuple[str, list[dict[str, Any]]]:
    """Return what draws, and the frames a second in each window."""
    drawing = _BY_GPU if options.gpu else _BY_SOFTWARE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=[*_QUIET, *drawing]
        )
        try:
            renderer = _renderer(browser)
            if options.gpu and any(word in renderer.lower() for word in SOFTWARE):
                raise SystemExit(f"The browser draws without a graphics card: {renderer}")
            return renderer, [_of_window(browser, address, size, options) for size in SIZES]
        finally:
            browser.close()


def _renderer(browser: Browser) -> str:
    page = browser.new_page()
    try:
        return str(
            page.evaluate(
                """() => {
                    const gl = document.createElement("canvas").getContext("webgl2");
                    if (!gl) return "no WebGL 2";
                    const names = gl.getExtension("WEBGL_debug_renderer_info");
                    return gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
                }"""
            )
        )
    finally:
        page.close()


def _of_window(
    browser: Browser, address: str, size: tuple[int, int], options: argparse.Namespace
) -> dict[str, Any]:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(_SCRIPT.read_text(encoding="utf-8"))
        page.goto(address)
        page.wait_for_selector(READY)
        expect(page.get_by_test_id("candidate-count")).to_have_text(
            str(options.circles), timeout=PATIENCE_MS
        )
        page.get_by_test_id("tool-look").click()
        found = {move: _played(page, move, options.seconds) for move in MOVES}
    finally:
        context.close()
    shown = ", ".join(f"{move} {found[move]['median']:.1f}" for move in MOVES)
    print(f"{width} × {height}: frames a second: {shown}", flush=True)
    return {"width": width, "height": height, **found}


def _played(page: Page, move: str, seconds: float) -> dict[str, Any]:
    """Move for some seconds and return the frames of each second: median, least, greatest."""
    page.get_by_test_id("fit").click()
    box = page.get_by_test_id("canvas").bounding_box()
    if box is None:
        raise SystemExit("the micrograph is not to be seen")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    if move == "pan":
        page.mouse.down()
    answer = page.evaluate("([move, ms]) => playFrames(move, ms)", [move, 1000 * seconds])
    page.mouse.up()
    times = np.array(answer["times"]) / 1000
    # Whole seconds: how many frames came in each.
    seconds_of = np.arange(int(seconds) + 1)
    counts, _ = np.histogram(times - times[0], bins=seconds_of)
    drawn, _ = np.histogram(np.array(answer["drawn"]) / 1000 - times[0], bins=seconds_of)
    return {
        "median": float(np.median(counts)),
        "least": int(counts.min()),
        "greatest": int(counts.max()),
        "longest_ms": 1000 * float(np.diff(times).max(initial=0.0)),
        "frames": len(times),
        "redrawn": len(answer["drawn"]),
        "drawn_median": float(np.median(drawn)),
    }


if __name__ == "__main__":
    main()

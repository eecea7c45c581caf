"""A real server on simulated images, and a real browser before it."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from label_server import LabelServer, Serve, processes_of
from page_images import Specimen, simulate_micrographs, simulate_tomogram
from playwright import sync_api
from watched_page import Launch, Open, TakePicture, WatchedPage

SIZE = {"width": 1280, "height": 720}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Draws without a graphics card, and asks nobody for updates.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PICTURE_QUALITY = 50  # the manual's pictures have noise in them, and shall stay small


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    """Start a Chromium. It ends with the module: its event loop would be in other tests' way."""
    path = os.environ.get("NUNATAK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium is found; NUNATAK_CHROMIUM may name one")
    with sync_api.sync_playwright() as playwright:
        started: list[sync_api.Browser] = []

        def start(*more: str) -> sync_api.Browser:
            chromium = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
            started.append(chromium)
            return chromium

        yield start
        for chromium in started:
            chromium.close()


@pytest.fixture(scope="module")
def browser(launch: Launch) -> sync_api.Browser:
    """A Chromium as most have it."""
    return launch()


@pytest.fixture(scope="session")
def micrographs(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """Three micrographs with some forty particles each that a person sees."""
    return simulate_micrographs(tmp_path_factory.mktemp("micrographs"))


@pytest.fixture(scope="session")
def tomograms(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """A tomogram with two classes of particles, of another length along each axis."""
    return simulate_tomogram(tmp_path_factory.mktemp("tomograms"))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start `nunatak label` in a project of its own; afterwards nothing of it may be left."""
    servers: list[LabelServer] = []

    def start(*words: str) -> LabelServer:
        # The page shows the name of the folder that the project lies in.
        folder = tmp_path / f"grid-{len(servers) + 1}"
        folder.mkdir()
        server = LabelServer(folder / "nunatak-project", *words)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.interrupt()
        for process in processes_of(server.project):
            os.kill(process, signal.SIGKILL)


@pytest.fixture
def open_page(browser: sync_api.Browser) -> Iterator[Open]:
    """Open a server's address in a new tab; what the browser complains of fails the test."""
    opened: list[WatchedPage] = []

    def open_one(
        server: LabelServer, context: sync_api.BrowserContext | None = None
    ) -> WatchedPage:
        place = context or browser.new_context(viewport=SIZE, accept_downloads=True)
        watched = WatchedPage(place, server)
        opened.append(watched)
        watched.page.goto(server.address)
        return watched

    yield open_one
    for watched in opened:
        watched.page.context.close()
    for watched in opened:
        watched.check()


@pytest.fixture(scope="session")
def take_picture(tmp_path_factory: pytest.TempPathFactory) -> TakePicture:
    """Keep what a page shows as page-NAME.jpg: in NUNATAK_PAGE_PICTURES, or for this test only."""
    folder = Path(os.environ.get("NUNATAK_PAGE_PICTURES") or tmp_path_factory.mktemp("pictures"))

    def take(watched: WatchedPage, name: str) -> None:
        path = folder / f"page-{name}.jpg"
        watched.page.screenshot(path=path, type="jpeg", quality=PICTURE_QUALITY)

    return take

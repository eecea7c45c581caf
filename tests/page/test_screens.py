"""Screens of other kinds: fine ones, small ones, ones that are touched."""

import pytest
from fingers import Fingers
from label_server import LabelServer, Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import Browser, ViewportSize
from tomogram_view import TomogramView, Voxel
from watched_page import Launch, Open, WatchedPage

IMAGE = 1
PLACE = (600.0, 300.0)
BESIDE = (300.0, 700.0)
# A small laptop's window, and what an ordinary one leaves where text is zoomed to 150 %.
SMALL = [(1024, 640), (854, 480)]
WORKING = ["export-open", "save-state", "tab-review", "tool-particle", "undo", "scale-bar"]


@pytest.fixture
def server(serve: Serve, micrographs: Specimen) -> LabelServer:
    """A server of micrographs whose diameter nobody said: nothing is picked."""
    return serve(str(micrographs.folder))


def test_clicks_hit_on_a_fine_screen(server: LabelServer, open_page: Open, launch: Launch) -> None:
    # Playwright's own way to say it leaves out what the page is told of sizes in pixels.
    fine = launch("--force-device-scale-factor=2", "--window-size=1280,720")
    context = fine.new_context(no_viewport=True)
    watched = open_page(server, context)
    view = MicrographView(watched.page)
    view.wait()
    view.click(*PLACE)
    (label,) = watched.labels(IMAGE)
    zoom = float(watched.page.get_by_test_id("canvas").get_attribute("data-zoom") or "nan")
    assert (label["x"], label["y"]) == pytest.approx(PLACE, abs=0.5 / zoom)
    # The picture has as many pixels as the screen.
    canvas = watched.page.locator("canvas").first
    box = canvas.bounding_box()
    assert box is not None
    assert canvas.evaluate("one => one.width") == pytest.approx(2 * box["width"], abs=2)


def test_all_is_in_sight_in_a_small_window(server: LabelServer, open_page: Open) -> None:
    watched = open_page(server)
    MicrographView(watched.page).wait()
    for width, height in SMALL:
        watched.page.set_viewport_size(ViewportSize(width=width, height=height))
        check_that_all_is_in_sight(watched, width)


def check_that_all_is_in_sight(watched: WatchedPage, width: int) -> None:
    page = watched.page
    frame = page.get_by_test_id("canvas").bounding_box()
    assert frame is not None
    assert width / 4 < frame["width"] < width
    for name in WORKING:
        box = page.get_by_test_id(name).bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
    bar = page.get_by_test_id("scale-bar").bounding_box()
    assert bar is not None
    assert bar["x"] + bar["width"] <= frame["x"] + frame["width"], "it lies under the panel"
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_fingers_mark_move_and_zoom_a_micrograph(
    server: LabelServer, open_page: Open, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    watched = open_page(server, context)
    fingers = Fingers(context, watched.page)
    view = MicrographView(watched.page)
    view.wait()
    fingers.tap(view.place_of(*PLACE))
    assert len(watched.labels(IMAGE)) == 1

    left, top = view.place_of(*BESIDE)
    fingers.move(((left, top), (left + 60, top + 30)))
    assert view.place_of(*BESIDE) == pytest.approx((left + 60, top + 30), abs=1)

    canvas = watched.page.get_by_test_id("canvas")
    before = float(canvas.get_attribute("data-zoom") or "nan")
    fingers.move(((left - 40, top), (left - 80, top)), ((left + 40, top), (left + 80, top)))
    watched.wait_for(
        lambda: (
            float(canvas.get_attribute("data-zoom") or "nan") == pytest.approx(2 * before, rel=0.05)
        )
    )
    assert len(watched.labels(IMAGE)) == 1


def test_fingers_mark_move_and_zoom_a_tomogram(
    serve: Serve, open_page: Open, browser: Browser, tomograms: Specimen
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    watched = open_page(serve(str(tomograms.folder)), context)
    fingers = Fingers(context, watched.page)
    views = TomogramView(watched.page)
    views.wait()
    voxel = Voxel(30, 40, 0)
    fingers.tap(views.place_of("xy", voxel))
    (label,) = watched.labels(IMAGE)
    assert (label["x"], label["y"]) == pytest.approx((30, 40), abs=0.5)

    far = Voxel(90, 100, 0)
    left, top = views.place_of("xy", far)
    fingers.move(((left, top), (left - 40, top - 20)))
    assert views.place_of("xy", far) == pytest.approx((left - 40, top - 20), abs=1)

    slice_before = views.slice("xy")
    before = float(views.view("xy").get_attribute("data-zoom") or "nan")
    fingers.move(((left - 40, top), (left - 80, top)), ((left + 40, top), (left + 80, top)))
    watched.wait_for(
        lambda: (
            float(views.view("xy").get_attribute("data-zoom") or "nan")
            == pytest.approx(2 * before, rel=0.05)
        )
    )
    assert len(watched.labels(IMAGE)) == 1
    assert views.slice("xy") == slice_before

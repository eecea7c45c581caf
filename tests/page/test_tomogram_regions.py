"""Regions of tomograms: drawn from above, through a range of slices."""

import re

from label_server import Serve
from page_images import TOMOGRAM_SHAPE, Specimen
from playwright.sync_api import expect
from tomogram_view import TomogramView, Voxel
from watched_page import Open, WatchedPage

FIRST_PICKS_MS = 60_000
HALF = 14


def regions_of(watched: WatchedPage) -> list[dict[str, object]]:
    watched.wait_until_saved()
    found: list[dict[str, object]] = watched.api("images/1/labels")["regions"]
    return found


def candidates(watched: WatchedPage) -> list[Voxel]:
    """Return the picks' candidates that the server counts, the surest first."""
    (picks,) = watched.api("pick-sets")["pick_sets"]
    columns = watched.api(f"pick-sets/{picks['id']}/images/1")
    return [Voxel(*one) for one in zip(*(columns[axis] for axis in "xyz"), strict=True)]


def set_depth(watched: WatchedPage, first: int, last: int) -> None:
    """Let new regions reach through slices, counted from 1 as on the page."""
    for name, value in (("region-first", first), ("region-last", last)):
        field = watched.page.get_by_test_id(name)
        field.fill(str(value))
        field.press("Tab")
        expect(field).to_have_value(str(value))


def surround(watched: WatchedPage, place: Voxel) -> None:
    """Draw an outline around a place, from above."""
    views = TomogramView(watched.page)
    _, rows, columns = TOMOGRAM_SHAPE
    left, right = max(place.x - HALF, 1), min(place.x + HALF, columns - 2)
    top, bottom = max(place.y - HALF, 1), min(place.y + HALF, rows - 2)
    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
        views.click("xy", Voxel(x, y, 0))
    watched.page.keyboard.press("Enter")


def test_what_is_left_out_is_not_picked_in_its_slices_only(
    serve: Serve, open_page: Open, tomograms: Specimen
) -> None:
    watched = open_page(serve(str(tomograms.folder), "-d", "complex-1=161", "-d", "complex-2=190"))
    page = watched.page
    views = TomogramView(page)
    views.wait()
    expect(page.get_by_test_id("found")).to_have_text(re.compile(r"[1-9]"), timeout=FIRST_PICKS_MS)
    before = candidates(watched)
    best = before[0]
    depth = TOMOGRAM_SHAPE[0]
    page.get_by_test_id("tool-outline").click()

    # Slices that the best candidate is not in: it stays.
    away = (1, 4) if best.z > depth / 2 else (depth - 3, depth)
    set_depth(watched, *away)
    surround(watched, best)
    (region,) = regions_of(watched)
    assert (region["kind"], region["z_low"], region["z_high"]) == (
        "exclude",
        away[0] - 1.5,
        away[1] - 0.5,
    )
    assert best in candidates(watched)

    # The whole depth: it goes, from the server's answer and from the page.
    page.get_by_test_id("region-whole").click()
    surround(watched, best)
    _, whole = regions_of(watched)
    assert (whole["z_low"], whole["z_high"]) == (-0.5, depth - 0.5)
    watched.wait_for(lambda: best not in candidates(watched))

    # Undone, it is back; a click inside of a region with the eraser takes that region away.
    page.keyboard.press("Control+z")
    watched.wait_for(lambda: best in candidates(watched))
    page.get_by_test_id("slice-slider").fill(str(away[0]))
    views.wait()
    page.get_by_test_id("show-found").uncheck()
    page.get_by_test_id("tool-erase").click()
    views.click("xy", best)
    assert regions_of(watched) == []


def test_a_brush_and_a_rectangle(serve: Serve, open_page: Open, tomograms: Specimen) -> None:
    watched = open_page(serve(str(tomograms.folder)))
    page = watched.page
    views = TomogramView(page)
    views.wait()
    page.get_by_test_id("tool-exclude").click()
    views.drag("xy", Voxel(30, 30, 0), Voxel(70, 40, 0))
    page.get_by_test_id("tool-complete").click()
    views.drag("xy", Voxel(20, 80, 0), Voxel(60, 120, 0))
    # Seen from the side nothing is drawn: a drag moves the picture.
    views.drag("xz", Voxel(20, 0, 20), Voxel(40, 0, 30))
    painted, complete = regions_of(watched)
    assert (painted["kind"], complete["kind"]) == ("exclude", "complete")
    outline = complete["outline"]
    assert isinstance(outline, list)
    assert len(outline) == 4
    expect(page.get_by_test_id("image-regions")).to_have_text("2")

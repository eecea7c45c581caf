"""Tomograms in the page: linked slices, and labels set in any of them."""

import re
from pathlib import Path

import imagecodecs
import mrcfile
import numpy as np
import pytest
from label_server import Serve
from page_images import TOMOGRAM_SHAPE, Specimen
from playwright.sync_api import expect
from tomogram_view import TomogramView, Voxel
from watched_page import Open, TakePicture, WatchedPage

FIRST_PICKS_MS = 60_000
MARGIN = 12
SHAPE = (40, 90, 70)
BLOCK = Voxel(x=50, y=20, z=9)


@pytest.fixture(scope="module")
def bright_block(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tomogram of noise with one bright block, off the middle along every axis."""
    path = tmp_path_factory.mktemp("block") / "block.mrc"
    volume = np.random.default_rng(1).normal(0, 1, SHAPE).astype(np.float32)
    volume[BLOCK.z - 2 : BLOCK.z + 3, BLOCK.y - 2 : BLOCK.y + 3, BLOCK.x - 2 : BLOCK.x + 3] = 40
    with mrcfile.new(path, volume) as file:
        file.voxel_size = 10.0
    return path


def grey_at(watched: WatchedPage, left: float, top: float) -> float:
    """Return the mean grey of nine pixels of the screen."""
    clip = {"x": round(left) - 1, "y": round(top) - 1, "width": 3, "height": 3}
    png = watched.page.screenshot(clip=clip)
    return float(np.mean(imagecodecs.png_decode(png)[..., :3]))


def test_a_bright_block_is_where_its_coordinates_say(
    serve: Serve, open_page: Open, bright_block: Path
) -> None:
    watched = open_page(serve(str(bright_block), "--images-are", "tomograms", "-d", "100"))
    views = TomogramView(watched.page)
    views.wait()
    watched.page.get_by_test_id("slice-slider").fill(str(BLOCK.z))
    views.wait()
    views.click("xy", BLOCK, button="right")
    views.wait()
    assert (views.slice("yz"), views.slice("xz"), views.slice("xy")) == (50, 20, 9)
    for plane in ("xy", "xz", "yz"):
        left, top = views.place_of(plane, BLOCK)
        assert grey_at(watched, left, top) > 230, plane
        # Beside it, and where it would be if an axis were turned around.
        far = Voxel(SHAPE[2] - 1 - BLOCK.x, SHAPE[1] - 1 - BLOCK.y, SHAPE[0] - 1 - BLOCK.z)
        assert grey_at(watched, *views.place_of(plane, far)) < 200, plane


def test_the_views_stay_when_the_project_changes(
    serve: Serve, open_page: Open, bright_block: Path
) -> None:
    watched = open_page(serve(str(bright_block), "--images-are", "tomograms", "-d", "100"))
    views = TomogramView(watched.page)
    views.wait()
    watched.page.keyboard.press("+")
    watched.page.keyboard.press("+")
    zoom = views.view("xy").get_attribute("data-zoom") or ""
    version = watched.api("project")["version"]
    watched.page.evaluate(
        """change => fetch("api/project", {
            method: "PATCH",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify(change),
        })""",
        {"base_version": version, "name": "renamed"},
    )
    expect(watched.page.get_by_role("heading", name="renamed")).to_be_visible()
    views.wait()
    expect(views.view("xy")).to_have_attribute("data-zoom", zoom)


def test_particles_are_labelled_in_every_view(
    serve: Serve, open_page: Open, tomograms: Specimen, take_picture: TakePicture
) -> None:
    watched = open_page(serve(str(tomograms.folder), "-d", "complex-1=161", "-d", "complex-2=190"))
    views = TomogramView(watched.page)
    views.wait()
    first, second = (a_particle(tomograms, f"complex-{number}") for number in (1, 2))

    confirm_the_best_candidate(watched)
    step_through_slices(watched)
    label_in_two_views(watched, first, second)
    drag_and_undo(watched, second)
    watched.page.get_by_test_id("show-found").check()
    watched.page.get_by_test_id("slice-thickness").fill("9")
    views.wait()
    take_picture(watched, "tomogram")
    reload_and_erase(watched, second)


def confirm_the_best_candidate(watched: WatchedPage) -> None:
    """The general model's candidates come by themselves; a click on a circle takes its place."""
    page = watched.page
    expect(page.get_by_test_id("found")).to_have_text(re.compile(r"[1-9]"), timeout=FIRST_PICKS_MS)
    best = best_candidate(watched)
    page.get_by_test_id("slice-slider").fill(str(round(best.z)))
    TomogramView(page).click("xy", Voxel(best.x + 3, best.y - 3, 0))
    (label,) = watched.labels(1)
    assert_at(label, best)
    page.keyboard.press("Control+z")
    assert watched.labels(1) == []


def step_through_slices(watched: WatchedPage) -> None:
    """By the slider, the wheel and keys."""
    page = watched.page
    views = TomogramView(page)
    page.get_by_test_id("slice-slider").fill("24")
    expect(views.view("xy")).to_have_attribute("data-slice", "24")
    views.wait()
    page.mouse.move(*views.place_of("xy", Voxel(60, 60, 0)))
    page.mouse.wheel(0, 120)
    expect(views.view("xy")).to_have_attribute("data-slice", "25")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    expect(views.view("xy")).to_have_attribute("data-slice", "23")


def label_in_two_views(watched: WatchedPage, first: Voxel, second: Voxel) -> None:
    """One class in a slice, the other in the view from the front; circles are out of the way."""
    page = watched.page
    views = TomogramView(page)
    page.get_by_test_id("show-found").uncheck()
    page.get_by_test_id("slice-slider").fill(str(first.z))
    views.click("xy", first)
    page.get_by_test_id("class-complex-2").click()
    page.get_by_test_id("slice-slider").fill(str(second.z))
    views.click("xy", second, button="right")
    assert views.slice("xz") == second.y
    views.click("xz", second)
    labels = watched.labels(1)
    assert [one["class_name"] for one in labels] == ["complex-1", "complex-2"]
    assert_at(labels[0], first)
    assert_at(labels[1], second)


def drag_and_undo(watched: WatchedPage, second: Voxel) -> None:
    """In the view from the side x stays."""
    views = TomogramView(watched.page)
    views.wait()
    moved = Voxel(second.x, second.y - 10, second.z + 4)
    views.drag("yz", second, moved)
    assert_at(watched.labels(1)[1], moved)
    watched.page.keyboard.press("Control+z")
    assert_at(watched.labels(1)[1], second)
    watched.page.keyboard.press("Control+Shift+Z")
    assert_at(watched.labels(1)[1], moved)
    watched.page.keyboard.press("Control+z")
    assert_at(watched.labels(1)[1], second)


def reload_and_erase(watched: WatchedPage, second: Voxel) -> None:
    """Everything is there again after a reload, and the view looks where it did."""
    page = watched.page
    views = TomogramView(page)
    slice_before = views.slice("xy")
    page.reload()
    views.wait()
    assert views.slice("xy") == slice_before
    expect(page.get_by_test_id("class-complex-1")).to_contain_text("1 labelled")
    expect(page.get_by_test_id("class-complex-2")).to_contain_text("1 labelled")
    page.get_by_test_id("tool-erase").click()
    views.click("xy", second)
    expect(page.get_by_test_id("class-complex-2")).to_contain_text("0 labelled")
    assert len(watched.labels(1)) == 1


def a_particle(specimen: Specimen, class_name: str) -> Voxel:
    """Return a particle of a class that lies whole within the tomogram."""
    table = specimen.truth[specimen.truth["class_name"] == class_name]
    for row in table.itertuples():
        place = Voxel(round(row.x_px), round(row.y_px), round(row.z_px))
        sides = zip((place.z, place.y, place.x), TOMOGRAM_SHAPE, strict=True)
        if all(MARGIN <= along < length - MARGIN for along, length in sides):
            return place
    raise AssertionError(f"no particle of {class_name} is clear of the borders")


def best_candidate(watched: WatchedPage) -> Voxel:
    """Return where the general model is surest of a particle."""
    (picks,) = watched.api("pick-sets")["pick_sets"]
    candidates = watched.api(f"pick-sets/{picks['id']}/images/1")
    return Voxel(*(candidates[axis][0] for axis in "xyz"))


def assert_at(label: dict[str, float], voxel: Voxel) -> None:
    """The label is there, as exactly as a pixel of the screen allows."""
    places = [label["x"], label["y"], label["z"]]
    np.testing.assert_allclose(places, [voxel.x, voxel.y, voxel.z], atol=0.6)

"""The page without a mouse, and for people who do not see it as others do."""

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from label_server import Serve
from micrograph_view import MicrographView
from page_images import DIAMETER_A, Specimen
from playwright.sync_api import Page, expect
from tomogram_view import TomogramView
from watched_page import Open, WatchedPage

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async (rules) => (
    await axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) })
).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" "))}`)"""
# What may differ in the dark.
OF_COLOURS = ["color-contrast"]
FIRST_PICKS_MS = 60_000
MOST_TABS = 60
FOCUSED = "document.activeElement?.dataset.testid ?? document.activeElement?.tagName"


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core, which the page's own build installs."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in web/")
    return AXE.read_text(encoding="utf-8")


def check(watched: WatchedPage, axe: str, where: str) -> None:
    """Raise if axe finds anything to object to, in light or in dark."""
    page = watched.page
    page.evaluate(axe)
    themes: list[tuple[Literal["light", "dark"], list[str] | None]] = [
        ("light", None),
        ("dark", OF_COLOURS),
    ]
    for theme, rules in themes:
        page.emulate_media(color_scheme=theme)
        found: Any = page.evaluate(RUN_AXE, rules)
        assert found == [], f"{where}, {theme}"


def test_axe_has_nothing_to_object_to_on_micrographs(
    serve: Serve, open_page: Open, micrographs: Specimen, axe: str
) -> None:
    watched = open_page(serve(str(micrographs.folder)))
    page = watched.page
    MicrographView(page).wait()
    check(watched, axe, "first look")
    say_the_diameter(page)
    check(watched, axe, "label")
    for tool in ("exclude", "measure", "particle"):
        page.get_by_test_id(f"tool-{tool}").click()
        check(watched, axe, tool)
    page.get_by_test_id("tab-train").click()
    check(watched, axe, "train")
    page.get_by_test_id("tab-review").click()
    expect(page.get_by_test_id("threshold")).to_be_visible(timeout=FIRST_PICKS_MS)
    check(watched, axe, "review")
    page.get_by_test_id("view-gallery").click()
    expect(page.get_by_test_id("gallery-item").first).to_be_visible()
    check(watched, axe, "gallery")
    page.get_by_test_id("view-compare").click()
    check(watched, axe, "compare")
    for opens, dialog in (("open-keys", "keys-dialog"), ("export-open", "export-dialog")):
        page.get_by_test_id(opens).first.click()
        expect(page.get_by_test_id(dialog)).to_be_visible()
        check(watched, axe, dialog)
        page.keyboard.press("Escape")
    page.get_by_test_id("tab-label").click()
    page.get_by_test_id("open-project").click()
    check(watched, axe, "project")


def test_axe_has_nothing_to_object_to_on_tomograms(
    serve: Serve, open_page: Open, tomograms: Specimen, axe: str
) -> None:
    watched = open_page(serve(str(tomograms.folder), "-d", "complex-1=161", "-d", "complex-2=190"))
    page = watched.page
    TomogramView(page).wait()
    for tool in ("exclude", "measure", "particle"):
        page.get_by_test_id(f"tool-{tool}").click()
        check(watched, axe, tool)


def test_the_first_way_by_keys_alone(serve: Serve, open_page: Open, micrographs: Specimen) -> None:
    """From the diameter to a file, without a mouse."""
    watched = open_page(serve(str(micrographs.folder)))
    page = watched.page
    press = page.keyboard.press
    MicrographView(page).wait()
    tab_to(page, "diameter")
    page.keyboard.type(f"{DIAMETER_A:.0f}")
    press("Enter")
    expect(page.get_by_test_id("ask-diameter")).to_be_hidden()
    picks = page.get_by_test_id("image-picks")
    expect(picks).to_have_text(re.compile(r"^[1-9]\d* pick"), timeout=FIRST_PICKS_MS)

    press("Shift+P")
    assert page.evaluate(FOCUSED) == "canvas"
    press("Enter")
    assert len(watched.labels(1)) == 1

    press("Shift+T")
    expect(page.get_by_test_id("tab-train")).to_have_attribute("aria-selected", "true")
    tab_to(page, "pick-general")
    press("Shift+R")
    slider = page.get_by_test_id("threshold")
    expect(slider).to_be_visible()
    tab_to(page, "threshold")
    before = slider.input_value()
    press("ArrowLeft")
    assert slider.input_value() != before
    # Letters go on working on a slider, which takes only keys that move it.
    press("Shift+R")
    tab_to(page, "view-gallery")
    press("Enter")
    items = page.get_by_test_id("gallery-item")
    expect(items.first).to_have_attribute("data-number", re.compile(r"\d+"))
    press("Shift+P")
    press("k")
    expect(items.first).to_have_attribute("data-decision", "keep")

    press("Shift+E")
    expect(page.get_by_test_id("export-save")).to_be_enabled()
    tab_to(page, "export-save")
    with page.expect_download():
        press("Enter")
    expect(page.get_by_test_id("export-saved")).to_be_visible()
    press("Escape")
    # A dialog gives the focus back to where it was.
    assert page.evaluate(FOCUSED) == "gallery-frame"


def say_the_diameter(page: Page) -> None:
    page.get_by_test_id("diameter").first.fill(f"{DIAMETER_A:.0f}")
    page.get_by_test_id("diameter-save").first.click()
    picks = page.get_by_test_id("image-picks")
    expect(picks).to_have_text(re.compile(r"^[1-9]\d* pick"), timeout=FIRST_PICKS_MS)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a control has the focus."""
    for _ in range(MOST_TABS):
        if page.evaluate(FOCUSED) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never comes to {name}")

"""Two people decide otherwise on the same pick."""

import os
import re
from pathlib import Path

from label_server import Serve
from page_images import DIAMETER_A, Specimen
from playwright.sync_api import Locator, expect
from watched_page import Open, WatchedPage

PICKS_MS = 60_000


def test_a_word_of_before_does_not_replace_one_that_was_not_seen(
    serve: Serve, open_page: Open, micrographs: Specimen
) -> None:
    server = serve(str(micrographs.folder), "--diameter", f"{DIAMETER_A:.0f}")
    away, other = open_page(server), open_page(server)
    away.expect("net::ERR_INTERNET_DISCONNECTED")
    away.expect("status of 409")
    away.wait_for(lambda: is_picked(away), at_most_ms=PICKS_MS)
    numbers = [see_gallery(watched) for watched in (away, other)]
    assert numbers[0] == numbers[1]
    number = numbers[0]

    away.page.context.set_offline(True)
    decide(away, number, "k")
    decide(other, number, "r")
    other.wait_until_saved()
    away.page.context.set_offline(False)

    conflicts = away.page.get_by_test_id("show-conflicts")
    expect(conflicts).to_have_text("1 conflict…", timeout=15_000)
    # What the other said is saved, and shown.
    assert said(away, number) == "reject"
    expect(cell(away, number)).to_have_attribute("data-decision", "reject")
    conflicts.click()
    dialog = away.page.get_by_test_id("conflicts-dialog")
    expect(dialog).to_contain_text(
        re.compile("1 pick that you decided.*kept.*rejected by", re.DOTALL)
    )
    if folder := os.environ.get("NUNATAK_PAGE_PICTURES"):
        away.page.screenshot(path=Path(folder) / "decision-conflict.png")
    dialog.get_by_test_id("keep-mine").click()
    expect(dialog).to_be_hidden()
    away.wait_until_saved()
    assert said(away, number) == "keep"
    expect(cell(away, number)).to_have_attribute("data-decision", "keep")


def is_picked(watched: WatchedPage) -> bool:
    sets = watched.api("pick-sets")["pick_sets"]
    return bool(sets) and sets[0]["is_complete"]


def see_gallery(watched: WatchedPage) -> str:
    """Open the gallery of all picks and return the number of the first."""
    page = watched.page
    page.reload()
    page.keyboard.press("Shift+R")
    page.get_by_test_id("view-gallery").click()
    first = page.get_by_test_id("gallery-item").first
    expect(first).to_have_attribute("data-number", re.compile(r"\d+"))
    return first.get_attribute("data-number") or ""


def cell(watched: WatchedPage, number: str) -> Locator:
    return watched.page.locator(f'[data-testid="gallery-item"][data-number="{number}"]')


def decide(watched: WatchedPage, number: str, key: str) -> None:
    cell(watched, number).click()
    watched.page.keyboard.press(key)
    expect(cell(watched, number)).to_have_attribute("data-decision", re.compile("keep|reject"))


def said(watched: WatchedPage, number: str) -> str | None:
    """Return what the server has of a pick."""
    (newest, *_) = watched.api("pick-sets")["pick_sets"]
    path = f"pick-sets/{newest['id']}/gallery?selected_only=false&limit=400"
    items = watched.api(path)["items"]
    return next(item["decision"] for item in items if item["number"] == int(number))

"""Setting an image aside, and taking that back."""

import os
import re
from pathlib import Path

from label_server import Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import expect
from watched_page import Open


def test_what_skipping_does_is_said_and_taken_back(
    serve: Serve, open_page: Open, micrographs: Specimen
) -> None:
    watched = open_page(serve(str(micrographs.folder)))
    page, view = watched.page, MicrographView(watched.page)
    view.wait()
    for x_px in (200, 300, 400, 500, 600):
        view.click(x_px, 300)
    assert len(watched.labels(1)) == 5

    row = page.get_by_test_id("queue-item-1")
    page.get_by_test_id("mark-skipped").click()
    expect(row).to_have_attribute("data-state", "skipped")
    expect(page.get_by_test_id("toast")).to_contain_text("its 5 labels and its picks are kept")
    page.keyboard.press("Shift+T")
    expect(page.get_by_test_id("label-counts")).to_have_text(re.compile("^0 particles"))
    page.get_by_test_id("export-open").click()
    expect(page.get_by_test_id("export-skipped")).to_contain_text("1 skipped image is left out")
    if folder := os.environ.get("NUNATAK_PAGE_PICTURES"):
        page.screenshot(path=Path(folder) / "skipped.png")
    page.keyboard.press("Escape")

    view.open(1, "mic_000001.mrc")
    skip = page.get_by_test_id("mark-skipped")
    expect(skip).to_have_attribute("aria-pressed", "true")
    skip.click()
    expect(row).to_have_attribute("data-state", "labelled")
    expect(page.get_by_test_id("label-counts")).to_have_text(re.compile("^5 particles"))

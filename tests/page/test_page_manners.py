"""What a page owes its users besides its purpose: keys, colours, and words for what is wrong."""

import shutil
from pathlib import Path

from label_server import Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import expect
from watched_page import Open


def test_an_image_that_cannot_be_read_is_named_and_the_others_work(
    serve: Serve, open_page: Open, micrographs: Specimen, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    whole = sorted(micrographs.folder.iterdir())[0]
    shutil.copy(whole, folder / "whole.mrc")
    (folder / "cut.mrc").write_bytes(whole.read_bytes()[:100_000])
    watched = open_page(serve(str(folder)))
    watched.expect("status of 422")
    names = {image["name"]: image["id"] for image in watched.api("images")["images"]}
    MicrographView(watched.page).open(names["whole.mrc"], "whole.mrc")
    watched.page.get_by_test_id(f"queue-item-{names['cut.mrc']}").click()
    problem = watched.page.get_by_test_id("canvas-problem")
    expect(problem).to_contain_text("cut.mrc")


def test_keys_and_colours(serve: Serve, open_page: Open, micrographs: Specimen) -> None:
    watched = open_page(serve(str(micrographs.folder)))
    page = watched.page
    MicrographView(page).wait()
    name = page.get_by_test_id("image-name")
    expect(name).to_contain_text("mic_000001.mrc")

    page.keyboard.press("?")
    expect(page.get_by_test_id("keys-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("keys-dialog")).to_be_hidden()

    # A label without a mouse: in the middle of the picture that has the focus.
    page.get_by_test_id("canvas").focus()
    page.keyboard.press("Enter")
    (label,) = watched.labels(1)
    assert abs(label["x"] - 500) < 20
    assert abs(label["y"] - 512) < 20

    # From the system's colours, which are light here, to light, to dark; it stays so.
    for _ in range(2):
        page.get_by_test_id("theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

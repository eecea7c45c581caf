"""A browser without room for what waits: the user is told, and nothing is lost while it is open."""

import re

import pytest
from label_server import LabelServer, Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import Dialog, expect
from watched_page import Open

IMAGE = 1
PLACES = [(250.0, 250.0), (500.0, 500.0)]

# As a browser does whose storage is full, or forbidden by the user.
NO_ROOM = """
Storage.prototype.setItem = () => {
  throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
};
"""


@pytest.fixture
def server(serve: Serve, micrographs: Specimen) -> LabelServer:
    """A server of micrographs whose diameter nobody said: nothing is picked."""
    return serve(str(micrographs.folder))


def test_who_would_lose_changes_by_closing_the_page_is_told_and_asked(
    server: LabelServer, open_page: Open
) -> None:
    watched = open_page(server)
    page = watched.page
    page.add_init_script(NO_ROOM)
    page.reload()
    view = MicrographView(page)
    view.wait()
    view.click(*PLACES[0])
    assert len(watched.labels(IMAGE)) == 1, "without a storage all is saved as ever"

    watched.expect("net::ERR_|status of 401")
    server.kill()
    view.click(*PLACES[1])
    state = page.get_by_test_id("save-state")
    expect(state).to_have_attribute("data-kind", "unkept", timeout=15_000)
    expect(state).to_have_text("Do not close this page: 1 change waits")

    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    watched.wait_for(lambda: asked == ["beforeunload"])

    # The server is back under another address, which is opened in another tab, as the page says.
    server.start()
    ended = page.get_by_test_id("session-ended")
    expect(ended).to_contain_text("leave this page open", timeout=30_000)
    open_page(server, page.context)
    ended.get_by_role("button").click()
    expect(ended).to_be_hidden()
    assert len(watched.labels(IMAGE)) == 2
    assert asked == ["beforeunload"], "nothing is left to be lost"


def test_a_page_opened_again_says_what_an_earlier_one_left(
    server: LabelServer, open_page: Open
) -> None:
    watched = open_page(server)
    MicrographView(watched.page).wait()
    watched.expect("net::ERR_|status of 401")
    server.kill()
    MicrographView(watched.page).click(*PLACES[0])
    state = watched.page.get_by_test_id("save-state")
    expect(state).to_have_attribute("data-kind", re.compile("waiting|offline"), timeout=15_000)
    context = watched.page.context
    watched.page.close()
    server.start()
    again = open_page(server, context)
    expect(again.page.get_by_test_id("toast")).to_contain_text("1 change that was not saved")
    assert len(again.labels(IMAGE)) == 1


def test_what_a_closed_tab_leaves_is_saved_by_one_that_is_open(
    server: LabelServer, open_page: Open
) -> None:
    closed = open_page(server)
    MicrographView(closed.page).wait()
    stays = open_page(server, closed.page.context)
    MicrographView(stays.page).wait()
    closed.expect("net::ERR_")
    stays.expect("net::ERR_")
    closed.page.context.set_offline(True)
    MicrographView(closed.page).click(*PLACES[0])
    state = closed.page.get_by_test_id("save-state")
    expect(state).to_have_attribute("data-kind", re.compile("waiting|offline"), timeout=15_000)
    with closed.page.expect_event("close"):
        closed.page.close(run_before_unload=True)
    stays.page.context.set_offline(False)
    stays.wait_for(lambda: len(stays.labels(IMAGE)) == 1)
    expect(stays.page.get_by_test_id("image-labels")).to_have_text("1 particle")

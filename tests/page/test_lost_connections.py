"""Edits survive a tunnel that drops, a server that is killed, and another tab's changes."""

import re

import pytest
from label_server import LabelServer, Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import expect
from watched_page import Open, WatchedPage

IMAGE = 1
PLACES = [(200.0 + 150 * column, 250.0 + 200 * row) for row in range(3) for column in range(4)]


@pytest.fixture
def server(serve: Serve, micrographs: Specimen) -> LabelServer:
    """A server of micrographs whose diameter nobody said: nothing is picked."""
    return serve(str(micrographs.folder))


def click(watched: WatchedPage, places: list[tuple[float, float]]) -> None:
    for place in places:
        MicrographView(watched.page).click(*place)


def places_of(watched: WatchedPage) -> list[tuple[int, int]]:
    """Return where the server has labels, to ten pixels."""
    return sorted((round(one["x"], -1), round(one["y"], -1)) for one in watched.labels(IMAGE))


def rounded(places: list[tuple[float, float]]) -> list[tuple[int, int]]:
    return sorted((round(x, -1), round(y, -1)) for x, y in places)


def expect_waiting(watched: WatchedPage) -> None:
    state = watched.page.get_by_test_id("save-state")
    expect(state).to_have_attribute("data-kind", re.compile("waiting|offline"), timeout=15_000)


def test_a_server_that_is_killed_in_the_middle_loses_no_edit(
    server: LabelServer, open_page: Open
) -> None:
    watched = open_page(server)
    MicrographView(watched.page).wait()
    click(watched, PLACES[:4])
    saved = places_of(watched)
    assert saved == rounded(PLACES[:4])

    watched.expect("net::ERR_|status of 401")
    click(watched, PLACES[4:6])
    server.kill()
    click(watched, PLACES[6:9])
    expect_waiting(watched)

    # Nothing of it is lost when the page is closed, either.
    context = watched.page.context
    watched.page.close()
    old = server.origin
    server.start()
    assert server.origin == old, "another port has another storage"
    again = open_page(server, context)
    MicrographView(again.page).wait()
    assert places_of(again) == rounded(PLACES[:9])


def test_the_page_says_that_a_new_server_has_a_new_address(
    server: LabelServer, open_page: Open
) -> None:
    watched = open_page(server)
    MicrographView(watched.page).wait()
    watched.expect("net::ERR_|status of 401")
    server.kill()
    click(watched, PLACES[:1])
    expect_waiting(watched)
    server.start()
    ended = watched.page.get_by_test_id("session-ended")
    expect(ended).to_be_visible(timeout=30_000)
    # As told: the new address in another tab, then on here.
    open_page(server, watched.page.context)
    ended.get_by_role("button").click()
    MicrographView(watched.page).wait()
    assert places_of(watched) == rounded(PLACES[:1])


def test_edits_wait_for_a_dropped_tunnel(server: LabelServer, open_page: Open) -> None:
    watched = open_page(server)
    MicrographView(watched.page).wait()
    watched.expect("net::ERR_")
    watched.page.context.set_offline(True)
    click(watched, PLACES[:3])
    expect_waiting(watched)
    watched.page.keyboard.press("Control+z")
    watched.page.context.set_offline(False)
    assert places_of(watched) == rounded(PLACES[:2])
    edits = len(watched.labels(IMAGE))
    watched.page.reload()
    MicrographView(watched.page).wait()
    assert len(watched.labels(IMAGE)) == edits


def test_two_tabs_are_merged_and_a_conflict_is_shown(server: LabelServer, open_page: Open) -> None:
    first = open_page(server)
    MicrographView(first.page).wait()
    click(first, PLACES[:2])
    assert places_of(first) == rounded(PLACES[:2])

    second = open_page(server)
    MicrographView(second.page).wait()
    expect(second.page.get_by_test_id("image-labels")).to_have_text("2 particles")
    second.expect("net::ERR_|status of 409")
    second.page.context.set_offline(True)

    # The first tab takes a label away; the second, which cannot know, moves it, and adds another.
    first.page.get_by_test_id("tool-erase").click()
    click(first, PLACES[:1])
    assert places_of(first) == rounded(PLACES[1:2])
    view = MicrographView(second.page)
    view.drag(PLACES[0], PLACES[4])
    view.click(*PLACES[7])
    expect_waiting(second)
    second.page.context.set_offline(False)

    show = second.page.get_by_test_id("show-conflicts")
    expect(show).to_be_visible(timeout=30_000)
    expect(first.page.get_by_test_id("image-labels")).to_have_text("2 particles")
    assert places_of(first) == rounded([PLACES[1], PLACES[7]])
    show.click()
    second.page.get_by_test_id("keep-mine").click()
    expect(show).to_be_hidden()
    assert places_of(second) == rounded([PLACES[1], PLACES[4], PLACES[7]])
    # The first tab hears of it by itself.
    expect(first.page.get_by_test_id("image-labels")).to_have_text("3 particles")
